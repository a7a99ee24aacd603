"""Who is behind a token: a signed-in person, or a program of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    any_,
    bindparam,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway.store import api_tokens, sessions, users
from shared.messaging.envelope import Actor

LASTS = timedelta(hours=12)
"""Since the last request."""
NOTED_EVERY = timedelta(minutes=5)
"""A use so soon after the last noted one is not written down."""
PROGRAM = "pit_"
"""What the token of a program begins with."""


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user, or a program that acts for one."""

    user_id: UUID
    login: str
    name: str
    role: str
    must_change_password: bool
    session_id: UUID | None
    token: str | None = None
    """The name of the program's token."""
    scopes: frozenset[str] | None = None
    """Of the program; null: a person may all that the role may."""

    @property
    def actor(self) -> Actor:
        return Actor(self.login, self.role, self.user_id, self.token, self.scopes)


def person(row: Any, session_id: UUID) -> Person:
    return Person(row.id, row.login, row.name, row.role, row.must_change_password, session_id)


def hash_of(token: str) -> bytes:
    return sha256(token.encode()).digest()


def is_of(station: str) -> ColumnElement[bool]:
    """Whether a user may be at that station."""
    return or_(users.c.stations.is_(None), literal(station) == any_(users.c.stations))


async def behind(
    engine: AsyncEngine, station: str, tokens: Sequence[tuple[bool, bytes]]
) -> list[Person | None]:
    """Of each token, by whether it is a program's and its hash. Uses are noted."""
    now = datetime.now(UTC)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        known: dict[bytes, Person] = {}
        if hashes := [token_hash for is_program, token_hash in set(tokens) if not is_program]:
            known |= await _people(connection, station, hashes, now)
        if hashes := [token_hash for is_program, token_hash in set(tokens) if is_program]:
            known |= await _programs(connection, station, hashes, now)
    return [known.get(token_hash) for _, token_hash in tokens]


async def _people(
    connection: AsyncConnection, station: str, hashes: Sequence[bytes], now: datetime
) -> dict[bytes, Person]:
    rows = await connection.execute(_SESSIONS.where(is_of(station)), {"hashes": hashes})
    going = {row.token_hash: row for row in rows if row.expires_at > now}
    if used := [
        token_hash
        for token_hash, row in going.items()
        if row.expires_at < now + LASTS - NOTED_EVERY
    ]:
        await connection.execute(
            update(sessions).where(sessions.c.token_hash.in_(used)).values(expires_at=now + LASTS)
        )
    return {token_hash: person(row, row.session_id) for token_hash, row in going.items()}


async def _programs(
    connection: AsyncConnection, station: str, hashes: Sequence[bytes], now: datetime
) -> dict[bytes, Person]:
    rows = await connection.execute(_TOKENS.where(is_of(station)), {"hashes": hashes})
    going = {row.token_hash: row for row in rows if row.expires_at > now}
    if used := [
        token_hash
        for token_hash, row in going.items()
        if row.last_used_at is None or row.last_used_at < now - NOTED_EVERY
    ]:
        await connection.execute(
            update(api_tokens).where(api_tokens.c.token_hash.in_(used)).values(last_used_at=now)
        )
    return {
        token_hash: Person(
            row.id,
            row.login,
            row.name,
            row.role,
            row.must_change_password,
            None,
            row.token_name,
            frozenset(row.scopes),
        )
        for token_hash, row in going.items()
    }


_WHO = (users.c.id, users.c.login, users.c.name, users.c.role, users.c.must_change_password)
_HASHES = any_(bindparam("hashes", type_=ARRAY(LargeBinary)))
_SESSIONS = (
    select(*_WHO, sessions.c.token_hash, sessions.c.expires_at, sessions.c.id.label("session_id"))
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.token_hash == _HASHES)
    .where(users.c.active)
)
_TOKENS = (
    select(
        *_WHO,
        api_tokens.c.token_hash,
        api_tokens.c.expires_at,
        api_tokens.c.last_used_at,
        api_tokens.c.scopes,
        api_tokens.c.name.label("token_name"),
    )
    .join(users, users.c.id == api_tokens.c.user_id)
    .where(api_tokens.c.token_hash == _HASHES)
    .where(api_tokens.c.revoked_at.is_(None))
    .where(users.c.active)
)
