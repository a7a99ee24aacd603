"""One idempotency key, one request.

The service that acts keeps the answer beside the effect and gives it again; that is the truth.
What is kept here only finds a key that comes back with a different request, to whatever service.

Every write passes through here, so the statements go to the driver itself, on a connection of
their own. Losing the newest rows in a crash loses no effect and doubles none: its commits need not
wait for the disk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from shared.refusals import Refused

KEEP_DAYS = 30
"""As long as the services keep their answers."""
TIMEOUT_S = 5.0

type Name = tuple[UUID, str]
"""Whose key, and the key."""


@dataclass(slots=True, eq=False)
class _Claim:
    name: Name
    fingerprint: bytes
    agrees: asyncio.Future[bool] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Keys:
    """Claims that come while a statement is under way share the next one."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: asyncpg.Connection | None = None
        self._waiting: list[_Claim] = []
        self._writer: asyncio.Task[None] | None = None

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> None:
        """Notes what the key is used for. Raises ``idempotency_key_reused`` when that was
        something else before, and ``service_unavailable`` without a database."""
        claim = _Claim((user_id, key), fingerprint)
        self._waiting.append(claim)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="idempotency-keys")
        if not await claim.agrees:
            raise Refused("idempotency_key_reused")

    def stop(self) -> None:
        if self._connection:
            self._connection.terminate()

    async def _write(self) -> None:
        while self._waiting:
            claims, self._waiting = self._waiting, []
            try:
                known = await self._fingerprints(claims)
            except Exception as error:
                _end_all(claims, error)
                continue
            for claim in claims:
                if not claim.agrees.done():  # whoever waited may have gone
                    claim.agrees.set_result(known[claim.name] == claim.fingerprint)

    async def _fingerprints(self, claims: list[_Claim]) -> dict[Name, bytes]:
        """What each key stands for now: the first claim of it, here or ever."""
        first: dict[Name, bytes] = {}
        for claim in claims:
            first.setdefault(claim.name, claim.fingerprint)
        # Sorted, so that two processes with the same keys do not wait for each other in a circle.
        names = sorted(first)
        users, keys = [user_id for user_id, _ in names], [key for _, key in names]
        connection = await self._connected()
        fresh = await connection.fetch(_CLAIM, users, keys, [first[name] for name in names])
        known = {(user_id, key): first[user_id, key] for user_id, key in fresh}
        if len(known) < len(first):
            for user_id, key, fingerprint in await connection.fetch(_KNOWN, users, keys):
                known.setdefault((user_id, key), fingerprint)
        return known

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._database_url,
                timeout=TIMEOUT_S,
                command_timeout=TIMEOUT_S,
                server_settings={"application_name": "pitlane", "synchronous_commit": "off"},
            )
        return self._connection


def _end_all(claims: list[_Claim], error: Exception) -> None:
    if isinstance(error, _OUTAGES):
        error = Refused("service_unavailable", service="gateway")
    for claim in claims:
        if not claim.agrees.done():
            claim.agrees.set_exception(error)


_OUTAGES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
_CLAIM = """
    INSERT INTO idempotency_keys (user_id, key, fingerprint)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
    ON CONFLICT DO NOTHING
    RETURNING user_id, key
"""
_KNOWN = """
    SELECT user_id, key, fingerprint FROM idempotency_keys
    JOIN unnest($1::uuid[], $2::text[]) AS asked (user_id, key) USING (user_id, key)
"""
