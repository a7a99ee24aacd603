"""Subjects, owners, readers and rights of every message."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.base import Command, Done, Event, Message, Question, View, reply_type
from shared.contracts.inventory import ReceiveStock
from shared.contracts.payroll import ClosePayroll, ReopenPayroll
from shared.permissions import may
from shared.roles import CLIENT, OPERATOR, ROLES, SERVICE
from shared.settings import SERVICES
from tests.contracts.catalogue import (
    COMMANDS,
    EVENTS,
    EVERYTHING,
    MESSAGES,
    OF_EVERY_SERVICE,
    QUESTIONS,
    Stated,
    consumers_of,
    handlers_of,
    publishers_of,
    stated_by,
    subject_of,
)

OWNERS = "|".join((*SERVICES, re.escape("{service}")))
SUBJECT = re.compile(rf"(cmd|ask|evt)\.(?:{OWNERS})\.[a-z]+(?:_[a-z]+)*\.v[1-9]\d*")
EVENTS_OF_ONE_SERVICE = [event for event in EVENTS if event is not OF_EVERY_SERVICE]


def owner_of(message: type[Message]) -> str:
    return subject_of(message).split(".")[1]


@pytest.mark.parametrize("message", MESSAGES, ids=subject_of)
def test_subject_says_kind_owner_name_and_version(message: type[Message]) -> None:
    match = SUBJECT.fullmatch(subject_of(message))
    assert match
    kinds: dict[str, type[Message]] = {"cmd": Command, "ask": Question, "evt": Event}
    assert issubclass(message, kinds[match[1]])


@pytest.mark.parametrize(
    "subject", ["cmd.orders.v1", "evt.garage.opened.v1", "ask.orders.Find.v1", "cmd.orders.a.b.v1"]
)
def test_subject_rule_refuses_what_is_not_ours(subject: str) -> None:
    assert not SUBJECT.fullmatch(subject)


def days_of(message: type[Message]) -> list[TypeAdapter[Any]]:
    """Its fields that take a day."""
    found = []
    for field in message.model_fields.values():
        taken = TypeAdapter(field.rebuild_annotation())
        with suppress(ValidationError):
            if taken.validate_python(day := date(2026, 11, 27)) == day:
                found.append(taken)
    return found


WITH_DAYS = [each for each in (*COMMANDS, *QUESTIONS) if days_of(each)]


@pytest.mark.parametrize("message", WITH_DAYS, ids=subject_of)
def test_a_day_that_no_instant_can_be_is_not_taken(message: type[Message]) -> None:
    for day in days_of(message):
        for beyond in (date.min, date.max):
            with pytest.raises(ValidationError):
                day.validate_python(beyond)


def test_days_are_found() -> None:
    assert {ClosePayroll, ReopenPayroll, ReceiveStock} <= set(WITH_DAYS)


@pytest.mark.parametrize("message", [*COMMANDS, *QUESTIONS], ids=subject_of)
def test_every_command_and_question_may_be_sent_by_somebody(message: type[Message]) -> None:
    assert any(may(role, message) for role in (*ROLES, SERVICE, OPERATOR, CLIENT))


def test_a_message_without_a_row_may_be_sent_by_nobody() -> None:
    class Unheard(Command[Done]):
        subject: ClassVar[str] = "cmd.orders.unheard.v1"

    assert not any(may(role, Unheard) for role in (*ROLES, SERVICE, OPERATOR, CLIENT))


@pytest.mark.parametrize("message", [*COMMANDS, *QUESTIONS], ids=subject_of)
def test_every_command_and_question_is_answered_by_a_view(message: type[Message]) -> None:
    assert issubclass(reply_type(message), View)


@pytest.mark.parametrize("message", [*COMMANDS, *QUESTIONS], ids=subject_of)
def test_every_command_and_question_has_a_handler_at_its_owner(message: type[Message]) -> None:
    if owner_of(message) == "{service}":
        return  # answered by the kit, in every service
    handlers = handlers_of(owner_of(message))
    routes = handlers.commands | handlers.questions
    assert routes[subject_of(message)].message_type is message


@pytest.mark.parametrize("service", SERVICES)
def test_service_handles_only_what_is_addressed_to_it(service: str) -> None:
    handlers = handlers_of(service)
    for kind, routes in (("cmd", handlers.commands), ("ask", handlers.questions)):
        assert [each for each in routes if not each.startswith(f"{kind}.{service}.")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_service_publishes_only_events_of_its_own(service: str) -> None:
    published = [event.subject for event in handlers_of(service).publishes]
    assert [each for each in published if not each.startswith(f"evt.{service}.")] == []


@pytest.mark.parametrize("event", EVENTS_OF_ONE_SERVICE, ids=subject_of)
def test_event_is_published_by_the_producer_that_its_docstring_names(event: type[Event]) -> None:
    assert stated_by(event).producer == owner_of(event)
    assert publishers_of(event) == {owner_of(event)}


@pytest.mark.parametrize("event", EVENTS_OF_ONE_SERVICE, ids=subject_of)
def test_event_is_consumed_by_exactly_those_whom_its_docstring_names(event: type[Event]) -> None:
    assert stated_by(event).consumers == consumers_of(event)


def test_every_service_may_publish_what_operators_decide() -> None:
    assert stated_by(OF_EVERY_SERVICE) == Stated("every service", frozenset({"audit"}))


@pytest.mark.parametrize("service", SERVICES)
def test_service_consumes_only_events_that_somebody_publishes(service: str) -> None:
    known = {event.subject for event in EVENTS} | {EVERYTHING}
    assert handlers_of(service).events.keys() <= known


def test_docstring_is_read_over_line_breaks_and_remarks() -> None:
    class Washed(Event):
        """The car is clean (again). Producer: orders. Consumers: inventory (soap, and
        water), finance. Nothing else."""

        subject: ClassVar[str] = "evt.orders.washed.v1"

    class Silent(Event):
        """The car is clean."""

        subject: ClassVar[str] = "evt.orders.silent.v1"

    assert stated_by(Washed) == Stated("orders", frozenset({"inventory", "finance"}))
    assert stated_by(Silent) == Stated(None, frozenset())
