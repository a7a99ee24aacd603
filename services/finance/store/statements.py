"""What clients owe, read from postings alone: statements, debtors, creditors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Row, Select, and_, case, cast, func, or_, select

from services.finance.domain.ledger import Account, EntryKind
from services.finance.store.filters import equal, in_period
from services.finance.store.schema import entries, orders, payments, postings, settlements
from services.finance.store.terms import payment_days
from shared.contracts.base import Period
from shared.contracts.statements import Debtors
from shared.handlers import Store


def debited(account: Account) -> Any:
    """What a posting adds to an active account."""
    return case(
        (postings.c.debit == account, postings.c.amount),
        (postings.c.credit == account, -postings.c.amount),
        else_=0,
    )


def touches(account: Account) -> Any:
    return or_(postings.c.debit == account, postings.c.credit == account)


OWED = debited(Account.RECEIVABLE) + debited(Account.DEPOSITS)
"""What the client of a posting owes more by it. A deposit that an order takes moves nothing."""
ON_ACCOUNT = and_(
    postings.c.client_id.is_not(None),
    or_(touches(Account.RECEIVABLE), touches(Account.DEPOSITS)),
)


def moves(client_ids: Collection[UUID]) -> Select[Any]:
    """``entry_id, owed``: every entry that moves the balance of a client, by all its names. What
    only went from one of them to another, when they were merged, moves nothing."""
    return (
        select(postings.c.entry_id, func.sum(OWED).label("owed"))
        .where(
            postings.c.client_id.in_(client_ids),
            # By entries, which have an index of their clients.
            postings.c.entry_id.in_(_entries_of(client_ids)),
            ON_ACCOUNT,
        )
        .group_by(postings.c.entry_id)
        .having(func.sum(OWED) != 0)
    )


class Statements(Store):
    """Reads without locks."""

    async def statement_rows(
        self, client_ids: Collection[UUID], period: Period
    ) -> Sequence[Row[Any]]:
        """The documents that moved a client's balance in the period, the earliest first."""
        move = moves(client_ids).subquery("move")
        statement = (
            select(
                entries.c.id,
                entries.c.at,
                entries.c.kind,
                entries.c.order_id,
                entries.c.comment,
                move.c.owed,
                orders.c.number,
                payments.c.method,
                payments.c.payer_id,
            )
            .join(move, move.c.entry_id == entries.c.id)
            .outerjoin(orders, orders.c.id == entries.c.order_id)
            .outerjoin(payments, payments.c.id == entries.c.document_id)
            .where(*in_period(entries.c.at, period))
            .order_by(entries.c.at, entries.c.id)
        )
        return list(await self.connection.execute(statement))

    async def owed_before(self, client_ids: Collection[UUID], at: datetime) -> Decimal:
        statement = (
            select(func.coalesce(func.sum(OWED), 0))
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(
                postings.c.client_id.in_(client_ids),
                entries.c.id.in_(_entries_of(client_ids)),
                ON_ACCOUNT,
                entries.c.at < at,
            )
        )
        return Decimal((await self.connection.execute(statement)).scalar_one())

    async def debts(self, asked: Debtors, at: datetime, zone: ZoneInfo) -> Sequence[Row[Any]]:
        """``client_id, order_id, due, number, section_id, settled_at, payment_days``: orders that
        were not paid in full at that moment, the earliest settled first."""
        due = func.sum(debited(Account.RECEIVABLE))
        owed = (
            select(
                postings.c.client_id,
                postings.c.order_id,
                due.label("due"),
            )
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(touches(Account.RECEIVABLE), entries.c.at <= at)
            .group_by(postings.c.client_id, postings.c.order_id)
            .having(due != 0)
            .subquery("owed")
        )
        settled_by = (
            select(entries.c.id)
            .where(
                entries.c.order_id == owed.c.order_id,
                entries.c.kind == EntryKind.SETTLEMENT,
                entries.c.at <= at,
            )
            .order_by(entries.c.at.desc(), entries.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        done_on = cast(func.timezone(zone.key, settlements.c.completed_at), Date)
        statement = (
            select(
                owed.c.client_id,
                owed.c.order_id,
                owed.c.due,
                settlements.c.number,
                settlements.c.section_id,
                settlements.c.completed_at.label("settled_at"),
                func.coalesce(payment_days(owed.c.client_id, done_on), 0).label("payment_days"),
            )
            .select_from(owed.join(settlements, settlements.c.entry_id == settled_by))
            .where(
                *equal(settlements.c.station_id, asked.station_id),
                *equal(settlements.c.section_id, asked.section_id),
            )
            .order_by(settlements.c.completed_at, owed.c.order_id)
        )
        return list(await self.connection.execute(statement))

    async def deposits_at(self, at: datetime) -> Sequence[Row[Any]]:
        """``client_id, deposits, since``: money of clients that was held at that moment, the most
        first."""
        held = -func.sum(debited(Account.DEPOSITS))
        by_payment = (
            select(postings.c.client_id, postings.c.payment_id, held.label("held"))
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(touches(Account.DEPOSITS), entries.c.at <= at)
            .group_by(postings.c.client_id, postings.c.payment_id)
            .having(held != 0)
            .subquery("by_payment")
        )
        deposits = func.sum(by_payment.c.held)
        statement = (
            select(
                by_payment.c.client_id,
                deposits.label("deposits"),
                func.min(payments.c.at).label("since"),
            )
            .join(payments, payments.c.id == by_payment.c.payment_id)
            .group_by(by_payment.c.client_id)
            .having(deposits != 0)
            .order_by(deposits.desc(), by_payment.c.client_id)
        )
        return list(await self.connection.execute(statement))


def _entries_of(client_ids: Collection[UUID]) -> Select[Any]:
    return select(entries.c.id).where(entries.c.client_id.in_(client_ids))
