"""What clients owe and why: statements (акты сверки), debtors, creditors, and the check of it all.

Views of the ledger, owned by ``services/finance``; ``services/documents`` prints the paper.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Instant, Page, Period, Question, View
from shared.contracts.finance import MoneySum, PaymentMethod
from shared.contracts.forms import FormDocument, FormFormat, Language
from shared.contracts.reconciliation import Difference
from shared.contracts.work_order import Party, StationCard

StatementDocument = Literal["order", "order_reversal", "payment", "refund"]
"""What moved a client's balance: an order settled or reopened, money or bonuses in or back."""


class StatementRow(View):
    """One document. ``debit`` is what the client owes more by it, ``credit`` what less; the other
    one is null. ``balance`` is what the client owes after it."""

    at: Instant
    document: StatementDocument
    entry_id: UUID
    order_id: UUID | None
    number: str | None
    """Of the order, if the document names one."""
    method: PaymentMethod | None
    payer_id: UUID | None
    payer: str | None
    """Who paid, where that is not the client."""
    debit: MoneySum | None
    credit: MoneySum | None
    balance: MoneySum
    comment: str | None


class StatementView(Page[StatementRow]):
    """All documents of the period, the earliest first. Negative balances are the client's money.

    Deposits that an order takes move nothing, and an order that the client does not see comes to
    nothing: neither is a row."""

    client_id: UUID
    client: str
    start: Instant | None
    end: Instant | None
    opening: MoneySum
    debit: MoneySum
    credit: MoneySum
    closing: MoneySum
    """``opening + debit - credit``; of a period without an end, the client's balance."""


class ClientStatement(Question[StatementView]):
    """Refused: ``client_not_found``, ``period_invalid``."""

    subject: ClassVar[str] = "ask.finance.client_statement.v1"

    client_id: UUID
    period: Period = Period()


class StatementPaper(View):
    """Everything that a printed statement names: the two parties, and what is between them."""

    station: StationCard
    client: Party
    statement: StatementView

    @property
    def number(self) -> str:
        """What tells one such paper from another: whose it is."""
        return self.client.name


class PrintStatement(Question[FormDocument]):
    """The statement as a paper for both parties to sign. Refused: ``client_not_found``,
    ``period_invalid``, ``form_too_heavy``, ``render_failed``, ``busy``."""

    subject: ClassVar[str] = "ask.documents.statement.v1"

    client_id: UUID
    period: Period = Period()
    language: Language = "ru"
    format: FormFormat = "pdf"


class DebtOrder(View):
    """An order that is not paid in full."""

    order_id: UUID
    number: str
    section_id: UUID
    settled_at: Instant
    due_on: date
    """From this day on its age is counted: the day of the settlement."""
    days: int
    due: MoneySum


class Ages(View):
    """Money by the days that have passed since it was due."""

    days_0_7: MoneySum = Decimal("0.00")
    days_8_30: MoneySum = Decimal("0.00")
    days_31_60: MoneySum = Decimal("0.00")
    days_61_90: MoneySum = Decimal("0.00")
    days_over_90: MoneySum = Decimal("0.00")
    owes: MoneySum = Decimal("0.00")
    """All of it."""


class ClientNamed(View):
    client_id: UUID
    client: str | None
    """The name; null while the clients service is away."""


class Debtor(Ages, ClientNamed):
    """A client who owes for settled orders."""

    deposits: MoneySum
    """Held of the client's money, at all stations; not deducted."""
    unpaid: tuple[DebtOrder, ...]
    """The orders behind it, the longest due first."""


class DebtorsView(Page[Debtor]):
    """Who owes most comes first."""

    at: Instant
    totals: Ages
    deposits: MoneySum
    """Of these clients."""


class Debtors(Question[DebtorsView]):
    """What clients owe at a moment (absent: now), by age. Its total is the receivable of all
    accounts."""

    subject: ClassVar[str] = "ask.finance.debtors.v1"

    at: Instant | None = None
    station_id: UUID | None = None
    section_id: UUID | None = None


class Creditor(ClientNamed):
    """A client whose money the station holds."""

    deposits: MoneySum
    since: Instant
    """When the oldest payment came in of which something is left."""


class CreditorsView(Page[Creditor]):
    at: Instant
    total: MoneySum


class Creditors(Question[CreditorsView]):
    """Whose money is held as deposits at a moment (absent: now), the largest first."""

    subject: ClassVar[str] = "ask.finance.creditors.v1"

    at: Instant | None = None


class CheckClients(Question[Page[Difference]]):
    """Recounts every client's and supplier's account, settlement and payment from the postings,
    and every entry against its document; answers what differs, at most 1000 rows. ``what`` is
    a stable code. Nothing is repaired."""

    subject: ClassVar[str] = "ask.finance.check_clients.v1"
