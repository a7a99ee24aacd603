"""Finance as a running service, and the two things that it does by the clock."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from services.finance.handlers import handlers
from shared.contracts.base import Command
from shared.contracts.bonuses import ExpireBonuses, ExpiredBonuses
from shared.contracts.payroll import AccruedSalaries, AccrueSalaries
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.lane import Job
from shared.service import Running, Service

log = structlog.get_logger(__name__)

EXPIRY_INTERVAL_S = 600
"""Nobody waits for it: what has expired is never counted, posted or not."""
SALARY_INTERVAL_S = 600
"""After a business day has ended, so long until its salaries are seen."""


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
    return ExpiredBonuses.model_validate_json(await _told(running, ExpireBonuses()))


async def let_salaries_accrue(running: Running) -> None:
    """Reckons the business days that have ended, one after the other."""
    while True:
        try:
            while (await accrue_a_day(running)).more:
                pass
        except Exception as error:
            log.warning("salaries_failed", error=repr(error))
        await asyncio.sleep(SALARY_INTERVAL_S)


async def accrue_a_day(running: Running) -> AccruedSalaries:
    return AccruedSalaries.model_validate_json(await _told(running, AccrueSalaries()))


async def _told(running: Running, command: Command[Any]) -> bytes:
    """By the clock, in the lane like anybody's."""
    subject = type(command).subject
    envelope = opening(running.settings.source("finance"), subject, SYSTEM)
    body = command.model_dump_json().encode()
    return await running.lane.submit(Job(handlers.commands[subject], command, envelope, body))


service = Service("finance", handlers, background=(let_bonuses_expire, let_salaries_accrue))
