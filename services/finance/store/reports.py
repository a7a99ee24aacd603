"""What questions read one by one: lists, and one order's profit. All of it from the ledger and from
the settlements that stand; nothing is counted twice in two places."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    true,
    tuple_,
)

from services.finance.domain.ledger import (
    CHARGED,
    EXPENSE_KINDS,
    INCOME_KINDS,
    ORDERS_CATEGORY,
    RECORD_KINDS,
    Account,
    ClientAccount,
    EntryKind,
)
from services.finance.domain.settlement import Settlement, State
from services.finance.store.filters import Filters, equal, one_of, within
from services.finance.store.rows import account_of, settlement_of
from services.finance.store.schema import accounts, entries, payments, postings, settlements
from services.finance.store.tables_fiscal import fiscal_receipts
from shared.contracts.base import Instant
from shared.contracts.finance import ListPayments, ListRecords
from shared.contracts.visits import ListSettlements
from shared.handlers import Store
from shared.pagination import keys_of

_PAYMENTS = select(
    payments,
    (payments.c.tendered - payments.c.amount).label("change"),
    fiscal_receipts.c.state.label("fiscal_state"),
    fiscal_receipts.c.number.label("fiscal_number"),
).outerjoin(
    fiscal_receipts,
    and_(
        fiscal_receipts.c.document_id == func.coalesce(payments.c.document_id, payments.c.id),
        fiscal_receipts.c.kind == "sale",
    ),
)


class Reports(Store):
    """Reads without locks; several questions at once."""

    async def payment_row(self, payment_id: UUID) -> Row[Any] | None:
        result = await self.connection.execute(_PAYMENTS.where(payments.c.id == payment_id))
        return result.one_or_none()

    async def is_left_of(self, document_id: UUID) -> bool:
        """Whether money that came together, or by one payment, has not all been given back."""
        found = select(payments.c.id).where(
            or_(payments.c.document_id == document_id, payments.c.id == document_id),
            payments.c.method != "bonus",
            payments.c.amount > payments.c.refunded,
        )
        return await self.connection.scalar(found.limit(1)) is not None

    async def payment_rows(self, asked: ListPayments) -> Sequence[Row[Any]]:
        """One more than a page, newest first."""
        filters = [
            *equal(payments.c.order_id, asked.order_id),
            *one_of(payments.c.customer_id, await self.names_of(asked.customer_id)),
            *one_of(payments.c.payer_id, await self.names_of(asked.payer_id)),
            *equal(payments.c.document_id, asked.document_id),
            *equal(payments.c.shift_id, asked.shift_id),
            *within(payments.c.at, asked.start, asked.end),
        ]
        return await self._page(_PAYMENTS, payments.c, filters, asked)

    async def record_rows(self, asked: ListRecords) -> Sequence[Row[Any]]:
        """One more than a page, newest first: an entry each, with what its postings come to."""
        is_expense = entries.c.kind.in_(EXPENSE_KINDS)
        record = (
            select(
                func.coalesce(func.sum(_INCOME_OR_EXPENSE), 0).label("amount"),
                func.coalesce(
                    func.max(postings.c.category).filter(_touches((*_SPENT, Account.OTHER_INCOME))),
                    ORDERS_CATEGORY,
                ).label("category"),
            )
            .where(postings.c.entry_id == entries.c.id)
            .lateral("record")
        )
        undone = entries.alias("undone")
        statement = select(
            entries,
            select(undone.c.at)
            .where(undone.c.id == entries.c.reverses)
            .scalar_subquery()
            .label("reversed_at"),
            case((is_expense, "expense"), else_="income").label("type"),
            record.c.amount,
            record.c.category,
        ).join(record, true())
        kinds = {
            None: RECORD_KINDS,
            "income": INCOME_KINDS,
            "expense": EXPENSE_KINDS,
        }[asked.type]
        filters = [
            entries.c.kind.in_(kinds),
            or_(entries.c.kind != EntryKind.SUPPLIER_RETURN, record.c.amount != 0),
            *equal(entries.c.order_id, asked.order_id),
            *one_of(entries.c.client_id, await self.names_of(asked.client_id)),
            *equal(record.c.category, asked.category),
            *within(entries.c.at, asked.start, asked.end),
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

    async def free_of(self, client_id: UUID) -> Decimal:
        """Deposits that wait for no order."""
        total = select(func.coalesce(func.sum(payments.c.held), 0)).where(
            payments.c.customer_id == client_id,
            payments.c.held > 0,
            payments.c.reserved_for.is_(None),
        )
        return Decimal((await self.connection.execute(total)).scalar_one())

    async def expenses_of(self, order_id: UUID) -> Decimal:
        spent = case(
            (postings.c.debit == Account.EXPENSE, postings.c.amount), else_=-postings.c.amount
        )
        total = select(func.coalesce(func.sum(spent), 0)).where(
            _touches((Account.EXPENSE,)), postings.c.order_id == order_id
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


def _touches(some: Sequence[Account]) -> ColumnElement[bool]:
    return or_(postings.c.debit.in_(some), postings.c.credit.in_(some))


_INCOME = (*CHARGED, Account.OTHER_INCOME)
_SPENT = (Account.EXPENSE, Account.PURCHASES)
_INCOME_OR_EXPENSE = case(
    (or_(postings.c.credit.in_(_INCOME), postings.c.debit.in_(_SPENT)), postings.c.amount),
    (or_(postings.c.debit.in_(_INCOME), postings.c.credit.in_(_SPENT)), -postings.c.amount),
)
"""A posting as the record that it belongs to counts it; null when it does not."""
