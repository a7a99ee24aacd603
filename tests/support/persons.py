"""Where services still tell of a person who was forgotten."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.packing import unpack

WHOLE = (("audit", "records"), ("finance", "entries"))
"""The journal and the ledger: nothing that was written there is ever changed."""


async def rows_naming(
    engines: Mapping[str, AsyncEngine], words: Collection[str]
) -> list[tuple[str, str, str]]:
    """Service, table and word, wherever one of the words stands, packed or not."""
    found = []
    for service, engine in engines.items():
        async with engine.connect() as connection:
            tables = await connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            )
            for table in tables.scalars().all():
                if (service, table) in WHOLE:
                    continue
                rows = (await connection.execute(text(f'SELECT * FROM "{table}"'))).all()
                said = " ".join(_plain(value) for row in rows for value in row)
                found += [(service, table, word) for word in words if word in said]
    return found


def _plain(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return unpack(value).decode(errors="replace")
    except zlib.error:
        return value.decode(errors="replace")
