"""A report's rows as a table to take away: CSV or XLSX, the same for every report.

A report is answered in pages; a table has all of them, up to a number of rows that people can do
something with. Times are the station's own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from itertools import count
from tempfile import TemporaryFile
from typing import IO, Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic_core
from annotated_types import Le
from babel.numbers import format_decimal
from pydantic import TypeAdapter
from starlette.responses import Response, StreamingResponse

from services.gateway.call import Call, accepted
from services.gateway.exports.sheets import Cell, Column, Sheet, write_csv, write_xlsx
from services.gateway.exports.titles import (
    CATEGORIES,
    COLUMNS,
    METHODS,
    OWN_COLUMNS,
    REPORTS,
    VALUES,
)
from services.gateway.problems import field_invalid
from shared.contracts.base import Message
from shared.contracts.statements import DebtOrder
from shared.nobody import in_language
from shared.refusals import Refused

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = (JSON, CSV, XLSX)
FORMATS = {"json": JSON, "csv": CSV, "xlsx": XLSX}
FORMAT_FIELD = frozenset({"format"})
MAX_ROWS = 100_000
PAGE_ROWS = 5_000
PART_BYTES = 256 * 1024
"""Of a file on its way."""

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


def chosen(
    call: Call,
    format_name: str | None,
    offered: Sequence[str] = MEDIA_TYPES,
    *,
    only_by_name: bool = False,
) -> str:
    """The media type to answer with: as ``?format=`` says, else as ``Accept`` does.
    ``only_by_name``: JSON for whatever ``Accept``, unless it likes best what it names itself.
    Without it, raises ``not_acceptable``."""
    if format_name is not None:
        if FORMATS.get(format_name) not in offered:
            names = ", ".join(name for name in FORMATS if FORMATS[name] in offered)
            raise field_invalid(
                "format", f"Input should be one of {names}", f"должно быть одно из: {names}"
            )
        return FORMATS[format_name]
    header = call.header(b"accept")
    if not header:
        return JSON
    wishes = dict(accepted(header))
    best = max(offered, key=lambda media_type: _wish(wishes, media_type))
    if only_by_name:
        return best if wishes.get(best) else JSON
    if _wish(wishes, best) == 0:
        raise Refused("not_acceptable", offered=", ".join(offered))
    return best


async def all_pages(call: Call, message: Message) -> AsyncIterator[bytes]:
    """The answers to a question, page after page; only the one that was asked for, when the
    question names one. Raises ``export_too_long``."""
    asked: Any = message
    is_one = "limit" not in type(message).model_fields or message.model_fields_set & {
        "limit",
        "cursor",
    }
    if not is_one:
        asked = message.model_copy(update={"limit": rows_a_page(message)})
    for number in count(1):
        body = asked.model_dump_json(exclude_unset=True).encode()
        page = await call.send(asked.subject, body)
        yield page
        cursor = pydantic_core.from_json(page).get("next")
        if is_one or cursor is None:
            return
        if number * asked.limit >= MAX_ROWS:
            raise Refused("export_too_long", rows=MAX_ROWS)
        asked = asked.model_copy(update={"cursor": cursor})


def rows_a_page(question: Message) -> int:
    """As many as one answer to it may have."""
    bounds = type(question).model_fields["limit"].metadata
    return min(PAGE_ROWS, *(int(str(bound.le)) for bound in bounds if isinstance(bound, Le)))


async def rendered(
    path: str,
    page_type: Any,
    pages: Iterable[bytes],
    media_type: str,
    language: str,
    zone: ZoneInfo,
) -> Response:
    """The answers' rows as a file. ``pages`` are JSON of a ``page_type`` each."""
    name = path.rsplit("/", 1)[-1]
    file = TemporaryFile()  # noqa: SIM115 - it is closed when it was sent

    def render() -> int:
        write(sheet_of(name, page_type, pages, language, zone), file, media_type, language)
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        return length

    try:
        # In a thread: a long table takes a while, and others want to be answered meanwhile.
        length = await asyncio.to_thread(render)
    except BaseException:
        file.close()
        raise
    extension = "csv" if media_type == CSV else "xlsx"
    return StreamingResponse(
        _parts(file),
        media_type=f"{CSV}; charset=utf-8" if media_type == CSV else media_type,
        headers={
            "Content-Length": str(length),
            "Content-Disposition": f'attachment; filename="{name}.{extension}"',
            "Content-Language": language,
            "Vary": "Accept, Accept-Language",
        },
    )


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(PART_BYTES):
            yield part


def write(
    sheet: Sheet, file: IO[bytes], media_type: str, language: str, folder: str | None = None
) -> None:
    """``folder``: of temporary files."""
    if media_type == CSV:
        write_csv(sheet, file, language)
    else:
        write_xlsx(sheet, file, folder)


def sheet_of(
    name: str, page_type: Any, pages: Iterable[bytes], language: str, zone: ZoneInfo
) -> Sheet:
    """``pages`` are JSON of a ``page_type`` each. They are gone through more than once, and one at
    a time."""

    def rows() -> Iterator[Any]:
        for page in pages:
            yield from _adapter(page_type).validate_json(in_language(page, language)).items

    row_type = get_args(page_type.model_fields["items"].annotation)[0]
    columns = list(columns_of(name, row_type, rows, language))
    cells = ([cell_of(column, row, language, zone) for column in columns] for row in rows())
    return Sheet(words_of(REPORTS[name], language), columns, cells)


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


def _wish(wishes: dict[str, float], media_type: str) -> float:
    for name in (media_type, media_type.split("/")[0] + "/*", "*/*"):
        if name in wishes:
            return wishes[name]
    return 0.0


@cache
def _adapter(page_type: Any) -> TypeAdapter[Any]:
    return TypeAdapter(page_type)


def words_of(words: tuple[str, str], language: str) -> str:
    """Of a table in ``titles``."""
    english, russian = words
    return russian if language == "ru" else english
