"""What formulas are compiled to: small functions over one frame, with the kind of value they give.

Nothing here knows the text; ``language`` puts these parts together and says where each stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shared.formulas import operations
from shared.formulas.errors import FormulaError
from shared.formulas.functions import FUNCTIONS, Function, empty
from shared.formulas.objects import Field, Model, Thing, View
from shared.formulas.values import (
    ANY,
    CONDITION,
    MONEY,
    NULL,
    NUMBER,
    Type,
    Value,
    type_named,
)

CONSTANTS: dict[str, tuple[Type, Value]] = {
    "null": (NULL, None),
    "true": (CONDITION, True),
    "false": (CONDITION, False),
}
ITEM_STEPS = 3
"""What it costs to stand in an item, beside what is computed there."""
ITEM = "item"
"""How the item itself is called inside ``sum``, ``filter`` and the like."""


@dataclass(slots=True)
class Frame:
    """One computation: the order as its viewer sees it, and the items it stands in."""

    view: View
    variables: Callable[[str], Value]
    items: list[Value] = field(default_factory=list)


type Run = Callable[[Frame], Value]


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that can be said at a place: an item's before those of what is around it."""

    model: Model
    kind: Type
    outer: Scope | None = None
    variables: Mapping[str, Type] = field(default_factory=dict)
    depth: int = -1

    def inside(self, item: Type) -> Scope:
        return Scope(self.model, item, self, {}, self.depth + 1)

    def fields(self) -> Mapping[str, Field]:
        return self.model.fields_of(self.kind)

    def names(self) -> set[str]:
        names = {*self.fields(), *self.variables, *CONSTANTS, *FUNCTIONS}
        if self.outer is not None:
            names |= self.outer.names() | {ITEM}
        return names


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled part: what kind of value it gives, how, and what computing it once costs."""

    type: Type
    run: Run
    steps: int = 1


def always(kind: Type, value: Value) -> Code:
    return Code(kind, lambda _: value)


def field_of(place: Scope, item: Field) -> Code:
    """A name of the order, or of the item that ``place`` stands in."""
    depth = place.depth
    if depth < 0:
        return Code(item.type, lambda frame: frame.view.root.read(item))
    return Code(item.type, lambda frame: read(frame.items[depth], item))


def item_of(place: Scope) -> Code:
    depth = place.depth
    return Code(place.kind, lambda frame: frame.items[depth])


def read(value: Value, item: Field) -> Value:
    """A field of a thing; of null, null."""
    return value.read(item) if isinstance(value, Thing) else None


def attribute_of(value: Value, name: str) -> Value:
    """The same where only computing tells which kind of thing it is."""
    if value is None:
        return None
    if not isinstance(value, Thing):
        raise FormulaError("value_has_no_fields", name=name)
    return value.get(name)


def list_of(items: list[Code]) -> Code:
    kind = NULL
    for item in items:
        kind = kind.either(item.type)
    return Code(
        Type("list", item=kind),
        lambda frame: tuple(item.run(frame) for item in items),
        sum(item.steps for item in items) + 1,
    )


def either(condition: Code, yes: Code, no: Code) -> Code:
    """Computes only the one that is needed."""
    return Code(
        yes.type.either(no.type),
        lambda frame: (yes if operations.true(condition.run(frame)) else no).run(frame),
        condition.steps + yes.steps + no.steps,
    )


def chosen(name: str, arguments: list[Code]) -> Code:
    """The functions that leave alone what they do not need."""
    if name == "when":
        condition, yes, *rest = arguments
        return either(condition, yes, rest[0] if rest else always(NULL, None))
    kind = NULL
    for item in arguments:
        kind = kind.either(item.type)

    def first_that_is_there(frame: Frame) -> Value:
        return next((value for item in arguments if not empty(value := item.run(frame))), None)

    return Code(kind, first_that_is_there, sum(item.steps for item in arguments))


def run_over(called: Function, whole: Code, each: Code | None, more: list[Code]) -> Code:
    """A function over a list; the expression costs its steps for every item."""

    def run(frame: Frame) -> Value:
        view, items = frame.view, whole.run(frame)

        def of(item: Value) -> Value:
            assert each is not None
            view.spend(each.steps + ITEM_STEPS)
            frame.items.append(item)
            try:
                return each.run(frame)
            finally:
                frame.items.pop()

        rest = [item.run(frame) for item in more]
        return called.call(view, [items, of if each else None, *rest])  # type: ignore[list-item]

    kind = item_type(called, whole.type, each.type if each else None)
    return Code(kind, run, whole.steps + sum(item.steps for item in more) + 1)


def item_type(called: Function, whole: Type, each: Type | None) -> Type:
    """The kind of value that a function over a list gives."""
    item = whole.item or NULL
    if called.name == "sum":
        return MONEY if (each or item).kind == "money" else NUMBER
    kinds = {"item": item, "each": each or item, "first": whole}
    return kinds.get(called.result) or type_named(called.result)


def result_type(called: Function, given: list[Type]) -> Type:
    """The kind of value that a function gives for such arguments."""
    if called.result == "first":
        return given[0]
    if called.result in ("either", "each"):
        kind = NULL
        for item in given:
            kind = kind.either(item)
        return kind
    return type_named(called.result)


def arithmetic_type(operator: str, left: Type, right: Type) -> Type:
    """Money and a number make money where that makes sense; null and anything, that."""
    if "any" in (left.kind, right.kind):
        return ANY
    moneys = (left.kind == "money") + (right.kind == "money")
    if operator in ("Add", "Sub"):
        return MONEY if moneys else NUMBER
    if operator == "Mult":
        return MONEY if moneys == 1 else NUMBER
    return MONEY if left.kind == "money" and right.kind != "money" else NUMBER


def may_compare(left: Type, right: Type) -> bool:
    """Whether one may be smaller than the other at all."""

    def family(kind: Type) -> str:
        if kind.kind in ("number", "money"):
            return "number"
        return "text" if kind.kind == "object" else kind.kind

    one, other = family(left), family(right)
    if "any" in (one, other) or "null" in (one, other):
        return "list" not in (one, other) and "condition" not in (one, other)
    return one == other and one in ("number", "text", "date")


def plain(value: Value) -> Decimal | str | bool | datetime | list[object] | None:
    """What leaves the language: no thing of the model, only what it is called."""
    if isinstance(value, Thing):
        return value.text
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    # Without its money mark: a mere number to whoever computes on.
    return Decimal(value) if isinstance(value, Decimal) else value


# --- operators ---------------------------------------------------------------------------------

ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "Sub": operations.subtract,
    "Mult": operations.multiply,
    "Div": operations.divide,
    "Mod": operations.remainder,
}


def _is(*signs: int) -> Callable[[View, Value, Value], bool]:
    return lambda _, left, right: operations.ordered(left, right) in signs


COMPARISONS: dict[str, Callable[[View, Value, Value], bool]] = {
    "Eq": operations.equal,
    "NotEq": lambda view, left, right: not operations.equal(view, left, right),
    "Lt": _is(-1),
    "LtE": _is(-1, 0),
    "Gt": _is(1),
    "GtE": _is(1, 0),
    "In": lambda view, left, right: operations.contains(view, right, left),
    "NotIn": lambda view, left, right: not operations.contains(view, right, left),
}
ORDERINGS = frozenset({"Lt", "LtE", "Gt", "GtE"})
