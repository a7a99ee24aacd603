"""A client's payment, and where its money stands: given back, on an order, or held as a deposit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.finance.domain.ledger import ZERO
from shared.contracts.finance import PaymentMethod, PaymentView
from shared.vat import vat_within


@dataclass(frozen=True, slots=True)
class Order:
    """Whose order it is: all that payments and expenses need to know of the order they name."""

    id: UUID
    number: str
    client_id: UUID
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """Money of the payer, or bonuses of the customer; the customer's balance moves by it.

    ``applied``: how much of it covers which settled order. ``reserved_for``: the order that it
    was given for, as long as that waits to be settled; until then no other order may take it.
    ``lots``: of bonuses, how much of it was taken from which lot. ``shift_id``, ``cash_box_id``:
    where it was taken; none, outside of shifts. ``document_id``: of payments that were taken
    together. ``tendered``: cash that was given for it. ``vat_percent``: of the day on which it
    came, for what of it is held; none of what came without VAT, or before the books kept that.
    """

    id: UUID
    at: datetime
    order_id: UUID | None
    customer_id: UUID
    payer_id: UUID
    amount: Decimal
    method: PaymentMethod
    comment: str | None
    actor: str
    refunded: Decimal = ZERO
    applied: Mapping[UUID, Decimal] = field(default_factory=dict)
    reserved_for: UUID | None = None
    lots: Mapping[UUID, Decimal] = field(default_factory=dict)
    shift_id: UUID | None = None
    cash_box_id: UUID | None = None
    document_id: UUID | None = None
    tendered: Decimal | None = None
    vat_percent: Decimal | None = None

    @property
    def is_bonus(self) -> bool:
        return self.method == "bonus"

    @property
    def left(self) -> Decimal:
        """Not given back yet."""
        return self.amount - self.refunded

    @property
    def held(self) -> Decimal:
        """The deposit: what is left and on no order."""
        return self.left - sum(self.applied.values())

    @property
    def held_vat(self) -> Decimal:
        """The VAT that the deposit contains."""
        return vat_within(self.held, self.vat_percent)

    @property
    def change(self) -> Decimal | None:
        """Of the cash that was given."""
        return None if self.tendered is None else self.tendered - self.amount

    def on(self, order_id: UUID) -> Decimal:
        return self.applied.get(order_id, ZERO)

    def put_on(self, order_id: UUID, amount: Decimal) -> Payment:
        """With so much more of it on the order; less, when the amount is negative."""
        applied = {**self.applied, order_id: self.on(order_id) + amount}
        return replace(self, applied={order: share for order, share in applied.items() if share})

    def given_back(self, amount: Decimal) -> Payment:
        return replace(self, refunded=self.refunded + amount)

    def reserved(self, order_id: UUID | None) -> Payment:
        return replace(self, reserved_for=order_id)

    def view(self) -> PaymentView:
        return PaymentView(
            id=self.id,
            at=self.at,
            order_id=self.order_id,
            customer_id=self.customer_id,
            payer_id=self.payer_id,
            amount=self.amount,
            method=self.method,
            refunded=self.refunded,
            comment=self.comment,
            actor=self.actor,
            cash_box_id=self.cash_box_id,
            shift_id=self.shift_id,
            document_id=self.document_id,
            tendered=self.tendered,
            change=self.change,
        )


def spendable(payments: Iterable[Payment], order_id: UUID) -> list[Payment]:
    """Deposits that an order may take: first those given for it, then those that are given for
    no order that still waits; the oldest first."""
    usable = (payment for payment in payments if payment.reserved_for in (order_id, None))
    return sorted(
        usable, key=lambda payment: (payment.reserved_for is None, payment.at, payment.id)
    )
