"""Salaries and minimums, earned day by day: what each business day is worth of its month."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.pay_rules import Person, Rulebook
from shared.contracts.pay_rules import SalaryTime

DayKind = Literal["salary", "minimum"]
KINDS: tuple[DayKind, ...] = ("salary", "minimum")


@dataclass(frozen=True, slots=True)
class PayDay:
    """What one employee has earned by one business day; written once."""

    employee_id: UUID
    kind: DayKind
    day: date
    amount: Decimal
    rule_id: UUID | None
    accrued: SalaryTime


def days_of(people: Iterable[Person], rules: Rulebook, day: date) -> list[PayDay]:
    """Of everybody for whom a rule counts on that day."""
    return [
        PayDay(
            person.employee_id,
            kind,
            day,
            day_part(terms.value, day),
            terms.rule_id,
            terms.accrued if kind == "salary" else "month",
        )
        for person in people
        if person.employee_id
        for kind in KINDS
        if (terms := rules.terms(kind, person))
    ]


def day_part(value: Decimal, day: date) -> Decimal:
    """A day's part of what a month is worth: the days of a month always come to all of it."""
    days = monthrange(day.year, day.month)[1]
    through, before = (kopecks(value * number / days) for number in (day.day, day.day - 1))
    return through - before


def ends_month(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def month_end(
    month: Iterable[PayDay], earned: dict[UUID, Decimal]
) -> list[tuple[UUID, DayKind, Decimal, UUID | None]]:
    """What is posted at the end of a month, per employee: salaries that are posted then, and what
    the month lacks to its minimum. ``earned``: what is posted in the month already."""
    sums: dict[tuple[UUID, DayKind], tuple[Decimal, UUID | None]] = {}
    for one in sorted(month, key=lambda one: (one.employee_id, one.kind, one.day)):
        if one.accrued == "month":
            before, _ = sums.get((one.employee_id, one.kind), (ZERO, None))
            sums[one.employee_id, one.kind] = before + one.amount, one.rule_id
    posted: list[tuple[UUID, DayKind, Decimal, UUID | None]] = []
    for (employee_id, kind), (amount, rule_id) in sorted(
        sums.items(), key=lambda item: (item[0][0], KINDS.index(item[0][1]))
    ):
        if kind == "minimum":
            amount = max(amount - earned.get(employee_id, ZERO), ZERO)
        else:
            earned = earned | {employee_id: earned.get(employee_id, ZERO) + amount}
        if amount:
            posted.append((employee_id, kind, amount, rule_id))
    return posted
