"""Finance as a running service, and what it does by the clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.handlers import handlers
from services.finance.handlers.fiscal_sending import FiscalSender
from services.finance.handlers.vat import not_printable
from services.finance.providers import register_of
from services.finance.store.sums import fold
from shared.contracts.base import Command, View
from shared.contracts.bonuses import ExpireBonuses, ExpiredBonuses
from shared.contracts.expenses import PostedExpensesView, PostRecurringExpenses
from shared.contracts.payroll import AccruedSalaries, AccrueSalaries
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.folding import keeping_sums
from shared.messaging.jobs import Job
from shared.refusals import Refused
from shared.service import Running, Service
from shared.settings import ServiceSettings

log = structlog.get_logger(__name__)

CLOCKWORK_INTERVAL_S = 600
"""Nobody waits for it: expired bonuses are never counted, posted or not, an expense is posted at
the time of its day, and so is a salary."""


async def _ensure_rates_have_codes(connection: AsyncConnection, settings: ServiceSettings) -> None:
    """A register without a code for a rate of the station is told of at the start, not by receipts
    that fail. Refused: ``start_at_rate_not_fiscal``."""
    vat = await handlers.store(connection).vat(settings.station_id)
    if lacking := not_printable(vat, settings, datetime.now(UTC)):
        raise Refused("start_at_rate_not_fiscal", percent=lacking)


async def let_bonuses_expire(running: Running) -> None:
    """Posts expired bonuses, a bounded number at a time."""
    await _by_the_clock(running, ExpireBonuses(), ExpiredBonuses)


async def post_recurring_expenses(running: Running) -> None:
    """Posts what is due: rent, subscriptions; after an outage what has become due meanwhile."""
    await _by_the_clock(running, PostRecurringExpenses(), PostedExpensesView)


async def _by_the_clock[ReplyT: (ExpiredBonuses, PostedExpensesView)](
    running: Running, command: Command[ReplyT], reply: type[ReplyT]
) -> None:
    while True:
        try:
            while (await done(running, command, reply)).more:
                pass
        except Exception as error:
            log.warning("clockwork_failed", command=command.subject, error=error)
        await asyncio.sleep(CLOCKWORK_INTERVAL_S)


async def let_salaries_accrue(running: Running) -> None:
    """Reckons the business days that have ended, one after the other."""
    while True:
        try:
            while (await done(running, AccrueSalaries(), AccruedSalaries)).more:
                pass
        except Exception as error:
            log.warning("salaries_failed", error=error)
        await asyncio.sleep(CLOCKWORK_INTERVAL_S)


async def done[ReplyT: View](
    running: Running, command: Command[ReplyT], reply: type[ReplyT]
) -> ReplyT:
    """In the lane, like any other command."""
    envelope = opening(running.settings.source("finance"), command.subject, SYSTEM)
    body = command.model_dump_json().encode()
    job = Job(handlers.commands[command.subject], command, envelope, body)  # type: ignore[arg-type]
    return reply.model_validate_json(await running.lane.submit(job))


async def print_receipts(running: Running) -> None:
    """Nothing, where no register is configured."""
    if register := register_of(running.settings):
        await FiscalSender(running, register, lambda: datetime.now(UTC)).run()


service = Service(
    "finance",
    handlers,
    prepare=_ensure_rates_have_codes,
    background=(
        let_bonuses_expire,
        let_salaries_accrue,
        post_recurring_expenses,
        print_receipts,
        keeping_sums(fold),
    ),
)
