"""Tokens for programs: made by their owners, with a scope and an end."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, insert, select, update

from services.gateway.access import token_saved
from services.gateway.handlers.table import handlers, the_user
from services.gateway.person import PROGRAM, hash_of
from services.gateway.sealing import sealed
from services.gateway.store import api_tokens, sessions, users
from shared.contracts.base import Page
from shared.contracts.users import (
    ChangeUser,
    CreateToken,
    ListTokens,
    RevokeToken,
    TokenMade,
    TokenView,
)
from shared.handlers import Store, Work
from shared.pagination import newest_first, page_of
from shared.permissions import may
from shared.refusals import Refused

LONGEST = timedelta(days=366)
MAX_ACTIVE = 50
"""Of one user."""


@handlers.command(CreateToken)
async def create_token(command: CreateToken, store: Store, work: Work) -> TokenMade:
    assert work.actor.user_id
    if not work.now < command.expires_at <= work.now + LONGEST:
        raise Refused("token_expiry_invalid")
    # Locked: one who makes two at once must not have one too many, nor two of one name.
    user = await the_user(store.connection, work.actor.user_id, lock=True)
    # As they are now: what a session ended with goes on for seconds where nobody has heard of it,
    # and a token would go on for a year.
    if not user.active:
        raise Refused("sign_in_required")
    if user.must_change_password:
        raise Refused("password_change_required")
    signed_in = exists().where(sessions.c.user_id == user.id, sessions.c.expires_at > work.now)
    if not await store.connection.scalar(select(signed_in)):
        raise Refused("sign_in_required")
    active = await store.connection.execute(
        select(api_tokens.c.name).where(
            api_tokens.c.user_id == user.id,
            api_tokens.c.revoked_at.is_(None),
            api_tokens.c.expires_at > work.now,
        )
    )
    names = {name.casefold() for name in active.scalars()}
    if command.name.casefold() in names:
        raise Refused("token_name_taken", name=command.name)
    if len(names) >= MAX_ACTIVE:
        raise Refused("too_many_tokens", limit=MAX_ACTIVE)
    token = PROGRAM + secrets.token_urlsafe(32)
    made = await store.connection.execute(
        insert(api_tokens)
        .values(
            id=work.new_id(),
            user_id=user.id,
            name=command.name,
            token_hash=hash_of(token),
            scopes=sorted(set(command.scopes)),
            created_at=work.now,
            expires_at=command.expires_at,
        )
        .returning(api_tokens)
    )
    row = made.one()
    work.publish(token_saved(row, user.login, "active"))
    return TokenMade(details=_shown(row, work.now), token=sealed(work.settings, token))


@handlers.command(RevokeToken)
async def revoke_token(command: RevokeToken, store: Store, work: Work) -> TokenView:
    """Once more changes nothing."""
    owned = select(api_tokens, users.c.login).join(users).where(api_tokens.c.id == command.token_id)
    if not may(work.actor.role, ChangeUser):
        owned = owned.where(api_tokens.c.user_id == work.actor.user_id)
    row = (await store.connection.execute(owned.with_for_update(of=api_tokens))).one_or_none()
    if row is None:
        raise Refused("token_not_found", id=command.token_id)
    if row.revoked_at is not None:
        return _shown(row, work.now)
    changed = await store.connection.execute(
        update(api_tokens)
        .where(api_tokens.c.id == row.id)
        .values(revoked_at=work.now)
        .returning(api_tokens)
    )
    work.publish(token_saved(row, row.login, "revoked"))
    return _shown(changed.one(), work.now)


@handlers.question(ListTokens)
async def list_tokens(question: ListTokens, store: Store, work: Work) -> Page[TokenView]:
    owner = question.user_id or work.actor.user_id
    if owner != work.actor.user_id and not may(work.actor.role, ChangeUser):
        raise Refused("forbidden")
    owned = select(api_tokens).where(api_tokens.c.user_id == owner)
    statement = newest_first(owned, api_tokens.c.id, question.cursor, question.limit)
    rows = (await store.connection.execute(statement)).all()
    return page_of(rows, question.limit, lambda row: _shown(row, work.now), lambda row: (row.id,))


def _shown(row: Any, now: datetime) -> TokenView:
    expired = row.expires_at <= now
    return TokenView(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        scopes=tuple(row.scopes),
        state="revoked" if row.revoked_at else "expired" if expired else "active",
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
