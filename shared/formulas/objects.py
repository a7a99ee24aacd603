"""The machinery of the object model: types with named fields, things, and who sees what of them.

Every reading of every formula and template passes ``Thing.get``: what the viewer may not see is
null (or an empty list) there, before anything counts, filters or compares it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.statements import StatementPaper
from shared.contracts.work_order import PartLine, WorkOrder
from shared.formulas.errors import FormulaError, nearest
from shared.formulas.values import Money, Type, Value, type_named
from shared.roles import CLIENT, OPERATOR, ROLES, SERVICE, may_see_cost

VIEWERS = frozenset({CLIENT, SERVICE, OPERATOR, *ROLES})
MAX_STEPS = 20_000
"""Of one evaluation; a step takes about a microsecond."""


class Hidden(Enum):
    """From whom a field is hidden."""

    NOBODY = "nobody"
    COST = "cost"
    """From everyone whose role may not see purchase cost: margins and pay too."""
    CLIENT = "client"
    """From the client: materials, and what was meant for the house only."""
    PRICE = "price"
    """From the client, on a work that carries materials: the step less what is left over would
    be the price of the materials."""


type Subject = WorkOrder | StatementPaper
"""What a text is about: the root of its model."""
type Read = Callable[[Any, View], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One name of an object: what it is, who does not see it, and where it is read from."""

    name: str
    type: Type
    ru: str
    en: str
    read: Read
    hidden: Hidden = Hidden.NOBODY
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectType:
    """A kind of thing. ``text`` is how one is printed; ``codes``, what else equals it."""

    name: str
    ru: str
    en: str
    text: Callable[[Any, View], str | None]
    fields: tuple[Field, ...]
    codes: Callable[[Any], tuple[str, ...]] | None = None

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Every name and alias."""
        return {name: item for item in self.fields for name in (item.name, *item.aliases)}


@dataclass(frozen=True, slots=True)
class Extra:
    """A top-level name that one kind of form or message has beside the order's.

    ``type`` is ``text``, ``number``, ``money``, ``date`` or ``condition``; ``sample`` stands in
    where a text is tried out.
    """

    type: str
    ru: str
    en: str
    sample: Value


@dataclass(frozen=True, eq=False)
class Model:
    """All that formulas can name: ``root`` is the order, ``objects`` every kind by its name."""

    root: ObjectType
    objects: Mapping[str, ObjectType]
    extras: Mapping[str, Extra] = field(default_factory=dict)

    def extended(self, extras: Mapping[str, Extra]) -> Model:
        """The same with more names at the top."""
        fields = tuple(
            Field(name, type_named(extra.type), extra.ru, extra.en, _extra(name))
            for name, extra in extras.items()
        )
        root = replace(self.root, fields=(*self.root.fields, *fields))
        return Model(root, {**self.objects, root.name: root}, extras={**self.extras, **extras})

    def fields_of(self, kind: Type) -> Mapping[str, Field]:
        """By every name and alias; of what is no object, none."""
        return self.objects[kind.name].by_name if kind.kind == "object" else {}


def _extra(name: str) -> Read:
    return lambda _, view: view.extra.get(name)


class View:
    """One order as one viewer sees it at one moment, and the work that may still be done on it."""

    def __init__(
        self,
        model: Model,
        order: Subject,
        *,
        viewer: str,
        at: datetime,
        language: str,
        extra: Mapping[str, object],
        steps: int = MAX_STEPS,
    ) -> None:
        if viewer not in VIEWERS:
            raise ValueError(f"{viewer} is neither a role nor the client")
        self.model = model
        self.order: Any = order
        self.language = language
        self.extra = extra
        self.is_client = viewer == CLIENT
        self.sees_cost = viewer == SERVICE or may_see_cost(viewer)
        self.zone = ZoneInfo(order.station.time_zone)
        self.at = at.astimezone(self.zone)
        self.steps_left = steps
        self.lists: dict[tuple[str, int], Value] = {}
        """By name and whose: what has lists is a part of the order, and lives as long as it."""

    @cached_property
    def root(self) -> Thing:
        return Thing(self.model.root, self.order, self)

    @cached_property
    def _materials(self) -> dict[UUID | None, list[PartLine]]:
        materials: dict[UUID | None, list[PartLine]] = {}
        for line in self.order.materials:
            materials.setdefault(line.service_line_id, []).append(line)
        return materials

    def materials_of(self, service_line_id: UUID) -> list[PartLine]:
        return self._materials.get(service_line_id, [])

    @cached_property
    def service_lines(self) -> dict[UUID | None, Any]:
        return {line.id: line for line in self.order.services}

    def spend(self, steps: int) -> None:
        """Raises ``FormulaError`` when the work that one evaluation may take is used up."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise FormulaError("too_much_work")

    def hides(self, item: Field, source: Any) -> bool:
        match item.hidden:
            case Hidden.NOBODY:
                return False
            case Hidden.COST:
                return not self.sees_cost
            case Hidden.CLIENT:
                return self.is_client
            case Hidden.PRICE:
                # A declined work's materials are on no bill, but in its total they are.
                return self.is_client and source.customer_total != source.total


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Thing:
    """An object of the model: whose, and as who sees it."""

    kind: ObjectType
    source: Any
    view: View

    def get(self, name: str) -> Value:
        """The field's value for this viewer. Raises ``FormulaError``: ``unknown_field``."""
        item = self.kind.by_name.get(name)
        if item is None:
            known = nearest(name, self.kind.by_name)
            raise FormulaError("unknown_field", name=name, nearest=known)
        return self.read(item)

    def read(self, item: Field) -> Value:
        self.view.spend(1)
        if self.view.hides(item, self.source):
            return () if item.type.kind == "list" else None
        if item.type.kind == "list":
            return self._list(item)
        return _value(item.read(self.source, self.view), item.type, self.view)

    def _list(self, item: Field) -> Value:
        """Made once: formulas read the same list for every item of another."""
        lists, key = self.view.lists, (item.name, id(self.source))
        if key not in lists:
            lists[key] = _value(item.read(self.source, self.view), item.type, self.view)
        return lists[key]

    @property
    def text(self) -> str:
        return self.kind.text(self.source, self.view) or ""

    def is_called(self, said: str) -> bool:
        """Whether a text names it: ``State == "done"``, ``Customer == "Иванов Иван"``."""
        return said == self.text or (
            self.kind.codes is not None and said in self.kind.codes(self.source)
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.is_called(other)
        return (
            isinstance(other, Thing)
            and self.kind.name == other.kind.name
            and self.source == other.source
        )

    def __hash__(self) -> int:
        return hash(self.kind.name)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def _value(raw: Any, kind: Type, view: View) -> Value:
    """What a contract holds, as a value of formulas."""
    if raw is None:
        return () if kind.kind == "list" else None
    match kind.kind:
        case "number":
            return Decimal(raw)
        case "money":
            return Money(raw)
        case "date":
            moment: datetime = raw
            return moment.astimezone(view.zone)
        case "object":
            return Thing(view.model.objects[kind.name], raw, view)
        case "list":
            assert kind.item is not None
            view.spend(len(raw))
            return tuple(_value(item, kind.item, view) for item in raw)
        case _:
            plain: str | bool = raw
            return plain
