"""A database of its own for each test: a copy of a service's migrated template.

Roles and rights are those of production, so that what a service may not do fails here too.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from deploy.local.databases import ServiceDatabase, admit, ensure_roles, fit_out
from shared.database import migrate
from tests.support.cluster import locked


class Databases:
    """Makes databases in the run's PostgreSQL; ``prefix`` keeps workers apart."""

    def __init__(self, superuser_url: str, folder: Path, prefix: str) -> None:
        self._superuser_url = superuser_url
        self._folder = folder
        self._names = (f"{prefix}_{number}" for number in itertools.count(1))
        self._loop = asyncio.new_event_loop()
        # A loop of its own: tests with a running loop and tests without one both ask.
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._admin: asyncpg.Connection | None = None

    def create(self, service: str) -> str:
        """The runtime role's URL of a fresh, migrated database of ``service``."""
        template = self._template(service)
        name = next(self._names)
        self._run(self._clone(service, template, name))
        return _with_login(_in_database(self._superuser_url, name), *_runtime(service))

    def copy(self, url: str) -> str:
        """Another database, with all that is in this one, which nobody may be connected to."""
        name, service = next(self._names), _service_of(url)
        self._run(self._clone(service, database_name(url), name))
        return _in_database(url, name)

    def create_bare(self) -> str:
        """The superuser's URL of an empty database, without any service's tables."""
        name = next(self._names)
        self._run(self._execute(f"CREATE DATABASE {name} STRATEGY file_copy"))
        return _in_database(self._superuser_url, name)

    def as_superuser(self, url: str) -> str:
        """The same database as the role that may do everything."""
        return _in_database(self._superuser_url, database_name(url))

    def drop(self, url: str) -> None:
        self._run(self._execute(f"DROP DATABASE IF EXISTS {database_name(url)} WITH (FORCE)"))

    def close(self) -> None:
        if self._admin:
            self._run(self._admin.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _template(self, service: str) -> str:
        """Migrated once per run, by the first worker that needs it."""
        name = f"template_{service}"
        done = self._folder / f"{name}.done"
        if not done.exists():
            with locked(self._folder / f"{name}.lock"):
                if not done.exists():
                    self._make_template(service, name)
                    done.touch()
        return name

    def _make_template(self, service: str, name: str) -> None:
        database = service_database(service)
        superuser_url = _in_database(self._superuser_url, name)

        async def create() -> None:
            admin = await self._connection()
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await ensure_roles(admin, database)
            await admin.execute(f"CREATE DATABASE {name} OWNER {database.owner}")
            inside = await asyncpg.connect(superuser_url)
            await fit_out(inside, database, name)
            await inside.close()

        self._run(create())
        owner_url = _with_login(superuser_url, database.owner, database.owner_password)
        # Alembic runs a loop of its own, which a thread with a running loop does not allow.
        _in_a_thread(lambda: migrate(service, owner_url))

    async def _clone(self, service: str, template: str, name: str) -> None:
        database = service_database(service)
        admin = await self._connection()
        # Copying files is twice as fast as logging their pages, where nothing is synced.
        await admin.execute(
            f"CREATE DATABASE {name} TEMPLATE {template} OWNER {database.owner} STRATEGY file_copy"
        )
        await admit(admin, database, name)

    async def _execute(self, statement: str) -> None:
        await (await self._connection()).execute(statement)

    async def _connection(self) -> asyncpg.Connection:
        if self._admin is None:
            self._admin = await asyncpg.connect(self._superuser_url)
        return self._admin

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def service_database(service: str) -> ServiceDatabase:
    return ServiceDatabase(service, f"{service}-password", f"{service}-owner-password")


def as_owner(url: str) -> str:
    """The same database as the role that owns it and runs migrations."""
    database = service_database(_service_of(url))
    return _with_login(url, database.owner, database.owner_password)


def database_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _service_of(url: str) -> str:
    user = urlsplit(url).username or ""
    return user.removeprefix("pitlane_").removesuffix("_owner")


def _runtime(service: str) -> tuple[str, str]:
    database = service_database(service)
    return database.role, database.password


def _in_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password)}@{address}"))


def _in_a_thread(work: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
