"""Payments taken together; deposits moved or given back: owned by ``services/finance``."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Event,
    Instant,
    Message,
    Money,
    PositiveMoney,
    Question,
    Text,
    View,
)
from shared.contracts.finance import (
    FiscalState,
    MoneyPaymentView,
    MoneySum,
    PaymentMethod,
    PaymentView,
)


class OrderShare(Message):
    """How much of a payment is for an order."""

    order_id: UUID
    amount: PositiveMoney


class PaymentPart(Message):
    """How much of it comes by a method, bonuses among them."""

    method: PaymentMethod
    amount: PositiveMoney


class PaymentDocumentView(View):
    """Payments that were taken together: one for each order and method. Each can be refunded by
    itself."""

    id: UUID
    at: Instant
    payer_id: UUID
    amount: MoneySum
    tendered: Money | None
    """Cash that was given."""
    change: Money | None
    comment: str | None
    actor: str
    cash_box_id: UUID | None
    shift_id: UUID | None
    fiscal_state: FiscalState | None = None
    fiscal_number: int | None = None
    """All of it is one receipt."""
    payments: tuple[PaymentView, ...]


class TakePaymentDocument(Command[PaymentDocumentView]):
    """Several orders are paid at once, by several methods at once: one document, all or nothing.
    The parts pay the orders in the order in which both are named. With ``customer_id`` all orders
    are that customer's; without, the payer pays for whoever's they are, and every customer's
    balance moves by the own orders.

    Refused: ``payer_required``, ``order_twice``, ``method_twice``, ``payment_sum_differs`` (orders
    and parts), ``tendered_without_cash``, ``tendered_too_little``, and as ``TakePayment``."""

    subject: ClassVar[str] = "cmd.finance.take_payment_document.v1"

    customer_id: UUID | None = None
    payer_id: UUID | None = None
    orders: Annotated[tuple[OrderShare, ...], Field(min_length=1, max_length=100)]
    parts: Annotated[tuple[PaymentPart, ...], Field(min_length=1, max_length=4)]
    tendered: Money | None = None
    comment: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class GetPaymentDocument(Question[PaymentDocumentView]):
    """Refused: ``payment_document_not_found``."""

    subject: ClassVar[str] = "ask.finance.payment_document.v1"

    document_id: UUID


class MoveDeposit(Command[PaymentView]):
    """What of a payment no settled order has taken goes to another order of its customer, or, with
    no order, is free for any. A settled order takes no more than is due, by default as much as
    there is; for one that is not settled the whole is kept.
    Refused: ``payment_not_found``, ``order_not_found``, ``order_cancelled``,
    ``order_of_other_client``,
    ``deposit_exceeded``, ``due_exceeded``, ``deposit_moves_whole``."""

    subject: ClassVar[str] = "cmd.finance.move_deposit.v1"

    payment_id: UUID
    order_id: UUID | None = None
    amount: PositiveMoney | None = None


class GivenBackView(View):
    """What was given back, and the payments that it came from, as they are now."""

    client_id: UUID
    amount: MoneySum
    payments: tuple[PaymentView, ...]


class GiveBackDeposits(Command[GivenBackView]):
    """What a client has paid and no order needs goes back, each payment by its own method, the
    newest first. Absent amount: all of it. What waits for an order stays.
    Refused: ``client_not_found``, ``deposit_exceeded``, and as ``RefundPayment``."""

    subject: ClassVar[str] = "cmd.finance.give_back_deposits.v1"

    client_id: UUID
    amount: PositiveMoney | None = None
    reason: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class PaidFromBalanceView(View):
    """What an order has taken, and the payments that it came from, as they are now."""

    order_id: UUID
    amount: MoneySum
    payments: tuple[PaymentView, ...]


class PayFromBalance(Command[PaidFromBalanceView]):
    """What a client has paid and no order needs pays a settled order, the oldest first. Absent
    amount: as much as there is and is due. An order takes it by itself when it is settled; this is
    for money that became free since.
    Refused: ``client_not_found``, ``order_not_found``, ``order_of_other_client``, ``due_exceeded``,
    ``deposit_exceeded``."""

    subject: ClassVar[str] = "cmd.finance.pay_from_balance.v1"

    client_id: UUID
    order_id: UUID
    amount: PositiveMoney | None = None


class DepositMoved(Event):
    """A client's money has gone to ``order_id`` (null: to none). ``renamed``: all of the payment
    is now given for that order instead of ``from_order_id``. Producer: finance. Consumers: orders
    (what is paid), audit."""

    subject: ClassVar[str] = "evt.finance.deposit_moved.v1"

    payment: MoneyPaymentView
    order_id: UUID | None
    from_order_id: UUID | None
    amount: Money
    renamed: bool

    def aggregate_id(self) -> UUID:
        return self.payment.id
