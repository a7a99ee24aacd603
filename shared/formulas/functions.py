"""The functions of formulas, which are also the filters of templates.

Each stands in one table with its parameters, what it gives, words in two languages and an example
that the tests evaluate. A function whose first argument is null gives null, unless it says
``nulls``. What works on every item of a list is in ``lists``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from shared.formulas import operations, words
from shared.formulas.errors import FormulaError
from shared.formulas.objects import View
from shared.formulas.values import (
    EXACT,
    MAX_TEXT_CHARS,
    Money,
    Value,
    number,
    rounded,
    text,
    text_of,
)

MAX_DIGITS = 10
MAX_DAYS = 100_000
LAST_YEARS = (1900, 2200)


@dataclass(frozen=True, slots=True)
class Parameter:
    """``kind`` is ``number``, ``text``, ``date``, ``condition``, ``list`` or ``any``; ``each`` is
    a formula that is computed for every item of the list before it."""

    name: str
    kind: str
    optional: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it is called, what it gives, and what it does."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    """A kind of value; ``first``: as the first argument; ``either``: as any of them; ``item``: as
    the list's items; ``each``: as what is computed for them."""
    run: Callable[..., Value]
    ru: str
    en: str
    example: str
    nulls: bool = False
    only_filter: bool = False
    """Templates have no operators; formulas do."""
    lazy: bool = False
    """In formulas only the argument that is needed is computed."""

    @property
    def over_items(self) -> bool:
        return len(self.parameters) > 1 and self.parameters[1].kind == "each"

    @property
    def signature(self) -> str:
        parts = [
            f"{item.name}…" if item.repeated else f"[{item.name}]" if item.optional else item.name
            for item in self.parameters
        ]
        return f"{self.name}({', '.join(parts)})"

    def takes(self, count: int) -> bool:
        needed = sum(not item.optional for item in self.parameters)
        endless = any(item.repeated for item in self.parameters)
        return needed <= count and (endless or count <= len(self.parameters))

    def parameter(self, index: int) -> Parameter:
        return self.parameters[min(index, len(self.parameters) - 1)]

    def call(self, view: View, arguments: list[Value]) -> Value:
        """Raises ``FormulaError`` for a value of the wrong kind."""
        view.spend(5)
        if arguments and arguments[0] is None and not self.nulls:
            return None
        checked = [
            _checked(value, self.parameter(index).kind, view)
            for index, value in enumerate(arguments)
        ]
        return self.run(view, *checked)


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, parameters: str, result: str, *, ru: str, en: str, example: str, **more: bool
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """``parameters``: ``x:number, digits:number?, more:any*``."""

    def register(run: Callable[..., Value]) -> Callable[..., Value]:
        taken = tuple(_parameter(said) for said in parameters.split(", ") if said)
        FUNCTIONS[name] = Function(name, taken, result, run, ru, en, example, **more)
        return run

    return register


def _parameter(said: str) -> Parameter:
    name, kind = said.split(":")
    return Parameter(name, kind.rstrip("?*"), kind.endswith(("?", "*")), kind.endswith("*"))


def _checked(value: Value, kind: str, view: View) -> Any:
    """An argument as its parameter wants it; a null argument stays null."""
    if value is None or kind in ("any", "condition", "each"):
        return value
    if kind == "text":
        said = text_of(operations.single(value), view.language)
        view.spend(len(said) // 100)
        return said
    if kind == "number" and not isinstance(value, Decimal):
        raise FormulaError("number_expected")
    if kind == "date" and not isinstance(value, datetime):
        raise FormulaError("date_expected")
    if kind == "list" and not isinstance(value, tuple):
        raise FormulaError("list_expected")
    return value


def _digits(value: Decimal | None) -> int:
    return 0 if value is None else operations.whole(value, MAX_DIGITS)


# --- numbers and money --------------------------------------------------------------------------


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


# --- dates --------------------------------------------------------------------------------------


@function(
    "date", "x:date, format:text?", "text",
    ru="Дата для печати: dd.MM.yyyy, d MMMM y, HH:mm",
    en="A date as printed: dd.MM.yyyy, d MMMM y, HH:mm",
    example='date(DateTimeIn, "d MMMM y")',
)  # fmt: skip
def _date(view: View, x: datetime, pattern: str | None = None) -> Value:
    view.spend(20)
    return words.date(x, pattern or ("dd.MM.yyyy" if view.language == "ru" else "d MMM y"),
                      view.language)  # fmt: skip


@function(
    "now", "", "date",
    ru="Этот момент, по времени автосервиса", en="This moment, in the station's time zone",
    example='date(now(), "dd.MM.yyyy")',
)  # fmt: skip
def _now(view: View) -> Value:
    return view.at


@function(
    "today", "", "date",
    ru="Начало сегодняшнего дня автосервиса", en="The start of the station's day",
    example="days_between(DateTimeIn, today())",
)  # fmt: skip
def _today(view: View) -> Value:
    return view.at.replace(hour=0, minute=0, second=0, microsecond=0)


@function(
    "days_between", "start:date, end:date", "number",
    ru="Сколько календарных дней от одной даты до другой",
    en="How many calendar days from one date to the other",
    example="days_between(DateTimeIn, DateTimeOut)",
)  # fmt: skip
def _days_between(_: View, start: datetime, end: datetime | None) -> Value:
    return None if end is None else Decimal((end.date() - start.date()).days)


@function(
    "add_days", "x:date, days:number", "date",
    ru="Дата через столько дней, в то же время суток",
    en="The date so many days later, at the same time of day",
    example='date(add_days(DateTimeOut, 30), "dd.MM.yyyy")',
)  # fmt: skip
def _add_days(_: View, x: datetime, days: Decimal | None) -> Value:
    if days is None:
        return None
    try:
        moved = x + timedelta(days=operations.whole(days, MAX_DAYS))
    except OverflowError:
        raise FormulaError("date_out_of_range") from None
    if not LAST_YEARS[0] <= moved.year < LAST_YEARS[1]:
        raise FormulaError("date_out_of_range")
    return moved


# --- texts --------------------------------------------------------------------------------------


@function(
    "text", "x:any", "text",
    ru="Значение так, как оно печатается", en="The value as it is printed",
    example="text(Customer)",
)  # fmt: skip
def _text(view: View, x: Value) -> Value:
    return text_of(x, view.language)


@function(
    "upper", "s:text", "text",
    ru="ПРОПИСНЫМИ буквами", en="In UPPER case", example="upper(Vehicle.Plate)",
)  # fmt: skip
def _upper(_: View, s: str) -> Value:
    return text(s.upper())


@function(
    "lower", "s:text", "text",
    ru="строчными буквами", en="in lower case", example="lower(Station.Code)",
)  # fmt: skip
def _lower(_: View, s: str) -> Value:
    return text(s.lower())


@function(
    "capital", "s:text", "text",
    ru="Первая буква прописная", en="The first letter upper", example="capital(CustomerReason)",
)  # fmt: skip
def _capital(_: View, s: str) -> Value:
    return text(s[:1].upper() + s[1:])


@function(
    "trim", "s:text", "text",
    ru="Без пробелов по краям", en="Without spaces around it", example="trim(Comment)",
)  # fmt: skip
def _trim(_: View, s: str) -> Value:
    return s.strip()


@function(
    "replace", "s:text, old:text, new:text", "text",
    ru="Заменяет часть текста", en="Replaces a part of the text",
    example='replace(Number, "-", "/")',
)  # fmt: skip
def _replace(view: View, s: str, old: str | None, new: str | None) -> Value:
    if not old:
        return s
    found = s.count(old)
    view.spend(found // 10)
    if len(s) + found * (len(new or "") - len(old)) > MAX_TEXT_CHARS:
        raise FormulaError("text_too_long", limit=MAX_TEXT_CHARS)
    return s.replace(old, new or "")


@function(
    "contains", "s:any, part:any", "condition",
    ru="Есть ли в тексте часть или в списке значение",
    en="Whether a text has the part, or a list the value",
    example='contains(CustomerReason, "стук")', nulls=True,
)  # fmt: skip
def _contains(view: View, s: Value, part: Value) -> Value:
    return operations.contains(view, s, part)


@function(
    "starts_with", "s:text, part:text", "condition",
    ru="Начинается ли текст так", en="Whether the text starts so",
    example='starts_with(Vehicle.VIN, "XTA")',
)  # fmt: skip
def _starts_with(_: View, s: str, part: str | None) -> Value:
    return part is not None and s.startswith(part)


@function(
    "ends_with", "s:text, part:text", "condition",
    ru="Кончается ли текст так", en="Whether the text ends so",
    example='ends_with(Vehicle.Plate, "77")',
)  # fmt: skip
def _ends_with(_: View, s: str, part: str | None) -> Value:
    return part is not None and s.endswith(part)


@function(
    "length", "x:any", "number",
    ru="Сколько знаков в тексте или строк в списке",
    en="How many characters a text, or items a list has",
    example="length(Vehicle.VIN)",
)  # fmt: skip
def _length(view: View, x: Value) -> Value:
    return Decimal(len(x if isinstance(x, tuple) else text_of(x, view.language)))


@function(
    "substring", "s:text, start:number, length:number?", "text",
    ru="Часть текста: с какого знака (с нуля; -3 — с третьего от конца) и сколько",
    en="A part of the text: from which character (from 0; -3 is the third last) and how many",
    example="substring(Vehicle.VIN, -6)",
)  # fmt: skip
def _substring(_: View, s: str, start: Decimal | None, length: Decimal | None = None) -> Value:
    if start is None:
        return s
    first = operations.whole(start, 10**9)
    first = max(first + len(s), 0) if first < 0 else first
    if length is None:
        return s[first:]
    return s[first : first + max(operations.whole(length, 10**9), 0)]


# --- choices ------------------------------------------------------------------------------------


@function(
    "when", "condition:condition, yes:any, no:any?", "either",
    ru="Одно значение, если условие верно, иначе другое; то же: a if условие else b",
    en="One value if the condition holds, else the other; the same: a if condition else b",
    example='when(Due > 0, "к оплате", "оплачено")', nulls=True, lazy=True,
)  # fmt: skip
def _when(_: View, condition: Value, yes: Value, no: Value = None) -> Value:
    return yes if operations.true(condition) else no


@function(
    "coalesce", "x:any, more:any*", "either",
    ru="Первое значение, которое не пусто", en="The first value that is not empty",
    example='coalesce(Driver.Name, Customer.Name)', nulls=True, lazy=True,
)  # fmt: skip
def _coalesce(_: View, x: Value, *more: Value) -> Value:
    return next((value for value in (x, *more) if not empty(value)), None)


def empty(value: Value) -> bool:
    return value is None or value == "" or value == ()


# --- operators, for templates -------------------------------------------------------------------


def _operator(name: str, run: Callable[..., Value], result: str, ru: str, en: str) -> None:
    taken = (Parameter("x", "any"), Parameter("y", "any"))
    example = f"{{{{ TotalMoney | {name}: 2 }}}}"
    FUNCTIONS[name] = Function(
        name, taken, result, run, ru, en, example, nulls=True, only_filter=True
    )


_operator(
    "plus", operations.add, "first", "Прибавить; к тексту — приписать", "Add; to a text, append"
)
_operator("minus", lambda _, x, y: operations.subtract(x, y), "first", "Вычесть", "Subtract")
_operator("times", lambda _, x, y: operations.multiply(x, y), "first", "Умножить", "Multiply")
_operator("divided_by", lambda _, x, y: operations.divide(x, y), "first", "Разделить", "Divide")
_operator("modulo", lambda _, x, y: operations.remainder(x, y), "first", "Остаток", "Remainder")
