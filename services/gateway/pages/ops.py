"""For operators: how services are, what could not be handled, and what was logged of an order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydantic_core
from starlette.responses import Response

from services.gateway.pages.jobs import STAGES
from services.gateway.pages.jobs import STATES as JOB_STATES
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.base import Page
from shared.contracts.jobs import JobView, ListJobs
from shared.contracts.operations import (
    DeadLetterView,
    DropDeadLetter,
    GetServiceState,
    ListDeadLetters,
    RequeueDeadLetter,
    ServiceState,
)
from shared.log_lines import open_with_older
from shared.log_selection import OrderWay, Search
from shared.refusals import Refused
from shared.settings import SERVICES

OPS = "/ops"
MAX_LINES = 500
BACKUPS = 5
"""The newest that are shown."""
BACKUP_AGE = timedelta(days=1)
"""An older one loses more than a day of work."""
_NAMED = ("at", "level", "service", "event")


@dataclass(frozen=True, slots=True)
class Seen:
    """A service, as it answered; ``problem`` is why it did not."""

    name: str
    state: ServiceState | None
    dead_letters: tuple[DeadLetterView, ...]
    problem: str | None = None


async def services(request: PageRequest) -> Response:
    """Everybody is asked at once; whoever does not answer is a part of the picture."""
    seen, backups = await asyncio.gather(
        asyncio.gather(*(_seen(request, name) for name in SERVICES)),
        _backups(request),
    )
    return request.page(
        "ops/services.html",
        services=seen,
        backups=backups.items if backups else (),
        # What nobody could tell is no alarm.
        is_backed_up=backups is None or _are_good(backups.items),
        states=JOB_STATES,
        stages=STAGES,
        logs=_log_folder(request) is not None,
    )


async def _backups(request: PageRequest) -> Page[JobView] | None:
    return await request.ask_if_there(ListJobs(kind="backup", limit=BACKUPS))


def _are_good(backups: Iterable[JobView]) -> bool:
    """Of backups, newest first: the last that came off is young enough."""
    good = next((each for each in backups if each.state == "done"), None)
    return good is not None and _age(good) < BACKUP_AGE


def _age(backup: JobView) -> timedelta:
    return datetime.now(UTC) - (backup.started_at or backup.created_at)


async def _seen(request: PageRequest, name: str) -> Seen:
    try:
        if name == "gateway":  # nobody asks it but us
            state: ServiceState = await request.call.scope["app"].state.service.state()
            return Seen(name, state, ())
        state, letters = await asyncio.gather(
            request.ask(GetServiceState(), of=name), request.ask(ListDeadLetters(), of=name)
        )
        return Seen(name, state, letters.items)
    except Refused as refusal:
        return Seen(name, None, (), refusal.words(request.language))


async def requeue(request: PageRequest) -> Response:
    await _decide(request, RequeueDeadLetter)
    return request.go(OPS, said=request._("Handled"))


async def drop(request: PageRequest) -> Response:
    await _decide(request, DropDeadLetter)
    return request.go(OPS, said=request._("Given up"))


async def _decide(
    request: PageRequest, decision: type[RequeueDeadLetter] | type[DropDeadLetter]
) -> None:
    service = request.call.path_params["service"]
    if service not in SERVICES:
        raise Refused("not_found")
    await request.send(decision(event_id=request.id("event_id")), to=service)


async def logs(request: PageRequest) -> Response:
    """The newest lines of one order's way, or of one request, from all processes."""
    folder = _log_folder(request)
    wanted, correlation = request.query["order"].strip(), request.query["correlation"].strip()
    lines: list[dict[str, Any]] = []
    if folder and (wanted or correlation):
        lines = await asyncio.to_thread(_lines, folder, wanted, correlation)
    return request.page("ops/logs.html", lines=lines, folder=folder, named=_NAMED, most=MAX_LINES)


def _lines(folder: Path, wanted: str, correlation: str) -> list[dict[str, Any]]:
    search = Search(way=OrderWay(wanted) if wanted else None, correlation=correlation or None)
    newest: deque[dict[str, Any]] = deque(maxlen=MAX_LINES)
    with ExitStack() as stack:
        files = [
            file for path in sorted(folder.glob("*.jsonl")) for file in open_with_older(path, stack)
        ]
        for line in search.history(files):
            if line.is_json:
                newest.append(pydantic_core.from_json(line.raw))
    return list(newest)


def _log_folder(request: PageRequest) -> Path | None:
    return request.call.gateway.settings.log_folder


_LETTER = OPS + "/dead-letters/{service}/{event_id}"
PAGES = (
    show(OPS, services, needs=GetServiceState),
    act(_LETTER + "/requeue", requeue, needs=RequeueDeadLetter),
    act(_LETTER + "/drop", drop, needs=DropDeadLetter),
    show(OPS + "/logs", logs, needs=GetServiceState),
)
