"""How much clients with a contract may owe: copies of their contracts, and what is under way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import client_contracts, orders
from shared.contracts.client_contracts import ContractView

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_WATCHED = (
    select(client_contracts)
    .where(client_contracts.c.client_id == any_(_IDS), client_contracts.c.credit_limit.is_not(None))
)  # fmt: skip
_HELD = _WATCHED.order_by(client_contracts.c.id).with_for_update()
_COPIED = ("id", "client_id", "credit_limit", "valid_from", "valid_to", "revision")


class Credit:
    """Contracts' limits by client; most clients have none, and cost nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._looked_at: set[UUID] = set()
        self._watched: set[UUID] = set()

    async def look_at(self, client_ids: Collection[UUID]) -> None:
        """Which of these clients have a limit at all."""
        if missing := set(client_ids) - self._looked_at:
            self._looked_at |= missing
            rows = await self._connection.execute(_WATCHED, {"ids": sorted(missing)})
            self._watched |= {row.client_id for row in rows}

    async def limit(self, client_id: UUID, day: date) -> Decimal | None:
        """The highest of the contracts that are valid on that day. Whoever gives credit to this
        client next waits until the transaction ends."""
        await self.look_at([client_id])
        if client_id not in self._watched:
            return None
        rows = await self._connection.execute(_HELD, {"ids": [client_id]})
        limits = [row.credit_limit for row in rows if _is_valid(row, day)]
        return max(limits, default=None)

    async def under_way(self, client_id: UUID) -> dict[UUID, Decimal]:
        """Totals of orders that are done and that finance has not put on the balance yet."""
        rows = await self._connection.execute(
            select(orders.c.id, orders.c.total).where(
                orders.c.client_id == client_id,
                orders.c.status == "done",
                orders.c.settled.is_(False),
            )
        )
        return {row.id: row.total for row in rows}

    async def note(self, contract: ContractView) -> None:
        """A copy never goes back to an older revision."""
        statement = upsert(client_contracts).values(
            {name: getattr(contract, name) for name in _COPIED}
        )
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={name: statement.excluded[name] for name in _COPIED if name != "id"},
                where=client_contracts.c.revision < statement.excluded.revision,
            )
        )
        self._looked_at.discard(contract.client_id)


def _is_valid(contract: Any, day: date) -> bool:
    begun = contract.valid_from is None or contract.valid_from <= day
    return begun and (contract.valid_to is None or day <= contract.valid_to)
