"""Finance as a running service, and what it does by the clock."""

from __future__ import annotations

import asyncio

import structlog

from services.finance.handlers import handlers
from services.finance.store.sums import fold
from shared.contracts.bonuses import ExpireBonuses, ExpiredBonuses
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.folding import keeping_sums
from shared.messaging.lane import Job
from shared.service import Running, Service

log = structlog.get_logger(__name__)

EXPIRY_INTERVAL_S = 600
"""Nobody waits for it: what has expired is never counted, posted or not."""


async def let_bonuses_expire(running: Running) -> None:
    """Posts expired bonuses, a bounded number at a time, in the lane like any other command."""
    while True:
        try:
            while (await expire_some(running)).more:
                pass
        except Exception as error:
            log.warning("expiry_failed", error=repr(error))
        await asyncio.sleep(EXPIRY_INTERVAL_S)


async def expire_some(running: Running) -> ExpiredBonuses:
    command = ExpireBonuses()
    subject = ExpireBonuses.subject
    envelope = opening(running.settings.source("finance"), subject, SYSTEM)
    body = command.model_dump_json().encode()
    job = Job(handlers.commands[subject], command, envelope, body)  # type: ignore[arg-type]
    return ExpiredBonuses.model_validate_json(await running.lane.submit(job))


service = Service("finance", handlers, background=(let_bonuses_expire, keeping_sums(fold)))
