"""What messages look like changes only when somebody agrees, and events only grow."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal
from uuid import UUID

import pytest

from deploy import documents, snapshots
from deploy.documents import ROOT, broken_events
from deploy.snapshots import SNAPSHOTS, file_of, losses, snapshot
from shared.contracts.base import Event, Message, View
from tests.contracts.catalogue import EVENTS, MESSAGES, subject_of

RENEW = "agree to the change with: python -m deploy.documents write"


@pytest.mark.parametrize("message", MESSAGES, ids=subject_of)
def test_message_looks_as_its_snapshot_says(message: type[Message]) -> None:
    path = file_of(subject_of(message))
    assert path.exists(), f"{path.name} is missing; {RENEW}"
    assert snapshot(message) == json.loads(path.read_bytes()), RENEW


def test_no_snapshot_is_left_of_a_message_that_is_gone() -> None:
    known = {file_of(subject_of(message)) for message in MESSAGES}
    assert set(SNAPSHOTS.glob("*.json")) - known == set()


def test_events_have_gained_nothing_but_optional_fields() -> None:
    assert list(broken_events()) == []


def test_events_still_fit_the_snapshots_of_the_last_commit() -> None:
    """A renewed snapshot must not hide what the committed one promised."""
    broken = [
        f"{subject_of(event)}: {loss}"
        for event in EVENTS
        if (promised := _committed(file_of(subject_of(event)))) is not None
        for loss in losses(promised, snapshot(event))
    ]
    assert broken == []


def test_renewing_refuses_to_take_from_an_event(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    event = EVENTS[0]
    promised = snapshot(event)
    promised["payload"]["properties"]["promised"] = {"type": "string"}
    (folder / file_of(event.subject).name).write_text(json.dumps(promised))
    for module in (documents, snapshots):
        monkeypatch.setattr(module, "SNAPSHOTS", folder)
    monkeypatch.setattr(documents, "documents", lambda: iter(()))

    assert documents.main(["write"]) == 1

    assert f"{event.subject}: promised is removed" in capsys.readouterr().err
    assert json.loads((folder / file_of(event.subject).name).read_bytes()) == promised


class Part(View):
    product_id: UUID
    quantity: Decimal


class Before(Event):
    subject: ClassVar[str] = "evt.orders.something.v1"

    order_id: UUID
    status: Literal["new", "done"]
    parts: tuple[Part, ...]
    note: str | None = None


class Grown(Before):
    price: Decimal | None = None


class Demanding(Before):
    price: Decimal


class Narrowed(Before):
    note: str = ""


class Widened(Before):
    status: Literal["new", "done", "lost"]  # type: ignore[assignment]


class ThinPart(View):
    product_id: UUID


class Thinned(Before):
    parts: tuple[ThinPart, ...]  # type: ignore[assignment]


class Retold(Before):
    """Other words for the same."""


class Shorter(Event):
    subject: ClassVar[str] = "evt.orders.something.v1"

    order_id: UUID
    status: Literal["new", "done"]
    parts: tuple[Part, ...]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (Before, []),
        (Grown, []),
        (Retold, []),
        (Shorter, ["note is removed"]),
        (Demanding, ["price is required now"]),
        (Thinned, ["parts.quantity is removed"]),
    ],
)
def test_losses_are_named(after: type[Event], expected: list[str]) -> None:
    assert list(losses(snapshot(Before), snapshot(after))) == expected


@pytest.mark.parametrize(("after", "field"), [(Narrowed, "note"), (Widened, "status")])
def test_another_type_is_a_loss(after: type[Event], field: str) -> None:
    found = list(losses(snapshot(Before), snapshot(after)))
    assert found
    assert all(loss.startswith(f"{field} has ") for loss in found)


def test_a_type_that_contains_itself_is_compared_once() -> None:
    class Tree(View):
        branches: tuple[Tree, ...] = ()
        leaf: str

    class Planted(Event):
        subject: ClassVar[str] = "evt.orders.planted.v1"

        tree: Tree

    old, new = snapshot(Planted), snapshot(Planted)
    del new["payload"]["$defs"]["Tree"]["properties"]["leaf"]
    assert list(losses(old, new)) == ["tree.leaf is removed"]


def test_words_for_people_are_not_part_of_the_shape() -> None:
    class Described(Event):
        """Long words."""

        subject: ClassVar[str] = "evt.orders.described.v1"

        title: str
        description: str

    payload = snapshot(Described)["payload"]
    assert "title" not in payload
    assert payload["properties"].keys() == {"title", "description", "changes"}


def _committed(path: Path) -> dict[str, Any] | None:
    """The file as the last commit has it; none, where there is no commit or it has no such file."""
    name = path.relative_to(ROOT)
    shown = subprocess.run(
        ["git", "show", f"HEAD:{name}"], cwd=ROOT, capture_output=True, check=False
    )
    if shown.returncode:
        return None
    found: dict[str, Any] = json.loads(shown.stdout)
    return found
