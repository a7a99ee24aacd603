"""The users that a station begins with."""

from __future__ import annotations

import secrets
from functools import cache

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.passwords import hashed
from services.gateway.store import login_key, users
from shared.database import engine_for_one_job
from shared.ids import new_id
from shared.roles import ADMINISTRATOR, ADVISOR, CASHIER, OWNER, STOREKEEPER, TECHNICIAN

_FIRST = "admin"
DEMO_PASSWORD = "demo"
DEMO_USERS = (
    ("admin", "Марина Кузнецова", ADMINISTRATOR),
    ("advisor", "Андрей Соколов", ADVISOR),
    ("technician", "Сергей Морозов", TECHNICIAN),
    ("storekeeper", "Анна Лебедева", STOREKEEPER),
    ("cashier", "Елена Новикова", CASHIER),
    ("owner", "Дмитрий Волков", OWNER),
)


async def ensure_first_admin(database_url: str) -> str | None:
    """Makes ``admin`` where there is no user at all; answers its password, which is told this
    once and must be changed at the first sign-in. As long as ``admin`` is the only one and has
    never signed in, a new one is answered: the last may have been lost on its way to whoever
    starts the station. None where somebody can sign in already."""
    async with engine_for_one_job(database_url) as engine, engine.begin() as connection:
        there = (await connection.execute(select(users).with_for_update())).all()
        password = secrets.token_urlsafe(12)
        if not there:
            made = await _make(
                connection,
                _FIRST,
                "Администратор",
                ADMINISTRATOR,
                hashed(password),
                must_change=True,
            )
            return password if made else None
        if [(user.login, user.last_signed_in_at) for user in there] != [(_FIRST, None)]:
            return None
        if not there[0].must_change_password:
            return None
        await connection.execute(update(users).values(password_hash=hashed(password)))
        return password


async def ensure_demo_users(database_url: str) -> None:
    """One user per role, each with the password ``demo``; those that exist stay as they are."""
    async with engine_for_one_job(database_url) as engine, engine.begin() as connection:
        known = set((await connection.execute(select(users.c.login_key))).scalars())
        for login, name, role in DEMO_USERS:
            if login_key(login) not in known:
                await _make(connection, login, name, role, _demo_hash(), must_change=False)


@cache
def _demo_hash() -> str:
    """Once for all of them: it keeps no secret, and takes a core for a moment."""
    return hashed(DEMO_PASSWORD)


async def _make(
    connection: AsyncConnection,
    login: str,
    name: str,
    role: str,
    password_hash: str,
    *,
    must_change: bool,
) -> bool:
    """False when another process was faster."""
    result = await connection.execute(
        insert(users)
        .values(
            id=new_id(),
            login=login,
            login_key=login_key(login),
            name=name,
            role=role,
            password_hash=password_hash,
            must_change_password=must_change,
            active=True,
        )
        .on_conflict_do_nothing()
    )
    return bool(result.rowcount)
