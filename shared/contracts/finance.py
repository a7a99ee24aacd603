"""Payments, expenses, settlements and the ledger: owned by ``services/finance``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    MAX_MONEY,
    Command,
    CommandRefused,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Percent,
    Period,
    PositiveMoney,
    Question,
    ReportLimit,
    SignedMoney,
    Text,
    View,
)

NO_VAT = Decimal("0.00")
MoneyMethod = Literal["cash", "card", "transfer"]
PaymentMethod = Literal["cash", "card", "transfer", "bonus"]
"""How an order is paid: by money, or by the customer's bonuses, which are none."""
RecordType = Literal["income", "expense"]
FiscalState = Literal["queued", "sending", "sent", "failed", "undetermined"]
"""Of a fiscal receipt, on its way to the cash register."""
MoneySum = Annotated[Decimal, Field(ge=-MAX_MONEY * 10**6, le=MAX_MONEY * 10**6, decimal_places=2)]
"""What many amounts, each as large as can be, come to together."""


class MoneyPaymentView(View):
    """A payment by which money came in."""

    id: UUID
    at: Instant
    order_id: UUID | None
    customer_id: UUID
    payer_id: UUID
    amount: Money
    method: MoneyMethod
    refunded: Money
    comment: str | None
    actor: str
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None
    """Where it was taken; null: outside of shifts."""
    document_id: UUID | None = None
    """Of payments that were taken together."""
    tendered: Money | None = None
    """Cash that was given."""
    change: Money | None = None


class PaymentView(MoneyPaymentView):
    """Any payment: of money, or of bonuses."""

    method: PaymentMethod  # type: ignore[assignment]
    fiscal_state: FiscalState | None = None
    """Of its fiscal receipt; null: none is printed."""
    fiscal_number: int | None = None


class TakePayment(Command[PaymentView]):
    """Money from the payer; the customer's balance moves. Before the order is settled it is a
    deposit; more than is owed stays on the balance. Without an order it pays what the customer
    owes for the oldest ones. Refused: ``order_not_found``, ``order_cancelled``,
    ``client_not_found``, ``order_of_other_client``, ``amount_too_large``.

    Money is taken in the shift that is named, in that of the box that is named, or else in the one
    that the cashier has opened, or that of the main box, if one is open. Refused besides:
    ``cash_box_not_found``, ``cash_box_inactive``, ``method_not_taken``, ``shift_not_open``,
    ``shift_closed``, ``shift_of_other_box``, ``shift_required``. ``tendered`` is the cash that was
    given, so that the change is known. Refused besides: ``tendered_without_cash``,
    ``tendered_too_little``.

    With ``bonus`` the customer's own bonuses pay a share of a settled order: refused besides:
    ``bonus_needs_order``, ``bonus_of_other_client`` (the payer is not the customer),
    ``bonus_order_not_settled``, ``bonus_share_exceeded``, ``bonus_not_enough``."""

    subject: ClassVar[str] = "cmd.finance.take_payment.v1"

    order_id: UUID | None = None
    customer_id: UUID
    payer_id: UUID | None = None
    amount: PositiveMoney
    method: PaymentMethod
    tendered: Money | None = None
    comment: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class RefundPayment(Command[PaymentView]):
    """Back by the original method; bonuses go back to where they were taken from. Absent amount:
    all that is left of the payment. Money is given in a shift as it is taken in one.
    Refused: ``payment_not_found``, ``refund_exceeds_payment``, ``not_enough_cash`` (in the box),
    and for box and shift as ``TakePayment``."""

    subject: ClassVar[str] = "cmd.finance.refund_payment.v1"

    payment_id: UUID
    amount: PositiveMoney | None = None
    reason: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class PaymentDetails(PaymentView):
    correctable: bool = False
    """The register knows nothing of money that was kept, and a correction can tell it."""


class GetPayment(Question[PaymentDetails]):
    subject: ClassVar[str] = "ask.finance.payment.v1"

    payment_id: UUID


class ListPayments(Question[Page[PaymentView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.finance.payments.v1"

    order_id: UUID | None = None
    customer_id: UUID | None = None
    payer_id: UUID | None = None
    document_id: UUID | None = None
    shift_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class RecordView(View):
    """An income or expense of seed 000: a view of the ledger. A reversal has a negative amount."""

    id: UUID
    type: RecordType
    amount: SignedMoney
    client_id: UUID | None
    order_id: UUID | None
    category: str
    at: Instant
    comment: str | None
    actor: str
    station_id: UUID | None = None
    document_id: UUID | None = None
    """What it is of, where that is no order: a write-off, a count; of ``purchases`` the receipt of
    which something went back (``comment``: the return's number)."""
    reverses: UUID | None = None
    """The record that it takes back: of an order that was opened again, its settlement …"""
    reversed_at: Instant | None = None
    """… and of when that was."""


class RecordExpense(Command[RecordView]):
    """Money spent, in a category of the list: by its id, or by its name (an unknown one is made).
    Refused: ``field_required``, ``expense_category_not_found``, ``expense_category_inactive``,
    ``order_not_found``, ``expense_in_future``, ``category_reserved`` (``pay``, ``payroll``,
    ``bonuses``, ``vat``, ``cost_of_goods``, ``cash_shortage``, ``write_off``, ``count_difference``
    and ``stock_take_over`` are the books'), ``supplier_not_found``, ``not_enough_cash`` (in
    the box), and for box and shift as ``TakePayment``."""

    subject: ClassVar[str] = "cmd.finance.record_expense.v1"

    amount: PositiveMoney
    category: Name | None = None
    category_id: UUID | None = None
    supplier_id: UUID | None = None
    method: MoneyMethod = "cash"
    order_id: UUID | None = None
    at: Instant | None = None
    comment: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class ListRecords(Question[Page[RecordView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.finance.records.v1"

    type: RecordType | None = None
    order_id: UUID | None = None
    client_id: UUID | None = None
    category: Name | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class OrderProfitView(View):
    order_id: UUID
    settled: bool
    revenue: Money
    vat: Money = NO_VAT
    """Contained in the revenue."""
    cost: Money
    pay: Money
    expenses: MoneySum
    """Recorded against this order by hand; not part of the margin of the order."""
    margin: SignedMoney
    paid: SignedMoney
    """Of the revenue, as much as clients' money and bonuses cover; before the order is settled,
    the deposits that are held for it."""
    due: SignedMoney
    """``revenue - paid`` of a settled order."""


class GetOrderProfit(Question[OrderProfitView]):
    """``margin = revenue - vat - cost - pay``. Zeros until settled.
    Refused: ``order_not_found``."""

    subject: ClassVar[str] = "ask.finance.order_profit.v1"

    order_id: UUID


class BalanceView(View):
    client_id: UUID
    owes: MoneySum
    """Positive: the client owes the station. Negative: the station holds the client's money."""
    debt: MoneySum = Decimal(0)
    """What is due for orders, whatever the station holds besides."""
    deposit: MoneySum = Decimal(0)
    """Money of the client that no order has taken."""
    free: MoneySum = Decimal(0)
    """Of that, what was given for no order that still waits: whichever of the client's orders is
    settled next takes it, and the cashier may give it back."""
    overdue: MoneySum = Decimal(0)
    """Of what is due for orders, what should have been paid by now: within the days of the
    contract that was valid when the order was done; without one, on that day."""

    def covers(self, due: Decimal) -> Decimal:
        """How much of what is due of one order the free money pays, if that order takes it first:
        all open orders of the client look at the same money."""
        return min(due, self.free)


class GetBalance(Question[BalanceView]):
    subject: ClassVar[str] = "ask.finance.balance.v1"

    client_id: UUID


class IncomeExpense(View):
    day: str
    """Of the station's own calendar, ``2026-11-23``."""
    type: RecordType
    category: str
    amount: MoneySum
    records: int


class IncomeExpenses(Question[Page[IncomeExpense]]):
    """By day and category. Income is what clients are charged, with VAT; goods sold, pay accrued
    and that VAT are expenses too, so that the difference is what the station earned."""

    subject: ClassVar[str] = "ask.finance.income_expenses.v1"

    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class OrderProfitRow(View):
    order_id: UUID
    number: str
    section_id: UUID
    client_id: UUID
    settled_at: Instant
    revenue: Money
    vat: Money = NO_VAT
    cost: Money
    pay: Money
    margin: SignedMoney
    paid: SignedMoney


class OrderProfits(Question[Page[OrderProfitRow]]):
    """Orders settled in the period and not reopened, by settlement. ``employee_id``: who did a work
    on it; ``service_id``: a work that was done; ``product_id``: a part that went into it."""

    subject: ClassVar[str] = "ask.finance.order_profits.v1"

    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    client_id: UUID | None = None
    employee_id: UUID | None = None
    service_id: UUID | None = None
    product_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class OrderSettled(Event):
    """An order's revenue, cost and pay are in the ledger. Producer: finance. Consumers: orders,
    clients (counts visits), audit."""

    subject: ClassVar[str] = "evt.finance.order_settled.v1"

    order_id: UUID
    number: str
    completion: int
    client_id: UUID
    revenue: Money
    cost: Money
    pay: Money
    margin: SignedMoney
    deposits_applied: Money
    vat: Money = NO_VAT
    """Contained in the revenue."""
    vat_percent: Percent | None = None
    """The rate that it was reckoned with; null: sold without VAT."""
    section_id: UUID | None = None
    completed_at: Instant | None = None
    """When the work was done."""

    def aggregate_id(self) -> UUID:
        return self.order_id


class SettlementReversed(Event):
    """A reopened order's settlement is undone by new entries. Producer: finance. Consumers:
    clients (counts visits), audit (orders knows already: it has reopened the order)."""

    subject: ClassVar[str] = "evt.finance.settlement_reversed.v1"

    order_id: UUID
    completion: int
    revenue: Money
    client_id: UUID | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id


class OrderPaid(Event):
    """A settled order has become fully paid. ``money`` is how much of the revenue money covers;
    bonuses cover the rest. An order that costs nothing is never told of. ``word`` counts what is
    said of this completion's dues, here and in the next two events: the highest is the newest
    (older versions counted none). Producer: finance. Consumers: finance (accrues bonuses), orders
    (no longer waits for payment), audit."""

    subject: ClassVar[str] = "evt.finance.order_paid.v1"

    order_id: UUID
    number: str
    completion: int
    client_id: UUID
    revenue: Money
    money: Money
    at: Instant
    word: int | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id


class OrderUnpaid(Event):
    """A refund has left something due of an order that was fully paid. Producer: finance.
    Consumers: orders (waits for payment again), audit."""

    subject: ClassVar[str] = "evt.finance.order_unpaid.v1"

    order_id: UUID
    number: str
    completion: int
    client_id: UUID
    due: Money
    at: Instant
    word: int | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id


class OrderDueChanged(Event):
    """Of a settled order another sum is due, and it was and is not fully paid. Producer: finance.
    Consumers: orders (what is due), audit."""

    subject: ClassVar[str] = "evt.finance.order_due_changed.v1"

    order_id: UUID
    number: str
    completion: int
    client_id: UUID
    due: Money
    at: Instant
    word: int | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id


class PaymentTaken(Event):
    """Money came in. Producer: finance. Consumers: orders (what is paid), audit."""

    subject: ClassVar[str] = "evt.finance.payment_taken.v1"

    payment: MoneyPaymentView
    order_id: UUID | None

    def aggregate_id(self) -> UUID:
        return self.payment.id


class PaymentRefunded(Event):
    """Money went back; ``payment`` as it is after the refund. Producer: finance. Consumers:
    orders, audit."""

    subject: ClassVar[str] = "evt.finance.payment_refunded.v1"

    payment: MoneyPaymentView
    order_id: UUID | None
    amount: Money
    reason: str | None

    def aggregate_id(self) -> UUID:
        return self.payment.id


class ExpenseRecorded(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.expense_recorded.v1"

    record: RecordView
    order_id: UUID | None

    def aggregate_id(self) -> UUID:
        return self.record.id


class FinanceCommandRefused(CommandRefused):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.command_refused.v1"
