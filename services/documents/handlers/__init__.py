"""Everything that documents is told and asked, in business order."""

from services.documents.handlers import form_looks, form_templates, forms
from services.documents.handlers.table import handlers

__all__ = ["form_looks", "form_templates", "forms", "handlers"]
