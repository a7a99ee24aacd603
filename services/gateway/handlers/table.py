"""The map from message to handler, and what several handlers begin with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.store import users
from shared.contracts.gateway import PasswordChanged, RequestRefused, SignedIn, SignedOut
from shared.contracts.jobs import JobMoved
from shared.contracts.users import (
    GatewayCommandRefused,
    PasswordReset,
    RecoveryCodesTaken,
    SessionsEnded,
    TokenSaved,
    TotpChanged,
    UserSaved,
    UserView,
)
from shared.handlers import Handlers, Store
from shared.refusals import Refused

handlers = Handlers(
    "gateway",
    Store,
    refused=GatewayCommandRefused,
    publishes=(
        SignedIn,
        SignedOut,
        PasswordChanged,
        RequestRefused,
        UserSaved,
        PasswordReset,
        SessionsEnded,
        TotpChanged,
        RecoveryCodesTaken,
        TokenSaved,
        JobMoved,
    ),
)


async def the_user(connection: AsyncConnection, user_id: UUID, *, lock: bool = False) -> Any:
    """The row. Refused: ``user_not_found``."""
    statement = select(users).where(users.c.id == user_id)
    rows = await connection.execute(statement.with_for_update() if lock else statement)
    user = rows.one_or_none()
    if user is None:
        raise Refused("user_not_found", id=user_id)
    return user


def shown(user: Any) -> UserView:
    return UserView(
        id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        active=user.active,
        stations=user.stations,
        must_change_password=user.must_change_password,
        totp=user.totp is not None,
        last_signed_in_at=user.last_signed_in_at,
        created_at=user.created_at,
        revision=user.revision,
    )
