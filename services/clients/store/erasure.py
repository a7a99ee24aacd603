"""What else is kept of a person besides the card and the cars of today."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.search import words_of
from services.clients.store.tables import clients, name_words, vehicle_facts
from services.clients.store.tables_contracts import contracts
from services.clients.store.tables_merging import duplicates

GONE = "…"
"""What stands where a plate was in the dated facts of a car, and where a cell of a list could not
be read."""

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_ALIASES = select(clients.c.id).where(clients.c.id == bindparam("client_id")).cte(recursive=True)
_ALIASES = _ALIASES.union(
    select(clients.c.id).join(_ALIASES, clients.c.merged_into == _ALIASES.c.id)
)


class Erasure:
    """Statements of one transaction, done at once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def aliases(self, client_id: UUID) -> list[UUID]:
        """The client's id and those of all cards that were merged into it."""
        found = await self._connection.execute(
            select(_ALIASES.c.id).order_by(_ALIASES.c.id), {"client_id": client_id}
        )
        return list(found.scalars())

    async def forget_plates(self, aliases: Collection[UUID]) -> None:
        """Plates that a car had while it was this person's, today's of a new owner aside."""
        owned = vehicle_facts.alias("owned")
        plates = vehicle_facts.alias("plates")
        during = select(plates.c.id).join(
            owned,
            and_(
                owned.c.vehicle_id == plates.c.vehicle_id,
                owned.c.kind == "owner",
                owned.c.value == any_(bindparam("names", type_=ARRAY(Text))),
                or_(plates.c.until.is_(None), plates.c.until > owned.c.since),
                or_(owned.c.until.is_(None), plates.c.since < owned.c.until),
            ),
        )
        is_anothers = and_(plates.c.until.is_(None), owned.c.until.is_not(None))
        statement = (
            update(vehicle_facts)
            .where(
                vehicle_facts.c.kind == "plate",
                vehicle_facts.c.id.in_(during.where(plates.c.kind == "plate", ~is_anothers)),
            )
            .values(value=GONE)
        )
        await self._connection.execute(statement, {"names": [str(one) for one in aliases]})

    async def forget_besides(self, aliases: Collection[UUID]) -> None:
        """Notes on contracts, and that the card looked like another one's."""
        ids = {"ids": list(aliases)}
        await self._connection.execute(
            delete(duplicates).where(
                or_(duplicates.c.one_id == any_(_IDS), duplicates.c.other_id == any_(_IDS))
            ),
            ids,
        )
        await self._connection.execute(
            update(contracts).where(contracts.c.client_id == any_(_IDS)).values(comment=None), ids
        )

    async def forget_words(self, names: Collection[str]) -> None:
        """Words that are in nobody's name any more; after the cards are written."""
        words = sorted({word for name in names for word in words_of(name)})
        in_a_name = exists().where(
            clients.c.name_key.like(literal("% ") + name_words.c.word + literal(" %"))
        )
        await self._connection.execute(
            delete(name_words).where(
                name_words.c.word == any_(bindparam("words", type_=ARRAY(Text))), ~in_a_name
            ),
            {"words": words},
        )
