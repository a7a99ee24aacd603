"""Roles and rights of the databases, as production makes them."""

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from asyncpg.exceptions import InsufficientPrivilegeError, InvalidPasswordError

from deploy.local.databases import ServiceDatabase, ensure_databases
from tests.support.databases import as_owner, database_name

type MakeDatabase = Callable[[str], str]


async def test_service_writes_rows_of_its_own_database(database: MakeDatabase) -> None:
    connection = await asyncpg.connect(database("orders"))
    await connection.execute("DELETE FROM inbox")
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.close()


async def test_service_may_not_change_its_own_schema(database: MakeDatabase) -> None:
    connection = await asyncpg.connect(database("orders"))
    for forbidden in ("CREATE TABLE mine (id int)", "DROP TABLE outbox", "TRUNCATE outbox"):
        with pytest.raises(InsufficientPrivilegeError):
            await connection.execute(forbidden)
    await connection.close()


async def test_service_may_not_enter_the_database_of_another(database: MakeDatabase) -> None:
    orders, finance = database("orders"), database("finance")
    foreign = urlunsplit(urlsplit(orders)._replace(path=urlsplit(finance).path))
    with pytest.raises(InsufficientPrivilegeError, match="permission denied for database"):
        await asyncpg.connect(foreign)


async def test_owner_changes_the_schema_and_the_service_may_use_what_it_made(
    database: MakeDatabase,
) -> None:
    url = database("orders")
    owner = await asyncpg.connect(as_owner(url))
    await owner.execute("CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    await owner.close()
    service = await asyncpg.connect(url)
    await service.execute("INSERT INTO later (name) VALUES ('x')")
    assert await service.fetchval("SELECT name FROM later") == "x"
    await service.close()


async def test_nobody_enters_without_the_password(database: MakeDatabase) -> None:
    parts = urlsplit(database("orders"))
    wrong = urlunsplit(parts._replace(netloc=f"{parts.username}:wrong@"))
    with pytest.raises(InvalidPasswordError):
        await asyncpg.connect(wrong)


async def test_every_test_has_a_database_of_its_own(database: MakeDatabase) -> None:
    first, second = database("orders"), database("orders")
    assert database_name(first) != database_name(second)


async def test_russian_text_is_folded_and_found_by_misspelling(bare_database: str) -> None:
    connection = await asyncpg.connect(bare_database)
    await connection.execute("CREATE EXTENSION pg_trgm")
    assert await connection.fetchval("SELECT lower('ЖЁЛТЫЙ')") == "жёлтый"
    assert await connection.fetchval("SELECT similarity('Иванов', 'иваноф')") > 0.5
    await connection.close()


@pytest.mark.parametrize("done_before", ["nothing", "roles", "database"])
async def test_set_up_cut_short_is_finished_by_the_next_one(
    bare_database: str, worker_id: str, done_before: str
) -> None:
    half = ServiceDatabase(f"half_{done_before}_{worker_id}", "secret", "owner-secret")
    connection = await asyncpg.connect(bare_database)
    if done_before != "nothing":
        await connection.execute(f"CREATE ROLE {half.role} LOGIN PASSWORD 'older'")
    if done_before == "database":
        await connection.execute(f"CREATE ROLE {half.owner} LOGIN")
        await connection.execute(f"CREATE DATABASE {half.name} OWNER {half.owner}")
    url = urlunsplit(urlsplit(bare_database)._replace(path=f"/{half.name}"))

    for _ in range(2):  # and doing it again harms nothing
        await ensure_databases(bare_database, [half], {half.service: url})

    host = urlsplit(url).netloc.rpartition("@")[2]
    service_url = urlunsplit(urlsplit(url)._replace(netloc=f"{half.role}:secret@{host}"))
    service = await asyncpg.connect(service_url)
    extensions = await service.fetch("SELECT extname FROM pg_extension ORDER BY extname")
    assert [row["extname"] for row in extensions] == ["btree_gist", "pg_trgm", "plpgsql"]
    await service.close()
    await connection.execute(f"DROP DATABASE {half.name} WITH (FORCE)")
    await connection.close()
