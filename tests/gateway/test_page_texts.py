"""Every text that pages say is said in every language."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import deploy
from services.gateway.jobs.notes import NOTES, in_russian, note_of
from services.gateway.pages import audit_events, rendering
from services.gateway.pages.jobs import STAGES
from services.gateway.pages.orders.events import EVENTS
from services.gateway.pages.rendering import LANGUAGES, LOCALE
from services.gateway.rights import rights_by_area
from shared import contracts
from shared.contracts.audit import AnyEvent
from shared.contracts.base import Event
from shared.settings import SERVICES

PAGES = Path(rendering.__file__).parent
METHODS = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]


def said_by_pages() -> set[str]:
    found = extract_from_dir(PAGES, METHODS, {"**.html": {"silent": "false"}})
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def known_in(language: str) -> list[tuple[str, Message]]:
    known = []
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as source:
            known += [(path.name, message) for message in read_po(source, locale=language)]
    return [(name, message) for name, message in known if message.id]


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


@pytest.mark.parametrize("language", LANGUAGES.keys() - {"en"})
def test_every_text_of_every_page_is_translated(language: str) -> None:
    known = known_in(language)
    names = {key_of(message) for _, message in known}
    said = said_by_pages()
    assert sorted(said - names) == [], "is said, and not translated"
    assert sorted(names - said) == [], "is translated, and said nowhere"
    for name, message in known:
        assert message.string, (name, message.id)
        assert not message.fuzzy, (name, message.id)
        assert not list(message.check(None)), (name, message.id)


@pytest.mark.parametrize("language", LANGUAGES.keys() - {"en"})
def test_one_text_is_translated_in_one_way(language: str) -> None:
    first: dict[str, Message] = {}
    for name, message in known_in(language):
        other = first.setdefault(key_of(message), message)
        assert other.string == message.string, (name, message.id)


def test_every_part_of_the_work_has_a_name_in_the_table_of_roles() -> None:
    words = (PAGES / "templates" / "users" / "words.html").read_text()
    unnamed = [rights.area for rights in rights_by_area() if f'"{rights.area}": _(' not in words]
    assert unnamed == []


def every_event() -> Iterator[type[Event]]:
    for module in pkgutil.iter_modules(contracts.__path__):
        importlib.import_module(f"{contracts.__name__}.{module.name}")
    families = [Event]
    while families:
        for event in families.pop().__subclasses__():
            families.append(event)
            # Tests make up events of their own.
            if event.__module__.startswith(f"{contracts.__name__}."):
                yield event


def test_everything_that_happens_to_an_order_has_words() -> None:
    subjects = {
        event.subject
        for event in every_event()
        if "order_id" in event.model_fields and hasattr(event, "subject")
    }
    # What operators decide about an event is told to operators.
    wordless = {subject for subject in subjects - EVENTS.keys() if "{service}" not in subject}
    assert wordless == set()


def test_the_journal_has_words_for_whatever_happens() -> None:
    subjects = {
        event.subject.format(service=service)
        for event in every_event()
        if hasattr(event, "subject") and event is not AnyEvent
        for service in SERVICES
    }
    assert subjects == audit_events.EVENTS.keys()
    offered = [event for _, some in audit_events.choices(str) for event, _ in some]
    assert sorted(offered) == sorted(subjects)


def test_whatever_operators_commands_are_at_has_words() -> None:
    said = {
        stage
        for path in Path(deploy.__path__[0]).rglob("*.py")
        if path.name != "audit.py"  # tells nobody but the terminal
        for stage in re.findall(r'progress\.begin\(\s*"([^"]+)"', path.read_text())
    }
    sums = {f"sums of {service}" for service in ("finance", "inventory", "orders")}
    assert said
    assert STAGES.keys() - {"reading", "writing"} == said | sums


@pytest.mark.parametrize("code", NOTES)
def test_what_came_of_operators_commands_is_told_in_both_languages(code: str) -> None:
    names = {name for _, name, _, _ in Formatter().parse(NOTES[code][0]) if name}
    note, particulars = note_of(code, **{name: f"<{name}>" for name in names})
    told = in_russian(note, particulars)
    assert told != note
    assert all(f"<{name}>" in note and f"<{name}>" in told for name in names)
    assert in_russian("the disk is full", {}) == "the disk is full"
