"""What the cashier sees on one screen: owned by ``services/finance``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Instant, Limit, Money, Question, SignedMoney, View
from shared.contracts.finance import MoneyMethod, MoneySum
from shared.contracts.till import MethodSum, ShiftNow


class OrderToPay(View):
    """A settled order of which something is due."""

    order_id: UUID
    number: str
    client_id: UUID
    completed_at: Instant
    total: Money
    paid: Money
    due: Money


TillDocumentKind = Literal[
    "payment",
    "refund",
    "expense",
    "expense_storno",
    "cash_opening",
    "cash_in",
    "cash_out",
    "cash_shortage",
    "cash_surplus",
]


class TillDocument(View):
    """Money that came (above zero) or went."""

    id: UUID
    at: Instant
    kind: TillDocumentKind
    method: MoneyMethod
    amount: SignedMoney
    shift_id: UUID | None
    order_id: UUID | None
    client_id: UUID | None
    payment_id: UUID | None
    comment: str | None
    actor: str


class TillSummaryView(View):
    shift_required: bool
    shifts: tuple[ShiftNow, ...]
    """Those that are open."""
    orders_to_pay: tuple[OrderToPay, ...]
    """The oldest first, no more than a page."""
    orders_to_pay_count: int
    due: MoneySum
    """Of all orders to pay."""
    receipts: tuple[MethodSum, ...]
    """Today's, less refunds."""
    documents: tuple[TillDocument, ...]
    """Today's, newest first, no more than a page."""
    documents_count: int


class GetTillSummary(Question[TillSummaryView]):
    """Today, by the station's clock. With ``cash_box_id`` the shifts and documents of that box;
    with ``client_id`` the orders to pay of that client. Refused: ``cash_box_not_found``."""

    subject: ClassVar[str] = "ask.finance.till_summary.v1"

    cash_box_id: UUID | None = None
    client_id: UUID | None = None
    limit: Limit = 50
