"""Pay rules: whom each is for, on which days it counts, and which of them wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts.pay_rules import PayRuleKind, PayRuleView, SalaryTime
from shared.refusals import Refused

OF_WORK: tuple[PayRuleKind, ...] = ("labor_percent", "norm_hour", "per_work")
"""They vie for a work: one of them pays it."""
PERCENTS: tuple[PayRuleKind, ...] = ("labor_percent", "goods_percent", "margin_percent")


@dataclass(frozen=True, slots=True)
class PayRule:
    """See ``PayRuleView``."""

    id: UUID
    kind: PayRuleKind
    value: Decimal
    employee_id: UUID | None
    role: str | None
    section_id: UUID | None
    service_group: str | None
    accrued: SalaryTime
    valid_from: date | None
    valid_to: date | None
    active: bool
    comment: str | None
    revision: int
    created_at: datetime
    updated_at: datetime

    @property
    def contest(self) -> tuple[PayRuleKind, ...]:
        """The kinds of which an employee has one at a time."""
        return OF_WORK if self.kind in OF_WORK else (self.kind,)

    @property
    def scope(self) -> tuple[UUID | None, str | None, UUID | None, str | None]:
        """For whom and for what it is, what weighs most first."""
        group = self.service_group and self.service_group.casefold()
        return self.employee_id, self.role, self.section_id, group

    @property
    def weight(self) -> tuple[bool, ...]:
        return tuple(condition is not None for condition in self.scope)

    def counts_on(self, day: date) -> bool:
        return (
            self.active
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day < self.valid_to)
        )

    def is_for(self, who: Person, group: str | None) -> bool:
        asked = (who.employee_id, who.role, who.section_id, group and group.casefold())
        return all(
            wanted is None or wanted == given
            for wanted, given in zip(self.scope, asked, strict=True)
        )

    def view(self) -> PayRuleView:
        return PayRuleView(**{field.name: getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Person:
    """An employee, as rules know people; ``pay_percent`` is what the employee's card says."""

    employee_id: UUID | None
    role: str | None = None
    section_id: UUID | None = None
    pay_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """By what somebody is paid for something. No rule: by the employee's card."""

    kind: PayRuleKind
    value: Decimal
    rule_id: UUID | None = None
    accrued: SalaryTime = "month"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules that count on one business day."""

    rules: tuple[PayRule, ...] = ()

    @classmethod
    def on(cls, day: date, rules: Iterable[PayRule]) -> Rulebook:
        return cls(tuple(rule for rule in rules if rule.counts_on(day)))

    def for_work(self, who: Person, group: str | None) -> Terms:
        """A rule's, or else the percent of the employee's card."""
        return self._best(OF_WORK, who, group) or Terms("labor_percent", who.pay_percent)

    def terms(self, kind: PayRuleKind, who: Person) -> Terms | None:
        return self._best((kind,), who, None)

    def _best(self, kinds: tuple[PayRuleKind, ...], who: Person, group: str | None) -> Terms | None:
        """The most specific one; two that are equally specific are never kept."""
        found = [rule for rule in self.rules if rule.kind in kinds and rule.is_for(who, group)]
        if not found:
            return None
        best = max(found, key=lambda rule: (rule.weight, rule.created_at, rule.id))
        return Terms(best.kind, best.value, best.id, best.accrued)


def check(rule: PayRule, others: Iterable[PayRule]) -> None:
    """Refused: ``pay_rule_invalid``, ``period_invalid``, and ``pay_rule_overlaps`` when another
    rule for the same people and works counts on one of its days."""
    if rule.valid_from and rule.valid_to and rule.valid_to <= rule.valid_from:
        raise Refused("period_invalid")
    if rule.kind in PERCENTS and rule.value > 100:
        raise Refused("pay_rule_invalid", field="value")
    if rule.service_group is not None and rule.kind not in OF_WORK:
        raise Refused("pay_rule_invalid", field="service_group")
    for other in others:
        if other.id != rule.id and _collide(rule, other):
            raise Refused("pay_rule_overlaps", id=other.id)


def _collide(one: PayRule, other: PayRule) -> bool:
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    ends = min(one.valid_to or date.max, other.valid_to or date.max)
    return (
        one.active
        and other.active
        and one.contest == other.contest
        and one.scope == other.scope
        and begins < ends
    )
