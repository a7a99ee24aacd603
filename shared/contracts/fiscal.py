"""Fiscal receipts: what a cash register prints of payments, refunds and shifts: owned by
``services/finance``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Page,
    Question,
    Revision,
    Text,
    View,
)
from shared.contracts.finance import FiscalState, MoneyMethod, MoneySum

FiscalKind = Literal["sale", "refund", "correction", "shift_open", "shift_close"]
FiscalSubject = Literal["service", "goods", "payment"]
"""What is paid for: a work, goods, or money itself (an advance, a debt)."""
FiscalMethod = Literal["full_payment", "prepayment", "advance", "credit_payment"]
"""Paid when it is done; before, for an order that is known; before, for none; after, in parts."""
VatCode = Literal["none", "vat0", "vat5", "vat7", "vat10", "vat20", "vat22"]


class FiscalLine(View):
    name: str
    quantity: Annotated[Decimal, Field(gt=0, decimal_places=3)]
    price: Money
    """Of one unit."""
    total: Money
    vat: VatCode = "none"
    calculated: bool = False
    """Of money that comes before anything is sold: the VAT is a share of the sum itself, 20/120."""
    subject: FiscalSubject
    method: FiscalMethod


class FiscalTender(View):
    method: MoneyMethod
    amount: Money


class FiscalReceiptView(View):
    """``queued`` until the register has taken it; then ``sent`` with the register's number.
    ``failed``: the register does not have it, and will not take it. ``undetermined``: it may have
    it; a person looks, and says so."""

    id: UUID
    kind: FiscalKind
    state: FiscalState
    number: int | None
    document_id: UUID
    """The payment, the payment document, the shift or the entry that it is about: an entry lets an
    order take what was paid before, or gives it back to the client's account."""
    shift_id: UUID | None
    cash_box_id: UUID | None
    cashier: str
    total: MoneySum
    tenders: tuple[FiscalTender, ...]
    offset: MoneySum = Decimal(0)
    """What of the total was paid before, with a receipt of its own."""
    lines: tuple[FiscalLine, ...]
    """Empty until it is first sent."""
    reason: str | None
    attempts: int
    next_at: Instant | None
    detail: str | None
    """What the register said when it did not take it; of a refund that waits ``sale_not_printed``,
    of one that follows a correction under another id ``replaced``; ``vat_rate_not_fiscal``: it was
    sold at a rate that no register has a code for."""
    created_at: Instant
    sent_at: Instant | None
    perhaps_printed: bool = False
    """An attempt had no clear end. The same id may be sent again to a register that knows it; under
    another id, as a correction, it would be told twice."""
    revision: Revision


class GetFiscalReceipt(Question[FiscalReceiptView]):
    """Refused: ``fiscal_receipt_not_found``."""

    subject: ClassVar[str] = "ask.finance.fiscal_receipt.v1"

    receipt_id: UUID


class ListFiscalReceipts(Question[Page[FiscalReceiptView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.finance.fiscal_receipts.v1"

    state: FiscalState | None = None
    kind: FiscalKind | None = None
    document_id: UUID | None = None
    shift_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class RetryFiscalReceipt(Command[FiscalReceiptView]):
    """Once more, after a look at the register: it must not have it. Refunds that waited for it are
    printed after it. Refused: ``fiscal_receipt_not_found``, ``fiscal_receipt_under_way``,
    ``fiscal_receipt_exists`` (a correction has told it), ``fiscal_sale_not_printed`` (of a refund:
    what it gives back has failed)."""

    subject: ClassVar[str] = "cmd.finance.retry_fiscal_receipt.v1"

    receipt_id: UUID


class LookUpFiscalReceipt(Command[FiscalReceiptView]):
    """A person has looked whether the register has an undetermined one: ``number``, under which it
    stands there; none: it does not, and the receipt has failed (and may be printed once more, or
    told by a correction). Refused: ``fiscal_receipt_not_found``, ``fiscal_receipt_known``,
    ``field_required`` (the number of a printed one)."""

    subject: ClassVar[str] = "cmd.finance.look_up_fiscal_receipt.v1"

    receipt_id: UUID
    printed: bool
    number: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class CorrectPayment(Command[FiscalReceiptView]):
    """A correction for money that was taken without a receipt, as far as it has not been given
    back; or for money whose receipt has failed: it says what that would have said, and refunds that
    waited for it are printed after it. Either way the register has what was kept. Refused:
    ``payment_not_found``, ``fiscal_off`` (no register is configured), ``fiscal_receipt_exists``,
    ``fiscal_receipt_undetermined`` (see ``LookUpFiscalReceipt``), ``correction_not_fiscal`` (no
    register has a code for a VAT rate of it), ``nothing_to_correct`` (all of it was given back)."""

    subject: ClassVar[str] = "cmd.finance.correct_payment.v1"

    payment_id: UUID
    reason: Text


class FiscalReceiptMoved(Event):
    """Queued, sent, failed or undetermined. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.fiscal_receipt_moved.v1"

    receipt: FiscalReceiptView

    def aggregate_id(self) -> UUID:
        return self.receipt.id
