"""One export: which report an address is of, and how its rows become a file, however many.

The answers are asked for page by page and spooled; a process of its own makes the file of them
(``writing``), so that nobody else waits while it reckons, and no table is ever in memory whole.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic_core
import structlog

from services.gateway.call import query_of
from services.gateway.exports.answers import PAGE_ROWS, rows_a_page
from services.gateway.exports.lists import Listing, Teller
from services.gateway.exports.rows import words_of
from services.gateway.exports.sheets import CSV, FORMATS, MEDIA_TYPES
from services.gateway.exports.spool import Spool
from services.gateway.exports.titles import REPORTS
from services.gateway.jobs.files import Files
from services.gateway.jobs.writing import Orders
from shared.contracts.base import Message, View
from shared.permissions import may_take_away, scope_of, within
from shared.refusals import Kind, Refused

log = structlog.get_logger(__name__)

QUICK_S = 2.0
QUICK_PAGES = 2
"""What somebody waits for before the page: so long, or so many pages of ``PAGE_ROWS`` rows."""
PATIENCE = 12
RETRY_S = 5.0
"""A service that is away may be back in a minute."""
NICE = "10"
_PATH_FIELD = re.compile(r"{(\w+)}")
_SEARCH = re.compile(r"(?<=[?&])q=[^&]*")
_SHARED = frozenset({"limit", "cursor", "format"})
"""Query fields of a report that a whole table has no use for."""

type Send = Callable[[Message], Awaitable[bytes]]
type Tell = Callable[[str, int, int | None], None]
"""Stage, rows done, rows in all."""


@dataclass(frozen=True, slots=True)
class Table:
    """A report that may be taken away by whoever asked, and what it is asked with."""

    name: str
    question: Any
    row_type: type[View]
    listing: Listing | None

    @property
    def is_paged(self) -> bool:
        return "limit" in type(self.question).model_fields

    @property
    def rows_a_page(self) -> int:
        return rows_a_page(self.question) if self.is_paged else PAGE_ROWS


def table_at(
    address: str, role: str | None, scopes: frozenset[str] | None, zone: ZoneInfo
) -> Table:
    """Raises ``export_unknown``, ``forbidden``, ``scope_missing``, ``request_invalid``,
    ``period_invalid``."""
    path, _, query = address.partition("?")
    match, endpoint = _report_at(path)
    if not may_take_away(role, endpoint.message):
        raise Refused("forbidden")
    if not within(scopes, endpoint.message):
        raise Refused("scope_missing", scope=scope_of(endpoint.message) or "—")
    reading = endpoint.reading
    fields = query_of(query.encode(), reading.in_query.keys() | _SHARED)
    asked = {name: value for name, value in fields.items() if name not in _SHARED}
    question = reading.question(asked, match.groupdict(), zone)
    return Table(
        endpoint.table_name,
        question,
        endpoint.row_type,
        endpoint.listing,
    )


def title_of(table: Table, language: str) -> str:
    return words_of(REPORTS[table.name], language)


def file_name(address: str, table_format: str) -> str:
    """As it is called where it is saved: after the report."""
    return f"{address.partition('?')[0].rsplit('/', 1)[-1]}.{table_format}"


def without_search(address: str) -> str:
    """As the journal keeps it for ever: what was searched for may be somebody's name or phone."""
    return _SEARCH.sub("q=…", address)


def _report_at(path: str) -> tuple[re.Match[str], Any]:
    for pattern, endpoint in _reports():
        if match := pattern.fullmatch(path):
            return match, endpoint
    raise Refused("export_unknown", address=path)


@cache
def _reports() -> list[tuple[re.Pattern[str], Any]]:
    """Every address whose rows can be taken away, fixed words before ids."""
    # Here, and not above: the table of routes has the addresses of jobs in it.
    from services.gateway.routes import AREAS

    reports = [
        endpoint
        for area in AREAS
        for endpoint in area.endpoints
        if endpoint.media_types == MEDIA_TYPES
    ]
    reports.sort(key=lambda endpoint: endpoint.path.replace("{", "~"))
    return [
        (re.compile(_PATH_FIELD.sub(r"(?P<\1>[^/]+)", endpoint.path)), endpoint)
        for endpoint in reports
    ]


# --- making it -----------------------------------------------------------------------------------


async def make(
    table: Table,
    orders: Orders,
    files: Files,
    file_id: UUID,
    send: Send,
    teller: Teller,
    tell: Tell,
) -> int:
    """Writes the table to the file of that id, which is new; how many bytes it has. Raises
    ``Refused`` as the report does."""
    with (
        files.new(file_id) as file,
        # A writer that is killed leaves its temporary files: they are in here.
        TemporaryDirectory(prefix=f"{file_id}.", dir=files.folder) as folder,
        TemporaryFile(dir=files.folder) as spool,
    ):
        answers, rows = Spool(spool), 0
        async for page in pages(table, send, teller):
            answers.add(page)
            rows += len(pydantic_core.from_json(page)["items"])
            tell("reading", rows, None)
        spool.flush()
        await _write(orders.model_copy(update={"folder": folder}), spool, file, rows, tell)
        return os.fstat(file.fileno()).st_size


async def at_once(table: Table, send: Send, teller: Teller) -> list[bytes] | None:
    """All answers, if they are few and come soon; else None: the table is a job."""
    found: list[bytes] = []
    most = QUICK_PAGES * PAGE_ROWS // table.rows_a_page
    try:
        async with asyncio.timeout(QUICK_S):
            async for page in pages(table, send, teller):
                if len(found) == most:
                    return None
                found.append(page)
    except TimeoutError:
        return None
    return found


async def pages(table: Table, send: Send, teller: Teller) -> AsyncIterator[bytes]:
    """Every answer to the question, as it came, or as rows of the listing."""
    question = table.question
    if table.is_paged:
        question = question.model_copy(update={"limit": table.rows_a_page})
    while True:
        page = await _patiently(partial(send, question))
        listing = table.listing
        yield await _patiently(partial(listing.told, page, teller)) if listing else page
        cursor = pydantic_core.from_json(page).get("next")
        if cursor is None:
            return
        question = question.model_copy(update={"cursor": cursor})


async def _patiently(asked: Callable[[], Awaitable[bytes]]) -> bytes:
    for _ in range(PATIENCE):
        try:
            return await asked()
        except Refused as refusal:
            if refusal.reason.kind is not Kind.UNAVAILABLE:
                raise
        await asyncio.sleep(RETRY_S)
    return await asked()


async def _write(orders: Orders, spool: IO[bytes], file: IO[Any], rows: int, tell: Tell) -> None:
    spool.seek(0)
    process = await asyncio.create_subprocess_exec(
        "nice",
        "-n",
        NICE,
        sys.executable,
        "-m",
        "services.gateway.jobs.writing",
        orders.model_dump_json(),
        stdin=spool.fileno(),
        stdout=file.fileno(),
        stderr=PIPE,
        # Nothing of our own environment: it holds passwords.
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
        },
        start_new_session=True,
    )
    assert process.stderr
    last = b""
    try:
        tell("writing", 0, rows)
        async for line in process.stderr:
            last = line.strip() or last
            if line.strip().isdigit():
                tell("writing", int(line), rows)
        if await process.wait() != 0:
            log.error("table_not_written", report=orders.name, error=last.decode(errors="replace"))
            raise Refused("internal_error")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def media_type_of(table_format: str) -> str:
    kind = FORMATS[table_format]
    return f"{kind}; charset=utf-8" if kind == CSV else kind
