"""Documents' tables in PostgreSQL: what a transaction loads and saves."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.store.forms import Forms
from shared.handlers import Store

__all__ = ["DocumentsStore"]


class DocumentsStore(Store):
    """Templates and their versions, and what was sent."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.forms = Forms(connection)
