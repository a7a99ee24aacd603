"""One database and two roles for each service, made as often as need be and never twice.

``pitlane_orders_owner`` runs the migrations; ``pitlane_orders`` reads and writes rows, and can
enter no other database. That a database is whole is a comment on it, written in the transaction
that makes it so: a set-up that was cut short, or done by an older version, is done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import asyncpg

from shared.settings import SERVICES

EXTENSIONS = ("pg_trgm", "btree_gin", "btree_gist")
"""Search by fragment and by misspelling; within a time; periods that exclude each other. Only a
superuser may create them."""
WHOLE = "pitlane: set up, 3"
"""Another word for every change of what a set-up does."""
OPEN_TO_ALL = ("postgres", "template1")
"""Of every cluster: whoever has a password may enter them, unless told otherwise."""
PLAIN = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """Names are the same on every machine; passwords are the station's own."""

    service: str
    password: str
    owner_password: str

    @property
    def name(self) -> str:
        return f"pitlane_{self.service}"

    @property
    def role(self) -> str:
        return f"pitlane_{self.service}"

    @property
    def owner(self) -> str:
        return f"pitlane_{self.service}_owner"


def password_names() -> list[str]:
    """As the station's folder keeps them."""
    return [f"{whose}:{name}" for whose in ("database", "owner") for name in SERVICES]


def databases_of(passwords: Mapping[str, str]) -> dict[str, ServiceDatabase]:
    """By service. ``passwords``: all of ``password_names``."""
    return {
        name: ServiceDatabase(name, passwords[f"database:{name}"], passwords[f"owner:{name}"])
        for name in SERVICES
    }


async def ensure_databases(
    superuser_url: str, databases: Iterable[ServiceDatabase], url_of: dict[str, str]
) -> None:
    """Makes what is missing. ``superuser_url`` leads to the database ``postgres``; ``url_of``
    gives the superuser's URL of each service's database."""
    connection = await asyncpg.connect(superuser_url)
    try:
        await close_to_strangers(connection)
        whole = await _whole_databases(connection)
        missing = [database for database in databases if database.name not in whole]
        for database in missing:
            await ensure_roles(connection, database)
            if not await connection.fetchval(
                "SELECT true FROM pg_database WHERE datname = $1", database.name
            ):
                await connection.execute(f"CREATE DATABASE {database.name} OWNER {database.owner}")
    finally:
        await connection.close()
    for database in missing:
        inside = await asyncpg.connect(url_of[database.service])
        try:
            async with inside.transaction():
                await fit_out(inside, database, database.name)
        finally:
            await inside.close()


async def close_to_strangers(connection: asyncpg.Connection) -> None:
    """Leaves no database that everybody may enter."""
    still_open = await connection.fetch(
        "SELECT datname FROM pg_database WHERE datname = ANY($1)"
        " AND has_database_privilege('public', oid, 'CONNECT')",
        OPEN_TO_ALL,
    )
    for row in still_open:
        await connection.execute(f"REVOKE ALL ON DATABASE {row['datname']} FROM PUBLIC")


async def ensure_roles(connection: asyncpg.Connection, database: ServiceDatabase) -> None:
    """Both roles with their passwords, whether they exist or not."""
    for role, password in (
        (database.role, database.password),
        (database.owner, database.owner_password),
    ):
        exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
        verb = "ALTER" if exists else "CREATE"
        quoted = await connection.fetchval("SELECT quote_literal($1)", password)
        await connection.execute(f"{verb} ROLE {role} {PLAIN} PASSWORD {quoted}")


async def fit_out(inside: asyncpg.Connection, database: ServiceDatabase, name: str) -> None:
    """Extensions and rights, from within the database called ``name``."""
    for extension in EXTENSIONS:
        await inside.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    await admit(inside, database, name)
    role, owner = database.role, database.owner
    await inside.execute(f"""
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {role};
        GRANT USAGE, CREATE ON SCHEMA public TO {owner};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
            GRANT USAGE ON SEQUENCES TO {role};
    """)
    # Of a database that an older version has set up and migrated.
    if await inside.fetchval("SELECT to_regclass('alembic_version')"):
        await inside.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}")
    await inside.execute(f"COMMENT ON DATABASE {name} IS '{WHOLE}'")


async def admit(connection: asyncpg.Connection, database: ServiceDatabase, name: str) -> None:
    """Lets the service's own two roles into the database, and nobody else."""
    await connection.execute(f"""
        REVOKE ALL ON DATABASE {name} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {name} TO {database.role};
    """)


async def _whole_databases(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch(
        "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = $1", WHOLE
    )
    return {row["datname"] for row in rows}
