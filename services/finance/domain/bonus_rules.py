"""Bonus rules: when they count, what they give for an order, and which of them are reckoned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from uuid import UUID

from services.finance.domain.ledger import ZERO, kopecks
from shared.contracts.base import MAX_MONEY
from shared.contracts.bonus_rules import BonusRuleView, RuleProblem
from shared.contracts.work_order import WorkOrder
from shared.formulas import (
    ORDER_MODEL,
    Extra,
    Formula,
    FormulaError,
    check_formula,
    compile_formula,
)
from shared.refusals import Refused

type Wants = Literal["condition", "number"]

MODEL = ORDER_MODEL.extended(
    {
        "GroupTotal": Extra(
            type="money",
            ru="сумма строк тех групп, для которых действует правило (без групп — вся сумма)",
            en="total of the lines of the groups that the rule is for (without groups: of all)",
            sample=Decimal("1000.00"),
        )
    }
)
"""What a rule may name: the order, and what its lines of the rule's groups come to."""


@dataclass(frozen=True, slots=True)
class BonusRule:
    """``amount`` for every paid order of which ``condition`` is true; both are formulas."""

    id: UUID
    name: str
    condition: str
    amount: str
    priority: int
    exclusive: bool
    service_groups: tuple[str, ...]
    product_groups: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    cap_per_order: Decimal | None
    cap_per_month: Decimal | None
    days_to_live: int | None
    active: bool
    revision: int
    created_at: datetime
    updated_at: datetime

    def counts_on(self, day: date) -> bool:
        return (
            self.active
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day < self.valid_to)
        )

    def view(self) -> BonusRuleView:
        return BonusRuleView(**{field.name: getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Paid:
    """What a rule has to know of a paid order besides the order itself.

    ``money`` of ``revenue`` came as money; what bonuses have paid earns no bonuses.
    """

    at: datetime
    money: Decimal
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule gives; with a problem, nothing."""

    amount: Decimal = ZERO
    problem: RuleProblem | None = None


def check(rule: BonusRule) -> None:
    """A rule is kept only if it can be reckoned. Refused: ``formula_invalid``,
    ``period_invalid``."""
    if rule.valid_from and rule.valid_to and rule.valid_to <= rule.valid_from:
        raise Refused("period_invalid")
    check_formulas(rule.condition, rule.amount)


def check_formulas(condition: str, amount: str) -> None:
    """Refused: ``formula_invalid``, with the place, and the nearest known name."""
    texts: tuple[tuple[str, str, Wants], ...] = (
        ("condition", condition, "condition"),
        ("amount", amount, "number"),
    )
    for field, text, wants in texts:
        try:
            check_formula(text, wants=wants, model=MODEL)
        except FormulaError as error:
            raise error.refused(field) from None


def reckon(
    rules: Iterable[BonusRule],
    order: WorkOrder,
    paid: Paid,
    day: date,
    in_month: Mapping[UUID, Decimal],
) -> list[tuple[BonusRule, Outcome]]:
    """What each rule that counts gives, in the order of their priority; an exclusive one that
    gives something is the last. ``in_month``: by rule, what it has given this client already."""
    outcomes: list[tuple[BonusRule, Outcome]] = []
    for rule in sorted(rules, key=lambda rule: (rule.priority, rule.created_at, rule.id)):
        if not rule.counts_on(day):
            continue
        outcome = given_by(rule, order, paid, in_month.get(rule.id, ZERO))
        outcomes.append((rule, outcome))
        if rule.exclusive and outcome.amount:
            break
    return outcomes


def given_by(rule: BonusRule, order: WorkOrder, paid: Paid, in_month: Decimal) -> Outcome:
    """What one rule gives for an order: its amount, as far as money has paid the order, and as
    far as its caps let it."""
    group_total = _group_total(rule, order)
    if group_total is None:
        return Outcome()
    extra = {"GroupTotal": group_total}
    try:
        applies = _compiled(rule.condition).evaluate(
            order, viewer="service", at=paid.at, extra=extra
        )
        # What is not known (null) is no reason to give.
        if applies is not True:
            return Outcome()
        result = _compiled(rule.amount).evaluate(order, viewer="service", at=paid.at, extra=extra)
    except FormulaError as error:
        return Outcome(
            problem=RuleProblem(code=error.code, en=error.words("en"), ru=error.words("ru"))
        )
    if not isinstance(result, Decimal) or not ZERO <= result <= MAX_MONEY:
        return Outcome(problem=_not_an_amount(result))
    amount = kopecks(result * paid.money / paid.revenue)
    if rule.cap_per_order is not None:
        amount = min(amount, rule.cap_per_order)
    if rule.cap_per_month is not None:
        amount = min(amount, max(rule.cap_per_month - in_month, ZERO))
    return Outcome(kopecks(amount))


def _group_total(rule: BonusRule, order: WorkOrder) -> Decimal | None:
    """Of the lines that the rule is for; none, where it is for groups that the order lacks."""
    if not rule.service_groups and not rule.product_groups:
        return order.total
    works, goods = set(rule.service_groups), set(rule.product_groups)
    totals = [line.customer_total for line in order.services if line.service.group in works]
    totals += [line.total for line in order.products if line.product.group in goods]
    return sum(totals, ZERO) if totals else None


@lru_cache(maxsize=256)
def _compiled(text: str) -> Formula:
    return compile_formula(text, model=MODEL)


def _not_an_amount(result: object) -> RuleProblem:
    if result is None:
        return RuleProblem(
            code="amount_missing",
            en="The amount comes to nothing: the order lacks what it is reckoned from",
            ru="Сумма не определена: в заказ-наряде нет того, из чего она считается",
        )
    return RuleProblem(
        code="amount_invalid",
        en="The amount is not a sum of money from nothing upwards",
        ru="Сумма правила — не денежная сумма от нуля и больше",
    )
