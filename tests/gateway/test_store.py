"""The tables as the migrations make them, and the users that a station begins with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from services.gateway import passwords
from services.gateway.store import login_key, tables
from services.gateway.users import DEMO_USERS, ensure_demo_users, ensure_first_admin
from shared.database import delivery, engine_for, migrate
from shared.roles import ROLES
from tests.support.databases import as_owner


async def test_the_migrations_make_exactly_the_tables_of_the_store(
    database: Callable[[str], str],
) -> None:
    wanted = MetaData()
    for table in (*tables.tables.values(), *delivery.tables.values()):
        table.to_metadata(wanted)

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), wanted))

    engine = engine_for(as_owner(database("gateway")))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def rows(url: str, statement: str, *, commits: bool = False) -> list[Any]:
    engine = engine_for(url, pool_size=1)
    async with engine.begin() if commits else engine.connect() as connection:
        found = (await connection.execute(text(statement))).all()
    await engine.dispose()
    return list(found)


async def test_what_keys_were_used_for_is_not_in_the_databases_log(
    database: Callable[[str], str],
) -> None:
    kept = "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'"
    assert [name for (name,) in await rows(database("gateway"), kept)] == ["idempotency_keys"]


@pytest.mark.usefixtures("slow_passwords")
async def test_the_first_admin_is_made_once_and_its_password_told_once(
    database: Callable[[str], str],
) -> None:
    url = database("gateway")
    password = await ensure_first_admin(url)
    assert password
    assert len(password) >= 16
    ((login, role, must_change, password_hash),) = await rows(
        url, "SELECT login, role, must_change_password, password_hash FROM users"
    )
    assert (login, role, must_change) == ("admin", "administrator", True)
    assert password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(password, password_hash)


async def test_a_first_password_that_was_lost_is_made_anew_until_somebody_has_signed_in(
    database: Callable[[str], str],
) -> None:
    url = database("gateway")
    lost = await ensure_first_admin(url)
    found = await ensure_first_admin(url)
    assert lost
    assert found
    ((password_hash,),) = await rows(url, "SELECT password_hash FROM users")
    assert passwords.matches(found, password_hash)
    assert not passwords.matches(lost, password_hash)
    await rows(url, "UPDATE users SET last_signed_in_at = now() RETURNING id", commits=True)
    assert await ensure_first_admin(url) is None
    assert await rows(url, "SELECT password_hash FROM users") == [(password_hash,)]


async def test_a_demo_has_one_user_per_role_and_making_them_again_changes_nothing(
    database: Callable[[str], str],
) -> None:
    url = database("gateway")
    await ensure_demo_users(url)
    first = await rows(url, "SELECT * FROM users ORDER BY login")
    await ensure_demo_users(url)
    assert await rows(url, "SELECT * FROM users ORDER BY login") == first
    assert {row.role for row in first} == set(ROLES)
    assert {row.login for row in first} == {login for login, *_ in DEMO_USERS}
    assert not any(row.must_change_password for row in first)
    assert passwords.matches("demo", first[0].password_hash)
    assert await ensure_first_admin(url) is None


def test_a_login_is_one_however_it_is_spelled() -> None:
    assert login_key(" ИВАНОВ ") == login_key("иванов")


async def test_who_was_signed_in_before_users_were_managed_here_still_is(
    bare_database: str,
) -> None:
    await asyncio.to_thread(migrate, "gateway", bare_database, "0001")
    await rows(
        bare_database,
        """WITH made AS (
            INSERT INTO users (id, login, login_key, name, role, password_hash,
                must_change_password, active)
            VALUES (gen_random_uuid(), 'a', 'a', 'A', 'owner', 'x', false, true) RETURNING id
        )
        INSERT INTO sessions (token_hash, user_id, expires_at)
        SELECT hash::bytea, id, now() + interval '1 hour' FROM made, unnest('{x,y}'::text[]) hash
        RETURNING user_id""",
        commits=True,
    )
    await asyncio.to_thread(migrate, "gateway", bare_database)
    found = await rows(
        bare_database,
        "SELECT s.id, u.stations, u.totp, u.revision FROM sessions s JOIN users u"
        " ON u.id = s.user_id",
    )
    assert len({session_id for session_id, *_ in found}) == 2
    assert {tuple(rest) for _, *rest in found} == {(None, None, 1)}


async def test_tokens_that_a_reset_had_shut_before_the_upgrade_stay_shut(
    bare_database: str,
) -> None:
    await asyncio.to_thread(migrate, "gateway", bare_database, "0006")
    await rows(
        bare_database,
        """WITH made AS (
            INSERT INTO users (id, login, login_key, name, role, password_hash,
                must_change_password, active)
            SELECT gen_random_uuid(), login, login, login, 'owner', 'x', login = 'reset', true
            FROM unnest('{reset,usual}'::text[]) login RETURNING id, login
        )
        INSERT INTO api_tokens (id, user_id, name, token_hash, scopes, created_at, expires_at,
            revoked_at)
        SELECT gen_random_uuid(), id, login || ' ' || state, (login || state)::bytea, '{read}',
            now(), now() + CASE state WHEN 'expired' THEN interval '-1 day' ELSE '1 day' END,
            CASE state WHEN 'revoked' THEN timestamptz '2026-01-01' END
        FROM made, unnest('{active,expired,revoked}'::text[]) state RETURNING id""",
        commits=True,
    )
    kept = "SELECT name, revoked_at FROM api_tokens"
    before = {row.name: row.revoked_at for row in await rows(bare_database, kept)}
    await asyncio.to_thread(migrate, "gateway", bare_database)
    after = {row.name: row.revoked_at for row in await rows(bare_database, kept)}
    assert {name for name in after if after[name] != before[name]} == {"reset active"}
