"""Bonuses at work: who stands in for orders, and what must hold of every client's purse."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.finance.domain.bonus_lots import Accrual
from services.finance.store.rows import accrual_of
from services.finance.store.schema import (
    accounts,
    applications,
    bonus_accruals,
    bonus_lots,
    bonus_settings,
    bonus_spends,
    entries,
    payments,
    postings,
    settlements,
)
from shared.contracts.base import Page
from shared.contracts.bonus_rules import CreateBonusRule
from shared.contracts.work_order import FindWorkOrders, GetWorkOrder, WorkOrder
from shared.formulas import SAMPLE
from shared.messaging.client import ServiceClient
from shared.refusals import Refused
from tests.finance.at_work import rows_of

NOTHING = Decimal(0)


def work_order(order_id: UUID, client_id: UUID, total: Decimal, **fields: Any) -> WorkOrder:
    """A done order of one work; what a test does not care about is the sample's."""
    line = SAMPLE.services[0].model_copy(
        update={"total": total, "customer_total": total, "custom_estimation_cost": total}
    )
    return SAMPLE.model_copy(
        update={
            "id": order_id,
            "completion": 1,
            "status": "done",
            "customer": SAMPLE.customer.model_copy(update={"id": client_id}),
            "services": (line,),
            "products": (),
            "materials": (),
            "services_total": total,
            "products_total": NOTHING,
            "materials_total": NOTHING,
            "total": total,
            **fields,
        }
    )


@dataclass
class Orders:
    """Answers for orders, as it would."""

    known: dict[UUID, WorkOrder] = field(default_factory=dict)
    asked: int = 0

    async def ask(self, question: Any, **_: Any) -> Any:
        self.asked += 1
        match question:
            case GetWorkOrder():
                if question.order_id not in self.known:
                    raise Refused("order_not_found", id=question.order_id)
                return self.known[question.order_id]
            case FindWorkOrders(period=period):
                start = int(question.cursor or 0)
                found = [
                    order
                    for order in self.known.values()
                    if order.completed_at
                    and (not period.start or period.start <= order.completed_at)
                    and (not period.end or order.completed_at < period.end)
                ]
                found.sort(key=lambda order: (order.completed_at, order.id))
                end = start + question.limit
                more = str(end) if end < len(found) else None
                return Page(items=tuple(found[start:end]), next=more)
        raise AssertionError(question)

    def client(self) -> ServiceClient:
        return cast(ServiceClient, self)


def rule(amount: str = "TotalMoney * 0.05", **fields: Any) -> CreateBonusRule:
    return CreateBonusRule(**{"name": f"Правило {amount}", "amount": amount, **fields})


async def check_bonuses(engine: AsyncEngine) -> None:
    """What must hold of all purses, whatever has happened and whatever news is under way."""
    lots = await rows_of(engine, bonus_lots)
    balances = {row.client_id: row.bonuses for row in await rows_of(engine, accounts)}
    _the_account_is_its_postings(await rows_of(engine, postings), balances)
    for client_id, balance in balances.items():
        left = sum((lot.left for lot in lots if lot.client_id == client_id), NOTHING)
        assert balance <= left
        assert balance == left or left == 0
    accruals = [accrual_of(row) for row in await rows_of(engine, bonus_accruals)]
    await _accruals_stand_as_they_should(engine, accruals, lots)
    await _payments_hold_what_they_took(engine)


def _the_account_is_its_postings(found: Any, balances: dict[UUID, Decimal]) -> None:
    sums: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in found:
        sums[row.client_id] += row.amount * ((row.credit == "bonuses") - (row.debit == "bonuses"))
    for client_id, balance in balances.items():
        assert balance == sums[client_id]


async def _accruals_stand_as_they_should(
    engine: AsyncEngine, accruals: list[Accrual], lots: Any
) -> None:
    standing = {
        (row.order_id, row.completion): row.paid - row.bonuses
        for row in await rows_of(engine, settlements)
        if row.state == "settled"
    }
    kept_of_orders: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for accrual in accruals:
        own = [
            lot
            for lot in lots
            if (lot.order_id, lot.completion) == (accrual.order_id, accrual.completion)
        ]
        assert sum((lot.amount for lot in own), NOTHING) == accrual.amount
        money = standing.get((accrual.order_id, accrual.completion), NOTHING)
        for lot in own:
            kept = lot.amount - lot.taken_back
            due = accrual.kept(lot.amount, money)
            assert 0 <= kept <= lot.amount
            assert kept == due
            kept_of_orders[accrual.order_id] += kept
    kinds = {row.id: row.kind for row in await rows_of(engine, entries)}
    times = Counter(
        row.order_id for row in await rows_of(engine, entries) if row.kind == "bonus_accrual"
    )
    earning = Counter(accrual.order_id for accrual in accruals if accrual.amount)
    assert times == earning
    posted: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in await rows_of(engine, postings):
        if kinds[row.entry_id] in ("bonus_accrual", "bonus_reversal"):
            posted[row.order_id] += row.amount if row.credit == "bonuses" else -row.amount
    assert {order: total for order, total in posted.items() if total} == {
        order: total for order, total in kept_of_orders.items() if total
    }


async def _payments_hold_what_they_took(engine: AsyncEngine) -> None:
    (settings,) = await rows_of(engine, bonus_settings)
    taken: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in await rows_of(engine, bonus_spends):
        taken[row.payment_id] += row.amount
    on_orders: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    by_bonus = {row.id: row for row in await rows_of(engine, payments) if row.method == "bonus"}
    for row in await rows_of(engine, applications):
        if row.payment_id in by_bonus:
            on_orders[row.order_id] += row.amount
    for payment_id, payment in by_bonus.items():
        assert payment.amount - payment.refunded == taken[payment_id]
        assert payment.held == 0
    for row in await rows_of(engine, settlements):
        if row.state == "settled":
            assert row.bonuses == on_orders[row.order_id]
            assert row.bonuses * 100 <= row.revenue * settings.max_share_percent
        else:
            assert row.bonuses == 0
