"""The map from message to handler, and what several handlers begin with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.finance.domain import advances
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ClientAccount, Stamp
from services.finance.domain.payment import Order
from services.finance.domain.settlement import last_words
from services.finance.domain.shifts import MUCH_CASH, cash_coming, ensure_room
from services.finance.store import FinanceStore
from shared.contracts import (
    bonus_rules,
    bonuses,
    expenses,
    fiscal,
    pay_rules,
    payment_documents,
    payroll,
    purchasing,
    reconciliation,
    taxes,
    till,
    work_order,
)
from shared.contracts.clients import GetCards, GetClient
from shared.contracts.finance import (
    ExpenseRecorded,
    FinanceCommandRefused,
    OrderDueChanged,
    OrderPaid,
    OrderSettled,
    OrderUnpaid,
    PaymentRefunded,
    PaymentTaken,
    SettlementReversed,
)
from shared.contracts.inventory import GetProducts
from shared.contracts.orders import GetOrder, ListEmployees, ListSections
from shared.handlers import Handlers, Work
from shared.refusals import Refused

handlers = Handlers(
    "finance",
    FinanceStore,
    refused=FinanceCommandRefused,
    publishes=(
        OrderSettled,
        SettlementReversed,
        OrderPaid,
        OrderUnpaid,
        OrderDueChanged,
        PaymentTaken,
        PaymentRefunded,
        ExpenseRecorded,
        taxes.VatRatesSaved,
        bonus_rules.BonusRuleSaved,
        bonus_rules.BonusSettingsSaved,
        bonuses.BonusAccrued,
        bonuses.BonusReversed,
        bonuses.BonusSpent,
        bonuses.BonusReturned,
        bonuses.BonusAdjusted,
        bonuses.BonusExpired,
        pay_rules.PayRuleSaved,
        payroll.PayAccrued,
        payroll.PayTakenBack,
        payroll.PayRecorded,
        payroll.PayrollClosed,
        payroll.PayrollReopened,
        till.CashBoxSaved,
        till.TillSettingsSaved,
        till.ShiftOpened,
        till.ShiftClosed,
        till.CashMoved,
        payment_documents.DepositMoved,
        expenses.ExpenseCategorySaved,
        expenses.ExpenseReversed,
        expenses.RecurringExpenseSaved,
        fiscal.FiscalReceiptMoved,
        purchasing.SupplierPaid,
        purchasing.SupplierRefunded,
        reconciliation.StockTakenOver,
    ),
    asks=(
        GetClient,
        GetCards,
        GetOrder,
        ListEmployees,
        ListSections,
        work_order.GetWorkOrder,
        work_order.FindWorkOrders,
        GetProducts,
        purchasing.GetSuppliers,
        reconciliation.GetStockWorth,
    ),
)


def stamp(work: Work) -> Stamp:
    """Now, here, by whoever sent the message."""
    return Stamp(work.now, work.settings.station_id, work.actor.login)


async def keep(decision: Decision, store: FinanceStore, work: Work) -> None:
    """Saves what was decided, and tells it once for all that the message has come to; the VAT of
    advances follows the deposits. Refused: ``cash_too_much``."""
    await _ensure_room(decision, store)
    decision = advances.with_vat(decision, store.known_payment, work.new_id())
    await store.keep(decision)
    work.published = last_words((*work.published, *decision.events))


async def _ensure_room(decision: Decision, store: FinanceStore) -> None:
    """Where much cash comes into a drawer at once, that it is not more than lies in one."""
    for shift_id, amount in cash_coming(decision.entries).items():
        if amount >= MUCH_CASH and (shift := await store.lock_shift(shift_id)):
            box = (await store.tills()).boxes[shift.cash_box_id]
            ensure_room(box.name, await store.expected_cash(shift) + amount)


async def order_of(order_id: UUID, store: FinanceStore, work: Work) -> Order:
    """An order's copy; read through when its event has not come. Refused: ``order_not_found``."""
    order = await store.order(order_id)
    if order is None:
        asked = await work.ask(GetOrder(order_id=order_id))
        client_id = await store.survivor_of(asked.client_id)
        order = Order(asked.id, asked.number, client_id, asked.status == "cancelled")
        store.add_order(order)
    return order


async def order_to_pay(order_id: UUID, store: FinanceStore, work: Work) -> Order:
    """As ``order_of``. Refused besides: ``order_cancelled`` (money kept for it would wait for
    ever)."""
    order = await order_of(order_id, store, work)
    if order.cancelled:
        raise Refused("order_cancelled", number=order.number)
    return order


async def account_of(client_id: UUID, store: FinanceStore, work: Work) -> ClientAccount:
    """A client's account; read through as ``order_of``. Refused: ``client_not_found``,
    ``client_merged``."""
    account = await store.account(client_id)
    if account is None:
        card = await work.ask(GetClient(client_id=client_id))
        survivor_id = card.merged_into
    else:
        survivor_id = account.merged_into
    if survivor_id:
        raise Refused("client_merged", id=client_id, client_id=survivor_id)
    return account or store.add_client(client_id)


def check_period(start: datetime | None, end: datetime | None) -> None:
    """Refused: ``period_invalid``."""
    if start and end and end < start:
        raise Refused("period_invalid")
