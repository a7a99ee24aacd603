"""Goods go back to their supplier, and suppliers are paid: inventory owns the first, finance the
second."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    PositiveMoney,
    Quantity,
    Question,
    SignedMoney,
    Text,
    View,
)
from shared.contracts.finance import MoneyMethod, MoneySum
from shared.contracts.inventory import ReceiptView, SupplierCharge, SupplierView

ReturnKind = Literal["return", "storno"]
"""``return``: some of the goods go back, their extra costs are lost. ``storno``: the receipt was a
mistake, and all that it did is undone."""
SupplierEntryKind = Literal["receipt", "supplier_return", "supplier_payment", "supplier_refund"]


class GetReceipt(Question[ReceiptView]):
    """With what of it went back since. Refused: ``receipt_not_found``."""

    subject: ClassVar[str] = "ask.inventory.receipt.v1"

    receipt_id: UUID


class GetSuppliers(Question[Page[SupplierView]]):
    """Many at once, for services that know only ids; of what does not exist there is none."""

    subject: ClassVar[str] = "ask.inventory.suppliers_by_id.v1"

    supplier_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class ReturnedLine(View):
    """So much of a receipt's line, in the product's main unit."""

    model_config = {"extra": "forbid"}

    position: int = Field(ge=1, le=500)
    """The line's place on the receipt: the first is 1."""
    quantity: Quantity


class SentBackLine(View):
    position: int
    product_id: UUID
    quantity: Quantity
    cost: Money
    """What so much lay in stock for, with its share of extra costs."""
    total_without_vat: Money
    vat: Money
    """Of the supplier's price for so much."""


class SupplierReturnView(View):
    id: UUID
    number: str
    at: Instant
    kind: ReturnKind
    receipt_id: UUID
    receipt_number: str
    supplier_id: UUID
    warehouse_id: UUID
    reason: str
    lines: tuple[SentBackLine, ...]
    cost: Money
    """Of all lines: what stock is worth less."""
    charges: tuple[SupplierCharge, ...]
    """What each supplier is owed less for it."""


class ReturnToSupplier(Command[SupplierReturnView]):
    """Some of a receipt's goods go back: out of its own lots, at their cost. The supplier is owed
    less by what was charged for them; what their delivery cost is lost.

    Refused: ``receipt_not_found``, ``receipt_line_not_found``, ``return_line_twice``,
    ``return_not_there`` (sold, given back or reserved).
    """

    subject: ClassVar[str] = "cmd.inventory.return_to_supplier.v1"

    receipt_id: UUID
    lines: tuple[ReturnedLine, ...] = Field(min_length=1, max_length=500)
    reason: Text = Field(min_length=1)


class CancelReceipt(Command[SupplierReturnView]):
    """A receipt that was a mistake is undone whole, with its extra costs, while all of its goods
    still lie there and nobody holds them. Refused: ``receipt_not_found``, ``return_not_there``."""

    subject: ClassVar[str] = "cmd.inventory.cancel_receipt.v1"

    receipt_id: UUID
    reason: Text = Field(min_length=1)


class ListSupplierReturns(Question[Page[SupplierReturnView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.supplier_returns.v1"

    receipt_id: UUID | None = None
    supplier_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class StockSentBack(Event):
    """Goods went back to their supplier, or a receipt was undone. Producer: inventory. Consumers:
    finance (the supplier is owed less), audit."""

    subject: ClassVar[str] = "evt.inventory.stock_sent_back.v1"

    returned: SupplierReturnView

    def aggregate_id(self) -> UUID:
        return self.returned.id


# --- money ---------------------------------------------------------------------------------------


class SupplierPaymentView(View):
    id: UUID
    at: Instant
    supplier_id: UUID
    amount: Money
    method: MoneyMethod
    refunded: Money
    """What the supplier has given back of it."""
    document: str | None
    comment: str | None
    actor: str


class PaySupplier(Command[SupplierPaymentView]):
    """Money for a supplier: it pays the oldest receipts first, and what is over is an advance.
    Refused: ``supplier_not_found``, and as any money that is given out at a till."""

    subject: ClassVar[str] = "cmd.finance.pay_supplier.v1"

    supplier_id: UUID
    amount: PositiveMoney
    method: MoneyMethod
    document: Name | None = None
    """The number of the payment order, or of the supplier's bill."""
    comment: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class RefundSupplierPayment(Command[SupplierPaymentView]):
    """The supplier gives money back, by the method by which it went. Absent amount: all of it.
    Refused: ``supplier_payment_not_found``, ``refund_exceeds_payment``."""

    subject: ClassVar[str] = "cmd.finance.refund_supplier_payment.v1"

    payment_id: UUID
    amount: PositiveMoney | None = None
    reason: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class ListSupplierPayments(Question[Page[SupplierPaymentView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.finance.supplier_payments.v1"

    supplier_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class SupplierBalance(View):
    """What one supplier is owed, by the age of the receipts that are not paid. Whatever is paid
    covers the oldest receipts first."""

    supplier_id: UUID | None
    """Null: receipts from before the books told suppliers apart."""
    supplier: str | None
    owed: MoneySum
    advance: MoneySum
    """Paid beyond all receipts; then nothing is owed."""
    days_0_30: MoneySum
    days_31_60: MoneySum
    days_61_90: MoneySum
    days_over_90: MoneySum
    oldest_at: Instant | None
    """Of the oldest receipt that is not fully paid."""


class ListSupplierBalances(Question[Page[SupplierBalance]]):
    """Suppliers with whom something is open, at a moment (now, without one)."""

    subject: ClassVar[str] = "ask.finance.supplier_balances.v1"

    at: Instant | None = None
    supplier_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class SupplierEntryView(View):
    """One line of a supplier's account. ``amount`` above zero: the station owes more."""

    id: UUID
    at: Instant
    kind: SupplierEntryKind
    document_id: UUID
    """The receipt (also of what went back of it), or the payment."""
    amount: SignedMoney
    balance: MoneySum
    """What is owed after it; below zero: an advance."""
    comment: str | None
    actor: str


class SupplierStatement(Question[Page[SupplierEntryView]]):
    """A supplier's account, newest first."""

    subject: ClassVar[str] = "ask.finance.supplier_statement.v1"

    supplier_id: UUID
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class SupplierPaid(Event):
    """A supplier got money. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.supplier_paid.v1"

    payment: SupplierPaymentView

    def aggregate_id(self) -> UUID:
        return self.payment.supplier_id


class SupplierRefunded(Event):
    """A supplier gave money back; ``payment`` as it is after that. Producer: finance. Consumer:
    audit."""

    subject: ClassVar[str] = "evt.finance.supplier_refunded.v1"

    payment: SupplierPaymentView
    amount: Money
    reason: str | None

    def aggregate_id(self) -> UUID:
        return self.payment.supplier_id
