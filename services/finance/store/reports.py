"""What questions read one by one: lists, and one order's profit. All of it from the ledger and from
the settlements that stand; nothing is counted twice in two places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    case,
    func,
    or_,
    select,
    true,
    tuple_,
)

from services.finance.domain.ledger import (
    INCOME_KINDS,
    ORDERS_CATEGORY,
    RECORD_KINDS,
    REVENUE,
    Account,
    ClientAccount,
    EntryKind,
)
from services.finance.domain.settlement import Settlement, State
from services.finance.store.rows import account_of, settlement_of
from services.finance.store.schema import accounts, entries, payments, postings, settlements
from shared.contracts.base import Instant
from shared.contracts.finance import ListPayments, ListRecords
from shared.handlers import Store
from shared.pagination import keys_of

type Filters = Sequence[ColumnElement[bool]]


class Reports(Store):
    """Reads without locks; several questions at once."""

    async def payment_row(self, payment_id: UUID) -> Row[Any] | None:
        result = await self.connection.execute(select(payments).where(payments.c.id == payment_id))
        return result.one_or_none()

    async def payment_rows(self, asked: ListPayments) -> Sequence[Row[Any]]:
        """One more than a page, newest first."""
        filters = [
            *_equal(payments.c.order_id, asked.order_id),
            *_equal(payments.c.customer_id, asked.customer_id),
            *_within(payments.c.at, asked.start, asked.end),
        ]
        return await self._page(select(payments), payments.c, filters, asked)

    async def record_rows(self, asked: ListRecords) -> Sequence[Row[Any]]:
        """One more than a page, newest first: an entry each, with what its postings come to."""
        is_expense = entries.c.kind == EntryKind.EXPENSE
        record = (
            select(
                func.coalesce(func.sum(_INCOME_OR_EXPENSE), 0).label("amount"),
                func.coalesce(
                    func.max(postings.c.category).filter(postings.c.debit == Account.EXPENSE),
                    ORDERS_CATEGORY,
                ).label("category"),
            )
            .where(postings.c.entry_id == entries.c.id)
            .lateral("record")
        )
        statement = select(
            entries,
            case((is_expense, "expense"), else_="income").label("type"),
            record.c.amount,
            record.c.category,
        ).join(record, true())
        kinds = {
            None: RECORD_KINDS,
            "income": INCOME_KINDS,
            "expense": (EntryKind.EXPENSE,),
        }[asked.type]
        filters = [
            entries.c.kind.in_(kinds),
            *_equal(entries.c.order_id, asked.order_id),
            *_equal(entries.c.client_id, asked.client_id),
            *_equal(record.c.category, asked.category),
            *_within(entries.c.at, asked.start, asked.end),
        ]
        return await self._page(statement, entries.c, filters, asked)

    async def client_account(self, client_id: UUID) -> ClientAccount | None:
        result = await self.connection.execute(
            select(accounts).where(accounts.c.client_id == client_id)
        )
        row = result.one_or_none()
        return account_of(row) if row else None

    async def standing_settlement(self, order_id: UUID) -> Settlement | None:
        result = await self.connection.execute(
            select(settlements).where(
                settlements.c.order_id == order_id, settlements.c.state == State.SETTLED
            )
        )
        row = result.one_or_none()
        return settlement_of(row) if row else None

    async def held_for(self, order_id: UUID, client_id: UUID) -> Decimal:
        """Deposits that wait for the order to be settled."""
        total = select(func.coalesce(func.sum(payments.c.held), 0)).where(
            # The client only leads to the index of open payments.
            payments.c.customer_id == client_id,
            payments.c.reserved_for == order_id,
        )
        return Decimal((await self.connection.execute(total)).scalar_one())

    async def expenses_of(self, order_id: UUID) -> Decimal:
        total = select(func.coalesce(func.sum(postings.c.amount), 0)).where(
            postings.c.debit == Account.EXPENSE, postings.c.order_id == order_id
        )
        return Decimal((await self.connection.execute(total)).scalar_one())

    async def _page(
        self,
        statement: Select[Any],
        columns: Any,
        filters: Filters,
        asked: ListPayments | ListRecords,
    ) -> Sequence[Row[Any]]:
        """Newest first, from the cursor on, one row more than asked for."""
        if asked.cursor:
            at, last_id = keys_of(asked.cursor, tuple[Instant, UUID])
            filters = [*filters, tuple_(columns.at, columns.id) < tuple_(at, last_id)]
        statement = (
            statement.where(*filters)
            .order_by(columns.at.desc(), columns.id.desc())
            .limit(asked.limit + 1)
        )
        found: Sequence[Row[Any]] = (await self.connection.execute(statement)).all()
        return found


_INCOME_OR_EXPENSE = case(
    (or_(postings.c.credit.in_(REVENUE), postings.c.debit == Account.EXPENSE), postings.c.amount),
    (postings.c.debit.in_(REVENUE), -postings.c.amount),
)
"""A posting as the record that it belongs to counts it; null when it does not."""


def _equal(column: ColumnElement[Any], value: Any) -> Filters:
    """A filter that is not given does not filter."""
    return [column == value] if value is not None else []


def _within(
    column: ColumnElement[datetime], start: datetime | None, end: datetime | None
) -> Filters:
    """Half open; a bound that is not given does not bind."""
    return [*([column >= start] if start else []), *([column < end] if end else [])]
