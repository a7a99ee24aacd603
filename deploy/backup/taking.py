"""Making a backup of a station that runs: one instant of all databases, and the station's files."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from deploy.backup.archive import NOTE, SLOT, Archive, begin_log
from deploy.backup.folder import (
    DATABASES,
    FILES,
    NAME,
    Backup,
    Manifest,
    held,
    segment_of,
    sums,
    write_manifest,
)
from deploy.backup.programs import run, verify
from deploy.commands.reach import connected, reach
from deploy.local.data_folder import running_station
from deploy.local.files import remove_tree, sync_folder
from deploy.local.processes import CannotStart
from deploy.progress import Progress
from services.audit.anchor import last_anchor
from services.audit.domain import Head
from shared.settings import pitlane_version

NOT_COPIED = frozenset({"postgres", "nats", "run", "logs", "exports", "lock", NOTE})
"""Of the station's folder: what is backed up otherwise (the broker's store is made of the outboxes
anew), what can be made again at any time (tables), and what is true of this run or of this machine
only."""
RECEIVED_WITHIN_S = 30.0


async def take(station: Path, to: Path, *, progress: Progress) -> Backup:
    """A backup of the station that runs on ``station``, in the folder ``to``. Raises
    ``CannotStart``, and then has left no backup."""
    station, to = station.absolute(), to.absolute()
    if to.is_relative_to(station):
        raise CannotStart(f"{to} lies in the station's own folder, and would be lost with it")
    told = running_station(station)
    url = str(told["postgres"]["url"])
    with held(to):
        name = f"{datetime.now(UTC):{NAME}}"
        new = to / f".{name}.new"
        connection = await asyncpg.connect(url)
        try:
            archive = await begin_log(connection, station, to, name)
            new.mkdir(mode=0o700)
            (new / DATABASES).mkdir(mode=0o700)
            anchor = await _anchor(station)
            cut_at = await _copy_databases(connection, url, new / DATABASES, progress)
            await _wait_for_log(connection, archive)
            await asyncio.to_thread(_copy_files, station, new / FILES, progress)
            manifest = Manifest(
                station=str(told["station"]),
                pitlane=pitlane_version(),
                postgres=await connection.fetchval("SHOW server_version"),
                system=str(
                    await connection.fetchval("SELECT system_identifier FROM pg_control_system()")
                ),
                cut_at=cut_at,
                log=archive.log,
                first_segment=_first_segment(new / DATABASES),
                audit_seq=anchor.seq,
                audit_hash=anchor.hash,
                files=await asyncio.to_thread(_sums, new, progress),
            )
            await verify(new / DATABASES)
            write_manifest(new, manifest)
            # The databases' copy is on the disk; the files were only handed to the system.
            await asyncio.to_thread(os.sync)
            new.rename(to / name)
            sync_folder(to)
        except BaseException:
            remove_tree(new)
            raise
        finally:
            await connection.close()
        return Backup(to / name, manifest)


async def _copy_databases(
    connection: asyncpg.Connection, url: str, into: Path, progress: Progress
) -> datetime:
    size_kb = await connection.fetchval(
        "SELECT (sum(pg_database_size(oid)) / 1024)::bigint FROM pg_database"
    )
    progress.begin("databases, kB", size_kb)
    await run(
        "pg_basebackup",
        f"--pgdata={into}",
        "--format=tar",
        "--compress=client-gzip:1",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--progress",
        "--no-password",
        url=url,
        told=lambda done, _: progress.advance(min(done, size_kb)),
    )
    cut_at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    size = sum(file.stat().st_size for file in into.iterdir())
    progress.end(f"{size_kb / 1024:,.0f} MB, compressed {size / 1024**2:,.0f} MB")
    return cut_at


async def _wait_for_log(connection: asyncpg.Connection, archive: Archive) -> None:
    """Until the receiver has what the backup ends with: from there on the log goes on."""
    until = await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text")
    deadline = asyncio.get_running_loop().time() + RECEIVED_WITHIN_S
    received = (
        "SELECT COALESCE(bool_or(write_lsn >= $2::text::pg_lsn), false) FROM pg_stat_replication"
        " JOIN pg_replication_slots ON active_pid = pid WHERE slot_name = $1"
    )
    while not await connection.fetchval(received, SLOT, until):
        if asyncio.get_running_loop().time() > deadline:
            raise CannotStart(f"the log does not come to {archive.path}: see the station's log")
        await asyncio.sleep(0.1)


def _copy_files(station: Path, into: Path, progress: Progress) -> None:
    progress.begin("files of the station", None)
    into.mkdir(mode=0o700)
    for source in sorted(station.iterdir()):
        if source.name in NOT_COPIED or source.name.startswith("."):
            continue
        _copy(source, into / source.name)
    for path in into.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    progress.end(f"{sum(path.is_file() for path in into.rglob('*'))} files")


def _copy(source: Path, to: Path) -> None:
    """The station is at work: what goes meanwhile is no part of it any more."""
    try:
        if source.is_dir():
            shutil.copytree(source, to)
        else:
            shutil.copy2(source, to)
    except shutil.Error as error:
        failed = [why for path, _, why in error.args[0] if Path(path).exists()]
        if failed:
            raise CannotStart(f"cannot copy {source}: {failed[0]}") from error
    except OSError as error:
        if source.exists():
            raise CannotStart(f"cannot copy {source}: {error.strerror}") from error


def _sums(folder: Path, progress: Progress) -> dict[str, dict[str, Any]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    progress.begin("checksums, bytes", sum(path.stat().st_size for path in files))
    found: dict[str, dict[str, Any]] = {}
    done = 0
    for name, file in sums(folder):
        found[name] = file
        done += file["size"]
        progress.advance(done)
    progress.end(f"{len(found)} files")
    return found


def _first_segment(databases: Path) -> str:
    (first, *_) = json.loads((databases / "backup_manifest").read_text())["WAL-Ranges"]
    return segment_of(first["Timeline"], first["Start-LSN"])


async def _anchor(station: Path) -> Head:
    """The journal's head as it was noted outside the databases: a chain that is restored must
    contain it."""
    async with connected(reach(station)) as operator:
        return await last_anchor(operator.connection) or Head()
