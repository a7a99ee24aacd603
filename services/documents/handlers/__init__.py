"""Everything that documents is told and asked, in business order."""

from services.documents.handlers import (
    facts,
    form_looks,
    form_templates,
    forms,
    formulas,
    message_templates,
    messages,
)
from services.documents.handlers.table import handlers

__all__ = [
    "facts",
    "form_looks",
    "form_templates",
    "forms",
    "formulas",
    "handlers",
    "message_templates",
    "messages",
]
