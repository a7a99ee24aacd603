"""Bonus rules and settings: made, changed, listed by the office."""

from __future__ import annotations

from uuid import UUID

from services.finance.domain import bonus_rules
from services.finance.domain.bonus_rules import BonusRule
from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.bonus_rules import (
    BonusRuleSaved,
    BonusRuleView,
    BonusSettingsSaved,
    BonusSettingsView,
    ChangeBonusRule,
    ChangeBonusSettings,
    CreateBonusRule,
    GetBonusRule,
    GetBonusSettings,
    ListBonusRules,
)
from shared.edits import edited, edited_row, ensure_filled, named_fields
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision

MAY_BE_ABSENT = {"valid_from", "valid_to", "cap_per_order", "cap_per_month", "days_to_live"}


@handlers.command(CreateBonusRule)
async def create_bonus_rule(
    command: CreateBonusRule, store: FinanceStore, work: Work
) -> BonusRuleView:
    rule = BonusRule(
        **dict(command),
        id=work.new_id(),
        revision=1,
        created_at=work.now,
        updated_at=work.now,
    )
    bonus_rules.check(rule)
    await _ensure_free(rule.name, None, store)
    store.save_rule(rule)
    work.publish(BonusRuleSaved(rule=rule.view()))
    return rule.view()


@handlers.command(ChangeBonusRule)
async def change_bonus_rule(
    command: ChangeBonusRule, store: FinanceStore, work: Work
) -> BonusRuleView:
    rule = await store.rule(command.rule_id)
    if rule is None:
        raise Refused("bonus_rule_not_found", id=command.rule_id)
    ensure_revision(command.expected_revision, rule.revision)
    fields = named_fields(command, "rule_id")
    ensure_filled(fields, fields.keys() - MAY_BE_ABSENT)
    changed, changes = edited_row(rule, fields, work.now)
    if not changes:
        return rule.view()
    bonus_rules.check(changed)
    await _ensure_free(changed.name, changed.id, store)
    store.save_rule(changed)
    work.publish(BonusRuleSaved(rule=changed.view(), changes=changes))
    return changed.view()


@handlers.question(GetBonusRule)
async def get_bonus_rule(question: GetBonusRule, store: FinanceStore, work: Work) -> BonusRuleView:
    rule = await store.rule_shown(question.rule_id)
    if rule is None:
        raise Refused("bonus_rule_not_found", id=question.rule_id)
    return rule.view()


@handlers.question(ListBonusRules)
async def list_bonus_rules(
    question: ListBonusRules, store: FinanceStore, work: Work
) -> Page[BonusRuleView]:
    return page_of(
        await store.rule_rows(question),
        question.limit,
        BonusRule.view,
        lambda rule: (rule.priority, rule.created_at, rule.id),
    )


@handlers.question(GetBonusSettings)
async def get_bonus_settings(
    question: GetBonusSettings, store: FinanceStore, work: Work
) -> BonusSettingsView:
    return await store.bonus_settings()


@handlers.command(ChangeBonusSettings)
async def change_bonus_settings(
    command: ChangeBonusSettings, store: FinanceStore, work: Work
) -> BonusSettingsView:
    settings = await store.bonus_settings(lock=True)
    ensure_revision(command.expected_revision, settings.revision)
    changed, changes = edited(settings, named_fields(command), work.now)
    if changes:
        await store.save_bonus_settings(changed)
        station_id = work.settings.station_id
        work.publish(BonusSettingsSaved(station_id=station_id, settings=changed, changes=changes))
    return changed


async def _ensure_free(name: str, rule_id: UUID | None, store: FinanceStore) -> None:
    """Refused: ``name_taken``, whatever the case of its letters."""
    if any(
        rule.name.lower() == name.lower() and rule.id != rule_id for rule in await store.rules()
    ):
        raise Refused("name_taken", name=name)
