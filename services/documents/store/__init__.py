"""Documents' tables in PostgreSQL: what a transaction loads and saves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.store.forms import Forms
from services.documents.store.messages import Messages
from services.documents.store.photos import Photos
from shared.contracts.base import Message
from shared.handlers import Store

__all__ = ["DocumentsStore"]


class DocumentsStore(Store):
    """Templates and their versions, what was sent, and photos."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.forms = Forms(connection)
        self.messages = Messages(connection, self.pending)
        self.photos = Photos(connection)

    async def prefetch(self, messages: Sequence[Message]) -> None:
        await self.messages.prefetch(messages)

    async def flush(self) -> None:
        self.messages.flush()

    def unsaved(self) -> int:
        return self.messages.saves
