"""How every page is made: one template folder, one catalogue of texts per language, one set of
headers.

Pages say things in English; ``locale/<language>/*.po`` say the same in other languages, a file for
each part of the pages. They are read from source at the start: there is nothing compiled to keep
in step.
"""

from __future__ import annotations

import datetime as dates
import gzip
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from services.gateway.pages import words
from services.gateway.pages.assets import accepts_gzip, asset
from shared.nobody import in_language
from shared.phones import dialled, phone_shown

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
LOCALE = FOLDER / "locale"
LANGUAGES = {"en": "English", "ru": "Русский"}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Of pages without scripts."""
STAFF_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; "
    "manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Of the pages that the station works with."""
LOCALES = {"en": "en_GB", "ru": "ru_RU"}
_ROUBLES = "\N{NO-BREAK SPACE}₽"
_PACKED_FROM = 1_000
"""Bytes; below that packing costs more than it saves."""


def page(
    template: str,
    language: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    accept_encoding: str = "",
    **values: Any,
) -> HTMLResponse:
    """The template, filled. Pages are for one person: kept by no cache, found by no search."""
    body = _environment(language).get_template(template).render(values).encode()
    body = in_language(body, language)
    packing = {}
    if len(body) >= _PACKED_FROM and accepts_gzip(accept_encoding):
        body, packing = gzip.compress(body, 5, mtime=0), {"Content-Encoding": "gzip"}
    return HTMLResponse(
        body,
        status,
        {
            **packing,
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept-Language",
            "X-Robots-Tag": "noindex, nofollow",
            **(headers or {}),
        },
    )


@cache
def translations(language: str) -> NullTranslations:
    """Of the words in pages; English is what the pages say."""
    if language == "en":
        return NullTranslations()
    together = Catalog(locale=language)
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as source:
            catalogue = read_po(source, locale=language)
        for message in catalogue:
            if message.id:
                together[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, together)
    compiled.seek(0)
    return Translations(compiled)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        translations(language), newstyle=True
    )
    environment.filters |= _filters(LOCALES[language])
    environment.globals |= {
        "language": language,
        "languages": LANGUAGES,
        "asset": asset,
        "words": words,
    }
    return environment


def _filters(locale: str) -> dict[str, Callable[..., Any]]:
    """How values are shown. Instants are shown in the ``zone`` that the page is given."""

    def plain(amount: Decimal | int | None) -> str:
        """The value of an input: no more digits than it has."""
        return "" if amount is None else format_decimal(amount, "0.######", locale)

    @pass_context
    def day(context: Context, at: datetime) -> str:
        return format_date(at.astimezone(context["zone"]).date(), "long", locale)

    @pass_context
    def date(context: Context, at: datetime | dates.date | None) -> str:
        """As short as it can be read: 27.11.2026."""
        if at is None:
            return "—"
        local = at.astimezone(context["zone"]) if isinstance(at, datetime) else at
        return format_date(local, "dd.MM.y" if locale == "ru_RU" else "dd/MM/y", locale)

    @pass_context
    def shown_moment(context: Context, at: datetime | None) -> str:
        return "—" if at is None else moment(at, context["zone"], locale)

    @pass_context
    def clock(context: Context, at: datetime) -> str:
        return format_datetime(at, "HH:mm", context["zone"], locale)

    @pass_context
    def local(context: Context, at: datetime | None) -> str:
        """The value of a ``datetime-local`` input."""
        return "" if at is None else f"{at.astimezone(context['zone']):%Y-%m-%dT%H:%M}"

    def weekday(day: dates.date) -> str:
        """For days side by side: Fri 27."""
        return format_date(day, "EEE d", locale)

    def pairs(things: Iterable[Any], label: str = "name") -> list[tuple[Any, Any]]:
        """For a choice: what each is called, by its id."""
        return [(thing.id, getattr(thing, label)) for thing in things]

    def phone(said: str | None) -> str:
        return phone_shown(said, locale.partition("_")[0])

    shown = (plain, day, date, clock, local, weekday, duration, phone, dialled, pairs)
    return {
        "number": partial(number, locale=locale),
        "money": partial(money, locale=locale),
        "moment": shown_moment,
        **{each.__name__: each for each in shown},
    }


def moment(at: datetime, zone: ZoneInfo, locale: str) -> str:
    return format_datetime(at, "d MMM, HH:mm", zone, locale)


def number(quantity: Decimal | int | None, locale: str) -> str:
    return "—" if quantity is None else format_decimal(quantity, "#,##0.###", locale)


def figure(said: str, locale: str) -> str:
    """A decimal in our own writing, with as many places as it was said with: 1 262,50. Three are
    a quantity's, which is told as lists tell it: 42."""
    places = len(said.partition(".")[2])
    if places == len("000"):
        return number(Decimal(said), locale)
    return format_decimal(Decimal(said), f"#,##0.{'0' * places}", locale)


def money(amount: Decimal | None, locale: str) -> str:
    return "—" if amount is None else format_decimal(amount, "#,##0.00", locale) + _ROUBLES


def duration(minutes: int) -> str:
    """Hours and minutes: 1:30."""
    return f"{minutes // 60}:{minutes % 60:02}"
