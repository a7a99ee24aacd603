"""The service's README names every message, and draws the transitions that the code has."""

from __future__ import annotations

import re
from pathlib import Path

from services.inventory import app
from services.inventory.domain.purchase import PURCHASE_STEPS
from services.inventory.domain.stock import COMPLETION_STEPS

README = (Path(app.__file__).parent / "README.md").read_text()


def subjects_in(section: str) -> set[str]:
    """``evt.orders.parts_requested.v1`` …: a short name goes on with the last full one's start."""
    text = README.split(f"## {section}\n")[1].split("\n## ")[0]
    found: set[str] = set()
    for row in (line.split("|")[1] for line in text.splitlines() if line.startswith("| `")):
        start = ""
        for name in re.findall(r"`([a-z_.]+)`", row):
            start = name.rpartition(".")[0] or start
            found.add(f"{start}.{name.rpartition('.')[2]}.v1")
    return found


def test_the_readme_names_every_message_that_comes_in() -> None:
    handlers = app.service.handlers
    assert subjects_in("Messages in") == (
        handlers.commands.keys() | handlers.questions.keys() | handlers.events.keys()
    )


def test_the_readme_names_every_message_that_goes_out() -> None:
    published = {event.subject for event in app.service.handlers.publishes}
    assert subjects_in("Messages out") == published


def test_the_readme_draws_the_steps_of_a_completion() -> None:
    drawing = README.split("```mermaid")[2].split("```")[0]
    drawn = re.findall(r"(\S+) --> (\S+): (\w+)", drawing)
    assert {(None if old == "[*]" else old, news): new for old, new, news in drawn} == (
        COMPLETION_STEPS
    )


def test_the_readme_draws_the_steps_of_a_purchase_order() -> None:
    drawing = README.split("```mermaid")[5].split("```")[0]
    drawn = re.findall(r"(\w+) --> (\w+): (\w+)", drawing)
    assert {(old, step): new for old, new, step in drawn} == PURCHASE_STEPS
