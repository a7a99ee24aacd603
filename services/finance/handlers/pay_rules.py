"""Pay rules: made, changed, listed by the office."""

from __future__ import annotations

from services.finance.domain import pay_rules
from services.finance.domain.pay_rules import PayRule
from services.finance.handlers.people import ensure_employee, ensure_section
from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.pay_rules import (
    ChangePayRule,
    CreatePayRule,
    GetPayRule,
    ListPayRules,
    PayRuleSaved,
    PayRuleView,
)
from shared.edits import edited_row, ensure_filled, named_fields
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision

MAY_BE_ABSENT = {"valid_from", "valid_to", "comment"}


@handlers.command(CreatePayRule)
async def create_pay_rule(command: CreatePayRule, store: FinanceStore, work: Work) -> PayRuleView:
    if command.employee_id:
        await ensure_employee(command.employee_id, work)
    await ensure_section(command.section_id, work)
    await store.payroll("alone")
    rule = PayRule(
        **dict(command), id=work.new_id(), revision=1, created_at=work.now, updated_at=work.now
    )
    pay_rules.check(rule, await store.pay_rules())
    store.save_pay_rule(rule)
    work.publish(PayRuleSaved(rule=rule.view()))
    return rule.view()


@handlers.command(ChangePayRule)
async def change_pay_rule(command: ChangePayRule, store: FinanceStore, work: Work) -> PayRuleView:
    await store.payroll("alone")
    rule = await store.pay_rule(command.rule_id)
    if rule is None:
        raise Refused("pay_rule_not_found", id=command.rule_id)
    ensure_revision(command.expected_revision, rule.revision)
    fields = named_fields(command, "rule_id")
    ensure_filled(fields, fields.keys() - MAY_BE_ABSENT)
    changed, changes = edited_row(rule, fields, work.now)
    if not changes:
        return rule.view()
    pay_rules.check(changed, await store.pay_rules())
    store.save_pay_rule(changed)
    work.publish(PayRuleSaved(rule=changed.view(), changes=changes))
    return changed.view()


@handlers.question(GetPayRule)
async def get_pay_rule(question: GetPayRule, store: FinanceStore, work: Work) -> PayRuleView:
    rule = await store.pay_rule_shown(question.rule_id)
    if rule is None:
        raise Refused("pay_rule_not_found", id=question.rule_id)
    return rule.view()


@handlers.question(ListPayRules)
async def list_pay_rules(
    question: ListPayRules, store: FinanceStore, work: Work
) -> Page[PayRuleView]:
    return page_of(
        await store.pay_rule_rows(question),
        question.limit,
        PayRule.view,
        lambda rule: (rule.created_at, rule.id),
    )
