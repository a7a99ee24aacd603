"""What a line typed into the search box may mean, and how misspelt names are recognised.

Everything is compared by keys that spelling cannot disturb: digits of phones, folded plates and
VINs, and names in lower case with ``ё`` as ``е``, one space around each word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from services.clients.domain.cards import Client
from services.clients.domain.identifiers import VIN_LENGTH, folded, plate_key
from shared.phones import digits_of, with_digits_joined

MIN_PHONE_FRAGMENT = 4
MIN_VIN_FRAGMENT = 4
MIN_PLATE_FRAGMENT = 3
MIN_NAME_FRAGMENT = 3
"""A shorter one is looked for at the beginnings of words only: an index of three-letter pieces
has nothing to find the middle of a word by."""
MIN_MISSPELT = 4
"""Of a shorter word every second one is a misspelling."""
MAX_WORDS = 8
LENGTH_SLACK = 2
MAX_ALTERNATIVES = 12

# --- keys, as they are stored ------------------------------------------------------------------


def name_key(client: Client) -> str:
    """Every name on the card: a company is found by its contact person too."""
    names = (client.company_name, client.last_name, client.first_name, client.middle_name)
    return f" {' '.join(words_of(' '.join(filter(None, names))))} "


def phone_key(phones: Iterable[str]) -> str:
    """The digits of all phones: ``" 79161234567 7495123456712 "``."""
    return f" {' '.join(map(digits_of, phones))} "


def words_of(text: str) -> list[str]:
    """The words in their comparable form."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    return re.findall(r"[^\W_]+", plain)


# --- what was asked for ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Search:
    """One reading of the query for each kind of thing it may be; a client that fits any of them
    is found. All text is letters and digits only."""

    everything: bool = False
    phone_runs: tuple[str, ...] = ()
    """Runs of digits that must all be in the client's phones …"""
    phone_words: tuple[str, ...] = ()
    """… and the other words, which must then be in the name."""
    vin: str | None = None
    plate: str | None = None
    words: tuple[str, ...] = ()
    """All of them must be in the name, in any order."""


def search_for(query: str) -> Search:
    """Reads what was typed. An empty query asks for everything; one of punctuation for nothing."""
    if not query.strip():
        return Search(everything=True)
    words = words_of(query)[:MAX_WORDS]
    runs, others = _phone_runs(words_of(with_digits_joined(query))[:MAX_WORDS])
    compact = folded(query)
    is_vin = re.fullmatch(rf"[A-Z0-9]{{{MIN_VIN_FRAGMENT},{VIN_LENGTH}}}", compact)
    plate = plate_key(query)
    return Search(
        phone_runs=runs,
        phone_words=others if runs else (),
        vin=compact if is_vin else None,
        plate=plate if len(plate) >= MIN_PLATE_FRAGMENT else None,
        words=tuple(words),
    )


@dataclass(frozen=True, slots=True)
class Fits:
    """A key that must be like one of the patterns (SQL's LIKE), or have a word that begins so."""

    key: Key
    patterns: tuple[str, ...]
    beginnings: tuple[str, ...] = ()


type Key = Literal["name_key", "phone_key", "vin", "plate_key"]
type Reading = tuple[Fits, ...]
"""All of it must hold, of one client or of one car."""


def readings_of(search: Search) -> tuple[Reading, ...]:
    """For each kind of thing that the query may be, what must hold of it."""
    readings: list[Reading] = []
    if search.phone_runs:
        readings.append((*_phones(search), *map(_word, search.phone_words)))
    if search.vin:
        readings.append((Fits("vin", (f"%{search.vin}%",)),))
    if search.plate:
        readings.append((Fits("plate_key", (f"%{search.plate}%",)),))
    if search.words:
        readings.append(tuple(map(_word, search.words)))
    return tuple(readings)


def similar_readings(
    search: Search, alternatives: Mapping[str, Sequence[str]]
) -> tuple[Reading, ...]:
    """The names again, each word as it is or as one of its alternatives."""
    if not alternatives:
        return ()
    words = search.phone_words if search.phone_runs else search.words
    return ((*_phones(search), *(_word(word, alternatives.get(word, ())) for word in words)),)


def _phones(search: Search) -> tuple[Fits, ...]:
    return tuple(Fits("phone_key", (f"%{run}%",), _from_abroad(run)) for run in search.phone_runs)


def _from_abroad(run: str) -> tuple[str, ...]:
    """How the number begins with its country: an 8 in front may stand for the +7, and 00 or 8 10
    for the + alone."""
    home = (f"7{run[1:]}",) if run.startswith("8") else ()
    abroad = (
        run.removeprefix(dialled)
        for dialled in ("00", "810")
        if run.startswith(dialled) and len(run) >= len(dialled) + MIN_PHONE_FRAGMENT
    )
    return (*home, *abroad)


def _word(word: str, alternatives: Sequence[str] = ()) -> Fits:
    fragment = f"%{word}%" if len(word) >= MIN_NAME_FRAGMENT else f"% {word}%"
    return Fits("name_key", (fragment, *(f"% {other} %" for other in alternatives)))


def _phone_runs(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``["иванов", "916", "123"]`` → ``("916123",)`` and ``("иванов",)``."""
    runs: list[str] = []
    others: list[str] = []
    for are_digits, group in groupby(words, key=lambda word: word.isascii() and word.isdigit()):
        neighbours = list(group)
        run = "".join(neighbours)
        if are_digits and len(run) >= MIN_PHONE_FRAGMENT:
            runs.append(run)
        else:
            others += neighbours
    return tuple(runs), tuple(others)


# --- misspellings ------------------------------------------------------------------------------


def may_be_misspelt(search: Search) -> tuple[str, ...]:
    """The words of names that are long enough to tell a slip from another word."""
    words = search.phone_words if search.phone_runs else search.words
    return tuple(word for word in words if len(word) >= MIN_MISSPELT and not word.isdigit())


def closest(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Those of the candidates that ``word`` is the fewest slips away from, if few enough."""
    allowed = 1 if len(word) <= 5 else 2
    by_slips: dict[int, list[str]] = {}
    for candidate in candidates:
        slips = slips_between(word, candidate)
        if slips <= allowed:
            by_slips.setdefault(slips, []).append(candidate)
    return tuple(by_slips[min(by_slips)][:MAX_ALTERNATIVES]) if by_slips else ()


def slips_between(one: str, other: str) -> int:
    """Letters left out, put in, mistaken or swapped with a neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
