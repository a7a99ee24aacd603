"""What formulas compute with: numbers, texts, dates, yes and no, things, lists; and their kinds.

A value is a ``Decimal``, ``Money``, ``str``, ``bool``, ``datetime`` (in the station's time zone),
``None``, a ``Thing`` of the object model, or a tuple of these. Nothing else ever comes in, so
there is nothing of Python itself to be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, Overflow
from typing import TYPE_CHECKING, Literal

from babel.dates import format_datetime

from shared.formulas.errors import FormulaError

if TYPE_CHECKING:
    from shared.formulas.objects import Thing

type Value = Decimal | str | bool | datetime | Thing | tuple[Value, ...] | None
type Kind = Literal["number", "money", "text", "date", "condition", "null", "any", "object", "list"]

MAX_NUMBER = Decimal(10) ** 18
MAX_DECIMALS = 20
MAX_TEXT_CHARS = 20_000

EXACT = Context(prec=40, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])
"""Sums and products of any money and quantity are exact in it."""


class Money(Decimal):
    """A number that is printed with kopecks."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Type:
    """What kind of value stands somewhere; known before anything is computed."""

    kind: Kind
    name: str = ""
    """Of the object type."""
    item: Type | None = None
    """Of a list."""

    def either(self, other: Type) -> Type:
        """The type of a value that is one of the two."""
        if self == other or other.kind == "null":
            return self
        if self.kind == "null":
            return other
        if {self.kind, other.kind} == {"number", "money"}:
            return MONEY
        if self.item and other.item:
            return Type("list", item=self.item.either(other.item))
        return ANY


NUMBER, MONEY, TEXT, DATE = Type("number"), Type("money"), Type("text"), Type("date")
CONDITION, NULL, ANY = Type("condition"), Type("null"), Type("any")
NUMERIC = frozenset({"number", "money", "null", "any"})


def type_named(spec: str) -> Type:
    """``money``, ``Vehicle`` or ``[Service line]``, as the model writes them."""
    if spec.startswith("["):
        return Type("list", item=type_named(spec[1:-1]))
    for plain in (NUMBER, MONEY, TEXT, DATE, CONDITION, ANY):
        if plain.kind == spec:
            return plain
    return Type("object", name=spec)


def number(value: Decimal, *, money: bool = False) -> Decimal:
    """``value`` within the bounds of formulas, so that no number grows without end."""
    if abs(value) > MAX_NUMBER:
        raise FormulaError("number_too_large")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
        value = value.quantize(Decimal(1).scaleb(-MAX_DECIMALS), context=EXACT)
    elif isinstance(exponent, int) and exponent > 0:
        value = value.quantize(Decimal(1), context=EXACT)
    return Money(value) if money else value


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, as money is rounded. ``digits`` may be negative: -1 is to tens."""
    return value.quantize(Decimal(1).scaleb(-digits), context=EXACT)


def text(value: str) -> str:
    if len(value) > MAX_TEXT_CHARS:
        raise FormulaError("text_too_long", limit=MAX_TEXT_CHARS)
    return value


def text_of(value: Value, language: str) -> str:
    """A value as it is printed: nothing for null, money with kopecks, a thing as its name."""
    match value:
        case None:
            return ""
        case str():
            return str(value)
        case bool():
            return _YES_NO[language == "ru"][not value]
        case Money():
            return _decimal_mark(f"{rounded(value, 2):f}", language)
        case Decimal():
            return _decimal_mark(_plain(value), language)
        case datetime():
            return format_datetime(value, DATE_TIME[language == "ru"], locale=locale(language))
        case tuple():
            return text(", ".join(text_of(item, language) for item in value))
        case _:
            return value.text


DATE_TIME = ("d MMM y HH:mm", "dd.MM.yyyy HH:mm")
_YES_NO = (("yes", "no"), ("да", "нет"))


def locale(language: str) -> str:
    return "ru_RU" if language == "ru" else "en_GB"


def _plain(value: Decimal) -> str:
    said = f"{value:f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def _decimal_mark(said: str, language: str) -> str:
    return said.replace(".", ",") if language == "ru" else said
