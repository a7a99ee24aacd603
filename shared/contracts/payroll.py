"""Pay of the station's people: what is accrued, corrected, paid out and closed. Owned by
``services/finance``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Event,
    Instant,
    Limit,
    Money,
    Page,
    Percent,
    Period,
    PositiveMoney,
    Question,
    Revision,
    SignedMoney,
    Text,
    View,
)
from shared.contracts.finance import MoneySum
from shared.contracts.pay_rules import PayValue

PayKind = Literal[
    "labor_percent",
    "norm_hour",
    "per_work",
    "per_order",
    "goods_percent",
    "margin_percent",
    "salary",
    "minimum",
    "bonus",
    "fine",
    "payout",
    "advance",
]
"""Why an employee's balance has moved."""
PayoutMethod = Literal["cash", "transfer"]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$"),
]


# --- an employee's balance ----------------------------------------------------------------------


class PayEntryView(View):
    """One movement of an employee's balance. ``amount``: positive when the station owes more."""

    id: UUID
    """Of the ledger's entry; what one order has earned several people shares it."""
    at: Instant
    kind: PayKind
    employee_id: UUID
    amount: SignedMoney
    order_id: UUID | None = None
    number: str | None = None
    line_id: UUID | None = None
    """The work's line on the order."""
    name: str | None = None
    base: Decimal | None = None
    """What ``value`` was reckoned of: roubles, norm-hours or units; null where nothing was."""
    value: PayValue | None = None
    share: Percent | None = None
    """Of the work, when several did it."""
    rule_id: UUID | None = None
    method: PayoutMethod | None = None
    reverses: UUID | None = None
    """The entry that this one undoes."""
    comment: str | None = None
    actor: str


class AdjustPay(Command[PayEntryView]):
    """A bonus for an employee, or a fine. ``at``: now, unless said otherwise. Refused:
    ``employee_not_found``, ``payroll_period_closed``, ``pay_in_future``."""

    subject: ClassVar[str] = "cmd.finance.adjust_pay.v1"

    employee_id: UUID
    kind: Literal["bonus", "fine"]
    amount: PositiveMoney
    reason: Reason
    at: Instant | None = None


class PayoutLine(View):
    """``amount``: absent, the employee's whole balance."""

    model_config = {"extra": "forbid"}

    employee_id: UUID
    amount: PositiveMoney | None = None


class PayOut(Command[Page[PayEntryView]]):
    """Money for employees, all of them or none. With ``advance`` also more than is owed: the rest
    is earned later. It is given in a shift as a refund is. Refused: ``payout_exceeds_balance``,
    ``employee_not_found``, ``not_enough_cash`` (in the box), and for box and shift as
    ``TakePayment``."""

    subject: ClassVar[str] = "cmd.finance.pay_out.v1"

    lines: tuple[PayoutLine, ...] = Field(min_length=1, max_length=200)
    method: PayoutMethod
    advance: bool = False
    comment: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class ReversePay(Command[PayEntryView]):
    """Undoes a bonus, a fine or a payout by a new entry; what orders and months have earned goes
    back with them. Paid-out money comes back by the method by which it went, cash into the shift
    as a payment does. Refused: ``pay_entry_not_found``, ``pay_entry_reversed``, and for box and
    shift as ``TakePayment``."""

    subject: ClassVar[str] = "cmd.finance.reverse_pay.v1"

    entry_id: UUID
    reason: Reason
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


class SheetRow(View):
    """An employee's pay in a period, in roubles; a fine and what was taken back are negative."""

    employee_id: UUID
    employee: str
    section_id: UUID | None
    section: str | None
    opening: MoneySum
    """What the station owed before the period; negative: the employee owes."""
    labor: MoneySum
    hours: MoneySum
    fixed: MoneySum
    """Per work and per order."""
    goods: MoneySum
    margin_pay: MoneySum
    salary: MoneySum
    """With what filled it up to the minimum."""
    bonuses: MoneySum
    fines: MoneySum
    accrued: MoneySum
    """The seven before."""
    paid_out: MoneySum
    closing: MoneySum
    """``opening + accrued - paid_out``: the ledger's balance of the employee."""


class PayrollSheet(Question[Page[SheetRow]]):
    """Everybody whose balance is or moves; the office sees all, everybody else oneself."""

    subject: ClassVar[str] = "ask.finance.payroll_sheet.v1"

    period: Period = Period()
    employee_id: UUID | None = None
    section_id: UUID | None = None


class EmployeePayView(View):
    """``items``: the newest first."""

    employee_id: UUID
    employee: str
    opening: MoneySum
    closing: MoneySum
    balance: MoneySum
    """Now, whatever the period."""
    items: tuple[PayEntryView, ...]
    next: str | None = None


class GetEmployeePay(Question[EmployeePayView]):
    """Every accrual and payout of one employee. The office sees all, everybody else oneself.
    Refused: ``employee_not_found``, ``forbidden``."""

    subject: ClassVar[str] = "ask.finance.employee_pay.v1"

    employee_id: UUID
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- periods and the clock ----------------------------------------------------------------------


class PayrollStateView(View):
    closed_until: date | None
    """The first business day that is open. Nothing is dated before it any more."""
    accrued_through: date | None
    """The last business day whose salaries are reckoned."""
    revision: int


class GetPayrollState(Question[PayrollStateView]):
    subject: ClassVar[str] = "ask.finance.payroll_state.v1"


class ClosePayroll(Command[PayrollStateView]):
    """Nothing is dated before ``until`` any more: what belongs there and comes late is dated at the
    beginning of what is open. Refused: ``payroll_period_open`` (it has not ended, or its salaries
    are not reckoned yet), ``payroll_period_closed`` already, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.finance.close_payroll.v1"

    until: Day
    expected_revision: Revision | None = None


class ReopenPayroll(Command[PayrollStateView]):
    """What was closed takes entries again, from the business day ``since`` on. What was dated into
    the open period meanwhile stays there. Refused: ``payroll_not_closed`` (that day is open),
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.finance.reopen_payroll.v1"

    since: Day
    reason: Reason
    expected_revision: Revision | None = None


class AccruedSalaries(View):
    employees: int
    more: bool


class AccrueSalaries(Command[AccruedSalaries]):
    """Reckons the next business day that has ended, once. Finance sends it to itself."""

    subject: ClassVar[str] = "cmd.finance.accrue_salaries.v1"


# --- facts --------------------------------------------------------------------------------------


class OrderPay(View):
    """What one order earns one employee by one rule."""

    employee_id: UUID | None
    """Null in what was told before people were named."""
    pay: Money
    kind: PayKind | None = None
    line_id: UUID | None = None
    rule_id: UUID | None = None


class PayAccrued(Event):
    """An order that is settled has earned its people this. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.pay_accrued.v1"

    order_id: UUID
    number: str
    completion: int
    entry_id: UUID
    at: Instant
    lines: tuple[OrderPay, ...]

    def aggregate_id(self) -> UUID:
        return self.order_id


class PayTakenBack(Event):
    """A reopened order takes back what it had earned. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.pay_taken_back.v1"

    order_id: UUID
    number: str
    completion: int
    entry_id: UUID
    at: Instant
    lines: tuple[OrderPay, ...]

    def aggregate_id(self) -> UUID:
        return self.order_id


class PayRecorded(Event):
    """An employee's balance has moved without an order: salary, minimum, bonus, fine, payout, or
    one of them undone. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.pay_recorded.v1"

    entry: PayEntryView

    def aggregate_id(self) -> UUID:
        return self.entry.employee_id


class PayrollClosed(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.payroll_closed.v1"

    station_id: UUID
    state: PayrollStateView

    def aggregate_id(self) -> UUID:
        return self.station_id


class PayrollReopened(Event):
    """``closed_until``: what was closed before. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.payroll_reopened.v1"

    station_id: UUID
    state: PayrollStateView
    closed_until: date
    reason: str

    def aggregate_id(self) -> UUID:
        return self.station_id
