"""Pay rules: by what the station's people earn. Owned by ``services/finance``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Event,
    Instant,
    Limit,
    Name,
    Page,
    Question,
    Revision,
    Text,
    View,
)
from shared.contracts.orders import Role

PayRuleKind = Literal[
    "labor_percent",
    "norm_hour",
    "per_work",
    "per_order",
    "goods_percent",
    "margin_percent",
    "salary",
    "minimum",
]
"""What a rule pays for: a percent of a work alone, each norm-hour sold, each unit of a work, each
order that one has worked on or is responsible for, a percent of the goods sold, a percent of the
order's margin, a month; or what a month comes to at least."""
SalaryTime = Literal["day", "month"]
PayValue = Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=2)]


class PayRuleView(View):
    """Whom it is for (every condition that is not null must hold), and what it pays."""

    id: UUID
    kind: PayRuleKind
    value: PayValue
    """Percent of the kinds that end so, else roubles: per hour, work, order or month."""
    employee_id: UUID | None
    role: Role | None
    section_id: UUID | None
    """The employee's own, not the order's."""
    service_group: str | None
    """Works of this group only."""
    accrued: SalaryTime
    """When a salary is posted: every day its part of the month, or at the month's end."""
    valid_from: date | None
    valid_to: date | None
    """Of the station's business days, half open."""
    active: bool
    comment: str | None
    revision: int
    created_at: Instant
    updated_at: Instant


class CreatePayRule(Command[PayRuleView]):
    """The most specific rule wins: of the employee, else of the role, of the section, of all; and
    among them that of the work's group. ``labor_percent``, ``norm_hour`` and ``per_work`` vie for
    a work, each other kind is apart. Where none of the three is found, an employee's own
    ``pay_percent`` counts. A salary and a minimum are reckoned day by day; days that have been are
    not reckoned anew.

    Refused: ``pay_rule_invalid`` (a percent above 100; a group where no work is paid for),
    ``pay_rule_overlaps``, ``employee_not_found``, ``section_not_found``, ``period_invalid``."""

    subject: ClassVar[str] = "cmd.finance.create_pay_rule.v1"

    kind: PayRuleKind
    value: PayValue
    employee_id: UUID | None = None
    role: Role | None = None
    section_id: UUID | None = None
    service_group: Name | None = None
    accrued: SalaryTime = "month"
    valid_from: Day | None = None
    valid_to: Day | None = None
    active: bool = True
    comment: Text | None = None


class ChangePayRule(Command[PayRuleView]):
    """Never alters what was accrued. For whom and for what a rule is stays: another one is made.
    Refused: ``pay_rule_not_found``, ``revision_conflict``, ``field_required``, and as
    ``CreatePayRule``."""

    subject: ClassVar[str] = "cmd.finance.change_pay_rule.v1"

    rule_id: UUID
    expected_revision: Revision | None = None
    value: PayValue | None = None
    accrued: SalaryTime | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    active: bool | None = None
    comment: Text | None = None


class GetPayRule(Question[PayRuleView]):
    """Refused: ``pay_rule_not_found``."""

    subject: ClassVar[str] = "ask.finance.pay_rule.v1"

    rule_id: UUID


class ListPayRules(Question[Page[PayRuleView]]):
    """In the order in which they were made. ``employee_id``: of this employee alone."""

    subject: ClassVar[str] = "ask.finance.pay_rules.v1"

    employee_id: UUID | None = None
    kind: PayRuleKind | None = None
    active: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class PayRuleSaved(Event):
    """A rule is made or changed (``changes``). Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.pay_rule_saved.v1"

    rule: PayRuleView

    def aggregate_id(self) -> UUID:
        return self.rule.id
