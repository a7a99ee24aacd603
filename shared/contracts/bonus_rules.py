"""Bonus rules and settings: by what orders earn bonuses, and what these may pay. Owned by
``services/finance``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
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
    Name,
    Page,
    Percent,
    PositiveMoney,
    Question,
    Revision,
    View,
)
from shared.contracts.finance import MoneySum

FormulaText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$"),
]
"""An expression over the order, in the language of ``shared/formulas``; also knows
``GroupTotal``: what the lines of the rule's groups come to (without groups, the order's total)."""
Groups = Annotated[tuple[Name, ...], Field(max_length=100)]
Priority = Annotated[int, Field(ge=0, le=10_000)]
DaysToLive = Annotated[int, Field(ge=1, le=3_650)]


# --- rules --------------------------------------------------------------------------------------


class BonusRuleView(View):
    """When ``condition`` is true of a paid order, its client gets ``amount``."""

    id: UUID
    name: str
    condition: str
    amount: str
    priority: int
    """Rules are tried in its order, the smallest first."""
    exclusive: bool
    """Where it has given something, no later rule is tried."""
    service_groups: tuple[str, ...]
    product_groups: tuple[str, ...]
    """Works and goods of these groups are what ``GroupTotal`` comes to. A rule that names groups
    passes over orders without such lines."""
    valid_from: date | None
    valid_to: date | None
    """Of the station's business days, half open."""
    cap_per_order: Money | None
    cap_per_month: Money | None
    """Per client and calendar month of the station."""
    days_to_live: int | None
    """The bonuses are gone when that many business days after the accrual have ended."""
    active: bool
    revision: int
    created_at: Instant
    updated_at: Instant


class CreateBonusRule(Command[BonusRuleView]):
    """Refused: ``formula_invalid``, ``name_taken``, ``period_invalid``."""

    subject: ClassVar[str] = "cmd.finance.create_bonus_rule.v1"

    name: Name
    condition: FormulaText = "true"
    amount: FormulaText
    priority: Priority = 100
    exclusive: bool = False
    service_groups: Groups = ()
    product_groups: Groups = ()
    valid_from: Day | None = None
    valid_to: Day | None = None
    cap_per_order: PositiveMoney | None = None
    cap_per_month: PositiveMoney | None = None
    days_to_live: DaysToLive | None = None
    active: bool = True


class ChangeBonusRule(Command[BonusRuleView]):
    """Never alters what was accrued. Null takes off what may be absent. Refused:
    ``bonus_rule_not_found``, ``revision_conflict``, ``formula_invalid``, ``name_taken``,
    ``period_invalid``, ``field_required``."""

    subject: ClassVar[str] = "cmd.finance.change_bonus_rule.v1"

    rule_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    condition: FormulaText | None = None
    amount: FormulaText | None = None
    priority: Priority | None = None
    exclusive: bool | None = None
    service_groups: Groups | None = None
    product_groups: Groups | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    cap_per_order: PositiveMoney | None = None
    cap_per_month: PositiveMoney | None = None
    days_to_live: DaysToLive | None = None
    active: bool | None = None


class GetBonusRule(Question[BonusRuleView]):
    """Refused: ``bonus_rule_not_found``."""

    subject: ClassVar[str] = "ask.finance.bonus_rule.v1"

    rule_id: UUID


class ListBonusRules(Question[Page[BonusRuleView]]):
    """In the order in which they are tried."""

    subject: ClassVar[str] = "ask.finance.bonus_rules.v1"

    active: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class RuleProblem(View):
    """Why a rule was passed over for an order."""

    code: str
    en: str
    ru: str


class BonusTrialRow(View):
    order_id: UUID
    number: str
    client_id: UUID | None
    completed_at: Instant
    total: Money
    amount: Money
    """What the rule would accrue; nothing where it does not apply."""
    problem: RuleProblem | None = None


class BonusTrialView(View):
    items: tuple[BonusTrialRow, ...]
    """Every order that was looked at, oldest completion first."""
    start: Instant
    end: Instant
    orders: int
    accruing: int
    failing: int
    amount: MoneySum
    """What the rule would accrue altogether."""
    truncated: bool
    """There were more orders than one trial looks at, or it took too long: the rest of the
    period was not looked at."""


class TryBonusRule(Question[BonusTrialView]):
    """A rule, as if it had been the only one: what it would have accrued for the orders that were
    completed in the period (last calendar month of the station, unless said otherwise). Nothing
    is written. Refused: ``formula_invalid``, ``period_invalid``."""

    subject: ClassVar[str] = "ask.finance.bonus_trial.v1"

    condition: FormulaText = "true"
    amount: FormulaText
    service_groups: Groups = ()
    product_groups: Groups = ()
    cap_per_order: PositiveMoney | None = None
    cap_per_month: PositiveMoney | None = None
    start: Instant | None = None
    end: Instant | None = None


# --- settings -----------------------------------------------------------------------------------


class BonusSettingsView(View):
    max_share_percent: Percent
    """So much of an order's total bonuses may pay."""
    revision: int
    updated_at: Instant


class GetBonusSettings(Question[BonusSettingsView]):
    subject: ClassVar[str] = "ask.finance.bonus_settings.v1"


class ChangeBonusSettings(Command[BonusSettingsView]):
    """Never alters payments that were taken. Refused: ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.finance.change_bonus_settings.v1"

    expected_revision: Revision | None = None
    max_share_percent: Percent


# --- facts --------------------------------------------------------------------------------------


class BonusRuleSaved(Event):
    """A rule is made or changed (``changes``). Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.bonus_rule_saved.v1"

    rule: BonusRuleView

    def aggregate_id(self) -> UUID:
        return self.rule.id


class BonusSettingsSaved(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.bonus_settings_saved.v1"

    station_id: UUID
    settings: BonusSettingsView

    def aggregate_id(self) -> UUID:
        return self.station_id
