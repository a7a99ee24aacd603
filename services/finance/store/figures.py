"""What the books say of each order, for whoever compares it with what other services say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, func, select, true

from services.finance.domain.ledger import CHARGED, Account
from services.finance.domain.settlement import State
from services.finance.store.schema import entries, orders, postings, settlements
from shared.contracts.reconciliation import AccountBalance, GetBooksFigures
from shared.handlers import Store
from shared.pagination import keys_of


def _balance(accounts: Sequence[Account], sign: int) -> ColumnElement[Any]:
    """Debits less credits of the accounts, times ``sign``."""
    return func.coalesce(
        func.sum(
            case((postings.c.debit.in_(accounts), postings.c.amount), else_=0)
            - case((postings.c.credit.in_(accounts), postings.c.amount), else_=0)
        )
        * sign,
        0,
    )


_POSTED = (
    select(
        _balance(CHARGED, -1).label("revenue"),
        _balance((Account.COST_OF_GOODS,), 1).label("cost"),
        _balance((Account.LABOR_PAY,), 1).label("pay"),
    )
    .select_from(entries.join(postings, postings.c.entry_id == entries.c.id))
    .where(entries.c.order_id == orders.c.id)
    .lateral("posted")
)
_FIGURES = (
    select(
        orders.c.id,
        orders.c.number,
        func.coalesce(settlements.c.completion, 0).label("completion"),
        func.coalesce(settlements.c.revenue, 0).label("revenue"),
        func.coalesce(settlements.c.cost, 0).label("cost"),
        func.coalesce(settlements.c.pay, 0).label("pay"),
        func.coalesce(settlements.c.revenue - settlements.c.paid, 0).label("due"),
        _POSTED.c.revenue.label("posted_revenue"),
        _POSTED.c.cost.label("posted_cost"),
        _POSTED.c.pay.label("posted_pay"),
    )
    .select_from(
        orders.outerjoin(
            settlements,
            and_(settlements.c.order_id == orders.c.id, settlements.c.state == State.SETTLED),
        ).join(_POSTED, true())
    )
    .order_by(orders.c.id)
)


class Figures(Store):
    """Reads without locks."""

    async def figure_rows(self, asked: GetBooksFigures) -> Sequence[Row[Any]]:
        """One more than a page, by the order's id."""
        statement = _FIGURES.limit(asked.limit + 1)
        if asked.order_ids:
            statement = statement.where(orders.c.id.in_(asked.order_ids))
        if asked.cursor:
            (after,) = keys_of(asked.cursor, tuple[UUID])
            statement = statement.where(orders.c.id > after)
        rows: Sequence[Any] = (await self.connection.execute(statement)).all()
        return rows

    async def account_balances(self) -> tuple[AccountBalance, ...]:
        debits = select(postings.c.debit.label("account"), postings.c.amount)
        credits = select(postings.c.credit.label("account"), (-postings.c.amount).label("amount"))
        moved = debits.union_all(credits).subquery("moved")
        statement = (
            select(moved.c.account, func.sum(moved.c.amount).label("amount"))
            .group_by(moved.c.account)
            .order_by(moved.c.account)
        )
        rows = await self.connection.execute(statement)
        return tuple(AccountBalance(account=row.account, amount=row.amount) for row in rows)
