"""Everything that documents is told and asked, in business order."""

from services.documents.handlers import facts, message_templates, messages
from services.documents.handlers.table import handlers

__all__ = ["facts", "handlers", "message_templates", "messages"]
