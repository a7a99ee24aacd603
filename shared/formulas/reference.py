"""The reference of all fields and functions, made from the model itself.

Nothing of it is written by hand: a name that the model has is here, with the words of its table,
whom it is hidden from, and its value for an order as one viewer sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from shared.contracts.formulas import (
    FormulaField,
    FormulaFunction,
    FormulaObject,
    FormulaReference,
    Language,
)
from shared.contracts.work_order import WorkOrder
from shared.formulas.errors import FormulaError
from shared.formulas.functions import FUNCTIONS, Function
from shared.formulas.language import Formula, compile_formula
from shared.formulas.model_things import ROLES as ROLE_WORDS
from shared.formulas.objects import Field, Hidden, Model, ObjectType, Thing, View
from shared.formulas.sample import SAMPLE
from shared.formulas.templates import Template, compile_template
from shared.formulas.values import Type, text_of
from shared.roles import ROLES, may_see_cost

MAX_VALUE_CHARS = 200
MAX_PLACES = 6
MAX_DEPTH = 3
STEPS = 1_000_000
"""The reference reads every name once; nothing of it is anybody's text."""


def reference(
    model: Model, order: WorkOrder, *, viewer: str, at: datetime, language: Language
) -> FormulaReference:
    """Every name and function, with what it is for this order and viewer."""
    found = places(model)
    view = View(model, order, viewer=viewer, at=at, language=language, extra={}, steps=STEPS)
    return FormulaReference(
        language=language,
        order_id=None if order is SAMPLE else order.id,
        order_number=order.number,
        objects=tuple(_object(kind, found[kind.name], view) for kind in model.objects.values()),
        functions=tuple(
            _function(item, order, viewer=viewer, at=at, language=language)
            for item in FUNCTIONS.values()
        ),
    )


def places(model: Model) -> dict[str, list[str]]:
    """Where an order has a thing of each kind, nearest first: ``Customer``, ``Services[0]``."""
    found: dict[str, list[str]] = {name: [] for name in model.objects}
    level: list[tuple[str, ObjectType]] = [("", model.root)]
    for _ in range(MAX_DEPTH):
        below: list[tuple[str, ObjectType]] = []
        for place, kind in level:
            for name, inner, path in _things_of(place, kind):
                found[name].append(path)
                if inner == "object" or not place:
                    below.append((path, model.objects[name]))
        level = below
    return found


def _things_of(place: str, kind: ObjectType) -> Iterator[tuple[str, str, str]]:
    """The fields that are things, or lists of things: what is in them, which of both, the path."""
    for item in kind.fields:
        path = f"{place}.{item.name}" if place else item.name
        if item.type.kind == "object":
            yield item.type.name, "object", path
        elif item.type.item is not None and item.type.item.kind == "object":
            yield item.type.item.name, "list", f"{path}[0]"


def _object(kind: ObjectType, paths: list[str], view: View) -> FormulaObject:
    thing = view.root if kind is view.model.root else _first_there(paths, view)
    return FormulaObject(
        name=kind.name,
        label=kind.ru if view.language == "ru" else kind.en,
        places=tuple(paths[:MAX_PLACES]),
        fields=tuple(_field(item, thing, view) for item in kind.fields),
    )


def _first_there(paths: list[str], view: View) -> Thing | None:
    for path in paths:
        value = _path(path, view.model).value(view)
        if isinstance(value, Thing):
            return value
    return None


@cache
def _path(path: str, model: Model) -> Formula:
    return compile_formula(path, model=model)


def _field(item: Field, thing: Thing | None, view: View) -> FormulaField:
    said = text_of(thing.read(item), view.language) if thing else ""
    return FormulaField(
        name=item.name,
        aliases=item.aliases,
        label=item.ru if view.language == "ru" else item.en,
        kind=item.type.kind,
        of=_inside(item.type),
        hidden_from=hidden_from(item.hidden, view.language),
        value=_short(said) or None,
        is_hidden=thing is not None and view.hides(item, thing.source),
    )


def _inside(kind: Type) -> str | None:
    if kind.item is not None:
        return kind.item.name or kind.item.kind
    return kind.name or None


def _short(said: str) -> str:
    return said if len(said) <= MAX_VALUE_CHARS else said[: MAX_VALUE_CHARS - 1] + "…"


def hidden_from(hidden: Hidden, language: str) -> str | None:
    """Whom a field is hidden from, in words; the roles are those of the permissions table."""
    russian = language == "ru"
    client = "клиент" if russian else "client"
    match hidden:
        case Hidden.NOBODY:
            return None
        case Hidden.CLIENT:
            return client
        case Hidden.PRICE:
            of_those = "у работ с материалами" if russian else "of works with materials"
            return f"{client} ({of_those})"
        case Hidden.COST:
            blind = [ROLE_WORDS[role][russian].lower() for role in ROLES if not may_see_cost(role)]
            return ", ".join([client, *blind])


@cache
def _example(item: Function) -> Formula | Template:
    return compile_template(item.example) if item.only_filter else compile_formula(item.example)


def _function(
    item: Function, order: WorkOrder, *, viewer: str, at: datetime, language: Language
) -> FormulaFunction:
    example = _example(item)
    try:
        if isinstance(example, Template):
            said = example.render(order, viewer=viewer, at=at, language=language)
        else:
            said = example.text_for(order, viewer=viewer, at=at, language=language)
    except FormulaError as error:  # an example may divide by what this order has not
        said = error.words(language)
    return FormulaFunction(
        name=item.name,
        signature=item.signature,
        label=item.ru if language == "ru" else item.en,
        example=item.example,
        value=_short(said) or None,
        only_filter=item.only_filter,
    )
