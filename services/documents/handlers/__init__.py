"""Everything that documents is told and asked, in business order."""

from services.documents.handlers import (
    erasure,
    facts,
    figures,
    form_looks,
    form_templates,
    forms,
    formulas,
    message_templates,
    messages,
    photos,
)
from services.documents.handlers.table import handlers

__all__ = [
    "erasure",
    "facts",
    "figures",
    "form_looks",
    "form_templates",
    "forms",
    "formulas",
    "handlers",
    "message_templates",
    "messages",
    "photos",
]
