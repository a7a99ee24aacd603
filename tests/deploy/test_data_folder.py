"""The station's folder: its lock, its secrets, and what a cut-short start leaves in it."""

import json
import os
from pathlib import Path

import pytest

from deploy.local.data_folder import DataFolder, running_station
from deploy.local.files import write_private
from deploy.local.processes import CannotStart


def test_folder_serves_one_station_at_a_time(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    first.open()
    with pytest.raises(
        CannotStart, match=rf"is in use by a running station \(process {os.getpid()}"
    ):
        second.open()
    first.close()
    second.open()
    second.close()


def test_what_a_killed_runner_told_is_not_believed_of_the_next(tmp_path: Path) -> None:
    killed, after = DataFolder(tmp_path), DataFolder(tmp_path)
    killed.open()
    killed.tell({"pid": 1})
    assert running_station(tmp_path) == {"pid": 1}
    assert killed._lock
    killed._lock.close()
    after.open()
    with pytest.raises(CannotStart, match="just starting"):
        running_station(tmp_path)
    after.close()


def test_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="cannot write to .*: Not a directory"):
        DataFolder(tmp_path / "file" / "data").open()
    with pytest.raises(CannotStart, match="cannot write to /proc/data"):
        DataFolder(Path("/proc/data")).open()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused_and_left_alone(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(CannotStart, match="belongs to another user"):
        DataFolder(tmp_path).open()
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    made = folder.passwords(["one", "two"])
    assert len(set(made.values())) == 2
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    # A new version has a new service: the others' secrets stay.
    later = DataFolder(tmp_path).passwords(["one", "two", "three"])
    assert {name: later[name] for name in made} == made
    assert set(later) == {"one", "two", "three"}


def test_lost_secrets_are_told_before_anything_is_changed(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(CannotStart, match="secrets.json is missing"):
        DataFolder(tmp_path).passwords(["one"])
    assert not (tmp_path / "secrets.json").exists()


def test_damaged_secrets_are_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"one": ')
    with pytest.raises(CannotStart, match="secrets.json is damaged"):
        DataFolder(tmp_path).passwords(["one"])
    assert (tmp_path / "secrets.json").read_text() == '{"one": '


def test_private_file_is_whole_or_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets.json"
    write_private(file, "before")

    def power_cut(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(KeyboardInterrupt):
        write_private(file, "after")
    assert file.read_text() == "before"


def test_running_station_is_found_by_its_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with pytest.raises(CannotStart, match="there is no station in"):
        running_station(folder.path)
    folder.open()
    with pytest.raises(CannotStart, match="just starting or stopping"):
        running_station(folder.path)
    folder.tell({"http": "http://127.0.0.1:8080"})
    assert running_station(folder.path) == {"http": "http://127.0.0.1:8080"}
    assert (folder.run / "station.json").stat().st_mode & 0o077 == 0
    folder.close()
    with pytest.raises(CannotStart, match="does not run"):
        running_station(folder.path)


def test_what_a_killed_station_told_is_not_believed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.open()
    folder.tell({"http": "http://127.0.0.1:8080"})
    told = (folder.run / "station.json").read_text()
    folder.close()
    (folder.run / "station.json").write_text(told)  # it had no time to take it back
    assert json.loads(told)
    with pytest.raises(CannotStart, match="does not run"):
        running_station(tmp_path)
