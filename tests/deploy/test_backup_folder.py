"""A folder of backups: which one is taken, what may go, and what is refused."""

import json
import os
import re
import subprocess
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.backup import archive
from deploy.backup.archive import Archive, LogReceiver
from deploy.backup.folder import (
    DATABASES,
    MANIFEST,
    Backup,
    Manifest,
    backups_in,
    drop_old,
    held,
    read_backup,
    segment_of,
    sums,
    unreadable_in,
    write_manifest,
)
from deploy.backup.restoring import UNREADABLE, _place_for, _recovery, check, point, restore
from deploy.backup.taking import _copy_files, take
from deploy.commands.backup import _tell_put_out
from deploy.local.data_folder import DataFolder
from deploy.local.processes import CannotStart
from deploy.progress import Silent
from services.gateway.operating import PutOut
from tests.deploy.operating import pitlane
from tests.support.waiting import eventually

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_backup(folder: Path, hours: int, log: str = "wal-1", segment: int = 0) -> Backup:
    """Of so many hours after noon; it begins at that file of the log."""
    cut_at = NOON + timedelta(hours=hours)
    path = folder / f"{cut_at:%Y-%m-%dT%H-%M-%SZ}"
    (path / DATABASES).mkdir(parents=True)
    (path / DATABASES / "base.tar.gz").write_bytes(b"base")
    (folder / log).mkdir(exist_ok=True)
    write_manifest(
        path,
        Manifest(
            station="station-1",
            pitlane="1",
            postgres="18.6",
            system="7",
            cut_at=cut_at,
            log=log,
            first_segment=segment_of(1, f"0/{segment * 16 * 1024 * 1024:X}"),
            audit_seq=0,
            audit_hash="",
            files=dict(sums(path)),
        ),
    )
    return read_backup(path)


def segments(folder: Path, log: str, *numbers: int, timeline: int = 1) -> list[str]:
    names = [segment_of(timeline, f"0/{number * 16 * 1024 * 1024:X}") for number in numbers]
    for name in names:
        (folder / log / name).touch()
    return names


def test_what_a_manifest_says_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = a_backup(tmp_path, 0)
    assert made.manifest.cut_at == NOON
    assert made.manifest.size == len(b"base")
    assert read_backup(made.path).manifest == made.manifest


def test_files_of_the_log_are_named_as_postgres_names_them() -> None:
    assert segment_of(1, "0/3000028") == "000000010000000000000003"
    assert segment_of(2, "1A/FF000000") == "000000020000001A000000FF"


def test_only_the_newest_stay_and_what_of_the_log_they_need(tmp_path: Path) -> None:
    first, second, third = (a_backup(tmp_path, n, segment=n * 2) for n in (1, 2, 3))
    log = segments(tmp_path, "wal-1", 1, 2, 3, 4, 5, 6)
    (tmp_path / "wal-1" / "00000002.history").touch()
    (tmp_path / "wal-1" / f"{log[-1]}.partial").touch()
    (tmp_path / ".2026-03-02T18-00-00Z.new").mkdir()
    (tmp_path / "wal-0").mkdir()

    assert drop_old(tmp_path, 2) == [first.path.name]

    assert backups_in(tmp_path) == [second, third]
    assert sorted(path.name for path in (tmp_path / "wal-1").iterdir()) == sorted(
        [*log[3:], f"{log[-1]}.partial", "00000002.history"]
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [second.path.name, third.path.name, "wal-1"]
    )


def test_nothing_goes_while_there_is_room(tmp_path: Path) -> None:
    made = [a_backup(tmp_path, number) for number in (1, 2)]
    assert drop_old(tmp_path, 2) == []
    assert backups_in(tmp_path) == made


def test_folder_of_backups_means_the_last_moment_and_one_backup_its_own(tmp_path: Path) -> None:
    first, second = a_backup(tmp_path, 1), a_backup(tmp_path, 2)
    assert (point(tmp_path, None).backup, point(tmp_path, None).with_log) == (second, True)
    assert (point(first.path, None).backup, point(first.path, None).with_log) == (first, False)


def test_moment_is_reached_from_the_last_backup_before_it(tmp_path: Path) -> None:
    first, second = a_backup(tmp_path, 1), a_backup(tmp_path, 3)
    between = NOON + timedelta(hours=2)
    assert (point(tmp_path, between).backup, point(tmp_path, between).until) == (first, between)
    assert point(tmp_path, second.manifest.cut_at).backup == second
    with pytest.raises(CannotStart, match="the oldest backup is of 2026-03-02T13:00:00"):
        point(tmp_path, NOON)


def test_folder_without_a_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="no backup"):
        point(tmp_path, None)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(CannotStart, match="is no backup"):
        point(tmp_path, None)


async def test_backup_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    made = a_backup(tmp_path, 1)
    (made.path / DATABASES / "base.tar.gz").write_bytes(b"bare")
    with pytest.raises(CannotStart, match="is damaged: databases/base.tar.gz is not what it was"):
        await check(made, Silent())
    (made.path / DATABASES / "base.tar.gz").unlink()
    with pytest.raises(CannotStart, match="is damaged: databases/base.tar.gz: No such file"):
        await check(made, Silent())
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_station_is_not_overwritten_unless_that_is_wanted(tmp_path: Path) -> None:
    at = point(a_backup(tmp_path / "backups", 1).path, None)
    station = tmp_path / "data"
    station.mkdir()
    (station / "secrets.json").touch()
    with pytest.raises(CannotStart, match="is not empty: with --replace it is moved aside"):
        await restore(at, station, replace=False, progress=Silent())
    assert list(station.iterdir()) == [station / "secrets.json"]


async def test_station_that_runs_is_never_replaced(tmp_path: Path) -> None:
    at = point(a_backup(tmp_path / "backups", 1).path, None)
    running = DataFolder(tmp_path / "data")
    running.open()
    try:
        with pytest.raises(CannotStart, match="in use by a running station"):
            await restore(at, running.path, replace=True, progress=Silent())
    finally:
        running.close()


def test_nobody_begins_in_a_place_while_the_station_is_put_there(tmp_path: Path) -> None:
    station = tmp_path / "data"
    station.mkdir()
    (station / "secrets.json").touch()
    with _place_for(station, replace=True), pytest.raises(CannotStart, match="in use"):
        DataFolder(station).open()
    then = DataFolder(station)
    then.open()
    then.close()


async def test_log_that_is_wanted_and_not_there_is_missed(tmp_path: Path) -> None:
    made = a_backup(tmp_path / "backups", 1)
    made.log.rmdir()
    at = point(tmp_path / "backups", None)
    with pytest.raises(CannotStart, match="wal-1 with the log since the backup is not there"):
        await restore(at, tmp_path / "data", replace=False, progress=Silent())
    assert not (tmp_path / "data").exists()


def test_log_is_found_from_anywhere_and_ends_only_where_there_is_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = a_backup(tmp_path / "back ups", 1)
    whole, last, spoilt, none = segments(tmp_path / "back ups", "wal-1", 1, 2, 3, 4)
    (made.log / whole).write_text("whole")
    (made.log / last).rename(made.log / f"{last}.partial")
    (made.log / spoilt).unlink()
    (made.log / spoilt).mkdir()
    (made.log / none).unlink()
    monkeypatch.chdir(tmp_path)
    command = str(_recovery(point(Path("back ups"), None))["restore_command"])
    databases = tmp_path / "postgres"
    databases.mkdir()

    def answer(file: str) -> int:
        asked = command.replace("%f", file).replace("%p", "got")
        return subprocess.run(["sh", "-c", asked], cwd=databases, check=False).returncode

    assert [answer(name) for name in (whole, last, none)] == [0, 0, 1]
    assert answer(spoilt) == UNREADABLE
    made.log.rename(made.log.with_name("away"))
    assert answer(whole) == UNREADABLE


@pytest.mark.parametrize("where", ["file", "file/backups", "/proc/backups"])
def test_place_that_can_be_no_folder_is_told_in_one_line(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="can hold no backups"), held(tmp_path / where):
        pass
    with pytest.raises(CannotStart, match="is no folder"), _place_for(tmp_path / "file", True):
        pass


async def test_backup_does_not_go_where_it_would_be_lost_with_the_station(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="lies in the station's own folder"):
        await take(tmp_path, tmp_path / "backups", progress=Silent())


def test_two_backups_at_once_are_one_too_many(tmp_path: Path) -> None:
    with (
        held(tmp_path / "backups"),
        pytest.raises(CannotStart, match="in use by another backup"),
        held(tmp_path / "backups"),
    ):
        pass


def test_station_that_does_not_run_is_told(tmp_path: Path) -> None:
    outcome = pitlane("backup", "--data-dir", str(tmp_path / "none"))
    assert outcome.exit_code == 1
    assert re.fullmatch(r"pitlane: there is no station in \S+\n", outcome.stderr)


def test_databases_that_others_run_are_backed_up_by_their_own_means(tmp_path: Path) -> None:
    foreign = {"PITLANE_ORDERS_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    outcome = pitlane("backup", "--data-dir", str(tmp_path / "none"), environment=foreign)
    assert outcome.exit_code == 1
    assert "pg_basebackup" in outcome.stderr
    assert "pitlane events rebuild" in outcome.stderr


def test_what_goes_while_the_files_are_copied_is_no_failure(tmp_path: Path) -> None:
    station = tmp_path / "data"
    for folder in ("fiscal", "exports"):
        (station / folder).mkdir(parents=True)
        (station / folder / "1.txt").write_text(folder)
    (station / "fiscal" / "2.txt").symlink_to("gone")
    (station / "messages.jsonl").symlink_to("gone")
    _copy_files(station, tmp_path / "copy", Silent())
    copied = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert copied == [tmp_path / "copy" / "fiscal" / "1.txt"]


@pytest.mark.parametrize("name", ["fiscal/pipe", "pipe"])
def test_file_that_cannot_be_copied_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    pipe = tmp_path / "data" / name
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    with pytest.raises(CannotStart, match="cannot copy"):
        _copy_files(tmp_path / "data", tmp_path / "copy", Silent())


def checked(backup: Backup, *, good: bool) -> Backup:
    write_manifest(backup.path, replace(backup.manifest, checked={"good": good}))
    return read_backup(backup.path)


def test_last_backup_that_is_known_to_be_good_stays_until_there_is_another(tmp_path: Path) -> None:
    older, good, bad, newest = (a_backup(tmp_path, n, segment=n) for n in (1, 2, 3, 4))
    checked(older, good=True)
    checked(good, good=True)
    checked(bad, good=False)
    log = segments(tmp_path, "wal-1", 1, 2, 3, 4)
    assert drop_old(tmp_path, 1) == [older.path.name, bad.path.name]
    assert backups_in(tmp_path) == [good, newest]
    assert sorted(path.name for path in (tmp_path / "wal-1").iterdir()) == log[1:]
    checked(newest, good=True)
    assert drop_old(tmp_path, 1) == [good.path.name]


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ("{", "is no backup of a station"),
        ('{"format": 2, "pitlane": "9.9", "more": 1}', "was made by Pitlane 9.9: use that one"),
    ],
)
def test_backup_that_cannot_be_read_is_left_out_and_never_deleted(
    tmp_path: Path, manifest: str, why: str
) -> None:
    old, strange, new = (a_backup(tmp_path, n, segment=n) for n in (1, 2, 3))
    a_log_of_its_own = a_backup(tmp_path, 0, log="wal-0").log
    (strange.path / MANIFEST).write_text(manifest)
    log = segments(tmp_path, "wal-1", 1, 2, 3)
    assert [why in told for told in unreadable_in(tmp_path)] == [True]
    assert point(tmp_path, None).backup == new
    assert len(drop_old(tmp_path, 1)) == 2
    assert not old.path.exists()
    assert strange.path.exists()
    assert a_log_of_its_own.exists()
    assert sorted(path.name for path in (tmp_path / "wal-1").iterdir()) == log


async def test_log_goes_on_after_whatever_stopped_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LOOK_EVERY_S", 0.01)
    note = Archive(str(tmp_path), "wal-1")
    (tmp_path / archive.NOTE).write_text(json.dumps(asdict(note)))
    said: list[str] = []

    def no_server() -> str:
        raise CannotStart(f"time {len(said)}")

    def say(level: str, event: str, error: str) -> None:
        said.append(f"{level} {event}: {error}")

    async def said_twice() -> bool:
        return len(said) > 1

    receiver = LogReceiver(tmp_path, no_server, lambda _: None, say)
    receiver.start()
    try:
        await eventually(said_twice)
    finally:
        await receiver.stop()
    assert said[:2] == ["error log_not_kept: time 0", "error log_not_kept: time 1"]


def test_file_of_the_log_that_is_complete_meanwhile_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "1.partial").symlink_to("gone")
    archive._to_disk(tmp_path)


def test_a_restore_says_whose_recovery_codes_it_took_and_the_way_to_new_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _tell_put_out(PutOut(2, (("admin", "Обмен"),), ("anna",)), keep_tokens=False)
    said = capsys.readouterr().out
    assert "recovery codes taken away: those of anna, who makes new ones" in said
    assert "`pitlane users password anna --without-second-factor`" in said
