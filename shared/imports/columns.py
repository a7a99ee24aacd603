"""Which column of somebody's table is which of our fields, and what its cells say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from shared.refusals import Refused

HEADER_WITHIN = 20
"""Above its header a list may have the supplier's name, a date, an empty line."""
MAX_SHOWN = 100
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a column may fill; ``titles`` are its names in people's tables, the most
    telling first. Without a column for a ``required`` one nothing can be taken."""

    name: str
    titles: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where the header stands (from 0), and the column (from 0) of each field that has one."""

    header_row: int
    headers: tuple[str, ...]
    columns: Mapping[str, int]

    def missing(self, fields: Sequence[Field]) -> tuple[str, ...]:
        return tuple(
            field.name for field in fields if field.required and field.name not in self.columns
        )


def mapped(
    rows: Sequence[Sequence[str]],
    fields: Sequence[Field],
    wanted: Mapping[str, int | str] | None = None,
) -> ColumnMap:
    """Reads the header off the first rows of a table: it is the row that names the most fields.
    What ``wanted`` says goes before what the headers say. Refused: ``import_column_unknown``."""
    guesses = [_named(row, fields) for row in rows[:HEADER_WITHIN]]
    wanted_titles = [title_key(said) for said in (wanted or {}).values() if isinstance(said, str)]
    best = 0
    for index, guess in enumerate(guesses):
        if _score(guess, rows[index], wanted_titles) > _score(
            guesses[best], rows[best], wanted_titles
        ):
            best = index
    headers = tuple(rows[best]) if rows else ()
    columns = dict(guesses[best]) if guesses else {}
    known = {field.name for field in fields}
    for name, said in (wanted or {}).items():
        if name not in known:
            raise Refused("import_column_unknown", column=name)
        position = _position(said, headers)
        columns = {other: at for other, at in columns.items() if at != position}
        columns[name] = position
    return ColumnMap(best, headers, columns)


def title_key(header: str) -> str:
    """What two spellings of one header share."""
    plain = header.casefold().replace("ё", "е")
    return " ".join(re.findall(r"[^\W_]+", plain))


def _named(row: Sequence[str], fields: Sequence[Field]) -> dict[str, int]:
    """Whole headers first, so that «цена» is not taken by «цена розничная»; then their
    beginnings."""
    keys = [title_key(cell) for cell in row]
    found: dict[str, int] = {}
    taken: set[int] = set()
    for whole in (True, False):
        for field in fields:
            if field.name in found:
                continue
            for title in field.titles:
                at = _first(keys, title, taken, whole=whole)
                if at is not None:
                    found[field.name] = at
                    taken.add(at)
                    break
    return found


def _first(keys: Sequence[str], title: str, taken: set[int], *, whole: bool) -> int | None:
    for at, key in enumerate(keys):
        if at not in taken and (key == title if whole else key.startswith(f"{title} ")):
            return at
    return None


def _score(guess: Mapping[str, int], row: Sequence[str], wanted_titles: Sequence[str]) -> int:
    keys = {title_key(cell) for cell in row}
    return len(guess) + sum(title in keys for title in wanted_titles)


def _position(said: int | str, headers: Sequence[str]) -> int:
    if isinstance(said, int):
        return said - 1
    keys = [title_key(header) for header in headers]
    if title_key(said) not in keys:
        raise Refused("import_column_unknown", column=said)
    return keys.index(title_key(said))


# --- what stands in a cell -----------------------------------------------------------------------


def squeezed(cell: str) -> str:
    """Without what nobody sees: spaces around and within, control characters."""
    if not cell.isprintable():
        cell = "".join(sign if sign.isprintable() else " " for sign in cell)
    return " ".join(cell.split())


def shown(cell: str) -> str:
    """As much of a cell as fits into a message."""
    return cell if len(cell) <= MAX_SHOWN else f"{cell[:MAX_SHOWN]}…"


def number(cell: str) -> Decimal:
    """``1 234,50 руб.`` is 1234.50. A comma alone is the decimal one; of comma and point the last
    is. Refused: ``import_number_invalid``."""
    plain = _SPACES.sub("", cell.strip().casefold()).strip("'")
    plain = re.sub(r"(руб(лей|\.)?|р\.|₽|rub|шт\.?|дн(\.|ей|я)?|день|%)$", "", plain)
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
        plain = plain.replace(thousands, "")
    elif plain.count(",") > 1:
        plain = plain.replace(",", "")
    plain = plain.replace(",", ".")
    if len(plain) > 20 or not _NUMBER.fullmatch(plain):
        raise Refused("import_number_invalid", value=shown(cell))
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise Refused("import_number_invalid", value=shown(cell)) from None


def within(value: Decimal, low: Decimal | int, high: Decimal | int, cell: str) -> Decimal:
    """Refused: ``import_number_out_of_range``."""
    if not low <= value <= high:
        raise Refused("import_number_out_of_range", value=shown(cell), low=low, high=high)
    return value


def text_of(cell: str, longest: int) -> str | None:
    """An empty cell says nothing. Refused: ``import_value_too_long``."""
    plain = squeezed(cell)
    if len(plain) > longest:
        raise Refused("import_value_too_long", value=shown(plain), longest=longest)
    return plain or None
