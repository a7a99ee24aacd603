"""Pay during one transaction: rules, why it was posted, days of salaries, and what is closed.

No row holds an employee's balance: it is the sum of the postings that name the employee. Whoever
accrues shares the lock of the one row of ``payroll_state``, so that no period is closed under its
hands; whoever must know a balance, or that nobody else does the same, has that lock alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO, Account, Entry, EntryKind
from services.finance.domain.pay_lines import EARNING, PayLine, is_earning, owed_by
from services.finance.domain.pay_rules import PayRule
from services.finance.domain.payroll import PayrollState
from services.finance.domain.salaries import PayDay
from services.finance.store.bonus_books import BonusBooks
from services.finance.store.books import Kept, Load
from services.finance.store.loads import Wanted
from services.finance.store.rows import any_of
from services.finance.store.schema import entries, postings
from services.finance.store.schema_payroll import (
    pay_days,
    pay_lines,
    pay_rules,
    payroll_state,
)
from shared.database import saving
from shared.reading import Rows
from shared.writing import inserting

INSERT_PAY_RULE = insert(pay_rules)
UPDATE_PAY_RULE = saving(pay_rules)
NEW_PAY_LINES = inserting(pay_lines)
NEW_PAY_DAYS = inserting(pay_days)
SIGNED = case(
    (postings.c.credit == Account.PAYROLL_PAYABLE, postings.c.amount), else_=-postings.c.amount
)
"""What a posting of pay adds to what its employee is owed."""
WHY = and_(
    pay_lines.c.entry_id == func.coalesce(entries.c.reverses, entries.c.id),
    pay_lines.c.line == postings.c.line,
)
"""Of an entry that undoes another, the other's."""
_RULES = select(pay_rules).where(pay_rules.c.active)
_RULE = select(pay_rules).where(any_of(pay_rules.c.id, "ids"))
_STATE = select(payroll_state)
_LOCKS = {"shared": _STATE.with_for_update(read=True), "alone": _STATE.with_for_update()}
_BALANCES = (
    select(postings.c.employee_id, func.sum(SIGNED).label("amount"))
    .where(any_of(postings.c.employee_id, "ids"))
    .group_by(postings.c.employee_id)
)
_EARNED = (
    select(postings.c.employee_id, func.sum(SIGNED).label("amount"))
    .join(entries, entries.c.id == postings.c.entry_id)
    .where(
        any_of(postings.c.employee_id, "ids"),
        entries.c.at >= bindparam("start", type_=entries.c.at.type),
        entries.c.at < bindparam("end", type_=entries.c.at.type),
        or_(
            entries.c.kind.in_(EARNING),
            and_(entries.c.kind == EntryKind.PAY_REVERSAL, entries.c.order_id.is_not(None)),
        ),
    )
    .group_by(postings.c.employee_id)
)
_LINES = select(pay_lines).where(any_of(pay_lines.c.entry_id, "ids"))
_UNDONE = select(entries.c.reverses).where(any_of(entries.c.reverses, "ids"))
_DAYS = select(pay_days).where(
    pay_days.c.day >= bindparam("start"), pay_days.c.day < bindparam("end")
)


class PayrollBooks(BonusBooks):
    """The books and bonuses, and the pay of the station's people."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._pay_rules: Kept[UUID, PayRule] = Kept()
        self._pay_lines: Kept[tuple[UUID, int], PayLine] = Kept()
        self._pay_days: list[PayDay] = []
        self._payroll: PayrollState | None = None
        self._payroll_lock: str | None = None
        self._knows_pay_rules = False

    def _guards(self, wanted: Wanted) -> list[Load]:
        return [
            *super()._guards(wanted),
            *([self._payroll_load("shared")] if wanted.settles else ()),
        ]

    def _guarded(self, wanted: Wanted) -> list[Load]:
        return [*super()._guarded(wanted), *([self._pay_rules_load()] if wanted.settles else ())]

    # --- what handlers ask for ---

    async def payroll(self, lock: str) -> PayrollState:
        """``lock``: "shared" by those who only date their entries, else "alone"."""
        if self._payroll is None or (lock == "alone" and self._payroll_lock != "alone"):
            await self._load(self._payroll_load(lock))
        assert self._payroll
        return self._payroll

    async def pay_rules(self) -> list[PayRule]:
        """All that are active."""
        if not self._knows_pay_rules:
            await self._load(self._pay_rules_load())
        return list(self._pay_rules.values.values())

    async def pay_rule(self, rule_id: UUID) -> PayRule | None:
        """Any rule, to be changed; the lock of ``payroll`` keeps others from it."""
        if rule_id not in self._pay_rules.values:
            self._found_pay_rules(await self._rows(_RULE, ids={rule_id}))
        return self._pay_rules.values.get(rule_id)

    async def pay_balances(self, ids: Collection[UUID]) -> dict[UUID, Decimal]:
        """What these employees are owed; without those of whom the books know nothing."""
        found = await self._rows(_BALANCES, ids=ids)
        return self._with_unwritten(found, ids, self._entries.new())

    async def earned_in(
        self, ids: Collection[UUID], start: datetime, end: datetime
    ) -> dict[UUID, Decimal]:
        """What work and salaries have earned these employees in a period, less what was undone."""
        parameters = {"ids": list(ids), "start": start, "end": end}
        found = (await self.connection.execute(_EARNED, parameters)).all()
        unwritten = [
            entry
            for entry in self._entries.new()
            if is_earning(entry) and start <= entry.stamp.at < end
        ]
        return self._with_unwritten(found, ids, unwritten)

    async def pay_entry(self, entry_id: UUID) -> tuple[Entry, PayLine] | None:
        """An entry of one employee's pay, and why it was written."""
        lines = [why for why in self._pay_lines.values.values() if why.entry_id == entry_id]
        lines = lines or [_line_of(row) for row in await self._rows(_LINES, ids={entry_id})]
        return (await self.entry(entry_id), lines[0]) if lines else None

    async def is_undone(self, entry_id: UUID) -> bool:
        unwritten = any(entry.reverses == entry_id for entry in self._entries.new())
        return unwritten or bool(await self._rows(_UNDONE, ids={entry_id}))

    async def days_between(self, start: date, end: date) -> list[PayDay]:
        """Half open."""
        rows = await self.connection.execute(_DAYS, {"start": start, "end": end})
        written = [PayDay(**row._mapping) for row in rows]
        return written + [one for one in self._pay_days if start <= one.day < end]

    # --- what they save ---

    def save_pay_rule(self, rule: PayRule) -> None:
        self._pay_rules.put(rule.id, rule)

    def add_pay_days(self, days: Iterable[PayDay]) -> None:
        self._pay_days += days

    async def save_payroll(self, state: PayrollState) -> None:
        self._payroll = state
        await self.connection.execute(update(payroll_state).values(**asdict(state)))

    async def keep(self, decision: Decision) -> None:
        await super().keep(decision)
        for why in decision.pay_lines:
            self._pay_lines.put((why.entry_id, why.line), why)

    async def flush(self) -> None:
        await super().flush()
        await self._execute(INSERT_PAY_RULE, map(asdict, self._pay_rules.new()))
        await self._execute(UPDATE_PAY_RULE, map(asdict, self._pay_rules.changed()))
        self.pending.add(NEW_PAY_LINES, map(asdict, self._pay_lines.new()))
        self.pending.add(NEW_PAY_DAYS, map(asdict, self._pay_days))

    def unsaved(self) -> int:
        return super().unsaved() + len(self._pay_days)

    # --- loading ---

    def _payroll_load(self, lock: str) -> Load:
        self._payroll_lock = lock
        return Load(self._found_payroll, [(_LOCKS[lock], {})])

    def _found_payroll(self, found: Rows) -> None:
        (row,) = found
        self._payroll = PayrollState(row.closed_until, row.accrued_through, row.revision)

    def _pay_rules_load(self) -> Load:
        self._knows_pay_rules = True
        return Load(self._found_pay_rules, [(_RULES, {})])

    def _found_pay_rules(self, found: Rows) -> None:
        for row in found:
            self._pay_rules.find(row.id, pay_rule_of(row))

    def _with_unwritten(
        self, found: Iterable[Any], ids: Collection[UUID], unwritten: Iterable[Entry]
    ) -> dict[UUID, Decimal]:
        """Sums from the database, with what this transaction has not written yet."""
        sums: dict[UUID, Decimal] = {row.employee_id: row.amount for row in found}
        for entry in unwritten:
            for posting in entry.postings:
                if (whose := posting.employee_id) and whose in ids:
                    sums[whose] = sums.get(whose, ZERO) + owed_by(posting)
        return sums


def pay_rule_of(row: Row[Any]) -> PayRule:
    return PayRule(**{field.name: row._mapping[field.name] for field in fields(PayRule)})


def _line_of(row: Row[Any]) -> PayLine:
    return PayLine(**row._mapping)
