"""Clients as a running service, and what it asks for when it starts."""

from __future__ import annotations

import asyncio

import structlog

from services.clients.handlers import handlers, importing
from shared.contracts.visits import KeepVisits, KeptVisits, ListSettlements
from shared.imports.worker import ImportWorker
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.jobs import Job
from shared.refusals import Refused
from shared.service import Running, Service

log = structlog.get_logger(__name__)

RETRY_INTERVAL_S = 15
"""Finance may start later, or be away."""
EARLY_S = 60
"""So long after our own start others may still be starting: nobody need look after them."""


async def fetch_past_visits(running: Running) -> None:
    """Asks finance for the visits from before they were counted here, until it has told of all."""
    clock = asyncio.get_running_loop().time
    late_from = clock() + EARLY_S
    while True:
        try:
            # A page that nobody waits for tells how far it is.
            kept = await keep(running, KeepVisits(after="", next=""))
            while not kept.done:
                page = await running.client.ask(ListSettlements(cursor=kept.cursor))
                kept = await keep(
                    running,
                    KeepVisits(after=kept.cursor, settlements=page.items, next=page.next),
                )
            return
        except Exception as error:
            is_early = is_away(error) and clock() < late_from
            tell = log.info if is_early else log.warning
            tell("past_visits_wait", error=error)
        await asyncio.sleep(RETRY_INTERVAL_S)


def is_away(error: Exception) -> bool:
    return isinstance(error, Refused) and error.code == "service_unavailable"


async def keep(running: Running, command: KeepVisits) -> KeptVisits:
    """In the lane, like any other command."""
    subject = KeepVisits.subject
    envelope = opening(running.settings.source("clients"), subject, SYSTEM)
    body = command.model_dump_json().encode()
    job = Job(handlers.commands[subject], command, envelope, body)  # type: ignore[arg-type]
    return KeptVisits.model_validate_json(await running.lane.submit(job))


service = Service(
    "clients",
    handlers,
    background=(ImportWorker(importing.desk, handlers).run, fetch_past_visits),
    gather_s=0.02,
)
