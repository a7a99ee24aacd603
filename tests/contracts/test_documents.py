"""What is generated and committed is what the code says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import documents
from deploy.documents import STATES_BEGIN, STATES_END, main, state_diagram

STEPS = {("new", "done"): "all parts are there", ("done", "new"): "reopened", ("new", "lost"): "?"}


def test_committed_documents_are_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    found = main(["check"])
    assert found == 0, capsys.readouterr().err


def test_state_diagram_has_every_step_and_every_end() -> None:
    assert state_diagram(STEPS).splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    new --> done: all parts are there",
        "    done --> new: reopened",
        "    new --> lost: ?",
        "    lost --> [*]",
        "```",
    ]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one generated document and one README."""
    (tmp_path / "asyncapi").mkdir()
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    monkeypatch.setattr(documents, "ASYNCAPI", tmp_path / "asyncapi")
    monkeypatch.setattr(documents, "SNAPSHOTS", tmp_path / "snapshots")
    generated = {tmp_path / "asyncapi" / "orders.json": '{\n  "total": "1.00"\n}\n'}
    monkeypatch.setattr(documents, "documents", lambda: iter(generated.items()))
    return tmp_path


def test_check_names_what_differs_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = project / "asyncapi" / "orders.json"
    document.write_text('{\n  "total": 1.0\n}\n')

    assert main(["check"]) == 1

    said = capsys.readouterr().err
    assert "asyncapi/orders.json is not what the code says" in said
    assert '-  "total": 1.0' in said
    assert '+  "total": "1.00"' in said
    assert "python -m deploy.documents write" in said
    assert document.read_text() == '{\n  "total": 1.0\n}\n'


def test_check_names_a_document_of_something_that_is_no_more(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["write"]) == 0
    (project / "asyncapi" / "garage.json").write_text("{}")

    assert main(["check"]) == 1

    assert "asyncapi/garage.json is of something that is no more" in capsys.readouterr().err


def test_after_writing_nothing_differs(project: Path) -> None:
    (project / "asyncapi" / "garage.json").write_text("{}")

    assert main(["write"]) == 0

    assert main(["check"]) == 0
    assert [path.name for path in (project / "asyncapi").iterdir()] == ["orders.json"]


def test_diagram_goes_between_the_marks_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "services" / "orders"
    folder.mkdir(parents=True)
    readme = folder / "README.md"
    readme.write_text(f"# orders\n{STATES_BEGIN}\nold\n{STATES_END}\nmore\n")
    monkeypatch.setattr(documents, "ROOT", tmp_path)

    ((path, text),) = documents._readmes()

    assert path == readme
    assert text.startswith(f"# orders\n{STATES_BEGIN}\n```mermaid\nstateDiagram-v2\n")
    assert "draft --> new" in text
    assert text.endswith(f"```\n{STATES_END}\nmore\n")
    assert "old" not in text


def test_unknown_word_is_told_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["renew"]) == 2
    assert "write|check" in capsys.readouterr().err
