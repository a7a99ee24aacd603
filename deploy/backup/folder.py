"""A folder of backups: what lies in it, what each backup says of itself, and what may go.

``NAME/``             one backup: ``manifest.json``, ``databases/`` as pg_basebackup made them,
                      ``files/`` of the station's folder;
``wal-…/``            the databases' log since, one folder for each log without a gap.

Everything in it opens every door of the station: it is readable by its owner alone.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from deploy.local.files import remove_tree, write_private
from deploy.local.processes import CannotStart

MANIFEST = "manifest.json"
DATABASES = "databases"
FILES = "files"
LOG_PREFIX = "wal-"
FORMAT = 1
SEGMENT_BYTES = 16 * 1024 * 1024
NAME = "%Y-%m-%dT%H-%M-%SZ"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    station: str
    pitlane: str
    """The version of Pitlane that made it, and that can read it."""
    postgres: str
    system: str
    """PostgreSQL's identifier of the cluster."""
    cut_at: datetime
    """Everything that was committed by then is in it, in all databases alike; some of what came
    milliseconds earlier than this reading of the clock may be the last."""
    log: str
    """The folder of the log that goes on from here."""
    first_segment: str
    """Of the log, the first file that this backup needs."""
    audit_seq: int
    audit_hash: str
    """The head of the journal as it was noted outside the databases shortly before."""
    files: Mapping[str, Mapping[str, Any]]
    """Path → ``size`` and ``sha256``."""
    checked: Mapping[str, Any] | None = None
    """What came of restoring it, where that was tried."""
    format: int = FORMAT

    @property
    def size(self) -> int:
        return sum(int(file["size"]) for file in self.files.values())


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup that is complete."""

    path: Path
    manifest: Manifest = field(compare=False)

    @property
    def log(self) -> Path:
        return self.path.parent / self.manifest.log

    @property
    def good(self) -> bool:
        """Known to be: it was restored, and nothing was wrong."""
        return bool(self.manifest.checked and self.manifest.checked.get("good"))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder for one at a time. Raises ``CannotStart`` when another has it, and where no
    folder can be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{folder} can hold no backups: {error.strerror}") from error
    try:
        with (folder / "lock").open("a") as lock:
            Path(lock.name).chmod(0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise CannotStart(f"{folder} is in use by another backup") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    text = json.dumps(asdict(manifest), indent=2, default=_plain, ensure_ascii=False)
    write_private(folder / MANIFEST, text)


def read_backup(path: Path) -> Backup:
    """Raises ``CannotStart`` when there is no complete backup."""
    try:
        told = json.loads((path / MANIFEST).read_text())
        if told["format"] != FORMAT:
            raise CannotStart(f"{path} was made by Pitlane {told['pitlane']}: use that one")
        told["cut_at"] = datetime.fromisoformat(told["cut_at"])
        manifest = Manifest(**told)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CannotStart(f"{path} is no backup of a station: {error}") from error
    return Backup(path, manifest)


def backups_in(folder: Path) -> list[Backup]:
    """Oldest first. What was never completed is not among them, nor what cannot be read."""
    found = [each for each in _looked_at(folder) if isinstance(each, Backup)]
    return sorted(found, key=lambda backup: backup.manifest.cut_at)


def unreadable_in(folder: Path) -> list[str]:
    """Why each backup that is there all the same cannot be read."""
    return sorted(str(each) for each in _looked_at(folder) if isinstance(each, CannotStart))


def _looked_at(folder: Path) -> Iterator[Backup | CannotStart]:
    for manifest in folder.glob(f"[0-9]*/{MANIFEST}"):
        try:
            yield read_backup(manifest.parent)
        except CannotStart as error:
            yield error


def sums(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path → ``size`` and ``sha256`` of every file but the manifest."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
            yield name, {"size": path.stat().st_size, "sha256": digest}


def drop_old(folder: Path, keep: int) -> list[str]:
    """Deletes all but the newest ``keep`` backups, and what of the log nobody needs any more;
    answers the names of the backups that went. The last one known to be good stays until a later
    one is, and what cannot be read stays, with all of the log: it may need any of it."""
    backups = backups_in(folder)
    good = [backup for backup in backups if backup.good]
    kept = [*good[-1:], *backups[-keep:]]
    old = [backup for backup in backups if backup not in kept]
    for backup in old:
        # Without its manifest it is none any more, however far this comes.
        (backup.path / MANIFEST).unlink()
        remove_tree(backup.path)
    for unfinished in folder.glob(".*.new"):
        remove_tree(unfinished)
    if not unreadable_in(folder):
        _shorten_logs(folder, kept)
    return [backup.path.name for backup in old]


def _shorten_logs(folder: Path, kept: list[Backup]) -> None:
    for log in folder.glob(f"{LOG_PREFIX}*"):
        needed = [
            backup.manifest.first_segment[8:] for backup in kept if backup.manifest.log == log.name
        ]
        if not needed:
            shutil.rmtree(log)
            continue
        for segment in log.iterdir():
            # By place in the log, whatever the timeline: histories are small, and stay.
            if segment.suffix != ".history" and segment.name[8:24] < min(needed):
                segment.unlink()


def segment_of(timeline: int, position: str) -> str:
    """The log's file in which a position (``0/3000028``) lies."""
    high, low = (int(part, 16) for part in position.split("/"))
    return f"{timeline:08X}{high:08X}{low // SEGMENT_BYTES:08X}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} in a manifest")
