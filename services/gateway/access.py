"""What opens the door besides a password, and how it is taken away: sessions of people, and tokens
of their programs. Another password takes both: a token that a stranger made would outlive the
password that was found out."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.passwords import hashed
from services.gateway.store import api_tokens, sessions, users
from shared.contracts.base import Event
from shared.contracts.users import PasswordReset, SessionsEnded, TokenSaved


@dataclass(frozen=True, slots=True)
class Reset:
    """A user's row as it is now, the password that opens once, and what is to be told of it."""

    user: Any
    password: str
    sessions: int
    """How many ended."""
    revoked: tuple[TokenSaved, ...]

    @property
    def events(self) -> tuple[Event, ...]:
        return (PasswordReset(user_id=self.user.id, login=self.user.login), *self.revoked)


async def reset_password(
    connection: AsyncConnection, user: Any, now: datetime, *, keep_tokens: bool
) -> Reset:
    """``user``: its row, locked."""
    password, password_hash = await one_time_password()
    rows = await connection.execute(
        update(users)
        .where(users.c.id == user.id)
        .values(password_hash=password_hash, must_change_password=True, revision=user.revision + 1)
        .returning(users)
    )
    ended = await end_sessions(connection, sessions.c.user_id == user.id)
    owned = api_tokens.c.user_id == user.id
    revoked = [] if keep_tokens else await revoke_tokens(connection, now, owned)
    return Reset(rows.one(), password, ended, tuple(revoked))


async def one_time_password() -> tuple[str, str]:
    """And its hash, which takes a moment."""
    password = secrets.token_urlsafe(12)
    return password, await asyncio.to_thread(hashed, password)


async def end_sessions(connection: AsyncConnection, *of: ColumnElement[bool]) -> int:
    """How many there were."""
    return (await connection.execute(delete(sessions).where(*of))).rowcount


async def end_everybodys(connection: AsyncConnection) -> list[SessionsEnded]:
    """Signs everybody out; of each who was signed in, what is to be told."""
    signed_in = await connection.execute(
        select(users.c.id, users.c.login)
        .where(users.c.id.in_(select(sessions.c.user_id).where(sessions.c.expires_at > func.now())))
        .order_by(users.c.login_key)
    )
    ended = [SessionsEnded(user_id=user.id, login=user.login) for user in signed_in]
    await connection.execute(delete(sessions))
    return ended


async def revoke_tokens(
    connection: AsyncConnection, now: datetime, *of: ColumnElement[bool]
) -> list[TokenSaved]:
    """Those that still open something; of each, what is to be told."""
    gone = await connection.execute(
        update(api_tokens)
        .where(api_tokens.c.revoked_at.is_(None), api_tokens.c.expires_at > now, *of)
        .where(users.c.id == api_tokens.c.user_id)
        .values(revoked_at=now)
        .returning(api_tokens, users.c.login)
    )
    return [token_saved(row, row.login, "revoked") for row in gone]


def token_saved(row: Any, login: str, state: Literal["active", "revoked"]) -> TokenSaved:
    return TokenSaved(
        user_id=row.user_id,
        login=login,
        token_id=row.id,
        name=row.name,
        scopes=tuple(row.scopes),
        expires_at=row.expires_at,
        state=state,
    )
