"""Contracts in and out of the database. There are few: each is saved at once."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.store.tables_contracts import contracts
from shared.contracts.base import Page
from shared.contracts.client_contracts import ContractView
from shared.database import saving
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_SAVE = saving(contracts)


class Contracts:
    """What one transaction reads and writes of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def one(self, contract_id: UUID) -> ContractView:
        """Locked until the end of the transaction. Raises ``Refused("contract_not_found")``."""
        rows = await self._connection.execute(
            select(contracts).where(contracts.c.id == contract_id).with_for_update()
        )
        row = rows.one_or_none()
        if row is None:
            raise Refused("contract_not_found", id=contract_id)
        return ContractView.model_validate(row, from_attributes=True)

    async def save(self, contract: ContractView) -> None:
        await self._connection.execute(_SAVE, [contract.model_dump()])

    async def of_client(self, client_id: UUID) -> list[ContractView]:
        """All of them, locked."""
        rows = await self._connection.execute(
            select(contracts)
            .where(contracts.c.client_id == client_id)
            .order_by(contracts.c.id)
            .with_for_update()
        )
        return [ContractView.model_validate(row, from_attributes=True) for row in rows]

    async def page(self, client_id: UUID, limit: int, cursor: str | None) -> Page[ContractView]:
        """The latest first."""
        statement = (
            select(contracts)
            .where(contracts.c.client_id == client_id)
            .order_by(contracts.c.signed_on.desc(), contracts.c.id.desc())
            .limit(limit + 1)
        )
        if cursor:
            place = tuple_(contracts.c.signed_on, contracts.c.id)
            statement = statement.where(place < keys_of(cursor, tuple[date, UUID]))
        rows = (await self._connection.execute(statement)).all()
        return page_of(
            rows,
            limit,
            lambda row: ContractView.model_validate(row, from_attributes=True),
            lambda row: (row.signed_on, row.id),
        )
