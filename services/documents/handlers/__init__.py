"""Everything that documents is told and asked, in business order."""

from services.documents.handlers import formulas as formulas
from services.documents.handlers.table import handlers

__all__ = ["handlers"]
