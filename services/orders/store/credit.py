"""What clients with a contract may owe, and by how much less they pay: copies of their contracts,
and what is under way."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import client_contracts
from shared.contracts.client_contracts import ContractView, ListContracts
from shared.handlers import Work
from shared.refusals import Refused

AT_ONCE = 200
NOTHING = Decimal(0)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_WATCHED = (
    select(client_contracts)
    .where(client_contracts.c.client_id == any_(_IDS), client_contracts.c.credit_limit.is_not(None))
)  # fmt: skip
_HELD = _WATCHED.order_by(client_contracts.c.id).with_for_update()
_COPIED = (
    "id",
    "client_id",
    "credit_limit",
    "discount_percent",
    "valid_from",
    "valid_to",
    "revision",
)
_CHEAPER = select(client_contracts).where(
    client_contracts.c.client_id == any_(_IDS),
    or_(client_contracts.c.discount_percent.is_not(None), client_contracts.c.complete.is_(False)),
)


_DONE = text(
    """SELECT id, total, NULL AS settled FROM orders
    WHERE client_id = :client_id AND status = 'done' AND NOT settled
    UNION ALL
    SELECT NULL, NULL, bit_xor(hashtextextended(id || ' ' || completion, 0)) FROM orders
    WHERE client_id = :client_id AND status = 'done' AND settled
    ORDER BY id NULLS LAST
    """
)


class Credit:
    """Contracts' limits by client; most clients have none, and cost nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._looked_at: set[UUID] = set()
        self._watched: set[UUID] = set()
        self._cheaper: dict[UUID, list[Any]] = {}

    def found(self, contracts: Mapping[UUID, Sequence[Any]]) -> None:
        """All contracts of these clients, loaded with other things."""
        self._looked_at.update(contracts)
        for client_id, rows in contracts.items():
            if any(row.credit_limit is not None for row in rows):
                self._watched.add(client_id)
            self._cheaper[client_id] = [
                row for row in rows if row.discount_percent is not None or not row.complete
            ]

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

    async def look_for_discounts(self, client_ids: Collection[UUID]) -> None:
        """What these clients' contracts say of discounts; most have none."""
        if missing := set(client_ids) - self._cheaper.keys():
            self._cheaper |= {client_id: [] for client_id in missing}
            for row in await self._connection.execute(_CHEAPER, {"ids": sorted(missing)}):
                self._cheaper[row.client_id].append(row)

    async def discount(self, client_id: UUID, day: date, work: Work) -> Decimal:
        """In per cent, the highest of the contracts that are valid on that day; else nought."""
        await self.look_for_discounts([client_id])
        if not all(row.complete for row in self._cheaper[client_id]):
            await self._complete(client_id, work)
            await self.look_for_discounts([client_id])
        return max(
            (
                row.discount_percent
                for row in self._cheaper[client_id]
                if row.discount_percent is not None and _is_valid(row, day)
            ),
            default=NOTHING,
        )

    async def _complete(self, client_id: UUID, work: Work) -> None:
        """Asks for contracts whose copies are older than discounts. While their owner is away, an
        order is opened by what is known."""
        with contextlib.suppress(Refused):
            question = ListContracts(client_id=client_id, limit=AT_ONCE)
            for contract in (await work.ask(question)).items:
                await self.note(contract)

    async def done_orders(self, client_id: UUID) -> tuple[dict[UUID, Decimal], int | None]:
        """Totals of orders that are done and that finance has not put on the balance yet; and a
        digest of those that it has, by ids and completions. Both of one moment."""
        *rows, last = await self._connection.execute(_DONE, {"client_id": client_id})
        return {row.id: row.total for row in rows}, last.settled

    async def note(self, contract: ContractView) -> None:
        """A copy never goes back to an older revision."""
        statement = upsert(client_contracts).values(
            {name: getattr(contract, name) for name in _COPIED} | {"complete": True}
        )
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={name: statement.excluded[name] for name in (*_COPIED, "complete")},
                where=or_(
                    client_contracts.c.revision < statement.excluded.revision,
                    client_contracts.c.complete.is_(False),
                ),
            )
        )
        self._looked_at.discard(contract.client_id)
        self._cheaper.pop(contract.client_id, None)


def _is_valid(contract: Any, day: date) -> bool:
    begun = contract.valid_from is None or contract.valid_from <= day
    return begun and (contract.valid_to is None or day <= contract.valid_to)
