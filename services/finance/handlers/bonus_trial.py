"""A bonus rule tried on orders that were done: what it would have cost. Nothing is written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.finance.domain.bonus_lots import month_of
from services.finance.domain.bonus_rules import BonusRule, Outcome, Paid, check_formulas, given_by
from services.finance.domain.ledger import ZERO
from services.finance.handlers.table import check_period, handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Period
from shared.contracts.bonus_rules import BonusTrialRow, BonusTrialView, TryBonusRule
from shared.contracts.work_order import FindWorkOrders, WorkOrder
from shared.handlers import Work
from shared.refusals import Refused

MAX_ORDERS = 2_000
MAX_SECONDS = 6.0
"""Whoever asks waits for ten."""
PAGE = 100
AT_ONCE = 2
"""Each trial holds a connection to the database while it asks and reckons."""

type Shares = Mapping[UUID, tuple[Decimal, Decimal]]
"""By order, how much of its revenue bonuses have not paid, and the revenue."""


@dataclass(slots=True)
class _Trial:
    """What has been looked at so far."""

    rule: BonusRule
    zone: ZoneInfo
    rows: list[BonusTrialRow] = field(default_factory=list)
    in_month: defaultdict[tuple[UUID | None, datetime], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )

    def look_at(self, orders: Sequence[WorkOrder], shares: Shares) -> None:
        """Reckons some orders more, as if they were paid when they were done."""
        for order in orders:
            if order.completed_at is None:
                continue
            outcome = self._outcome(order, order.completed_at, shares)
            self.rows.append(
                BonusTrialRow(
                    order_id=order.id,
                    number=order.number,
                    client_id=order.customer.id,
                    completed_at=order.completed_at,
                    total=order.total,
                    amount=outcome.amount,
                    problem=outcome.problem,
                )
            )

    def _outcome(self, order: WorkOrder, at: datetime, shares: Shares) -> Outcome:
        money, revenue = shares.get(order.id, (order.total, order.total))
        if not revenue:
            return Outcome()
        month = (order.customer.id, month_of(at, self.zone)[0])
        outcome = given_by(self.rule, order, Paid(at, money, revenue), self.in_month[month])
        self.in_month[month] += outcome.amount
        return outcome


@handlers.question(TryBonusRule)
async def try_bonus_rule(question: TryBonusRule, store: FinanceStore, work: Work) -> BonusTrialView:
    """Orders are looked at page by page in a thread of their own, so that nobody at the till
    waits for it."""
    check_period(question.start, question.end)
    check_formulas(question.condition, question.amount)
    this_month, _ = month_of(work.now, work.settings.zone)
    last_month, _ = month_of(this_month - timedelta(days=1), work.settings.zone)
    period = Period(
        start=question.start or last_month,
        end=question.end or (work.now if question.start else this_month),
    )
    check_period(period.start, period.end)
    trial = _Trial(_rule(question, work), work.settings.zone)
    is_whole = False
    with _turn(), suppress(TimeoutError):
        async with asyncio.timeout(MAX_SECONDS):
            is_whole = await _look_through(trial, period, store, work)
    rows = tuple(trial.rows)
    return BonusTrialView(
        items=rows,
        start=period.start,
        end=period.end,
        orders=len(rows),
        accruing=sum(row.amount > 0 for row in rows),
        failing=sum(row.problem is not None for row in rows),
        amount=sum((row.amount for row in rows), ZERO),
        truncated=not is_whole,
    )


async def _look_through(trial: _Trial, period: Period, store: FinanceStore, work: Work) -> bool:
    """Whether the end of the period was reached."""
    cursor: str | None = None
    while len(trial.rows) < MAX_ORDERS:
        page = await work.ask(FindWorkOrders(period=period, limit=PAGE, cursor=cursor))
        shares = await store.paid_shares([order.id for order in page.items])
        await asyncio.to_thread(trial.look_at, page.items, shares)
        cursor = page.next
        if cursor is None:
            return True
    return False


def _rule(question: TryBonusRule, work: Work) -> BonusRule:
    """The rule, as if it were kept."""
    terms = question.model_dump(exclude={"start", "end"})
    return BonusRule(
        **terms,
        id=work.new_id(),
        name="",
        priority=0,
        exclusive=False,
        valid_from=None,
        valid_to=None,
        days_to_live=None,
        active=True,
        revision=1,
        created_at=work.now,
        updated_at=work.now,
    )


_trials: set[object] = set()


@contextmanager
def _turn() -> Iterator[None]:
    """Refused: ``busy``, when others try their rules."""
    if len(_trials) >= AT_ONCE:
        raise Refused("busy", service="finance")
    turn = object()
    _trials.add(turn)
    try:
        yield
    finally:
        _trials.discard(turn)
