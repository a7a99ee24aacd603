"""What the station owes its suppliers: goods received and sent back, money paid and given back.

A supplier's account is the sum of the postings that name the supplier on ``payables``. Whatever
lowers it pays the oldest receipts first; a receipt's own returns lower that receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import (
    MONEY_ACCOUNTS,
    PURCHASES_CATEGORY,
    ZERO,
    Account,
    Entry,
    EntryKind,
    Posting,
    Stamp,
    kopecks,
    post,
)
from shared.contracts.finance import MoneyMethod
from shared.contracts.inventory import ReceiptView, SupplierCharge
from shared.contracts.purchasing import (
    SupplierPaid,
    SupplierPaymentView,
    SupplierRefunded,
    SupplierReturnView,
)
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class SupplierPayment:
    """Money that a supplier got, and what of it came back."""

    id: UUID
    at: datetime
    supplier_id: UUID
    amount: Decimal
    method: MoneyMethod
    document: str | None
    comment: str | None
    actor: str
    refunded: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.amount - self.refunded

    def view(self) -> SupplierPaymentView:
        return SupplierPaymentView.model_validate(self, from_attributes=True)


def receive_stock(receipt: ReceiptView, stamp: Stamp, entry_id: UUID) -> Decision:
    """Goods came in: stock grows, and so does what the station owes for them."""
    # Receipts of older versions said only what they cost, and whose they were.
    charges = receipt.charges or (
        SupplierCharge(supplier_id=receipt.supplier_id, cost=receipt.total_cost, vat=ZERO),
    )
    postings = tuple(
        posting
        for charge in charges
        for account, amount in _parts(charge)
        for posting in _owed(account, Account.PAYABLES, amount, charge.supplier_id)
    )
    return _written(
        EntryKind.RECEIPT, postings, receipt.id, receipt.number, replace(stamp, at=receipt.at),
        entry_id,
    )  # fmt: skip


def send_back(returned: SupplierReturnView, stamp: Stamp, entry_id: UUID) -> Decision:
    """Goods went back: less is owed for them. What stock is worth less beyond that is lost."""
    postings = tuple(
        posting
        for charge in returned.charges
        for account, amount in _parts(charge)
        for posting in _owed(Account.PAYABLES, account, amount, charge.supplier_id)
    )
    lost = returned.cost - sum((charge.cost for charge in returned.charges), ZERO)
    if lost > 0:
        postings += post(Account.PURCHASES, Account.INVENTORY, lost, PURCHASES_CATEGORY)
    else:
        postings += post(Account.INVENTORY, Account.PURCHASES, -lost, PURCHASES_CATEGORY)
    return _written(
        EntryKind.SUPPLIER_RETURN,
        postings,
        # Of its receipt, so that the two come to what that receipt still costs.
        returned.receipt_id,
        returned.number,
        replace(stamp, at=returned.at),
        entry_id,
    )


def pay(payment: SupplierPayment, stamp: Stamp, entry_id: UUID) -> Decision:
    """The supplier is owed less; what is over is an advance."""
    source = MONEY_ACCOUNTS[payment.method]
    postings = _owed(Account.PAYABLES, source, payment.amount, payment.supplier_id)
    decision = _written(
        EntryKind.SUPPLIER_PAYMENT, postings, payment.id, payment.comment, stamp, entry_id
    )
    return replace(decision, events=(SupplierPaid(payment=payment.view()),))


def refund(
    payment: SupplierPayment,
    amount: Decimal | None,
    reason: str | None,
    stamp: Stamp,
    entry_id: UUID,
) -> tuple[SupplierPayment, Decision]:
    """Money comes back from the supplier. Refused: ``refund_exceeds_payment``."""
    back = payment.left if amount is None else kopecks(amount)
    if back > payment.left or not back:
        raise Refused("refund_exceeds_payment", left=payment.left)
    after = replace(payment, refunded=payment.refunded + back)
    target = MONEY_ACCOUNTS[payment.method]
    postings = _owed(target, Account.PAYABLES, back, payment.supplier_id)
    decision = _written(EntryKind.SUPPLIER_REFUND, postings, payment.id, reason, stamp, entry_id)
    told = SupplierRefunded(payment=after.view(), amount=back, reason=reason)
    return after, replace(decision, events=(told,))


def _parts(charge: SupplierCharge) -> tuple[tuple[Account, Decimal], ...]:
    return (Account.INVENTORY, kopecks(charge.cost)), (Account.VAT_INPUT, kopecks(charge.vat))


def _owed(
    debit: Account, credit: Account, amount: Decimal, supplier_id: UUID
) -> tuple[Posting, ...]:
    return tuple(
        replace(posting, supplier_id=supplier_id) for posting in post(debit, credit, amount)
    )


def _written(
    kind: EntryKind,
    postings: Sequence[Posting],
    document_id: UUID,
    comment: str | None,
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    entry = Entry(entry_id, kind, stamp, tuple(postings), document_id=document_id, comment=comment)
    return Decision((entry,) if postings else ())
