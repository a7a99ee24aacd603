"""Roles and rights of the databases, as production makes them."""

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from asyncpg.exceptions import InsufficientPrivilegeError, InvalidPasswordError

from deploy.local.databases import ServiceDatabase, ensure_databases, fit_out
from shared.settings import SERVICES
from tests.support.databases import Databases, as_owner, database_name, service_database

type MakeDatabase = Callable[[str], str]


async def test_service_writes_rows_of_its_own_database(database: MakeDatabase) -> None:
    connection = await asyncpg.connect(database("orders"))
    await connection.execute("DELETE FROM inbox")
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.close()


EVERYBODYS_CROSSINGS = (
    # its own schema
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE VIEW mine AS SELECT * FROM outbox",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION dblink",
    "ALTER TABLE outbox ADD COLUMN mine int",
    "CREATE INDEX ON outbox (subject)",
    "DROP TABLE outbox",
    "TRUNCATE outbox",
    # its own revision
    "UPDATE alembic_version SET version_num = '9999'",
    "DELETE FROM alembic_version",
    # whose rights it has
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SELECT rolpassword FROM pg_authid",
    # the machine behind it
    "COPY outbox TO '/tmp/pitlane-outbox'",
    "COPY outbox FROM PROGRAM 'true'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SET session_replication_role = replica",
    "ALTER SYSTEM SET fsync = off",
    "SELECT pg_reload_conf()",
)
AUDITS_CROSSINGS = (
    "UPDATE records SET hash = ''",
    "DELETE FROM records",
    "TRUNCATE records",
    "ALTER TABLE records DISABLE TRIGGER ALL",
    "UPDATE erased SET name = ''",
    "DELETE FROM erased",
)


@pytest.mark.parametrize("service", SERVICES)
async def test_service_works_with_rows_and_with_nothing_else(
    database: MakeDatabase, service: str
) -> None:
    connection = await asyncpg.connect(database(service))
    passed = []
    owner = f"SET ROLE pitlane_{service}_owner"
    besides = AUDITS_CROSSINGS if service == "audit" else ()
    for forbidden in (*EVERYBODYS_CROSSINGS, owner, *besides):
        try:
            await connection.execute(forbidden)
            passed.append(forbidden)
        except InsufficientPrivilegeError:
            pass
    assert passed == []
    await connection.close()


async def test_audit_adds_to_its_journal_and_reads_it(database: MakeDatabase) -> None:
    connection = await asyncpg.connect(database("audit"))
    rights = {
        table: {
            right
            for right in (
                "SELECT",
                "INSERT",
                "UPDATE",
                "DELETE",
                "TRUNCATE",
                "REFERENCES",
                "TRIGGER",
            )
            if await connection.fetchval("SELECT has_table_privilege($1, $2)", table, right)
        }
        for (table,) in await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
    }
    await connection.close()
    rows = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert rights == {
        "records": {"SELECT", "INSERT"},
        "erased": {"SELECT", "INSERT"},
        "alembic_version": {"SELECT"},
        **dict.fromkeys(("outbox", "unpublished", "inbox", "replies", "dead_letters"), rows),
    }


async def test_nobody_enters_a_database_that_is_not_theirs(database: MakeDatabase) -> None:
    urls = {service: database(service) for service in SERVICES}
    places = {service: urlsplit(url).path for service, url in urls.items()}
    everywhere = {**places, "postgres": "/postgres", "template1": "/template1"}
    for service, url in urls.items():
        for login in (url, as_owner(url)):
            for place, path in everywhere.items():
                if place != service:
                    with pytest.raises(InsufficientPrivilegeError, match="for database"):
                        await asyncpg.connect(urlunsplit(urlsplit(login)._replace(path=path)))


async def test_database_of_an_older_version_gets_the_walls_of_this_one(
    databases: Databases, database: MakeDatabase
) -> None:
    """It was set up and migrated when roles might do more."""
    url = database("orders")
    name = database_name(url)
    superuser = await asyncpg.connect(databases.as_superuser(url))
    await superuser.execute(f"""
        GRANT CONNECT, TEMPORARY ON DATABASE {name} TO PUBLIC;
        GRANT INSERT, UPDATE, DELETE ON alembic_version TO pitlane_orders;
    """)
    await fit_out(superuser, service_database("orders"), name)
    await superuser.close()

    connection = await asyncpg.connect(url)
    for forbidden in ("DELETE FROM alembic_version", "CREATE TEMPORARY TABLE mine (id int)"):
        with pytest.raises(InsufficientPrivilegeError):
            await connection.execute(forbidden)
    await connection.close()
    stranger = urlunsplit(urlsplit(database("finance"))._replace(path=f"/{name}"))
    with pytest.raises(InsufficientPrivilegeError):
        await asyncpg.connect(stranger)


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
    assert [row["extname"] for row in extensions] == [
        "btree_gin",
        "btree_gist",
        "pg_trgm",
        "plpgsql",
    ]
    await service.close()
    await connection.execute(f"DROP DATABASE {half.name} WITH (FORCE)")
    await connection.close()
