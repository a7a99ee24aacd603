"""Texts."""

from __future__ import annotations

from decimal import Decimal

from shared.formulas import operations
from shared.formulas.errors import FormulaError
from shared.formulas.functions.table import function
from shared.formulas.objects import View
from shared.formulas.values import MAX_TEXT_CHARS, Value, text, text_of


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
    "phone", "s:text", "text",
    ru="Телефон так, как его читают", en="A phone as people read it",
    example="phone(Customer.Phone)",
)  # fmt: skip
def _phone(view: View, s: str) -> Value:
    # What numbers look like everywhere is read at the first of them: few services print any.
    from shared.phones import phone_shown

    return text(phone_shown(s, view.language))


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
