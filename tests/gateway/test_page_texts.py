"""Every text that pages say is said in every language."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.gateway.pages import rendering
from services.gateway.pages.orders.events import EVENTS
from services.gateway.pages.rendering import LANGUAGES, LOCALE
from services.gateway.rights import rights_by_area
from shared import contracts
from shared.contracts.base import Event

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
