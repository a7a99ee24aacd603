"""One idempotency key, one request.

The service that acts keeps the answer beside the effect and gives it again; that is the truth.
What is kept here only finds a key that comes back with a different request, to whatever service.

Every write passes through here, so the statements go to the driver itself, on a connection of
their own. Losing the rows in a crash loses no effect and doubles none: a service knows each key
that it has answered, and what for. So the database's log has nothing of them, and no commit waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from services.gateway.coalescing import Coalesced
from shared.driver import is_ending
from shared.refusals import Refused

KEEP_DAYS = 30
"""As long as the services keep their answers."""
TIMEOUT_S = 5.0

type Name = tuple[UUID, str]
"""Whose key, and the key."""
type Claim = tuple[Name, bytes]
"""A key, and the fingerprint of the request that it is used for."""


class Keys:
    """What each key was used for first."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: asyncpg.Connection | None = None
        self._claiming: PreparedStatement | None = None
        self._claims: Coalesced[Claim, bool] = Coalesced(self._agree)

    async def claim(self, user_id: UUID, key: str, fingerprint: bytes) -> None:
        """Notes what the key is used for. Raises ``idempotency_key_reused`` when that was
        something else before, and ``service_unavailable`` without a database."""
        try:
            agrees = await self._claims.submit(((user_id, key), fingerprint))
        except Exception as error:
            if isinstance(error, _OUTAGES) or is_ending(error):
                raise Refused("service_unavailable", service="gateway") from error
            raise
        if not agrees:
            raise Refused("idempotency_key_reused")

    def stop(self) -> None:
        if self._connection:
            self._connection.terminate()

    async def _agree(self, claims: Sequence[Claim]) -> list[bool]:
        """Whether each claim is for what its key was used for first, here or ever."""
        first: dict[Name, bytes] = {}
        for name, fingerprint in claims:
            first.setdefault(name, fingerprint)
        # Sorted, so that two processes with the same keys do not wait for each other in a circle.
        names = sorted(first)
        users, keys = [user_id for user_id, _ in names], [key for _, key in names]
        connection, claiming = await self._connected()
        try:
            fresh = await claiming.fetch(users, keys, [first[name] for name in names])
            known = {(user_id, key): first[user_id, key] for user_id, key in fresh}
            if len(known) < len(first):
                for user_id, key, fingerprint in await connection.fetch(_KNOWN, users, keys):
                    known.setdefault((user_id, key), fingerprint)
        except BaseException:
            connection.terminate()  # how far it came, nobody knows
            raise
        # A row that was pruned this very moment stands for nothing any more.
        return [known.get(name, fingerprint) == fingerprint for name, fingerprint in claims]

    async def _connected(self) -> tuple[asyncpg.Connection, PreparedStatement]:
        if self._claiming is None or self._connection is None or self._connection.is_closed():
            connection = await asyncpg.connect(
                self._database_url,
                timeout=TIMEOUT_S,
                command_timeout=TIMEOUT_S,
                server_settings={"application_name": "pitlane", "synchronous_commit": "off"},
            )
            try:
                self._claiming = await connection.prepare(_CLAIM)
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection, self._claiming


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
