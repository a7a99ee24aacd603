"""Deletes what has run out: sessions, old keys, and forgotten failures."""

from __future__ import annotations

import asyncio
from types import TracebackType

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway.keys import KEEP_DAYS

log = structlog.get_logger(__name__)

INTERVAL_S = 600
BATCH = 5_000

_RULES = {
    "sessions": ("token_hash", "expires_at < now()"),
    "sign_in_failures": ("subject", "last_failed_at < now() - interval '1 day'"),
    "idempotency_keys": (
        "(user_id, key)",
        f"created_at < now() - make_interval(days => {KEEP_DAYS})",
    ),
}


class Pruning:
    """A background task, for as long as the context lasts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._run(), name="pruning")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await prune(self._engine)
            except Exception as error:
                log.warning("pruning_failed", error=error)


async def prune(engine: AsyncEngine) -> dict[str, int]:
    """Deletes one batch per table; answers how many rows went."""
    deleted = {}
    for table, (key, old) in _RULES.items():
        columns = key.strip("()")
        async with engine.begin() as connection:
            result = await connection.execute(
                text(
                    f"DELETE FROM {table} WHERE {key} IN"
                    f" (SELECT {columns} FROM {table} WHERE {old} LIMIT {BATCH})"
                )
            )
            deleted[table] = result.rowcount
    return deleted
