"""What questions about bonuses read: rules, a client's balance at an instant, and its movements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, func, or_, select, tuple_

from services.finance.domain.bonus_rules import BonusRule
from services.finance.domain.ledger import Account, EntryKind
from services.finance.domain.settlement import State
from services.finance.store.rows import any_of, rule_of
from services.finance.store.schema import (
    accounts,
    bonus_lots,
    bonus_rules,
    entries,
    orders,
    postings,
    settlements,
)
from shared.contracts.base import Instant
from shared.contracts.bonus_rules import ListBonusRules
from shared.contracts.bonuses import GetBonuses
from shared.handlers import Store
from shared.pagination import keys_of

_IS_CREDIT = postings.c.credit == Account.BONUSES


class BonusReports(Store):
    """Reads without locks; several questions at once."""

    async def rule_shown(self, rule_id: UUID) -> BonusRule | None:
        found = await self.connection.execute(
            select(bonus_rules).where(bonus_rules.c.id == rule_id)
        )
        row = found.one_or_none()
        return rule_of(row) if row else None

    async def rule_rows(self, asked: ListBonusRules) -> list[BonusRule]:
        """One more than a page, in the order in which they are tried."""
        columns = bonus_rules.c
        statement = select(bonus_rules).order_by(columns.priority, columns.created_at, columns.id)
        if asked.active is not None:
            statement = statement.where(columns.active == asked.active)
        if asked.cursor:
            after = keys_of(asked.cursor, tuple[int, Instant, UUID])
            keys = tuple_(columns.priority, columns.created_at, columns.id)
            statement = statement.where(keys > tuple_(*after))
        found = await self.connection.execute(statement.limit(asked.limit + 1))
        return [rule_of(row) for row in found]

    async def bonus_balance(self, client_id: UUID, at: datetime) -> Decimal:
        """What the ledger says, less what has expired by then and is not posted yet."""
        expired = (
            select(func.coalesce(func.sum(bonus_lots.c.left), 0))
            .where(
                bonus_lots.c.client_id == client_id,
                bonus_lots.c.left > 0,
                bonus_lots.c.expires_at <= at,
            )
            .scalar_subquery()
        )
        balance = select(accounts.c.bonuses - expired).where(accounts.c.client_id == client_id)
        return Decimal((await self.connection.execute(balance)).scalar_one())

    async def expiring_next(
        self, client_id: UUID, at: datetime, limit: int
    ) -> Sequence[tuple[datetime, Decimal]]:
        """What is left, by the instant at which it is lost, the earliest first."""
        lots = bonus_lots.c
        found = await self.connection.execute(
            select(lots.expires_at, func.sum(lots.left))
            .where(lots.client_id == client_id, lots.left > 0, lots.expires_at > at)
            .group_by(lots.expires_at)
            .order_by(lots.expires_at)
            .limit(limit)
        )
        return [(expires_at, total) for expires_at, total in found.all()]

    async def bonus_movements(self, asked: GetBonuses, names: Sequence[UUID]) -> Sequence[Row[Any]]:
        """One more than a page, newest first: every posting of the client's bonuses, under
        whichever of its names; what went from one to another is none of them."""
        statement = (
            select(
                entries.c.id,
                entries.c.at,
                entries.c.kind,
                entries.c.actor,
                entries.c.comment,
                postings.c.line,
                case((_IS_CREDIT, postings.c.amount), else_=-postings.c.amount).label("amount"),
                postings.c.order_id,
                postings.c.payment_id,
                postings.c.rule_id,
                orders.c.number,
                bonus_rules.c.name.label("rule"),
            )
            .select_from(postings)
            .join(entries, entries.c.id == postings.c.entry_id)
            .outerjoin(orders, orders.c.id == postings.c.order_id)
            .outerjoin(bonus_rules, bonus_rules.c.id == postings.c.rule_id)
            .where(
                postings.c.client_id.in_(names),
                entries.c.kind != EntryKind.CLIENT_MERGE,
                or_(postings.c.debit == Account.BONUSES, _IS_CREDIT),
            )
            .order_by(entries.c.at.desc(), entries.c.id.desc(), postings.c.line.desc())
            .limit(asked.limit + 1)
        )
        if asked.cursor:
            before = keys_of(asked.cursor, tuple[Instant, UUID, int])
            keys = tuple_(entries.c.at, entries.c.id, postings.c.line)
            statement = statement.where(keys < tuple_(*before))
        found: Sequence[Any] = (await self.connection.execute(statement)).all()
        return found

    async def paid_shares(self, order_ids: Sequence[UUID]) -> dict[UUID, tuple[Decimal, Decimal]]:
        """Of settled orders: how much of the revenue is not paid by bonuses, and the revenue."""
        found = await self.connection.execute(
            select(settlements.c.order_id, settlements.c.revenue, settlements.c.bonuses).where(
                and_(
                    any_of(settlements.c.order_id, "ids"),
                    settlements.c.state == State.SETTLED,
                )
            ),
            {"ids": list(order_ids)},
        )
        return {row.order_id: (row.revenue - row.bonuses, row.revenue) for row in found}
