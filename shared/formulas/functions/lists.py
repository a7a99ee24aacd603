"""Functions over the items of a list: ``sum(Services, CustomerTotal)``.

The expression is computed for each item, in the item's own scope: its fields first, then the
order's, and ``item`` is the item itself. Null items and null results count as nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from shared.formulas import operations
from shared.formulas.errors import FormulaError
from shared.formulas.functions.table import function
from shared.formulas.objects import View
from shared.formulas.values import Value, text, text_of

type Each = Callable[[Value], Value] | None
type Items = tuple[Value, ...]


def _each(items: Items, each: Each) -> list[Value]:
    values = items if each is None else [each(item) for item in items]
    return [value for value in values if value is not None]


def _where(items: Items, condition: Each) -> list[Value]:
    if condition is None:
        return list(items)
    return [item for item in items if operations.true(condition(item))]


@function(
    "sum", "items:list, expression:each?", "each",
    ru="Сумма по строкам", en="The sum over the items",
    example="sum(Services, CustomerTotal)", nulls=True,
)  # fmt: skip
def _sum(view: View, items: Items | None, each: Each = None) -> Value:
    total: Value = Decimal(0)
    for value in _each(items or (), each):
        view.spend(1)
        if not isinstance(value, Decimal):
            raise FormulaError("number_expected")
        total = operations.add(view, total, value)
    return total


@function(
    "count", "items:list, condition:each?", "number",
    ru="Сколько строк, или сколько подходят под условие",
    en="How many items, or how many that meet the condition",
    example="count(Services, Discount > 0)", nulls=True,
)  # fmt: skip
def _count(_: View, items: Items | None, condition: Each = None) -> Value:
    return Decimal(len(_where(items or (), condition)))


@function(
    "filter", "items:list, condition:each", "first",
    ru="Строки, которые подходят под условие", en="The items that meet the condition",
    example='count(filter(Products, Product.ProductGroup.Name == "Масла"))', nulls=True,
)  # fmt: skip
def _filter(_: View, items: Items | None, condition: Each = None) -> Value:
    return tuple(_where(items or (), condition))


@function(
    "first", "items:list, condition:each?", "item",
    ru="Первая строка, или первая подходящая", en="The first item, or the first that fits",
    example="first(Services).Service.Name", nulls=True,
)  # fmt: skip
def _first(_: View, items: Items | None, condition: Each = None) -> Value:
    return next(iter(_where(items or (), condition)), None)


@function(
    "last", "items:list, condition:each?", "item",
    ru="Последняя строка, или последняя подходящая", en="The last item, or the last that fits",
    example="last(Products).Product.Name", nulls=True,
)  # fmt: skip
def _last(_: View, items: Items | None, condition: Each = None) -> Value:
    return next(iter(_where(items or (), condition)[::-1]), None)


@function(
    "min", "items:list, expression:each?", "each",
    ru="Наименьшее по строкам или из перечисленных: min(a, b)",
    en="The smallest over the items, or of those named: min(a, b)",
    example="min(Services, CustomerTotal)", nulls=True,
)  # fmt: skip
def _min(view: View, items: Items | None, each: Each = None) -> Value:
    return _utmost(view, items, each, -1)


@function(
    "max", "items:list, expression:each?", "each",
    ru="Наибольшее по строкам или из перечисленных: max(a, b)",
    en="The largest over the items, or of those named: max(a, b)",
    example="max(Paid, 0)", nulls=True,
)  # fmt: skip
def _max(view: View, items: Items | None, each: Each = None) -> Value:
    return _utmost(view, items, each, 1)


def _utmost(view: View, items: Items | None, each: Each, sign: int) -> Value:
    best: Value = None
    for value in _each(items or (), each):
        view.spend(1)
        if best is None or operations.ordered(value, best) == sign:
            best = value
    return best


@function(
    "join", "items:list, expression:each?, separator:text?", "text",
    ru="Тексты строк через разделитель (по умолчанию запятая)",
    en="The items' texts with a separator between them (by default a comma)",
    example='join(Services, Service.Name, "; ")', nulls=True,
)  # fmt: skip
def _join(
    view: View, items: Items | None, each: Each = None, separator: str | None = None
) -> Value:
    parts: list[str] = []
    size = 0
    for value in _each(items or (), each):
        said = text_of(operations.single(value), view.language)
        if said:
            parts.append(said)
            size += len(said) + len(separator or ", ")
            view.spend(1 + len(said) // 100)
            if size > 2 * MAX_JOINED_CHARS:
                break
    return text((", " if separator is None else separator).join(parts))


MAX_JOINED_CHARS = 20_000
