"""One service's database: its engine, its migrations, and the tables that delivery needs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pydantic_core
from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Column,
    Connection,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    event,
    func,
    pool,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.driver import DriverConnection
from shared.packing import Packed, PackedJson

if TYPE_CHECKING:
    from alembic.config import Config

SERVICES_FOLDER = Path(__file__).parent.parent / "services"

delivery = MetaData()
"""Tables that every service has, each in its own database."""

outbox = Table(
    "outbox",
    delivery,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("headers", PackedJson, nullable=False),
    Column("body", Packed, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)
unpublished = Table(
    "unpublished",
    delivery,
    Column("event_id", Uuid, primary_key=True),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)
"""The events of the outbox that the stream has not taken yet: a row goes when it has."""
inbox = Table(
    "inbox",
    delivery,
    Column("event_id", Uuid, primary_key=True),
    Column("handled_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)
replies = Table(
    "replies",
    delivery,
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("reply", Packed, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)
dead_letters = Table(
    "dead_letters",
    delivery,
    Column("event_id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("order_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_failed_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("last_failed_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    # Null while it is still being retried.
    Column("parked_at", TIMESTAMP(timezone=True)),
)


def saving(table: Table) -> Insert:
    """Inserts rows or overwrites those that have the key; each row names every column.

    Made once for a table: a statement that is made anew costs more than its execution.
    """
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in keys
        },
    )


PREPARED = 500
"""Statements of a connection that stay prepared: more than any service uses daily."""
PATIENCE_S = 5.0
"""So long is a connection waited for."""
JSON: dict[str, Any] = {
    "json_serializer": lambda value: pydantic_core.to_json(value).decode(),
    "json_deserializer": pydantic_core.from_json,
}
DIALECT = PGDialect_asyncpg(**JSON)  # type: ignore[no-untyped-call]
"""What every engine here speaks."""


_PLANNED_ONCE = {
    "plan_cache_mode": "force_generic_plan",
    # A table may have been empty when the plan was made, and be large a minute later.
    "enable_seqscan": "off",
}


def engine_for(url: str, *, pool_size: int = 8, planned_once: bool = False) -> AsyncEngine:
    """An engine that gives a broken connection up instead of handing it out again.

    ``planned_once``: what PostgreSQL makes of a statement the first time, it keeps. Else it plans
    the first five executions on each connection for their values, which for a statement that writes
    into ten tables costs more than they do."""
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=False,
        pool_timeout=PATIENCE_S,
        pool_recycle=1800,
        # The one that was used last, whose statements are prepared and whose pages are warm.
        pool_use_lifo=True,
        # What is written is about people: a log that tells of a failed statement does not tell it.
        hide_parameters=True,
        **JSON,
        connect_args={
            "connection_class": DriverConnection,
            "timeout": 5,
            "prepared_statement_cache_size": PREPARED,
            "statement_cache_size": PREPARED,
            "max_cached_statement_lifetime": 0,
            # However long: what is asked together is one statement.
            "max_cacheable_statement_size": 0,
            "server_settings": {
                "application_name": "pitlane",
                **(_PLANNED_ONCE if planned_once else {}),
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


@asynccontextmanager
async def engine_for_one_job(url: str, *, pool_size: int = 1) -> AsyncIterator[AsyncEngine]:
    """Gone when the job is done: for operators' commands."""
    engine = engine_for(url, pool_size=pool_size)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def engines_for_one_job(
    urls: Mapping[str, str], *, pool_size: int = 1
) -> AsyncIterator[dict[str, AsyncEngine]]:
    """The same of several services, each by its name."""
    async with AsyncExitStack() as stack:
        yield {
            service: await stack.enter_async_context(engine_for_one_job(url, pool_size=pool_size))
            for service, url in urls.items()
        }


def _refuse_closed(connection: Any, *_: Any) -> None:
    """The pool makes a new one of it. The driver knows without asking the database."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError("closed while nobody used it")


class Writes:
    """How many writing statements each of an engine's connections was sent; only grows."""

    def __init__(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def of(self, connection: AsyncConnection) -> int:
        count: int = connection.info.get(self, 0)
        return count

    def _note(self, connection: Connection, _: Any, statement: str, *__: Any) -> None:
        if _is_writing(statement):
            connection.info[self] = connection.info.get(self, 0) + 1


# Wherever it stands in a statement, but for locks. A name that reads like this costs a little
# time, and no more.
_WRITING = re.compile(
    r"\b(INSERT|DELETE|MERGE|TRUNCATE|COPY|CALL|(?<!FOR )(?<!FOR NO KEY )UPDATE)\b", re.IGNORECASE
)


@lru_cache(maxsize=4_096)
def _is_writing(statement: str) -> bool:
    return _WRITING.search(statement) is not None


def driver_url(url: str) -> str:
    """``postgresql://…`` as SQLAlchemy wants it for asyncpg."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+asyncpg"))


# --- migrations --------------------------------------------------------------------------------
# Alembic is imported where it is used: a running service has no need of it.


def migrate(service: str, url: str, revision: str = "head") -> None:
    """Brings a service's database to a revision, by default its newest. ``url`` names the owning
    role."""
    from alembic import command

    command.upgrade(_alembic(service, url), revision)


@cache
def newest_revision(service: str) -> str | None:
    """That this code knows: to tell it, all migrations are compiled and read."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic(service, "")).get_current_head()


async def current_revision(connection: AsyncConnection) -> str | None:
    result = await connection.execute(text("SELECT version_num FROM alembic_version"))
    revision: str | None = result.scalar_one_or_none()
    return revision


def run_migrations() -> None:
    """The whole of every service's ``migrations/env.py``."""
    from alembic import context

    def run(connection: Connection) -> None:
        context.configure(connection=connection)
        with context.begin_transaction():
            # Two processes that start together must not migrate the same database at once.
            connection.execute(text("SELECT pg_advisory_xact_lock(7146)"))
            context.run_migrations()
            # What the database is, the service reads and does not decide.
            read_only(connection, "alembic_version")

    async def connect() -> None:
        url = context.config.attributes["url"]
        engine = create_async_engine(driver_url(url), poolclass=pool.NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(run)
            await connection.commit()
        await engine.dispose()

    asyncio.run(connect())


def create_delivery_tables(bind: Any) -> None:
    """For a service's first migration: outbox, inbox, replies and dead letters, as of v1."""
    delivery.create_all(bind, [outbox, inbox, replies, dead_letters])
    bind.execute(text("ALTER TABLE outbox ADD published_at timestamptz"))
    bind.execute(text("CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL"))
    bind.execute(
        text(
            "ALTER TABLE outbox ALTER headers TYPE jsonb USING convert_from(headers, 'UTF8')::jsonb"
        )
    )


def set_unpublished_apart(bind: Connection) -> None:
    """For a migration: a published event no longer has its row written anew."""
    # What a service that still runs writes or marks comes before all of this, or after.
    bind.execute(text("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE"))
    delivery.create_all(bind, [unpublished])
    bind.execute(
        text(
            "INSERT INTO unpublished (event_id, created_at)"
            " SELECT event_id, created_at FROM outbox WHERE published_at IS NULL"
        )
    )
    bind.execute(text("ALTER TABLE outbox DROP published_at"))  # its index goes with it


def pack_headers(bind: Connection) -> None:
    """For a migration: an event's headers as bytes, which new ones have packed. Bodies and replies
    are bytes already, and what is in them is read as it stands."""
    bind.execute(
        text("ALTER TABLE outbox ALTER headers TYPE bytea USING convert_to(headers::text, 'UTF8')")
    )


def make_append_only(bind: Connection, *tables: str) -> None:
    """For migrations: the service itself may add to these tables and read them, nothing else."""
    _revoke(bind, "UPDATE, DELETE, TRUNCATE", tables)


def read_only(bind: Connection, *tables: str) -> None:
    """The service itself may read these tables, nothing else."""
    _revoke(bind, "INSERT, UPDATE, DELETE, TRUNCATE", tables)


def _revoke(bind: Connection, rights: str, tables: Sequence[str]) -> None:
    """Takes from the runtime role, which is called as the owner is without ``_owner``, what its
    default rights gave it. A database whose only role is the owner's has no such role."""
    owner: str = bind.scalar(text("SELECT current_user")) or ""
    role = owner.removesuffix("_owner")
    exists = text("SELECT true FROM pg_roles WHERE rolname = :role")
    if role != owner and bind.scalar(exists, {"role": role}):
        bind.execute(text(f'REVOKE {rights} ON {", ".join(tables)} FROM "{role}"'))


def _alembic(service: str, url: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option(
        "script_location", str(SERVICES_FOLDER / service / "migrations").replace("%", "%%")
    )
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config
