"""What a batch's messages will ask for, and the statements that load and lock it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from services.finance.domain.settlement import State
from services.finance.store.rows import any_of
from services.finance.store.schema import (
    accounts,
    applications,
    bonus_accruals,
    bonus_lots,
    bonus_rules,
    bonus_settings,
    bonus_spends,
    entries,
    orders,
    payments,
    postings,
    settlements,
)
from shared.contracts.base import Message
from shared.contracts.client_merge import ClientMerged
from shared.contracts.costing import IssueCostCorrected
from shared.contracts.finance import OrderPaid, RecordExpense, RefundPayment, TakePayment
from shared.contracts.inventory import PartsIssued, PartsReturned
from shared.contracts.orders import OrderCancelled, OrderCompleted, OrderReopened
from shared.contracts.payment_documents import (
    GiveBackDeposits,
    MoveDeposit,
    PayFromBalance,
    TakePaymentDocument,
)


@dataclass(slots=True)
class Wanted:
    """What the messages of a batch will ask for."""

    copies: set[UUID] = field(default_factory=set)
    orders: set[UUID] = field(default_factory=set)
    reopened: set[UUID] = field(default_factory=set)
    paid: set[UUID] = field(default_factory=set)
    clients: set[UUID] = field(default_factory=set)
    payments: set[UUID] = field(default_factory=set)
    earning: set[UUID] = field(default_factory=set)
    """Orders whose bonuses may follow their money."""
    buyers: set[UUID] = field(default_factory=set)
    """Clients of orders that are paid."""
    vat: bool = False
    settles: bool = False
    """Something may be settled, and be paid for."""
    at_till: bool = False


def wanted(messages: Sequence[Message]) -> Wanted:
    wish = Wanted()
    for message in messages:
        _wanted_by_event(message, wish)
        _wanted_by_command(message, wish)
    return wish


def _wanted_by_event(message: Message, wish: Wanted) -> None:
    match message:
        case ClientMerged():
            wish.clients |= {message.client.id, message.merged.id}
        case OrderCompleted():
            wish.orders.add(message.order_id)
            wish.clients.add(message.client_id)
            wish.vat = True
        case PartsIssued():
            wish.orders.add(message.order_id)
            wish.settles = True
        case PartsReturned() | IssueCostCorrected():
            wish.orders.add(message.order_id)
        case OrderCancelled():
            wish.orders.add(message.order_id)
            wish.copies.add(message.order_id)
        case OrderReopened():
            wish.orders.add(message.order_id)
            wish.reopened.add(message.order_id)
            wish.earning.add(message.order_id)
        case OrderPaid():
            wish.paid.add(message.order_id)
            wish.clients.add(message.client_id)
            wish.buyers.add(message.client_id)


def _wanted_by_command(message: Message, wish: Wanted) -> None:
    named: set[UUID | None] = set()
    clients: set[UUID | None] = set()
    match message:
        case TakePayment():
            named, clients = {message.order_id}, {message.customer_id, message.payer_id}
            wish.at_till |= message.method != "bonus"
            wish.vat = True
        case TakePaymentDocument():
            named = {share.order_id for share in message.orders}
            clients = {message.customer_id, message.payer_id}
            wish.at_till = wish.vat = True
        case RefundPayment():
            wish.payments.add(message.payment_id)
        case MoveDeposit():
            named = {message.order_id}
            wish.payments.add(message.payment_id)
        case PayFromBalance():
            named, clients = {message.order_id}, {message.client_id}
        case GiveBackDeposits():
            clients = {message.client_id}
        case RecordExpense(order_id=UUID() as order_id):
            wish.copies.add(order_id)
    orders = {order_id for order_id in named if order_id}
    wish.earning |= orders
    wish.copies |= orders
    wish.orders |= orders
    wish.clients |= {client_id for client_id in clients if client_id}


# Written out: with a parameter in its place the partial indexes would not be used.
_NOTHING: ColumnElement[Any] = literal_column("0")
ORDERS = (
    select(
        orders.c.id,
        orders.c.number,
        func.coalesce(accounts.c.merged_into, orders.c.client_id).label("client_id"),
        orders.c.cancelled,
    )
    .outerjoin(accounts, accounts.c.client_id == orders.c.client_id)
    .where(any_of(orders.c.id, "ids"))
)
"""Of the client whom its own was merged into."""
ACCOUNTS = (
    select(accounts)
    .where(any_of(accounts.c.client_id, "ids"))
    .order_by(accounts.c.client_id)
    .with_for_update()
)
CLIENTS = select(accounts.c.client_id).where(any_of(accounts.c.client_id, "ids"))
_CLIENTS_OF = union(
    select(orders.c.client_id).where(any_of(orders.c.id, "orders")),
    select(settlements.c.client_id).where(
        any_of(settlements.c.order_id, "orders"), settlements.c.client_id.is_not(None)
    ),
    select(payments.c.customer_id).where(any_of(payments.c.id, "payments")),
)
ACCOUNTS_OF = (
    select(accounts)
    .where(
        or_(
            any_of(accounts.c.client_id, "ids"),
            accounts.c.client_id == any_(func.array(_CLIENTS_OF.scalar_subquery())),
        )
    )
    .order_by(accounts.c.client_id)
    .with_for_update()
)
"""Also of those whose money may be moved where the messages do not say whose it is."""
HISTORIES = (
    select(settlements)
    .where(any_of(settlements.c.order_id, "ids"))
    .order_by(settlements.c.order_id, settlements.c.completion)
    .with_for_update()
)
DUES = (
    select(settlements)
    .where(
        any_of(settlements.c.client_id, "ids"),
        settlements.c.state == State.SETTLED,
        settlements.c.paid < settlements.c.revenue,
    )
    .order_by(settlements.c.order_id, settlements.c.completion)
    .with_for_update()
)
PAYMENTS = (
    select(payments)
    .where(
        or_(
            any_of(payments.c.id, "ids"),
            any_of(payments.c.order_id, "orders"),
            # An array, because a set that is searched would keep the others' indexes from use.
            payments.c.id
            == any_(
                func.array(
                    select(applications.c.payment_id)
                    .where(any_of(applications.c.order_id, "orders"))
                    .scalar_subquery()
                )
            ),
            and_(
                any_of(payments.c.customer_id, "clients"),
                or_(payments.c.held > _NOTHING, payments.c.reserved_for.is_not(None)),
            ),
        )
    )
    .order_by(payments.c.id)
    .with_for_update()
)
APPLICATIONS = select(applications).where(any_of(applications.c.payment_id, "ids"))
ENTRIES = select(entries).where(any_of(entries.c.id, "ids"))
POSTINGS = (
    select(postings)
    .where(any_of(postings.c.entry_id, "ids"))
    .order_by(postings.c.entry_id, postings.c.line)
)

SPENDS = select(bonus_spends).where(any_of(bonus_spends.c.payment_id, "ids"))
LOTS = select(bonus_lots).where(
    or_(
        and_(any_of(bonus_lots.c.client_id, "clients"), bonus_lots.c.left > _NOTHING),
        any_of(bonus_lots.c.order_id, "orders"),
        any_of(bonus_lots.c.id, "ids"),
    )
)
"""Never locked by themselves: whoever moves a client's bonuses has locked the client's account."""
ACCRUALS = select(bonus_accruals).where(any_of(bonus_accruals.c.order_id, "ids"))
RULES = select(bonus_rules)
RULE = select(bonus_rules).where(any_of(bonus_rules.c.id, "ids")).with_for_update()
SETTINGS = select(bonus_settings)
EXPIRING = (
    select(bonus_lots.c.client_id)
    .where(
        bonus_lots.c.left > 0,
        bonus_lots.c.expires_at <= bindparam("at", type_=TIMESTAMP(timezone=True)),
    )
    .group_by(bonus_lots.c.client_id)
    .order_by(func.min(bonus_lots.c.expires_at))
    .limit(bindparam("limit"))
)
GIVEN = select(bonus_lots).where(
    bonus_lots.c.client_id == bindparam("client_id"),
    bonus_lots.c.completion.is_not(None),
    bonus_lots.c.at >= bindparam("start", type_=TIMESTAMP(timezone=True)),
    bonus_lots.c.at < bindparam("end", type_=TIMESTAMP(timezone=True)),
)
