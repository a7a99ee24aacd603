"""A station made of a backup: its databases as of one instant, its files, and no broker's store.

The events of the stream are rebuilt from the outboxes when the station starts: the first thing
that its watch finds is a stream that has none of them.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

import asyncpg

from deploy.backup.checking import Findings, examine
from deploy.backup.folder import DATABASES, FILES, Backup, Manifest, backups_in, held, read_backup
from deploy.backup.programs import verify
from deploy.backup.recording import put_out, record_restore, record_restore_job
from deploy.local.data_folder import DataFolder
from deploy.local.databases import databases_of, ensure_databases, password_names
from deploy.local.files import remove_tree, sync_folder
from deploy.local.migrations import migrate_database, needs_migration
from deploy.local.postgres import MAJOR_VERSION, Postgres
from deploy.local.processes import CannotStart
from deploy.progress import Progress
from services.gateway.operating import PutOut
from shared.settings import SERVICES

RECOVERY_TIMEOUT_S = 12 * 3600.0
UNREADABLE = 200
"""What ends recovery as a failure: PostgreSQL does so for any exit code above 125."""


@dataclass(frozen=True, slots=True)
class Point:
    """Up to where a station is restored."""

    backup: Backup
    with_log: bool = False
    """Beyond the backup's own instant: to ``until``, or to the end of what was received."""
    until: datetime | None = None

    def words(self, reached: datetime | None = None) -> str:
        """``reached``: once it is known, of which moment the last is that is there."""
        if reached:
            return f"{self.words()}; the last that is there is of {reached.isoformat()}"
        if self.until:
            return f"as of {self.until.isoformat()}"
        if self.with_log:
            return "as of the last that was received"
        return f"as of the backup, {self.backup.manifest.cut_at.isoformat()}"


def point(source: Path, until: datetime | None) -> Point:
    """``source`` is one backup: its own instant. It is a folder of backups: the last moment that
    is there. With ``until``, that moment. Raises ``CannotStart``."""
    source = source.absolute()  # PostgreSQL looks for the log from a folder of its own
    one = (source / "manifest.json").exists()
    backups = [read_backup(source)] if one else backups_in(source)
    if not backups:
        raise CannotStart(f"there is no backup in {source}")
    if until is None:
        return Point(backups[-1], with_log=not one)
    before = [backup for backup in backups if backup.manifest.cut_at <= until]
    if not before:
        raise CannotStart(
            f"the oldest backup is of {backups[0].manifest.cut_at.isoformat()}, which is later"
        )
    return Point(before[-1], with_log=True, until=until)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of restoring a station."""

    findings: Findings
    reached: datetime | None
    """When the last was committed that is in it; none: nothing was since the backup began."""
    put_out: PutOut
    replaced: Path | None
    """Where what was there before lies now."""


async def restore(
    at: Point, station: Path, *, replace: bool, keep_tokens: bool = False, progress: Progress
) -> Restored:
    """Makes the station in ``station``, beside its place until it is whole. Raises
    ``CannotStart``; what was there before is as it was then."""
    station = station.absolute()
    with _place_for(station, replace):
        pass  # refused before the work rather than after it
    new = station.with_name(f".{station.name}.restored")
    remove_tree(new)
    try:
        async with recovered(at, new, progress) as postgres:
            reached = await _reached(postgres)
            findings = await examine(_database_urls(postgres), at.backup.manifest, progress)
            await record_restore(postgres.url("pitlane_audit"), at, reached, findings)
            gateway_url = postgres.url("pitlane_gateway")
            await record_restore_job(gateway_url, at, reached)
            out = await put_out(gateway_url, at, keep_tokens=keep_tokens)
        with _place_for(station, replace):
            replaced = _swap(new, station)
    except BaseException:
        remove_tree(new)
        raise
    return Restored(findings, reached, out, replaced)


async def check(backup: Backup, progress: Progress) -> Findings:
    """Restores a backup into a folder that is gone afterwards, and says what it found there."""
    scratch = backup.path.with_name(f".{backup.path.name}.new")
    with held(backup.path.parent):
        remove_tree(scratch)
        try:
            async with recovered(Point(backup), scratch, progress, durable=False) as postgres:
                return await examine(_database_urls(postgres), backup.manifest, progress)
        finally:
            remove_tree(scratch)


@asynccontextmanager
async def recovered(
    at: Point, folder: Path, progress: Progress, *, durable: bool = True
) -> AsyncIterator[Postgres]:
    """The station's files in ``folder``, and its databases at work, on a socket of their own.
    Without ``durable`` nothing waits for the disk: for what is thrown away afterwards."""
    if at.with_log and not at.backup.log.is_dir():
        raise CannotStart(
            f"{at.backup.log} with the log since the backup is not there: bring it back, or "
            f"restore {at.backup.path} to its own instant"
        )
    await asyncio.to_thread(_compare_sums, at.backup, progress)
    await verify(at.backup.path / DATABASES)
    new = DataFolder(folder)
    new.path.mkdir(mode=0o700, parents=True)
    await asyncio.to_thread(_unpack, at.backup, new, progress)
    password = new.passwords(["database:superuser"])["database:superuser"]
    said: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="pitlane-") as socket_folder:
        postgres = Postgres(
            new.postgres,
            Path(socket_folder),
            password,
            said.append,
            durable=durable,
            more=_recovery(at),
            start_timeout_s=RECOVERY_TIMEOUT_S,
        )
        progress.begin("databases", None)
        try:
            await postgres.start()
        except CannotStart as error:
            await postgres.stop()
            if any(b"recovery ended before configured recovery target" in line for line in said):
                raise CannotStart(
                    f"the log that was received ends before {at.until}: restore without --to-time"
                ) from error
            if any(b"could not restore file" in line for line in said):
                raise CannotStart(
                    f"the log in {at.backup.log} is there and cannot be copied to {folder}: {error}"
                ) from error
            raise
        try:
            progress.end(f"{await _size(postgres)}, {at.words()}")
            await _bring_up_to_date(new, postgres, at.backup.manifest, progress)
            yield postgres
        finally:
            await postgres.stop()


async def _bring_up_to_date(
    folder: DataFolder, postgres: Postgres, manifest: Manifest, progress: Progress
) -> None:
    """What an older Pitlane backed up is looked at, and run, by this one."""
    databases = databases_of(folder.passwords(password_names()))
    progress.begin("migrations", len(databases))
    try:
        await ensure_databases(
            postgres.url("postgres"), databases.values(), _database_urls(postgres)
        )
        needed = 0
        for done, (name, database) in enumerate(databases.items(), start=1):
            url = postgres.url(database.name, database.owner, database.owner_password)
            if await needs_migration(name, url):
                await asyncio.to_thread(migrate_database, name, url)
                needed += 1
            progress.advance(done)
    except CannotStart as error:
        raise CannotStart(f"{error}; Pitlane {manifest.pitlane} made this backup") from error
    progress.end(f"{needed} databases brought up to date" if needed else "none needed")


def _recovery(at: Point) -> Mapping[str, str]:
    settings = {
        "hot_standby": "off",
        "recovery_target_action": "promote",
        "recovery_init_sync_method": "syncfs",
    }
    if not at.with_log:
        # Its own log came with the backup.
        return {**settings, "restore_command": "false", "recovery_target": "immediate"}
    # The last file of the log is not complete. One that is not there is the log's end; one that
    # is there and does not come must not be taken for it.
    log = shlex.quote(str(at.backup.log)).replace("%", "%%")
    settings["restore_command"] = (
        f"test -d {log} || exit {UNREADABLE}; for file in {log}/%f {log}/%f.partial; do "
        f'if test -e "$file"; then cp "$file" %p || exit {UNREADABLE}; exit 0; fi; done; exit 1'
    )
    if at.until:
        settings["recovery_target_time"] = at.until.astimezone(UTC).isoformat(sep=" ")
    return settings


async def _reached(postgres: Postgres) -> datetime | None:
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        last: datetime | None = await connection.fetchval("SELECT pg_last_xact_replay_timestamp()")
        return last
    finally:
        await connection.close()


async def _size(postgres: Postgres) -> str:
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        size = await connection.fetchval("SELECT sum(pg_database_size(oid)) FROM pg_database")
        return f"{size / 1024**2:,.0f} MB"
    finally:
        await connection.close()


def _compare_sums(backup: Backup, progress: Progress) -> None:
    progress.begin("checksums, bytes", backup.manifest.size)
    done = 0
    for name, told in backup.manifest.files.items():
        try:
            with (backup.path / name).open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CannotStart(f"{backup.path} is damaged: {name}: {error.strerror}") from error
        if digest != told["sha256"]:
            raise CannotStart(f"{backup.path} is damaged: {name} is not what it was")
        done += int(told["size"])
        progress.advance(done)
    progress.end(f"{len(backup.manifest.files)} files are what they were")


def _unpack(backup: Backup, new: DataFolder, progress: Progress) -> None:
    databases = backup.path / DATABASES
    major = backup.manifest.postgres.partition(".")[0]
    if major != MAJOR_VERSION:
        raise CannotStart(f"{backup.path} is of PostgreSQL {major}, this is {MAJOR_VERSION}")
    progress.begin("unpacking, files", None)
    new.postgres.mkdir(mode=0o700)
    count = 0
    for archive, into in (("base", new.postgres), ("pg_wal", new.postgres / "pg_wal")):
        with tarfile.open(databases / f"{archive}.tar.gz") as tar:
            for member in tar:
                tar.extract(member, into, filter="data", set_attrs=False)
                path = into / member.name
                if not path.is_symlink():
                    path.chmod(0o700 if path.is_dir() else 0o600)
                count += 1
                progress.advance(count)
    (new.postgres / "recovery.signal").touch(mode=0o600)
    for source in (backup.path / FILES).iterdir():
        if source.is_dir():
            shutil.copytree(source, new.path / source.name)
        else:
            shutil.copy2(source, new.path / source.name)
    progress.end(f"{count} files")


def _database_urls(postgres: Postgres) -> dict[str, str]:
    """The superuser's: nobody but us is let in."""
    return {name: postgres.url(f"pitlane_{name}") for name in SERVICES}


@contextmanager
def _place_for(station: Path, replace: bool) -> Iterator[None]:
    """Nobody is at work in ``station``, nor begins to, as long as this is held. Raises
    ``CannotStart``."""
    if not station.exists():
        yield
    elif not station.is_dir():
        raise CannotStart(f"{station} is no folder")
    elif not any(station.iterdir()):
        if not replace:
            station.rmdir()
        yield
    elif not replace:
        raise CannotStart(f"{station} is not empty: with --replace it is moved aside")
    else:
        folder = DataFolder(station)
        folder.open()
        try:
            yield
        finally:
            folder.close()


def _swap(new: Path, station: Path) -> Path | None:
    replaced: Path | None = None
    if station.exists():
        replaced = station.with_name(f"{station.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        station.rename(replaced)
    new.rename(station)
    sync_folder(station.parent)
    return replaced
