"""What questions about pay read: rules, the sheet of a period, and one employee's entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_

from services.finance.domain.pay_rules import PayRule
from services.finance.domain.payroll import PayrollState
from services.finance.store.payroll import SIGNED, WHY, pay_rule_of
from services.finance.store.schema import entries, postings
from services.finance.store.schema_payroll import pay_lines, pay_rules, payroll_state
from shared.contracts.base import Instant
from shared.contracts.pay_rules import ListPayRules
from shared.contracts.payroll import GetEmployeePay, PayrollSheet
from shared.handlers import Store
from shared.pagination import keys_of


class PayrollReports(Store):
    """Reads without locks; several questions at once."""

    async def payroll_shown(self) -> PayrollState:
        row = (await self.connection.execute(select(payroll_state))).one()
        return PayrollState(row.closed_until, row.accrued_through, row.revision)

    async def pay_rule_shown(self, rule_id: UUID) -> PayRule | None:
        found = await self.connection.execute(select(pay_rules).where(pay_rules.c.id == rule_id))
        row = found.one_or_none()
        return pay_rule_of(row) if row else None

    async def pay_rule_rows(self, asked: ListPayRules) -> list[PayRule]:
        """One more than a page, in the order in which they were made."""
        statement = select(pay_rules).order_by(pay_rules.c.created_at, pay_rules.c.id)
        for name in ("employee_id", "kind", "active"):
            if (value := getattr(asked, name)) is not None:
                statement = statement.where(pay_rules.c[name] == value)
        if asked.cursor:
            after = keys_of(asked.cursor, tuple[Instant, UUID])
            keys = tuple_(pay_rules.c.created_at, pay_rules.c.id)
            statement = statement.where(keys > tuple_(*after))
        found = await self.connection.execute(statement.limit(asked.limit + 1))
        return [pay_rule_of(row) for row in found]

    async def pay_by_kind(self, asked: PayrollSheet) -> Sequence[Any]:
        """``employee_id, kind, before, within``: what moved each balance before the period, and
        within it."""
        start, end = asked.period.start, asked.period.end
        earlier = entries.c.at < start if start else literal(False)
        statement = (
            select(
                postings.c.employee_id,
                pay_lines.c.kind,
                func.coalesce(func.sum(SIGNED).filter(earlier), 0).label("before"),
                func.coalesce(func.sum(SIGNED).filter(~earlier), 0).label("within"),
            )
            .join(entries, entries.c.id == postings.c.entry_id)
            .join(pay_lines, WHY)
            .where(postings.c.employee_id.is_not(None))
            .group_by(postings.c.employee_id, pay_lines.c.kind)
        )
        if end:
            statement = statement.where(entries.c.at < end)
        if asked.employee_id:
            statement = statement.where(postings.c.employee_id == asked.employee_id)
        return (await self.connection.execute(statement)).all()

    async def pay_before(self, employee_id: UUID, at: datetime | None) -> Decimal:
        """What an employee was owed at an instant; without one, all that the books have."""
        statement = (
            select(func.coalesce(func.sum(SIGNED), 0))
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(postings.c.employee_id == employee_id)
        )
        if at:
            statement = statement.where(entries.c.at < at)
        return Decimal((await self.connection.execute(statement)).scalar_one())

    async def pay_rows(self, asked: GetEmployeePay) -> Sequence[Any]:
        """One more than a page, newest first."""
        statement = (
            select(
                entries.c.id, entries.c.at, entries.c.order_id, entries.c.reverses,
                entries.c.comment, entries.c.actor, postings.c.line, postings.c.debit,
                postings.c.credit, postings.c.employee_id, SIGNED.label("amount"),
                pay_lines.c.kind, pay_lines.c.number, pay_lines.c.line_id, pay_lines.c.name,
                pay_lines.c.base, pay_lines.c.value, pay_lines.c.share, pay_lines.c.rule_id,
            )
            .join(entries, entries.c.id == postings.c.entry_id)
            .join(pay_lines, WHY)
            .where(postings.c.employee_id == asked.employee_id)
            .order_by(entries.c.at.desc(), entries.c.id.desc(), postings.c.line.desc())
            .limit(asked.limit + 1)
        )  # fmt: skip
        if asked.start:
            statement = statement.where(entries.c.at >= asked.start)
        if asked.end:
            statement = statement.where(entries.c.at < asked.end)
        if asked.cursor:
            after = keys_of(asked.cursor, tuple[Instant, UUID, int])
            keys = tuple_(entries.c.at, entries.c.id, postings.c.line)
            statement = statement.where(keys < tuple_(*after))
        return (await self.connection.execute(statement)).all()
