"""A list of plain things that people add to, edit in its place, and take away: told by a table of
its fields, and shown by one template.

A thing is opened by ``?edit=<id>``: its row becomes a form. What belongs to it alone (a work's
prices by vehicle) is a list of its own, ``inner``, within the opened row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.pages.request import PageRequest, own_path
from services.gateway.pages.routing import Page, act, show
from shared.contracts.base import Command, Question

MOST = 200
"""Of a choice, and of what lies within a thing."""

type Choices = list[tuple[Any, str]]
type Source = Callable[[PageRequest], Awaitable[Choices]]
type Kind = Literal[
    "text", "words", "number", "money", "choice", "several", "tick", "date", "colour"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One field of a thing, called as in the messages; dotted where it lies deeper."""

    name: str
    label: str
    kind: Kind = "text"
    source: Source | None = None
    """Of a choice: what there is to choose from."""
    required: bool = False
    hint: str = ""
    default: Any = None
    """What a new thing begins with."""
    shown: bool = True
    """In the list, not only in the form."""
    asked: Literal["always", "new", "later"] = "always"
    """``new``: never edited afterwards; ``later``: not asked when the thing is made."""

    roles: frozenset[str] | None = None
    """Who may say it; none: whoever may edit the thing."""

    def of(self, thing: Any | None) -> Any:
        """Its value; of nothing yet, what a new thing begins with."""
        if thing is None:
            return self.default
        for step in self.name.split("."):
            thing = getattr(thing, step)
        return thing

    def asked_of(self, item: Any | None, role: str) -> bool:
        if self.roles is not None and role not in self.roles:
            return False
        return self.asked == "always" or (self.asked == "new") == (item is None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Things of one kind, the messages that list and change them, and what pages call them."""

    path: str
    title: str
    about: str
    """In a line: what it is for."""
    icon: str
    add: str
    """On the button."""
    empty: str
    entries: tuple[Entry, ...]
    lists: type[Question[Any]]
    makes: type[Command[Any]]
    changes: type[Command[Any]] | None = None
    removes: type[Command[Any]] | None = None
    id_field: str = ""
    """What ``changes`` and ``removes`` call the thing's id."""
    searches: bool = False
    filters: tuple[str, ...] = ()
    """Choices of the entries that the list can be narrowed to."""
    inner: Catalogue | None = None
    parent_field: str = ""
    """Of an inner list: what its messages call the id of the thing around it."""
    live: str = "reference"

    @property
    def shown(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.shown]

    @property
    def slug(self) -> str:
        """For the ids of its fields."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(slots=True)
class Listing:
    """A catalogue as a template shows it: a part of its things, and which of them is open."""

    catalogue: Catalogue
    path: str
    items: list[Any]
    next: str | None
    editing: str
    choices: dict[str, Choices]
    may_add: bool
    may_edit: bool
    may_remove: bool
    inner: Listing | None = None
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = {
            name: {str(value): said for value, said in pairs}
            for name, pairs in self.choices.items()
        }

    @property
    def opened(self) -> Any | None:
        return next((item for item in self.items if str(item.id) == self.editing), None)


def pages_of(catalogue: Catalogue) -> list[Page]:
    """Its list, and what its forms lead to."""
    pages = [show(catalogue.path, partial(_page, catalogue), needs=catalogue.lists)]
    return [*pages, *_changes_of(catalogue)]


def _changes_of(catalogue: Catalogue) -> list[Page]:
    one = catalogue.path + "/{item_id}"
    pages = [act(catalogue.path, partial(_make, catalogue), needs=catalogue.makes)]
    if catalogue.changes:
        pages.append(act(one, partial(_change, catalogue), needs=catalogue.changes))
    if catalogue.removes:
        pages.append(act(one + "/remove", partial(_remove, catalogue), needs=catalogue.removes))
    return [*pages, *(_changes_of(catalogue.inner) if catalogue.inner else ())]


async def _page(catalogue: Catalogue, request: PageRequest) -> Response:
    question = request.reads(catalogue.lists)
    listing = await _listing(
        catalogue, request, question, path=catalogue.path, editing=request.query["edit"]
    )
    if (inner := catalogue.inner) and (opened := listing.opened):
        listing.inner = await _listing(
            inner,
            request,
            inner.lists.model_validate({inner.parent_field: opened.id, "limit": MOST}),
            path=inner.path.format_map({inner.parent_field: opened.id}),
            editing=request.query["within"],
        )
    return request.page("settings/catalogue.html", listing=listing, kept=_kept(request))


async def _listing(
    catalogue: Catalogue,
    request: PageRequest,
    question: Question[Any],
    *,
    path: str,
    editing: str,
) -> Listing:
    found = await request.ask(question)
    return Listing(
        catalogue=catalogue,
        path=path,
        items=list(found.items),
        next=found.next,
        editing=editing,
        choices=await choices_of(catalogue.entries, request),
        may_add=request.may(catalogue.makes.__name__),
        may_edit=catalogue.changes is not None and request.may(catalogue.changes.__name__),
        may_remove=catalogue.removes is not None and request.may(catalogue.removes.__name__),
    )


async def _make(catalogue: Catalogue, request: PageRequest) -> Response:
    await request.send(request.form.message(catalogue.makes, **_parent(catalogue, request)))
    return _back(catalogue, request)


async def _change(catalogue: Catalogue, request: PageRequest) -> Response:
    assert catalogue.changes
    named = {catalogue.id_field: request.id("item_id"), **_parent(catalogue, request)}
    await request.send(request.form.message(catalogue.changes, **named))
    return _back(catalogue, request)


async def _remove(catalogue: Catalogue, request: PageRequest) -> Response:
    assert catalogue.removes
    named = {catalogue.id_field: request.id("item_id"), **_parent(catalogue, request)}
    await request.send(request.form.message(catalogue.removes, **named))
    return _back(catalogue, request, said=request._("Removed"))


def _parent(catalogue: Catalogue, request: PageRequest) -> dict[str, Any]:
    name = catalogue.parent_field
    return {name: request.id(name)} if name else {}


def _back(catalogue: Catalogue, request: PageRequest, said: str = "") -> Response:
    """To the list as it was, without the form."""
    to = own_path(request.form.get("back") or catalogue.path)
    return request.go(to, said=said or request._("Saved"))


def _kept(request: PageRequest) -> str:
    """The list's address without what is opened in it."""
    kept = {name: value for name, value in request.query.items() if name not in ("edit", "within")}
    path: str = request.call.scope["path"]
    return path + (f"?{urlencode(kept)}" if kept else "")


def named(question: type[Question[Any]]) -> Source:
    """A choice of what that question lists, by name."""

    async def choices(request: PageRequest) -> Choices:
        found = await request.ask(question.model_validate({"limit": MOST}))
        return sorted(((item.id, item.name) for item in found.items), key=lambda pair: pair[1])

    return choices


async def choices_of(entries: Iterable[Entry], request: PageRequest) -> dict[str, Choices]:
    """What there is to choose from, by entry."""
    chosen = [(entry.name, entry.source) for entry in entries if entry.source]
    found = await asyncio.gather(*(source(request) for _, source in chosen))
    return {name: pairs for (name, _), pairs in zip(chosen, found, strict=True)}


def said_words(words: dict[str, str]) -> Source:
    """A choice of codes, as words."""

    async def choices(request: PageRequest) -> Choices:
        return [(code, request._(text)) for code, text in words.items()]

    return choices
