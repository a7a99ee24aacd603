"""A backup of another version of Pitlane, restored by this one."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.backup.checking import _on_their_way, examine
from deploy.backup.folder import Manifest
from deploy.backup.restoring import _bring_up_to_date, _database_urls
from deploy.local.data_folder import DataFolder
from deploy.local.databases import databases_of, ensure_databases, password_names
from deploy.local.migrations import known_revisions, needs_migration
from deploy.local.postgres import Postgres
from deploy.local.processes import CannotStart
from deploy.progress import Silent
from shared.database import engine_for, migrate
from shared.ids import new_id

MANIFEST = Manifest(
    station="station-1",
    pitlane="0.1",
    postgres="18.6",
    system="7",
    cut_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
    log="wal-1",
    first_segment="",
    audit_seq=0,
    audit_hash="",
    files={},
)


@pytest.fixture
async def recovered(tmp_path: Path) -> AsyncIterator[tuple[DataFolder, Postgres]]:
    """Databases as they come out of a backup of before the last migration of orders."""
    folder = DataFolder(tmp_path / "data")
    folder.path.mkdir()
    passwords = folder.passwords(["database:superuser", *password_names()])
    with tempfile.TemporaryDirectory(prefix="pitlane-") as socket_folder:
        postgres = Postgres(
            folder.postgres,
            Path(socket_folder),
            passwords["database:superuser"],
            lambda _: None,
            durable=False,
        )
        await postgres.start()
        try:
            databases = databases_of(passwords)
            await ensure_databases(
                postgres.url("postgres"), databases.values(), _database_urls(postgres)
            )
            orders = databases["orders"]
            url = postgres.url(orders.name, orders.owner, orders.owner_password)
            await asyncio.to_thread(migrate, "orders", url, known_revisions("orders")[-2])
            yield folder, postgres
        finally:
            await postgres.stop()


async def execute(postgres: Postgres, service: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(postgres.url(f"pitlane_{service}"))
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def test_backup_of_an_older_version_is_brought_up_to_date_and_of_a_newer_one_refused(
    recovered: tuple[DataFolder, Postgres],
) -> None:
    folder, postgres = recovered
    urls = _database_urls(postgres)
    with pytest.raises(CannotStart, match="the restored databases do not answer"):
        await examine(urls, MANIFEST, Silent())

    await _bring_up_to_date(folder, postgres, MANIFEST, Silent())
    assert [name for name, url in urls.items() if await needs_migration(name, url)] == []
    assert (await examine(urls, MANIFEST, Silent())).good

    # Long ago, and a minute before the last event: it was on its way at that instant.
    last = datetime.now(UTC) - timedelta(days=30)
    for service, at in (("orders", last - timedelta(minutes=1)), ("finance", last)):
        await execute(
            postgres,
            service,
            "INSERT INTO outbox (event_id, subject, headers, body, created_at)"
            " VALUES ($1, 'evt.orders.order_opened.v1', '{}', '', $2)",
            new_id(),
            at,
        )
    engines = {name: engine_for(url, pool_size=1) for name, url in urls.items()}
    try:
        assert len(await _on_their_way(engines)) == 2
    finally:
        for engine in engines.values():
            await engine.dispose()

    # Of a newer version.
    await execute(postgres, "orders", "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CannotStart, match=r"does not know.*; Pitlane 0\.1 made this backup"):
        await _bring_up_to_date(folder, postgres, MANIFEST, Silent())
