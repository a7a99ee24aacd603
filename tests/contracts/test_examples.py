"""One example of every event, as it stands in the stream. Whoever reads events must go on reading
these; an event that grows keeps its old example."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from shared.contracts.audit import AnyEvent
from shared.contracts.base import Event
from shared.contracts.clients import Consents
from shared.contracts.work_order import WorkOrder
from shared.erasure import without_person
from shared.formulas import SAMPLE
from tests.contracts.catalogue import EVENTS, subject_of

EXAMPLES = Path(__file__).parent / "examples"


def example_of(event: type[Event]) -> bytes:
    return (EXAMPLES / f"{event.subject.replace('{service}', 'every')}.json").read_bytes()


def differences(example: Any, written: Any, where: str = "") -> list[str]:
    """What the event, read and written again, says otherwise than the example. Fields that the
    example does not know are no difference: events grow."""
    if isinstance(example, dict) and isinstance(written, dict):
        return [
            difference
            for name, value in example.items()
            for difference in differences(value, written.get(name, "nothing"), f"{where}.{name}")
        ]
    if isinstance(example, list) and isinstance(written, list) and len(example) == len(written):
        return [
            difference
            for index, (value, other) in enumerate(zip(example, written, strict=True))
            for difference in differences(value, other, f"{where}[{index}]")
        ]
    return [] if example == written else [f"{where}: {example!r} became {written!r}"]


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_example_is_read_and_written_again_unchanged(event: type[Event]) -> None:
    example = example_of(event)
    written = event.model_validate_json(example).model_dump_json()
    assert differences(json.loads(example), json.loads(written)) == []
    assert event.model_validate_json(written) == event.model_validate_json(example)


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_event_is_still_read_when_the_person_in_it_was_erased(event: type[Event]) -> None:
    """What the outbox has of it goes into the stream again when that is rebuilt."""
    for body in (example_of(event), event.model_validate_json(example_of(event)).model_dump_json()):
        event.model_validate_json(json.dumps(without_person(json.loads(body), "Клиент")))


def test_client_whom_an_older_version_erased_is_still_read() -> None:
    assert Consents.model_validate_json('{"email": null}') == Consents()


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_money_is_a_string_and_every_instant_is_utc(event: type[Event]) -> None:
    read = event.model_validate_json(example_of(event))
    for value, written in _leaves(read, json.loads(read.model_dump_json())):
        if isinstance(value, Decimal):
            assert isinstance(written, str)
        if isinstance(value, datetime):
            assert written.endswith("Z")


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_event_says_what_it_is_about(event: type[Event]) -> None:
    read = event.model_validate_json(example_of(event))
    assert isinstance(read.aggregate_id(), UUID)
    assert isinstance(read.order(), UUID | None)


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_field_of_a_newer_producer_is_ignored(event: type[Event]) -> None:
    newer = json.loads(example_of(event)) | {"field_of_tomorrow": {"deep": [1]}}
    assert event.model_validate(newer) == event.model_validate_json(example_of(event))


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_audit_reads_the_whole_event_whatever_it_is(event: type[Event]) -> None:
    example = json.loads(example_of(event))
    read = AnyEvent.model_validate_json(example_of(event))
    own = {name: value for name, value in example.items() if name != "changes"}
    assert read.model_extra == own


def test_every_example_is_of_an_event() -> None:
    known = {event.subject.replace("{service}", "every") for event in EVENTS}
    assert {path.stem for path in EXAMPLES.glob("*.json")} == known


def test_difference_is_found_wherever_it_lies() -> None:
    example = {"lines": [{"price": "1.00", "state": "new"}], "note": None}
    written = {"lines": [{"price": 1.0, "state": "new", "more": 1}]}
    assert differences(example, written) == [
        ".lines[0].price: '1.00' became 1.0",
        ".note: None became 'nothing'",
    ]


def _leaves(value: Any, written: Any) -> list[tuple[Any, Any]]:
    """Values of a model, beside what became of them in JSON."""
    if isinstance(value, BaseModel):
        return [
            leaf
            for name, field in type(value).model_fields.items()
            for leaf in _leaves(getattr(value, name), written[field.alias or name])
        ]
    if isinstance(value, tuple):
        return [
            leaf
            for item, other in zip(value, written, strict=True)
            for leaf in _leaves(item, other)
        ]
    return [(value, written)]


def test_an_order_of_a_version_that_did_not_say_what_is_due_is_still_read() -> None:
    """Processes are upgraded one by one."""
    for paid, due in ((Decimal(10), SAMPLE.total - 10), (SAMPLE.total + 10, Decimal(0))):
        answer = SAMPLE.model_copy(update={"paid": paid}).model_dump_json(
            exclude={"due", "settled"}
        )
        read = WorkOrder.model_validate_json(answer)
        assert (read.due, read.settled) == (due, False)
