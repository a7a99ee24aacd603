"""Money, numbers, dates and counts as people write them, in Russian and English."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from babel.dates import format_datetime
from babel.numbers import format_decimal
from num2words import num2words

from shared.formulas.errors import FormulaError
from shared.formulas.values import locale, rounded

MAX_FORMAT_CHARS = 50
MAX_IN_WORDS = Decimal(10) ** 12
_FORMAT = re.compile(r"(?:[yMLdEHhmsaQw .,:/()\-–—]|г|'[^']*')+")


def money(value: Decimal, language: str) -> str:
    """``18 340,50 ₽`` or ``18,340.50 ₽``; the spaces do not break."""
    return f"{grouped(value, 2, language)}\N{NO-BREAK SPACE}₽"


def grouped(value: Decimal, digits: int, language: str) -> str:
    """``12 340,5``: thousands apart, always so many digits after the mark."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(rounded(value, digits), pattern, locale=locale(language))


def date(value: datetime, pattern: str, language: str) -> str:
    """By a Unicode date pattern: ``dd.MM.yyyy``, ``d MMMM y``, ``HH:mm``."""
    if len(pattern) > MAX_FORMAT_CHARS or not _FORMAT.fullmatch(pattern):
        raise FormulaError("bad_date_format")
    return format_datetime(value, pattern, locale=locale(language))


def in_words(value: Decimal, language: str) -> str:
    """``Одна тысяча двести рублей 00 копеек``: as bills say it, kopecks in digits."""
    amount = Decimal(rounded(value, 2))
    if abs(amount) >= MAX_IN_WORDS:
        raise FormulaError("number_too_large")
    # A whole number would be taken for kopecks if it were an int.
    said: str = num2words(
        amount, lang=language, to="currency", currency="RUB", cents=False, separator=""
    )
    return said[0].upper() + said[1:]


def plural(count: Decimal, one: str, few: str, many: str | None = None) -> str:
    """The form of a word that goes with a count: two forms as in English, three as in Russian."""
    count = abs(count)
    if many is None:
        return one if count == 1 else few
    if count != count.to_integral_value():
        return few
    last_two = int(count % 100)
    if last_two % 10 == 1 and last_two != 11:
        return one
    if last_two % 10 in (2, 3, 4) and last_two not in (12, 13, 14):
        return few
    return many
