"""What questions read: lists, one order's profit, and the reports. All of it from the ledger and
from the settlements that stand; nothing is counted twice in two places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from services.finance.domain.ledger import (
    EXPENSES,
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
from shared.contracts.base import Instant, Period
from shared.contracts.finance import IncomeExpenses, ListPayments, ListRecords, OrderProfits
from shared.contracts.visits import ListSettlements
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
            *_one_of(payments.c.customer_id, await self.names_of(asked.customer_id)),
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
            *_one_of(entries.c.client_id, await self.names_of(asked.client_id)),
            *_equal(record.c.category, asked.category),
            *_within(entries.c.at, asked.start, asked.end),
        ]
        return await self._page(statement, entries.c, filters, asked)

    async def client_account(self, client_id: UUID) -> ClientAccount | None:
        """Of a client who was merged with another, that one's."""
        result = await self.connection.execute(
            select(accounts).where(accounts.c.client_id == client_id)
        )
        row = result.one_or_none()
        if row and row.merged_into:
            return await self.client_account(row.merged_into)
        return account_of(row) if row else None

    async def names_of(self, client_id: UUID | None) -> list[UUID] | None:
        """The client that is meant first, and all who were merged into it; none of nobody."""
        if client_id is None:
            return None
        account = await self.client_account(client_id)
        survivor_id = account.client_id if account else client_id
        merged = await self.connection.execute(
            select(accounts.c.client_id).where(accounts.c.merged_into == survivor_id)
        )
        return [survivor_id, *merged.scalars()]

    async def standing_settlement(self, order_id: UUID) -> Settlement | None:
        result = await self.connection.execute(
            select(settlements).where(
                settlements.c.order_id == order_id, settlements.c.state == State.SETTLED
            )
        )
        row = result.one_or_none()
        return settlement_of(row) if row else None

    async def past_settlements(self, asked: ListSettlements) -> list[Settlement]:
        """One more than a page, by order, whether they stand or were reversed."""
        key = tuple_(settlements.c.order_id, settlements.c.completion)
        statement = (
            select(settlements)
            .where(settlements.c.state.in_((State.SETTLED, State.REVERSED)))
            .order_by(settlements.c.order_id, settlements.c.completion)
            .limit(asked.limit + 1)
        )
        if asked.cursor:
            statement = statement.where(key > keys_of(asked.cursor, tuple[UUID, int]))
        return list(map(settlement_of, await self.connection.execute(statement)))

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

    async def order_profits(self, asked: OrderProfits) -> list[Settlement]:
        """Settlements that stand, by their accounting time."""
        statement = (
            select(settlements)
            .where(
                settlements.c.state == State.SETTLED,
                *_equal(settlements.c.station_id, asked.station_id),
                *_equal(settlements.c.section_id, asked.section_id),
                *_in(settlements.c.completed_at, asked.period),
            )
            .order_by(settlements.c.completed_at, settlements.c.order_id)
        )
        return [settlement_of(row) for row in await self.connection.execute(statement)]

    async def income_expenses(self, asked: IncomeExpenses, zone: ZoneInfo) -> Sequence[Row[Any]]:
        """``day, type, category, amount, records``: every posting to an account of income or
        expenses in the period. A settlement counts as a record even when it comes to nothing."""
        filters = [
            *_equal(entries.c.station_id, asked.station_id),
            *_in(entries.c.at, asked.period),
        ]
        day = cast(func.timezone(bindparam("zone", zone.key), entries.c.at), Date).label("day")
        income = (
            select(
                day,
                entries.c.id,
                literal("income").label("type"),
                literal(ORDERS_CATEGORY).label("category"),
                func.coalesce(_INCOME_OR_EXPENSE, 0).label("amount"),
            )
            .select_from(
                entries.outerjoin(
                    postings, and_(postings.c.entry_id == entries.c.id, _touches(REVENUE))
                )
            )
            .where(entries.c.kind.in_(INCOME_KINDS), *filters)
        )
        expenses = (
            select(
                day,
                entries.c.id,
                literal("expense").label("type"),
                postings.c.category,
                case(
                    (postings.c.debit.in_(EXPENSES), postings.c.amount), else_=-postings.c.amount
                ).label("amount"),
            )
            .join(postings, postings.c.entry_id == entries.c.id)
            .where(_touches(EXPENSES), *filters)
        )
        line = union_all(income, expenses).subquery("line")
        statement = (
            select(
                line.c.day,
                line.c.type,
                line.c.category,
                func.sum(line.c.amount).label("amount"),
                func.count(line.c.id.distinct()).label("records"),
            )
            .group_by(line.c.day, line.c.type, line.c.category)
            .order_by(line.c.day, line.c.type.desc(), line.c.category)
        )
        return (await self.connection.execute(statement)).all()

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


def _touches(some: Sequence[Account]) -> ColumnElement[bool]:
    return or_(postings.c.debit.in_(some), postings.c.credit.in_(some))


_INCOME_OR_EXPENSE = case(
    (or_(postings.c.credit.in_(REVENUE), postings.c.debit == Account.EXPENSE), postings.c.amount),
    (postings.c.debit.in_(REVENUE), -postings.c.amount),
)
"""A posting as the record that it belongs to counts it; null when it does not."""


def _equal(column: ColumnElement[Any], value: Any) -> Filters:
    """A filter that is not given does not filter."""
    return [column == value] if value is not None else []


def _one_of(column: ColumnElement[Any], values: Sequence[UUID] | None) -> Filters:
    return [column.in_(values)] if values is not None else []


def _in(column: ColumnElement[datetime], period: Period) -> Filters:
    return _within(column, period.start, period.end)


def _within(
    column: ColumnElement[datetime], start: datetime | None, end: datetime | None
) -> Filters:
    """Half open; a bound that is not given does not bind."""
    return [*([column >= start] if start else []), *([column < end] if end else [])]
