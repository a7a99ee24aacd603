"""A report's rows as cells of a table. Read by the process that makes long tables, too, which is
new each time: it needs little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from pydantic import TypeAdapter

from services.gateway.exports.sheets import CSV, Cell, Column, Sheet, write_csv, write_xlsx
from services.gateway.exports.titles import (
    CATEGORIES,
    COLUMNS,
    METHODS,
    OWN_COLUMNS,
    REPORTS,
    VALUES,
)
from shared.contracts.base import Page, View
from shared.contracts.statements import DebtOrder
from shared.nobody import in_language

NESTED = {"categories": ("category", ("amount",)), "kinds": ("kind", ("quantity", "value"))}
"""Fields of several amounts each, by what they are of: a column for each that there is."""
_WORDS = {
    "type": VALUES,
    "account": VALUES,
    "line": VALUES,
    "document": VALUES,
    "kind": VALUES,
    "method": METHODS,
    "category": CATEGORIES,
}
"""Fields whose values are words of ours."""


def write(
    sheet: Sheet, file: IO[bytes], media_type: str, language: str, folder: str | None = None
) -> None:
    """``folder``: of temporary files."""
    if media_type == CSV:
        write_csv(sheet, file, language)
    else:
        write_xlsx(sheet, file, folder)


def sheet_of(
    name: str, row_type: type[View], pages: Iterable[bytes], language: str, zone: ZoneInfo
) -> Sheet:
    """``pages`` are JSON with ``items`` of that type. They are gone through more than once, and
    one at a time."""

    def rows() -> Iterator[Any]:
        for page in pages:
            yield from _adapter(row_type).validate_json(in_language(page, language)).items

    columns = list(columns_of(name, row_type, rows, language))
    cells = ([cell_of(column, row, language, zone) for column in columns] for row in rows())
    return Sheet(words_of(REPORTS[name], language), columns, cells)


@cache
def _adapter(row_type: type[View]) -> TypeAdapter[Any]:
    return TypeAdapter(Page[row_type])  # type: ignore[valid-type]


def columns_of(
    report: str, row_type: Any, rows: Callable[[], Iterator[Any]], language: str
) -> Iterator[Column]:
    """What a report of that name shows of its rows, in their own order."""
    titles = COLUMNS | OWN_COLUMNS.get(report, {})
    for field in row_type.model_fields:
        if field in NESTED:
            key, measures = NESTED[field]
            named = {getattr(each, key) for row in rows() for each in getattr(row, field)}
            for name in sorted(named):
                title = words_of(_WORDS[key].get(name, (name, name)), language)
                for measure in measures:
                    unit = COLUMNS[measure] if len(measures) > 1 else ("", "")
                    full = " · ".join(filter(None, (title, words_of(unit, language))))
                    yield Column(measure, full, (field, name))
        elif not _is_named(field, row_type):
            yield Column(field, words_of(titles[field], language))


def _is_named(field: str, row_type: Any) -> bool:
    """An id whose name stands beside it says nothing to people."""
    if field != "id" and not field.endswith("_id"):
        return False
    name = {"order_id": "number", "id": "name"}.get(field, field.removesuffix("_id"))
    return name in row_type.model_fields


def cell_of(column: Column, row: Any, language: str, zone: ZoneInfo) -> Cell:
    """What stands in that column of a row; times are the station's own, without a zone."""
    if column.part:
        return _part(column, row)
    value = getattr(row, column.field)
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if isinstance(value, UUID):
        return str(value)
    if column.field == "day":
        return date.fromisoformat(value)
    if isinstance(value, tuple):
        return "; ".join(_told(each, language) for each in value)
    if value in (words := _WORDS.get(column.field, {})):
        return words_of(words[value], language)
    cell: Cell = value
    return cell


def _told(thing: Any, language: str) -> str:
    """One of several that stand in one cell: sums as in cells of their own."""
    if isinstance(thing, DebtOrder):
        return f"{thing.number}: {format_decimal(thing.due, '0.00', language)}"
    return str(thing)


def _part(column: Column, row: Any) -> Cell:
    """Nothing where the row has nothing of it."""
    assert column.part is not None
    field, name = column.part
    key, _ = NESTED[field]
    for each in getattr(row, field):
        if getattr(each, key) == name:
            cell: Cell = getattr(each, column.field)
            return cell
    return None


def words_of(words: tuple[str, str], language: str) -> str:
    """Of a table in ``titles``."""
    english, russian = words
    return russian if language == "ru" else english
