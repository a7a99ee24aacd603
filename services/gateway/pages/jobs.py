"""Long work: what one has asked for, how far it is, and what came of it; for operators, backups and
rebuilds too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.responses import Response

from services.gateway.exports.answers import rendered
from services.gateway.exports.lists import Teller
from services.gateway.exports.sheets import FORMATS
from services.gateway.jobs.tables import at_once, table_at
from services.gateway.pages.clients import words as clients_words
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.words import N_
from shared.contracts.base import Message
from shared.contracts.client_imports import ListClientImports
from shared.contracts.imports import ImportView
from shared.contracts.jobs import BeginExport, CancelJob, JobView, ListJobs
from shared.contracts.price_lists import ListStockImports

JOBS = "/jobs"
IMPORTS = 20
"""Of each kind, the newest: among them one's own."""
_LISTS: tuple[tuple[Any, str], ...] = (
    (ListClientImports, "/clients/import"),
    (ListStockImports, "/stock/import"),
)
KINDS = {
    "export": N_("Table"),
    "backup": N_("Backup"),
    "restore": N_("Restore from a backup"),
    "events_rebuild": N_("Events put back"),
    "reports_rebuild": N_("Sums of reports reckoned anew"),
}
STATES = {
    "waiting": N_("Waits its turn"),
    "running": N_("Goes on"),
    "done": N_("All done"),
    "failed": N_("Failed"),
    "cancelled": N_("Stopped"),
}
STAGES = {
    "reading": N_("Rows are being collected"),
    "writing": N_("The file is being written"),
    # As operators' commands call them.
    "databases, kB": N_("Databases are copied, kB"),
    "files of the station": N_("The station's files are copied"),
    "checksums, bytes": N_("Checksums are reckoned, bytes"),
    "unpacking, files": N_("Files are unpacked"),
    "databases": N_("Databases are started from the copy"),
    "migrations": N_("Databases are brought up to date"),
    "counting": N_("What is in the copy is counted"),
    "journal, records": N_("The journal's chain is checked, records"),
    "orders, stock and books compared": N_("Orders, stock and books are compared"),
    "putting back, events": N_("Events are put back"),
    "sums of finance": N_("Sums of the books are reckoned"),
    "sums of inventory": N_("Sums of the stock are reckoned"),
    "sums of orders": N_("Sums of orders are reckoned"),
}


@dataclass(frozen=True, slots=True)
class Brought:
    """A file of rows on its way in, and its page."""

    view: ImportView
    href: str

    @property
    def is_going(self) -> bool:
        return self.view.state in ("uploading", "checking", "applying")


async def list_of_jobs(request: PageRequest) -> Response:
    found, brought = await asyncio.gather(
        request.ask(request.reads(ListJobs)), _all_brought(request)
    )
    return request.page(
        "jobs/list.html",
        found=found,
        brought=brought,
        kinds=KINDS,
        states=STATES,
        stages=STAGES,
        import_states=clients_words.IMPORT_STATES,
        size=size,
        share=share,
    )


async def _all_brought(request: PageRequest) -> list[Brought]:
    """The person's own, newest first; the frame knows from here how many are going."""
    lists = await asyncio.gather(*(_brought(request, question, href) for question, href in _LISTS))
    brought = [each for some in lists for each in some]
    return sorted(brought, key=lambda each: each.view.created_at, reverse=True)


async def _brought(request: PageRequest, question: Any, href: str) -> list[Brought]:
    know = partial(request.call.gateway.imports.know, request.signed_in.user_id, href)
    if not request.may(question.__name__):
        know(0)
        return []
    page = await request.ask_if_there(question(limit=IMPORTS))
    if page is None:
        return []
    own = (each for each in page.items if each.actor == request.signed_in.login)
    brought = [Brought(each, f"{href}/{each.id}") for each in own]
    know(sum(each.is_going for each in brought))
    return brought


async def mark(request: PageRequest) -> Response:
    await _all_brought(request)
    return request.page("jobs/mark_alone.html")


async def take_away(request: PageRequest) -> Response:
    """A short table comes at once; a long one is made while one does something else."""
    person = request.signed_in
    command = request.form.message(BeginExport, language=request.language)
    table = table_at(command.address, person.role, person.scopes, request.zone)

    async def send(question: Message) -> bytes:
        subject = type(question).subject  # type: ignore[attr-defined]
        body = question.model_dump_json(exclude_unset=True).encode()
        return await request.call.send(subject, body)

    teller = Teller(request.services, request.engine, request.language, request.zone)
    pages = await at_once(table, send, teller)
    if pages is not None:
        media_type = FORMATS[command.format]
        return await rendered(
            table.name, table.row_type, pages, media_type, request.language, request.zone
        )
    await request.send(command)
    said = request._("The table is long: it is being made. You may go on working meanwhile")
    return request.go(JOBS, said=said)


async def cancel(request: PageRequest) -> Response:
    await request.send(CancelJob(job_id=request.id("job_id")))
    return request.go(JOBS, said=request._("Stopped"))


def share(job: JobView) -> int | None:
    """Percent of what is to be done; None where nobody knows how much that is."""
    if not job.total:
        return None
    return min(100, 100 * job.done // job.total)


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count //= 1024
    return f"{count} GB"


PAGES = (
    show(JOBS, list_of_jobs, needs=ListJobs),
    show(JOBS + "/mark", mark, needs=ListJobs),
    act(JOBS + "/exports", take_away, needs=BeginExport),
    act(JOBS + "/{job_id}/cancel", cancel, needs=CancelJob),
)
