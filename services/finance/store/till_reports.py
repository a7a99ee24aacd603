"""What questions about the till read: boxes, shifts, cash documents, and the cashier's day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, or_, select, tuple_

from services.finance.domain.cash_boxes import CashBox
from services.finance.domain.ledger import Account, EntryKind
from services.finance.domain.payment import Payment
from services.finance.domain.payment_documents import PaymentDocument
from services.finance.domain.settlement import State
from services.finance.domain.shifts import Movement, Shift
from services.finance.store.filters import within
from services.finance.store.rows import payment_of
from services.finance.store.schema import entries, payments, postings, settlements
from services.finance.store.tables_till import cash_boxes, payment_documents, shifts
from services.finance.store.till_books import (
    MOVED_ACCOUNT,
    box_of,
    money_moved,
    movement_of,
    movements_in,
    shift_of,
)
from shared.contracts.base import Instant
from shared.contracts.till import (
    ListCashBoxes,
    ListCashDocuments,
    ListShifts,
)
from shared.contracts.till_summary import TillDocumentKind
from shared.handlers import Store
from shared.pagination import keys_of

TILL_KINDS: dict[EntryKind, TillDocumentKind] = {
    EntryKind.PAYMENT: "payment",
    EntryKind.REFUND: "refund",
    EntryKind.EXPENSE: "expense",
    EntryKind.EXPENSE_STORNO: "expense_storno",
    EntryKind.CASH_OPENING: "cash_opening",
    EntryKind.CASH_IN: "cash_in",
    EntryKind.CASH_OUT: "cash_out",
    EntryKind.CASH_SHORTAGE: "cash_shortage",
    EntryKind.CASH_SURPLUS: "cash_surplus",
}
ANY_METHOD = (
    EntryKind.PAYMENT,
    EntryKind.REFUND,
    EntryKind.EXPENSE,
    EntryKind.EXPENSE_STORNO,
)
_SHIFT_IS_OPEN = shifts.c.closed_at.is_(None)
_TO_PAY = (settlements.c.state == State.SETTLED, settlements.c.paid < settlements.c.revenue)


class TillReports(Store):
    """Reads without locks; several questions at once."""

    async def box_rows(self, asked: ListCashBoxes) -> list[CashBox]:
        """One more than a page, in the order in which they were made."""
        columns = cash_boxes.c
        statement = select(cash_boxes).order_by(columns.created_at, columns.id)
        if asked.active is not None:
            statement = statement.where(columns.active == asked.active)
        if asked.cursor:
            after = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(tuple_(columns.created_at, columns.id) > tuple_(*after))
        return [box_of(row) for row in await self._all(statement.limit(asked.limit + 1))]

    async def box_shown(self, cash_box_id: UUID) -> CashBox | None:
        rows = await self._all(select(cash_boxes).where(cash_boxes.c.id == cash_box_id))
        return box_of(rows[0]) if rows else None

    async def shift_shown(self, shift_id: UUID) -> Shift | None:
        rows = await self._all(select(shifts).where(shifts.c.id == shift_id))
        return shift_of(rows[0]) if rows else None

    async def open_shifts(self, cash_box_id: UUID | None) -> list[Shift]:
        statement = select(shifts).where(_SHIFT_IS_OPEN).order_by(shifts.c.opened_at, shifts.c.id)
        if cash_box_id:
            statement = statement.where(shifts.c.cash_box_id == cash_box_id)
        return [shift_of(row) for row in await self._all(statement)]

    async def shift_rows(self, asked: ListShifts) -> list[Shift]:
        """One more than a page, newest first."""
        columns = shifts.c
        statement = select(shifts).where(*within(columns.opened_at, asked.start, asked.end))
        if asked.cash_box_id:
            statement = statement.where(columns.cash_box_id == asked.cash_box_id)
        if asked.open is not None:
            statement = statement.where(_SHIFT_IS_OPEN if asked.open else ~_SHIFT_IS_OPEN)
        if asked.cursor:
            before = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(tuple_(columns.opened_at, columns.id) < tuple_(*before))
        statement = statement.order_by(columns.opened_at.desc(), columns.id.desc())
        return [shift_of(row) for row in await self._all(statement.limit(asked.limit + 1))]

    async def movements_by_shift(self, some: Sequence[Shift]) -> dict[UUID, list[Movement]]:
        """All money that has moved in each shift."""
        moved: dict[UUID, list[Movement]] = defaultdict(list)
        if some:
            for row in await self._all(movements_in(*(shift.id for shift in some))):
                moved[row.shift_id].append(movement_of(row))
        return moved

    async def cash_document_rows(self, asked: ListCashDocuments) -> Sequence[Row[Any]]:
        """One more than a page, newest first: entries with ``cash_box_id, party, amount``."""
        party = case((postings.c.debit == Account.CASH, postings.c.credit), else_=postings.c.debit)
        statement = (
            select(entries, shifts.c.cash_box_id, party.label("party"), postings.c.amount)
            .join(shifts, shifts.c.id == entries.c.shift_id)
            .join(postings, postings.c.entry_id == entries.c.id)
            .where(
                entries.c.kind.in_((EntryKind.CASH_IN, EntryKind.CASH_OUT)),
                *within(entries.c.at, asked.start, asked.end),
            )
            .order_by(entries.c.at.desc(), entries.c.id.desc())
            .limit(asked.limit + 1)
        )
        if asked.shift_id:
            statement = statement.where(entries.c.shift_id == asked.shift_id)
        if asked.cash_box_id:
            statement = statement.where(shifts.c.cash_box_id == asked.cash_box_id)
        if asked.cursor:
            before = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(tuple_(entries.c.at, entries.c.id) < tuple_(*before))
        return await self._all(statement)

    async def document_shown(self, document_id: UUID) -> PaymentDocument | None:
        documents = payment_documents.c
        rows = await self._all(select(payment_documents).where(documents.id == document_id))
        return PaymentDocument(**rows[0]._mapping) if rows else None

    async def payments_in(self, document_id: UUID) -> list[Payment]:
        """As they were taken. What of them covers which order is not looked up."""
        statement = select(payments).where(payments.c.document_id == document_id)
        rows = await self._all(statement.order_by(payments.c.id))
        return [payment_of(row, {}, {}) for row in rows]

    async def orders_to_pay(self, client_id: UUID | None, limit: int) -> Sequence[Row[Any]]:
        """Settled orders of which something is due, the oldest first."""
        return await self._all(
            select(settlements)
            .where(*_to_pay(client_id))
            .order_by(settlements.c.completed_at, settlements.c.order_id)
            .limit(limit)
        )

    async def all_to_pay(self, client_id: UUID | None) -> Row[Any]:
        """``orders, due``: how many there are, and what they come to."""
        due = func.coalesce(func.sum(settlements.c.revenue - settlements.c.paid), 0)
        (row,) = await self._all(
            select(func.count().label("orders"), due.label("due")).where(*_to_pay(client_id))
        )
        return row

    async def till_documents(self, start: datetime, cash_box_id: UUID | None) -> Sequence[Row[Any]]:
        """Entries that moved money since then, newest first. Of cash that is brought or taken
        only what the box sees of it."""
        statement = (
            money_moved()
            .where(
                entries.c.at >= start,
                entries.c.kind.in_(TILL_KINDS),
                or_(MOVED_ACCOUNT == Account.CASH, entries.c.kind.in_(ANY_METHOD)),
            )
            .order_by(entries.c.at.desc(), entries.c.id.desc())
        )
        if cash_box_id:
            of_box = select(shifts.c.id).where(shifts.c.cash_box_id == cash_box_id)
            statement = statement.where(entries.c.shift_id.in_(of_box))
        return await self._all(statement)

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        found: Sequence[Row[Any]] = (await self.connection.execute(statement)).all()
        return found


def _to_pay(client_id: UUID | None) -> list[ColumnElement[bool]]:
    return [*_TO_PAY, *([settlements.c.client_id == client_id] if client_id else [])]
