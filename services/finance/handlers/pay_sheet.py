"""The payroll sheet of a period, and one employee's entries: both are sums of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.pay_lines import PAYOUT_ACCOUNTS
from services.finance.handlers.people import everybody, sections, shown_to
from services.finance.handlers.table import check_period, handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.orders import EmployeeView
from shared.contracts.payroll import (
    EmployeePayView,
    GetEmployeePay,
    PayEntryView,
    PayrollSheet,
    SheetRow,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused
from shared.roles import may_see_cost

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "labor": ("labor_percent",),
    "hours": ("norm_hour",),
    "fixed": ("per_work", "per_order"),
    "goods": ("goods_percent",),
    "margin_pay": ("margin_percent",),
    "salary": ("salary", "minimum"),
    "bonuses": ("bonus",),
    "fines": ("fine",),
}
_PAID_OUT = ("payout", "advance")


@handlers.question(PayrollSheet)
async def payroll_sheet(question: PayrollSheet, store: FinanceStore, work: Work) -> Page[SheetRow]:
    check_period(question.period.start, question.period.end)
    visible = shown_to(await everybody(work), work)
    places = await sections(work)
    before: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    within: defaultdict[UUID, dict[str, Decimal]] = defaultdict(dict)
    for row in await store.pay_by_kind(question):
        before[row.employee_id] += row.before
        within[row.employee_id][row.kind] = row.within
    rows = (
        _row(visible[employee_id], places, before[employee_id], kinds)
        for employee_id, kinds in within.items()
        if employee_id in visible and question.section_id in (None, visible[employee_id].section_id)
    )
    shown = [row for row in rows if row.opening or row.closing or row.accrued or row.paid_out]
    return Page(items=tuple(sorted(shown, key=lambda row: (row.employee, row.employee_id))))


@handlers.question(GetEmployeePay)
async def get_employee_pay(
    question: GetEmployeePay, store: FinanceStore, work: Work
) -> EmployeePayView:
    check_period(question.start, question.end)
    people = await everybody(work)
    if question.employee_id not in shown_to(people, work):
        if question.employee_id in people:
            raise Refused("forbidden")
        raise Refused("employee_not_found", id=question.employee_id)
    masked = not may_see_cost(work.actor.role)
    page = page_of(
        await store.pay_rows(question),
        question.limit,
        lambda row: _entry(row, masked=masked),
        lambda row: (row.at, row.id, row.line),
    )
    opening = (
        await store.pay_before(question.employee_id, question.start) if question.start else ZERO
    )
    return EmployeePayView(
        employee_id=question.employee_id,
        employee=people[question.employee_id].name,
        opening=kopecks(opening),
        closing=kopecks(await store.pay_before(question.employee_id, question.end)),
        balance=kopecks(await store.pay_before(question.employee_id, None)),
        items=page.items,
        next=page.next,
    )


def _row(
    employee: EmployeeView,
    places: Mapping[UUID, str],
    opening: Decimal,
    kinds: Mapping[str, Decimal],
) -> SheetRow:
    columns = {
        name: kopecks(sum((kinds.get(kind, ZERO) for kind in summed), ZERO))
        for name, summed in _COLUMNS.items()
    }
    accrued = sum(columns.values(), ZERO)
    paid_out = kopecks(-sum((kinds.get(kind, ZERO) for kind in _PAID_OUT), ZERO))
    return SheetRow(
        employee_id=employee.id,
        employee=employee.name,
        section_id=employee.section_id,
        section=places.get(employee.section_id) if employee.section_id else None,
        opening=kopecks(opening),
        **columns,
        accrued=accrued,
        paid_out=paid_out,
        closing=kopecks(opening) + accrued - paid_out,
    )


def _entry(row: Any, *, masked: bool) -> PayEntryView:
    """``masked``: what tells the order's margin is left out."""
    hidden = masked and row.kind == "margin_percent"
    methods = [
        method for method, account in PAYOUT_ACCOUNTS.items() if account in (row.debit, row.credit)
    ]
    plain = {
        name: getattr(row, name)
        for name in PayEntryView.model_fields
        if name not in ("method", "base", "value")
    }
    return PayEntryView(
        **plain,
        method=methods[0] if methods else None,
        base=None if hidden else row.base,
        value=None if hidden else row.value,
    )
