"""What of a report is asked for, and the answer with its table."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import count
from tempfile import TemporaryFile
from typing import IO, Any
from zoneinfo import ZoneInfo

import pydantic_core
from annotated_types import Le
from starlette.responses import Response, StreamingResponse

from services.gateway.call import Call, accepted
from services.gateway.exports.rows import sheet_of, write
from services.gateway.exports.sheets import CSV, FORMATS, JSON, MEDIA_TYPES
from services.gateway.problems import field_invalid
from shared.contracts.base import Message, View
from shared.refusals import Refused

FORMAT_FIELD = frozenset({"format"})
MAX_ROWS = 100_000
PAGE_ROWS = 5_000
PART_BYTES = 256 * 1024
"""Of a file on its way."""


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
            raise field_invalid("format", "not_one_of", names=names)
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


def _wish(wishes: dict[str, float], media_type: str) -> float:
    for name in (media_type, media_type.split("/")[0] + "/*", "*/*"):
        if name in wishes:
            return wishes[name]
    return 0.0


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
    name: str,
    row_type: type[View],
    pages: Iterable[bytes],
    media_type: str,
    language: str,
    zone: ZoneInfo,
) -> Response:
    """The answers' rows as a file. ``pages`` are JSON with ``items`` of that type."""
    file = TemporaryFile()  # noqa: SIM115 - it is closed when it was sent

    def render() -> int:
        write(sheet_of(name, row_type, pages, language, zone), file, media_type, language)
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
