"""Numbers and money: exact, rounded half up, and as they are printed."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from shared.formulas import operations, words
from shared.formulas.functions.table import function
from shared.formulas.objects import View
from shared.formulas.values import EXACT, Money, Value, number, rounded

MAX_DIGITS = 10


@function(
    "round", "x:number, digits:number?", "first",
    ru="Округляет до стольких знаков после запятой, половину вверх; -1 — до десятков",
    en="Rounds to so many decimals, half up; -1 is to tens",
    example="round(TotalMoney * 0.05, 0)",
)  # fmt: skip
def _round(_: View, x: Decimal, digits: Decimal | None = None) -> Value:
    return number(rounded(x, _digits(digits)), money=isinstance(x, Money))


@function(
    "floor", "x:number", "first",
    ru="Наибольшее целое не больше числа", en="The largest whole number that is not larger",
    example="floor(TotalMoney / 1000)",
)  # fmt: skip
def _floor(_: View, x: Decimal) -> Value:
    return number(x.to_integral_value(ROUND_FLOOR), money=isinstance(x, Money))


@function(
    "ceil", "x:number", "first",
    ru="Наименьшее целое не меньше числа", en="The smallest whole number that is not smaller",
    example="ceil(Estimation / 60)",
)  # fmt: skip
def _ceil(_: View, x: Decimal) -> Value:
    return number(x.to_integral_value(ROUND_CEILING), money=isinstance(x, Money))


@function(
    "abs", "x:number", "first",
    ru="Число без знака", en="The number without its sign", example="abs(Paid - TotalMoney)",
)  # fmt: skip
def _abs(_: View, x: Decimal) -> Value:
    return number(EXACT.abs(x), money=isinstance(x, Money))


@function(
    "money", "x:number", "text",
    ru="Сумма для печати: 18 340,50 ₽", en="An amount as printed: 18,340.50 ₽",
    example="money(TotalMoney)",
)  # fmt: skip
def _money(view: View, x: Decimal) -> Value:
    view.spend(20)
    return words.money(x, view.language)


@function(
    "number", "x:number, digits:number?", "text",
    ru="Число для печати, тысячи отделены: 12 340", en="A number as printed: 12,340",
    example="number(HaulDistance)",
)  # fmt: skip
def _number(view: View, x: Decimal, digits: Decimal | None = None) -> Value:
    view.spend(20)
    return words.grouped(x, max(_digits(digits), 0), view.language)


@function(
    "in_words", "x:number", "text",
    ru="Сумма прописью, копейки цифрами", en="The amount in words, kopecks in digits",
    example="in_words(TotalMoney)",
)  # fmt: skip
def _in_words(view: View, x: Decimal) -> Value:
    view.spend(100)
    return words.in_words(x, view.language)


@function(
    "plural", "n:number, one:text, few:text, many:text?", "text",
    ru="Слово в числе, которое идёт к количеству: час, часа, часов",
    en="The form of a word that goes with a count: hour, hours",
    example='plural(count(Services), "работа", "работы", "работ")',
)  # fmt: skip
def _plural(
    _: View, n: Decimal, one: str | None, few: str | None, many: str | None = None
) -> Value:
    return words.plural(n, one or "", few or "", many)


def _digits(value: Decimal | None) -> int:
    return 0 if value is None else operations.whole(value, MAX_DIGITS)
