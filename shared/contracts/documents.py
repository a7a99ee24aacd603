"""Print forms, message templates and what was sent: owned by ``services/documents``."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.base import CommandRefused


class DocumentsCommandRefused(CommandRefused):
    """Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.command_refused.v1"
