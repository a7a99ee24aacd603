"""When clients must pay: copies of their contracts' terms, and what is late by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Index,
    Integer,
    Table,
    Uuid,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from services.finance.domain.settlement import State
from services.finance.store.schema import settlements, tables
from shared.contracts.client_contracts import ContractView
from shared.handlers import Store

client_contracts = Table(
    "client_contracts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("payment_days", Integer, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("revision", Integer, nullable=False),
    Index("client_contracts_client", "client_id"),
)
_COPIED = tuple(column.name for column in client_contracts.c)


def payment_days(client_id: ColumnElement[UUID], done_on: ColumnElement[date]) -> Any:
    """How many days a client has to pay what was done on a day; null: no contract says it."""
    terms = client_contracts.c
    return (
        select(func.max(terms.payment_days))
        .where(
            terms.client_id == client_id,
            or_(terms.valid_from.is_(None), terms.valid_from <= done_on),
            or_(terms.valid_to.is_(None), terms.valid_to >= done_on),
        )
        .scalar_subquery()
    )


class Terms(Store):
    """An order is to be paid within the days of the contract that was valid when it was done; of
    several the client may take the longest. Without a contract it is to be paid on that day."""

    async def note_contract(self, contract: ContractView) -> None:
        """A copy never goes back to an older revision."""
        statement = upsert(client_contracts).values(
            {name: getattr(contract, name) for name in _COPIED}
        )
        await self.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={name: statement.excluded[name] for name in _COPIED if name != "id"},
                where=client_contracts.c.revision < statement.excluded.revision,
            )
        )

    async def overdue(self, client_id: UUID, today: date, zone: ZoneInfo) -> Decimal:
        """Of settled orders, what is still due and should have been paid before today."""
        done_on = cast(func.timezone(zone.key, settlements.c.completed_at), Date)
        days = payment_days(settlements.c.client_id, done_on)
        due = select(func.coalesce(func.sum(settlements.c.revenue - settlements.c.paid), 0)).where(
            settlements.c.client_id == client_id,
            settlements.c.state == State.SETTLED,
            settlements.c.paid < settlements.c.revenue,
            done_on + func.coalesce(days, 0) < today,
        )
        return Decimal((await self.connection.execute(due)).scalar_one())
