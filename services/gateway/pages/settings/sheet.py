"""A form of what there is only one of: the station's requisites, a rule of rounding, a table of
rates that is replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.responses import Response

from services.gateway.pages.forms import Form
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import Page, act, show
from services.gateway.pages.settings.catalogue import Entry, choices_of
from shared.contracts.base import Command, Question

BLANK_ROWS = 3
"""Under a table, for what is added."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One form of one thing; ``rows`` its table, if it has one."""

    path: str
    title: str
    about: str
    icon: str
    asks: type[Question[Any]]
    changes: type[Command[Any]]
    entries: tuple[Entry, ...] = ()
    id_field: str = ""
    """What ``changes`` calls the thing's id, if it has one."""
    rows: str = ""
    """The field of its table."""
    row_entries: tuple[Entry, ...] = ()
    finds: Callable[[Any], Any] = lambda answer: answer
    """The thing in the answer."""


def pages_of(sheet: Sheet) -> list[Page]:
    return [
        show(sheet.path, partial(_page, sheet), needs=sheet.asks),
        act(sheet.path, partial(_save, sheet), needs=sheet.changes),
    ]


async def _page(sheet: Sheet, request: PageRequest) -> Response:
    thing = sheet.finds(await request.ask(sheet.asks()))
    rows = list(getattr(thing, sheet.rows)) if sheet.rows else []
    return request.page(
        "settings/sheet.html",
        sheet=sheet,
        thing=thing,
        rows=[*rows, *[None] * BLANK_ROWS] if sheet.rows else [],
        choices=await choices_of((*sheet.entries, *sheet.row_entries), request),
        may_edit=request.may(sheet.changes.__name__),
    )


async def _save(sheet: Sheet, request: PageRequest) -> Response:
    fixed = {sheet.id_field: request.form.get(sheet.id_field)} if sheet.id_field else {}
    form = _without_removed(sheet, request.form) if sheet.rows else request.form
    if sheet.rows and not any(name.startswith(f"{sheet.rows}.") for name, _ in form.pairs):
        fixed[sheet.rows] = ()  # type: ignore[assignment]
    await request.send(form.message(sheet.changes, **fixed))
    return request.go(sheet.path, said=request._("Saved"))


def _without_removed(sheet: Sheet, form: Form) -> Form:
    """The form without the rows that are ticked to go."""
    gone = tuple(f"{sheet.rows}.{row}." for row in form.all("remove"))
    return replace(form, pairs=tuple(pair for pair in form.pairs if not pair[0].startswith(gone)))
