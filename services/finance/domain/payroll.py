"""What the station owes its people: earned by orders and months, corrected, paid out, undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.finance.domain.decision import Decision
from services.finance.domain.earning import Earned, earned
from services.finance.domain.ledger import (
    PAY_CATEGORY,
    PAYROLL_CATEGORY,
    ZERO,
    Account,
    Entry,
    EntryKind,
    Posting,
    Stamp,
    kopecks,
)
from services.finance.domain.pay_lines import PAYOUT_ACCOUNTS, PayLine, pay_entry
from services.finance.domain.pay_rules import Rulebook
from services.finance.domain.settlement import Settlement
from shared.contracts.payroll import (
    OrderPay,
    PayAccrued,
    PayKind,
    PayoutMethod,
    PayRecorded,
    PayrollStateView,
    PayTakenBack,
)
from shared.refusals import Refused

REVERSIBLE = (EntryKind.PAY_ADJUSTMENT, EntryKind.PAYOUT)
"""What the office may undo; orders undo their own."""


@dataclass(frozen=True, slots=True)
class PayrollState:
    """Business days before ``closed_until`` take no more entries; salaries are reckoned through
    ``accrued_through``."""

    closed_until: date | None = None
    accrued_through: date | None = None
    revision: int = 1

    def view(self) -> PayrollStateView:
        return PayrollStateView(
            closed_until=self.closed_until,
            accrued_through=self.accrued_through,
            revision=self.revision,
        )

    def dated(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The instant itself, or the beginning of what is open."""
        return max(at, midnight(self.closed_until, zone)) if self.closed_until else at

    def closed(self, until: date, today: date) -> PayrollState:
        """Refused: ``payroll_period_open``, ``payroll_period_closed``."""
        if self.closed_until and until <= self.closed_until:
            raise Refused("payroll_period_closed", until=self.closed_until)
        reckoned = self.accrued_through is not None and until <= next_day(self.accrued_through)
        if until > today or not reckoned:
            raise Refused("payroll_period_open", until=until)
        return replace(self, closed_until=until, revision=self.revision + 1)

    def reopened(self, since: date) -> PayrollState:
        """Refused: ``payroll_not_closed``."""
        if self.closed_until is None or since >= self.closed_until:
            raise Refused("payroll_not_closed", since=since)
        return replace(self, closed_until=since, revision=self.revision + 1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """With which a business day begins."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def next_day(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


# --- orders --------------------------------------------------------------------------------------


def accrue(
    settlement: Settlement, rules: Rulebook, at: datetime, stamp: Stamp, entry_id: UUID
) -> tuple[Settlement, Decision]:
    """What an order that is being settled earns its people: the settlement with its pay, and the
    entry. ``at``: its accounting time."""
    order = settlement.order
    if order.labor is None:
        told = Earned(None, "labor_percent", order.pay)
        found: tuple[Earned, ...] = (told,) if order.pay else ()
    else:
        found = earned(order.labor, rules, settlement.margin)
    if not found:
        return settlement, Decision()
    total = sum((one.amount for one in found), ZERO)
    paid = replace(settlement, completed=replace(order, pay=total), pay_entry_id=entry_id)
    entry = Entry(
        entry_id,
        EntryKind.PAY_ACCRUAL,
        replace(stamp, at=at, station_id=order.station_id),
        tuple(_owed(one.amount, one.employee_id, settlement.order_id) for one in found),
        order_id=settlement.order_id,
        client_id=order.client_id,
        section_id=order.section_id,
    )
    lines = tuple(
        OrderPay(
            employee_id=one.employee_id,
            pay=one.amount,
            kind=one.kind,
            line_id=one.line_id,
            rule_id=one.rule_id,
        )
        for one in found
    )
    event = PayAccrued(**_of_order(paid, entry), lines=lines)
    whys = tuple(
        PayLine(
            entry_id, line, one.kind, order.number, one.line_id, one.name, one.base, one.value,
            one.share, one.rule_id,
        )
        for line, one in enumerate(found)
    )  # fmt: skip
    return paid, Decision((entry,), events=(event,), pay_lines=whys)


def take_back(
    settlement: Settlement,
    accrued: Entry,
    at: datetime,
    stamp: Stamp,
    entry_id: UUID,
    reason: str | None,
) -> Decision:
    """A reopened order takes back what it had earned its people, paid out or not."""
    stamp = replace(stamp, at=at, station_id=settlement.order.station_id)
    entry = accrued.reversed(entry_id, EntryKind.PAY_REVERSAL, stamp, reason)
    lines = tuple(
        OrderPay(employee_id=posting.employee_id, pay=posting.amount) for posting in entry.postings
    )
    return Decision((entry,), events=(PayTakenBack(**_of_order(settlement, entry), lines=lines),))


def _of_order(settlement: Settlement, entry: Entry) -> dict[str, object]:
    return {
        "order_id": settlement.order_id,
        "number": settlement.order.number,
        "completion": settlement.completion,
        "entry_id": entry.id,
        "at": entry.stamp.at,
    }


# --- one employee --------------------------------------------------------------------------------


def adjust(
    kind: PayKind, employee_id: UUID, amount: Decimal, reason: str, stamp: Stamp, entry_id: UUID
) -> Decision:
    """A bonus or a fine, at the stamp's time."""
    owed = _owed(kopecks(amount), employee_id)
    posting = owed.swapped() if kind == "fine" else owed
    entry = Entry(entry_id, EntryKind.PAY_ADJUSTMENT, stamp, (posting,), comment=reason)
    return _recorded(entry, PayLine(entry_id, 0, kind))


def salary(why: PayLine, employee_id: UUID, amount: Decimal, stamp: Stamp) -> Decision:
    """What a day or a month has earned an employee; nothing is not written."""
    if not amount:
        return Decision()
    entry = Entry(why.entry_id, EntryKind.SALARY, stamp, (_owed(amount, employee_id),))
    return _recorded(entry, why)


@dataclass(frozen=True, slots=True)
class Asked:
    """To be paid out; without an amount, all that is owed."""

    employee_id: UUID
    amount: Decimal | None


def pay_out(
    asked: Sequence[Asked],
    balances: Mapping[UUID, Decimal],
    method: PayoutMethod,
    stamp: Stamp,
    ids: Sequence[UUID],
    *,
    advance: bool,
    comment: str | None,
) -> Decision:
    """An entry each; all of them or none. What an advance takes beyond the balance leaves the
    employee owing. Refused: ``payout_exceeds_balance``."""
    left = dict(balances)
    decision = Decision()
    for line, entry_id in zip(asked, ids, strict=True):
        owed = left.get(line.employee_id, ZERO)
        amount = owed if line.amount is None else kopecks(line.amount)
        beyond = amount > owed
        if amount <= 0 or (beyond and not advance):
            raise Refused("payout_exceeds_balance", employee_id=line.employee_id, balance=owed)
        left[line.employee_id] = owed - amount
        posting = Posting(
            Account.PAYROLL_PAYABLE,
            PAYOUT_ACCOUNTS[method],
            amount,
            employee_id=line.employee_id,
        )
        entry = Entry(entry_id, EntryKind.PAYOUT, stamp, (posting,), comment=comment)
        kind: PayKind = "advance" if beyond else "payout"
        decision = decision.and_then(_recorded(entry, PayLine(entry_id, 0, kind)))
    return decision


def undo(entry: Entry, why: PayLine, stamp: Stamp, entry_id: UUID, reason: str) -> Decision:
    """A bonus, a fine or a payout is undone. Refused: ``pay_entry_not_found``."""
    if entry.kind not in REVERSIBLE:
        raise Refused("pay_entry_not_found", id=entry.id)
    undone = entry.reversed(entry_id, EntryKind.PAY_REVERSAL, stamp, reason)
    return Decision((undone,), events=(PayRecorded(entry=pay_entry(undone, why)),))


def _owed(amount: Decimal, employee_id: UUID | None, order_id: UUID | None = None) -> Posting:
    return Posting(
        Account.LABOR_PAY,
        Account.PAYROLL_PAYABLE,
        amount,
        order_id=order_id,
        category=PAY_CATEGORY if order_id else PAYROLL_CATEGORY,
        employee_id=employee_id,
    )


def _recorded(entry: Entry, why: PayLine) -> Decision:
    return Decision((entry,), events=(PayRecorded(entry=pay_entry(entry, why)),), pay_lines=(why,))
