"""Fixtures for every test: real databases and a real broker. See ``tests/support``."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support.broker import TestNats, running_nats
from tests.support.cluster import shared_cluster
from tests.support.compiled import share_compiled_addresses, share_compiled_statements
from tests.support.databases import Databases
from tests.support.memory import files_lie_in, keep_files_in_memory

CLUSTER = "TESTS_CLUSTER"
"""The folder of a PostgreSQL that several runs share, one after the other: see the mutants."""

KEEP_FILES = "TESTS_KEEP_FILES"
"""Set, a run that failed leaves its files to whoever looks into them."""

for variable in [name for name in os.environ if name.startswith(("PG", "PITLANE_"))]:
    # Settings of whoever runs the tests must not lead them to another server.
    del os.environ[variable]
keep_files_in_memory()
share_compiled_statements()
share_compiled_addresses()

# The same examples in every run, so that a run that fails fails again. Others are drawn with
# --hypothesis-profile=default, and again with --hypothesis-seed. How long one takes says more of
# the machine, and of what else it does, than of us.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")


def pytest_report_header(config: pytest.Config) -> str:
    return f"files of the tests: {files_lie_in()}"


def pytest_collection_finish() -> None:
    """All that was imported stays to the end: garbage is looked for in what tests make, and seldom,
    for a test leaves little of it, and the looking took a fifteenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Files of tests that failed lie in memory, too: they go with the run."""
    is_worker = hasattr(session.config, "workerinput")
    base: Path | None = session.config._tmp_path_factory._basetemp  # type: ignore[attr-defined]
    if base and not is_worker and KEEP_FILES not in os.environ:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Databases]:
    """Makes databases for fixtures that outlive one test; a test asks for ``database``."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "cluster"
    if CLUSTER in os.environ:
        folder = Path(os.environ[CLUSTER])
    with shared_cluster(folder) as superuser_url:
        databases = Databases(superuser_url, folder, f"test_{worker_id}_{os.getpid()}")
        yield databases
        databases.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Callable[[str], str]]:
    """``database("orders")``: the URL of a fresh, migrated database of that service, opened with
    its runtime role; dropped after the test."""
    made: list[str] = []

    def create(service: str) -> str:
        made.append(databases.create(service))
        return made[-1]

    yield create
    for url in made:
        databases.drop(url)


@pytest.fixture
def bare_database(databases: Databases) -> Iterator[str]:
    """The superuser's URL of an empty database."""
    url = databases.create_bare()
    yield url
    databases.drop(url)


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[TestNats]:
    """A fresh nats-server with production's users and permissions, and nothing in it yet:
    ``await nats_server.apply_topology({...})`` makes the streams and consumers."""
    async with running_nats(tmp_path) as server:
        yield server
