"""Phones: one written form for each, however people type them, and one way to show it.

What is kept is E.164; an extension stands behind it as RFC 3966 writes it, so that what is kept is
what a link says, too: ``+74951234567;ext=12``.
"""

from __future__ import annotations

import re

import phonenumbers

from shared.refusals import Refused

HOME_REGION = "RU"
"""Numbers without a country code are read as a Russian's would be."""
EXTENSION = ";ext="
MARK = r"(?:доб(?:авочный|ав)?|внутр(?:енний)?|вн|ext(?:ensio)?n?|[xх#])(?![^\W\d_])[\s.:=№]*(?=\d)"
"""What people write before an extension."""

_SIGNS = r"[+\d\s().\-‐‑–—/]"
_LABEL = r"\s*(?:(?:телефон|тел|моб|раб|дом|phone|tel|mob|т|м)[\s.:]+)*"
_PHONE = re.compile(
    rf"{_LABEL}(?P<number>{_SIGNS}*\d{_SIGNS}*)(?:[\s,;(]*{MARK}(?P<extension>\d{{1,7}})[\s)]*)?",
    re.IGNORECASE,
)
_WITH_EXTENSION = re.compile(rf"((?:\d[\s().\-‐‑–—/]*){{7,}})[\s,;(]*{MARK}", re.IGNORECASE)
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Marks of direction and joints that come along when a number is pasted."""
_KEPT = re.compile(r"\+\d{5,15}(?:;ext=\d{1,7})?")
_MOST_SIGNS = 250
"""As many as the library reads. Longer texts are not looked at: that takes the square of their
length, and a formula may have twenty thousand."""
_FEWEST_DIGITS = 5
_FEWEST_BEFORE_EXTENSION = 7
_INTERNATIONAL = "00"
"""How the rest of the world dials abroad; a Russian's 8 10 the library knows."""
_ADDED = {"ru": "доб.", "en": "ext."}


def phone_number(typed: str) -> str:
    """``8 (916) 123-45-67`` → ``+79161234567``, ``8 495 123-45-67 доб. 12`` →
    ``+74951234567;ext=12``. Raises ``Refused("phone_invalid")``, also for a number with other
    words beside it: they would silently be lost."""
    parsed = _parsed(typed)
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise Refused("phone_invalid", phone=typed)
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{number}{EXTENSION}{parsed.extension}" if parsed.extension else number


def phone_shown(said: str | None, language: str) -> str:
    """As people read it: +7 916 123-45-67, +7 495 123-45-67 доб. 12. What is no number, or one
    with words beside it, stays as it is."""
    parsed = _parsed(said or "")
    if parsed is None or not (is_phone(said) or phonenumbers.is_valid_number(parsed)):
        return said or ""
    extension, parsed.extension = parsed.extension, None
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return f"{number} {_ADDED[language]} {extension}" if extension else number


def dialled(said: str) -> str:
    """What a link dials: the number as it is kept, where what was said is one."""
    try:
        return phone_number(said)
    except Refused:
        return said


def is_phone(said: str | None) -> bool:
    """Whether it is written as phones are kept."""
    return said is not None and _KEPT.fullmatch(said) is not None


def looks_like_phone(typed: str) -> bool:
    """Whether a line that is being typed may be the beginning of one."""
    if (found := _read(typed)) is None:
        return False
    fewest = _FEWEST_BEFORE_EXTENSION if found["extension"] else _FEWEST_DIGITS
    return len(digits_of(found["number"])) >= fewest


def with_digits_joined(query: str) -> str:
    """A query without the word between a number and its extension: digits alone are looked for."""
    return _WITH_EXTENSION.sub(r"\1 ", query)


def digits_of(phone: str) -> str:
    """Those of an extension behind those of its number."""
    return re.sub(r"\D", "", phone)


def read_all_phones() -> None:
    """Reads what is known of every country, for a process that may open no file later."""
    phonenumbers.PhoneMetadata.load_all()


def _read(typed: str) -> re.Match[str] | None:
    return None if len(typed) > _MOST_SIGNS else _PHONE.fullmatch(_UNSEEN.sub("", typed))


def _parsed(typed: str) -> phonenumbers.PhoneNumber | None:
    if (found := _read(typed)) is None:
        return None
    number = found["number"].strip(" (/")
    if number.startswith(_INTERNATIONAL):
        number = f"+{number.removeprefix(_INTERNATIONAL)}"
    try:
        parsed = phonenumbers.parse(number, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    parsed.extension = found["extension"]
    return parsed
