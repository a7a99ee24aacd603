"""What operators do, in formulas and templates alike: exact, null-safe, and within bounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation, Overflow

from shared.formulas.errors import FormulaError
from shared.formulas.objects import Thing, View
from shared.formulas.values import EXACT, Money, Value, number, text, text_of


def add(view: View, left: Value, right: Value) -> Value:
    """Numbers are added; where one side is a text, both are joined as they are printed.

    Null and a number give null; beside a text, null is an empty text.
    """
    if isinstance(left, str | Thing) or isinstance(right, str | Thing):
        said = text(text_of(single(left), view.language) + text_of(single(right), view.language))
        view.spend(1 + len(said) // 100)
        return said
    return _computed(EXACT.add, left, right, money=_either_is_money(left, right))


def subtract(left: Value, right: Value) -> Value:
    return _computed(EXACT.subtract, left, right, money=_either_is_money(left, right))


def multiply(left: Value, right: Value) -> Value:
    money = isinstance(left, Money) != isinstance(right, Money)
    return _computed(EXACT.multiply, left, right, money=money)


def divide(left: Value, right: Value) -> Value:
    """Raises ``FormulaError``: ``division_by_zero``."""
    money = isinstance(left, Money) and not isinstance(right, Money)
    return _computed(EXACT.divide, left, _divisor(right), money=money)


def remainder(left: Value, right: Value) -> Value:
    return _computed(EXACT.remainder, left, _divisor(right), money=isinstance(left, Money))


def negate(value: Value) -> Value:
    return subtract(Money(0) if isinstance(value, Money) else Decimal(0), value)


def equal(view: View, left: Value, right: Value) -> bool:
    """A thing equals its name and its code; values of different kinds are never equal."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        view.spend(len(left))
        return len(left) == len(right) and all(
            equal(view, one, other) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return left == right


def ordered(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; null when one side is null. Raises ``FormulaError``: ``not_comparable``."""
    if left is None or right is None:
        return None
    one, other = _as_text(left), _as_text(right)
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return _sign(one, other)
    if isinstance(one, str) and isinstance(other, str):
        return _sign(one, other)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return _sign(one, other)
    raise FormulaError("not_comparable")


def contains(view: View, whole: Value, part: Value) -> bool:
    """Whether a list has the value, or a text the other text."""
    if whole is None:
        return False
    if isinstance(whole, tuple):
        view.spend(len(whole))
        return any(equal(view, item, part) for item in whole)
    return part is not None and text_of(single(part), view.language) in text_of(
        whole, view.language
    )


def true(value: Value) -> bool:
    """What counts as yes: not null, no, zero, nor an empty text or list."""
    return bool(value) if not isinstance(value, Thing) else True


def single(value: Value) -> Value:
    if isinstance(value, tuple):
        raise FormulaError("single_value_expected")
    return value


def whole(value: Value, bound: int) -> int:
    """A whole number no further from zero than ``bound``."""
    if not isinstance(value, Decimal) or value != value.to_integral_value() or abs(value) > bound:
        raise FormulaError("whole_number_expected")
    return int(value)


def item_at(items: Value, index: Value) -> Value:
    """``Services[0]``; from the end with -1; null where there is none."""
    if items is None or index is None:
        return None
    if not isinstance(items, tuple):
        raise FormulaError("list_expected")
    place = whole(index, 10**9)
    return items[place] if -len(items) <= place < len(items) else None


def _divisor(value: Value) -> Value:
    if isinstance(value, Decimal) and not value:
        raise FormulaError("division_by_zero")
    return value


def _either_is_money(left: Value, right: Value) -> bool:
    return isinstance(left, Money) or isinstance(right, Money)


def _computed(
    operation: Callable[[Decimal, Decimal], Decimal], left: Value, right: Value, *, money: bool
) -> Value:
    for side in (left, right):
        if side is not None and not isinstance(side, Decimal):
            raise FormulaError("number_expected")
    if left is None or right is None:
        return None
    assert isinstance(left, Decimal)
    assert isinstance(right, Decimal)
    try:
        return number(operation(left, right), money=money)
    except (Overflow, InvalidOperation):
        raise FormulaError("number_too_large") from None


def _sign[T: (Decimal, str, datetime)](one: T, other: T) -> int:
    return (one > other) - (one < other)


def _as_text(value: Value) -> Value:
    return value.text if isinstance(value, Thing) else value
