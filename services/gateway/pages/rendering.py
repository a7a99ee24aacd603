"""How every page is made: one template folder, one catalogue of texts per language, one set of
headers.

Templates say things in English; ``locale/<language>.po`` has the same in other languages. The
catalogues are read from source at the start, so that there is nothing compiled to keep in step.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"
LOCALE = FOLDER / "locale"
LANGUAGES = {"en": "English", "ru": "Русский"}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_LOCALES = {"en": "en_GB", "ru": "ru_RU"}
_NO_BREAK = "\N{NO-BREAK SPACE}"


def page(
    template: str,
    language: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The template, filled. Pages are for one person: kept by no cache, found by no search."""
    text = _environment(language).get_template(template).render(values)
    return HTMLResponse(
        text,
        status,
        {
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept-Language",
            "X-Robots-Tag": "noindex, nofollow",
            **(headers or {}),
        },
    )


def translations(language: str) -> NullTranslations:
    """Of the words in templates; English is what the templates say."""
    if language == "en":
        return NullTranslations()
    with (LOCALE / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
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
    locale = _LOCALES[language]

    def money(amount: Decimal) -> str:
        return format_decimal(amount, "#,##0.00", locale) + _NO_BREAK + "₽"

    def number(quantity: Decimal) -> str:
        return format_decimal(quantity, "#,##0.###", locale)

    def day(at: datetime, zone: ZoneInfo) -> str:
        return format_date(at.astimezone(zone).date(), "long", locale)

    environment.filters |= {"money": money, "number": number, "day": day}
    environment.globals |= {"language": language, "languages": LANGUAGES}
    return environment
