"""Documents' copies of others' things, for whoever compares them with what their owners say."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.store.message_tables import message_clients, part_answers
from shared.contracts.clients import Consents
from shared.contracts.copies import ListToldByDocuments, Told
from shared.copies import told
from shared.pagination import by_id

_CARD = ("phones", "email", "language", "merged_into")


async def told_by_documents(connection: AsyncConnection, asked: ListToldByDocuments) -> list[Told]:
    """One more than a page, by id."""
    table = message_clients if asked.kind == "client" else part_answers
    key = message_clients.c.id if asked.kind == "client" else part_answers.c.line_id
    statement = by_id(select(table), key, asked.cursor, asked.limit, only=asked.ids)
    rows = await connection.execute(statement)
    if asked.kind == "part":
        return [told("part", row.line_id, row.answer, {"short": row.short}) for row in rows]
    return [
        told(
            "client",
            row.id,
            row.revision,
            {
                **{name: getattr(row, name) for name in _CARD},
                "consents": Consents.model_validate(row.consents).model_dump(mode="json"),
            },
        )
        for row in rows
    ]
