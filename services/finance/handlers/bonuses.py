"""Clients' bonuses: what a paid order earns, what a refund takes back, what they pay, and what is
left of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from services.finance.domain import bonus_payment
from services.finance.domain.bonus_lots import Accrual, Lot, end_of_day, month_of
from services.finance.domain.bonus_rules import BonusRule, Outcome, Paid, reckon
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO, ClientAccount, EntryKind, kopecks
from services.finance.domain.payment import Payment
from services.finance.domain.purse import Purse
from services.finance.domain.settlement import Settlement, standing
from services.finance.handlers.table import account_of, handlers, keep, stamp
from services.finance.store import FinanceStore
from shared.contracts.bonuses import (
    AccruedBonus,
    AdjustBonuses,
    BonusAccrued,
    BonusBalanceView,
    BonusesView,
    BonusMovement,
    BonusMovementKind,
    ExpireBonuses,
    ExpiredBonuses,
    ExpiringBonuses,
    GetBonuses,
    SkippedRule,
)
from shared.contracts.clients import GetClient
from shared.contracts.finance import OrderPaid
from shared.contracts.work_order import GetWorkOrder
from shared.handlers import Work
from shared.pagination import page_of

log = structlog.get_logger(__name__)

EXPIRE_AT_ONCE = 200
"""Clients whose expired bonuses one transaction posts."""
EXPIRING_SHOWN = 10
KINDS: dict[EntryKind, BonusMovementKind] = {
    EntryKind.BONUS_ACCRUAL: "accrued",
    EntryKind.BONUS_REVERSAL: "reversed",
    EntryKind.PAYMENT: "spent",
    EntryKind.REFUND: "returned",
    EntryKind.BONUS_GRANT: "granted",
    EntryKind.BONUS_WRITE_OFF: "written_off",
    EntryKind.BONUS_EXPIRY: "expired",
}


# --- what an order earns ------------------------------------------------------------------------


@handlers.event(OrderPaid)
async def order_paid(event: OrderPaid, store: FinanceStore, work: Work) -> None:
    """Reckons the bonuses of a completion, once. From then on they follow each payment and refund
    at once: the news that it is paid again changes nothing. What was done, only orders knows: while
    it is away, the bonuses wait for it."""
    earning = await _earning(event, store, work)
    if earning is None:
        return
    rules, settlement = earning
    order = await work.ask(GetWorkOrder(order_id=event.order_id))
    if (order.status, order.completion) != ("done", event.completion):
        log.info("no_longer_applies", completion=event.completion, status=order.status)
        return
    event = event.model_copy(update={"client_id": await store.survivor_of(event.client_id)})
    month = month_of(event.at, work.settings.zone)
    capped = any(rule.cap_per_month is not None for rule in rules)
    in_month = await store.given(event.client_id, *month) if capped else {}
    paid = Paid(event.at, event.money, event.revenue)
    outcomes = reckon(rules, order, paid, event.at.astimezone(work.settings.zone).date(), in_month)
    await keep(await _accrued(event, settlement, outcomes, store, work), store, work)


async def _earning(
    event: OrderPaid, store: FinanceStore, work: Work
) -> tuple[list[BonusRule], Settlement] | None:
    """The rules of the day, and the settlement that stands; none where nothing is to be reckoned,
    or nothing any more: while orders was asked, it may have been reopened."""
    day = event.at.astimezone(work.settings.zone).date()
    rules = [rule for rule in await store.rules() if rule.counts_on(day)]
    if not rules:
        return None
    settlement = standing(await store.history(event.order_id))
    if settlement is None or settlement.completion != event.completion:
        log.info("no_longer_applies", completion=event.completion)
        return None
    if await store.accrual(event.order_id, event.completion):
        return None
    return rules, settlement


async def _accrued(
    event: OrderPaid,
    settlement: Settlement,
    outcomes: list[tuple[BonusRule, Outcome]],
    store: FinanceStore,
    work: Work,
) -> Decision:
    lots = [
        Lot(
            id=work.new_id(),
            client_id=event.client_id,
            at=event.at,
            expires_at=_expiry(rule, event.at, work.settings.zone),
            amount=outcome.amount,
            left=outcome.amount,
            order_id=event.order_id,
            completion=event.completion,
            rule_id=rule.id,
        )
        for rule, outcome in outcomes
        if outcome.amount
    ]
    total = sum((lot.amount for lot in lots), ZERO)
    accrual = Accrual(
        event.order_id, event.completion, event.client_id, event.at, event.money, total
    )
    purse = await open_purse(event.client_id, store, work, order_id=event.order_id)
    purse.accrue(accrual, lots)
    # It may have been refunded since.
    purse.hold_to(accrual, settlement.money, None)
    told = _told(accrual, lots, outcomes, event.number)
    return Decision(events=told, accruals=(accrual,)).and_then(purse.closed())


def _expiry(rule: BonusRule, at: datetime, zone: ZoneInfo) -> datetime | None:
    return None if rule.days_to_live is None else end_of_day(at, rule.days_to_live, zone)


def _told(
    accrual: Accrual, lots: list[Lot], outcomes: list[tuple[BonusRule, Outcome]], number: str
) -> tuple[BonusAccrued, ...]:
    names = {rule.id: rule.name for rule, _ in outcomes}
    bonuses = tuple(
        AccruedBonus(
            rule_id=lot.rule_id,
            rule=names[lot.rule_id],
            amount=lot.amount,
            expires_at=lot.expires_at,
        )
        for lot in lots
        if lot.rule_id
    )
    skipped = tuple(
        SkippedRule(rule_id=rule.id, rule=rule.name, problem=outcome.problem)
        for rule, outcome in outcomes
        if outcome.problem
    )
    if not bonuses and not skipped:
        return ()
    return (
        BonusAccrued(
            order_id=accrual.order_id,
            number=number,
            completion=accrual.completion,
            client_id=accrual.client_id,
            amount=accrual.amount,
            bonuses=bonuses,
            skipped=skipped,
        ),
    )


async def follow_money(
    settlement: Settlement, reason: str | None, store: FinanceStore, work: Work
) -> None:
    """Of what the order has earned so much stands as its money covers it now."""
    accrual = await store.accrual(settlement.order_id, settlement.completion)
    if accrual is None:
        return
    client_id = await store.survivor_of(accrual.client_id)
    purse = await open_purse(client_id, store, work, order_id=accrual.order_id)
    purse.hold_to(accrual, settlement.money, reason)
    await keep(purse.closed(), store, work)


# --- what bonuses pay ---------------------------------------------------------------------------


async def pay(
    payment: Payment,
    settlement: Settlement | None,
    account: ClientAccount,
    store: FinanceStore,
    work: Work,
) -> Decision:
    """A payment by bonuses. Refused as ``TakePayment`` says."""
    settings = await store.bonus_settings()
    purse = await open_purse(payment.customer_id, store, work)
    return bonus_payment.pay(
        payment,
        settlement,
        settings.max_share_percent,
        purse,
        account,
        stamp(work),
        work.new_id(),
    )


async def give_back(
    payment: Payment,
    settlements: dict[UUID, Settlement],
    amount: Decimal | None,
    reason: str | None,
    store: FinanceStore,
    work: Work,
) -> Decision:
    purse = await open_purse(payment.customer_id, store, work, lots=payment.lots)
    return bonus_payment.give_back(
        payment, settlements, amount, reason, purse, stamp(work), work.new_id()
    )


async def undo(
    settlement: Settlement, reason: str | None, store: FinanceStore, work: Work
) -> Settlement:
    """Before a settlement is reversed: its payments by bonuses go back, for bonuses are never a
    deposit, and so does what it has earned. The settlement without those payments."""
    for payment in await store.payments_of(settlement.order_id):
        if payment.is_bonus and payment.on(settlement.order_id):
            decision = await give_back(
                payment, {settlement.order_id: settlement}, None, reason, store, work
            )
            await keep(decision, store, work)
            (settlement,) = decision.settlements
    await follow_money(settlement.covered(-settlement.money), reason, store, work)
    return settlement


# --- a client's purse ---------------------------------------------------------------------------


async def open_purse(
    client_id: UUID,
    store: FinanceStore,
    work: Work,
    *,
    order_id: UUID | None = None,
    lots: Collection[UUID] = (),
) -> Purse:
    """A client's bonuses, locked; with all lots of that order, and those of the ids."""
    account = await account_of(client_id, store, work)
    return Purse(
        account,
        await store.lots(client_id, order_id, lots),
        stamp(work),
        work.settings.zone,
        iter(work.new_id, None),
    )


@handlers.command(AdjustBonuses)
async def adjust_bonuses(
    command: AdjustBonuses, store: FinanceStore, work: Work
) -> BonusBalanceView:
    purse = await open_purse(command.client_id, store, work)
    purse.adjust(kopecks(command.amount), command.reason, command.days_to_live)
    await keep(purse.closed(), store, work)
    return BonusBalanceView(client_id=command.client_id, balance=purse.balance)


@handlers.command(ExpireBonuses)
async def expire_bonuses(command: ExpireBonuses, store: FinanceStore, work: Work) -> ExpiredBonuses:
    """Opening a purse is all that it takes."""
    clients = await store.expiring(work.now, EXPIRE_AT_ONCE)
    await store.lock_purses(clients)
    for client_id in clients:
        purse = await open_purse(client_id, store, work)
        await keep(purse.closed(), store, work)
    return ExpiredBonuses(clients=len(clients), more=len(clients) == EXPIRE_AT_ONCE)


@handlers.question(GetBonuses)
async def get_bonuses(question: GetBonuses, store: FinanceStore, work: Work) -> BonusesView:
    account = await store.client_account(question.client_id)
    if account is None:
        await work.ask(GetClient(client_id=question.client_id))
        return BonusesView(client_id=question.client_id, balance=ZERO, expiring=(), items=())
    client_id = account.client_id
    movements = page_of(
        await store.bonus_movements(question, await store.names_of(client_id) or ()),
        question.limit,
        lambda row: BonusMovement(
            at=row.at,
            kind=KINDS[EntryKind(row.kind)],
            amount=row.amount,
            order_id=row.order_id,
            number=row.number,
            rule_id=row.rule_id,
            rule=row.rule,
            payment_id=row.payment_id,
            comment=row.comment,
            actor=row.actor,
        ),
        lambda row: (row.at, row.id, row.line),
    )
    expiring = await store.expiring_next(client_id, work.now, EXPIRING_SHOWN)
    return BonusesView(
        client_id=client_id,
        balance=kopecks(await store.bonus_balance(client_id, work.now)),
        expiring=tuple(
            ExpiringBonuses(expires_at=expires_at, amount=amount) for expires_at, amount in expiring
        ),
        items=movements.items,
        next=movements.next,
    )
