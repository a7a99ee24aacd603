"""All messages and all services' tables of handlers, for the tests of this folder."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from deploy.snapshots import messages
from shared.contracts.base import Command, Event, Message, Question
from shared.contracts.operations import DeadLetterDecided
from shared.handlers import Handlers
from shared.service import service_named
from shared.settings import SERVICES

MESSAGES = messages()
EVENTS: list[type[Event]] = [each for each in MESSAGES if issubclass(each, Event)]
COMMANDS = [each for each in MESSAGES if issubclass(each, Command)]
QUESTIONS = [each for each in MESSAGES if issubclass(each, Question)]
OF_EVERY_SERVICE = DeadLetterDecided
EVERYTHING = "evt.>"


def subject_of(message: type[Message]) -> str:
    subject: str = message.subject  # type: ignore[attr-defined]
    return subject


@cache
def handlers_of(service: str) -> Handlers[Any]:
    return service_named(service).handlers


def publishers_of(event: type[Event]) -> set[str]:
    return {name for name in SERVICES if event in handlers_of(name).publishes}


def consumers_of(event: type[Event]) -> set[str]:
    subjects = {event.subject, EVERYTHING}
    return {name for name in SERVICES if subjects & handlers_of(name).events.keys()}


@dataclass(frozen=True, slots=True)
class Stated:
    """What an event's docstring says."""

    producer: str | None
    consumers: frozenset[str]


def stated_by(event: type[Event]) -> Stated:
    """``Producer: orders. Consumers: inventory (reserves), audit.``"""
    words = " ".join(inspect.cleandoc(event.__doc__ or "").split())
    words = re.sub(r"\s*\([^)]*\)", "", words)
    producer = re.search(r"\bProducer: ([a-z ]+)\.", words)
    consumers = re.search(r"\bConsumers?: ([a-z, ]+)\.", words)
    return Stated(
        producer[1] if producer else None,
        frozenset(consumers[1].split(", ")) if consumers else frozenset(),
    )
