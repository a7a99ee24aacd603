"""Cards that may be of one client: found when a card or a car is saved, kept until somebody
decides."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.cards import client_view
from services.clients.store.rows import client_of
from services.clients.store.tables import clients
from services.clients.store.tables_merging import duplicates
from shared.contracts.base import Instant, Page
from shared.contracts.client_merge import Duplicate
from shared.pagination import keys_of, page_of
from shared.statements import Prepared
from shared.writing import Pending

MOST_OF_ONE = 20
"""Others that one card is compared with by one thing: the phone of a whole fleet is no sign."""

_IDS = bindparam("ids", type_=ARRAY(Uuid))


def _alike(reason: str, condition: str, of_cars: str = "", of_mine: str = "") -> str:
    """Of each card those it is alike with. Materialized, what fits is planned as if all of it were
    wanted, that is by its index, whatever the database takes to be rare; and yet it is read only
    as far as the limit goes. Asked for "20 that fit", the database expects many, and reads every
    card there is to find that there are none."""
    return f"""
        SELECT mine.id AS a, found.id AS b, '{reason}' AS reason
        FROM mine {of_mine} CROSS JOIN LATERAL (
            WITH fitting AS MATERIALIZED (
                SELECT other.id, other.merged_into FROM clients other {of_cars} WHERE {condition}
            )
            SELECT id FROM fitting WHERE id <> mine.id AND merged_into IS NULL LIMIT {MOST_OF_ONE}
        ) found
    """


_SAME_NAME = "other.name_key = mine.name_key AND mine.name_key LIKE ' % % '"

# A name alone says little: it counts where one of the two cards has no phone. Which of them, asks
# an index each, for of one name there are thousands.
_FIND = Prepared(
    text(
        f"""
    WITH mine AS (SELECT * FROM clients WHERE id = ANY(:ids) AND merged_into IS NULL),
    alike AS (
        {
            _alike(
                "phone",
                "other.phones @> ARRAY[phone]",
                of_mine="CROSS JOIN unnest(mine.phones) AS phone",
            )
        }
        UNION ALL
        {_alike("email", "lower(other.email) = lower(mine.email)")}
        UNION ALL
        {
            _alike(
                "plate",
                "theirs.plate_key = ours.plate_key",
                of_cars="JOIN vehicles theirs ON theirs.client_id = other.id"
                " JOIN vehicles ours ON ours.client_id = mine.id",
            )
        }
        UNION ALL
        {_alike("name", f"{_SAME_NAME} AND mine.phone_key = '  '")}
        UNION ALL
        {_alike("name", f"{_SAME_NAME} AND mine.phone_key <> '  ' AND other.phone_key = '  '")}
    ),
    found AS (
        SELECT least(a, b) AS one_id, greatest(a, b) AS other_id,
            array_agg(DISTINCT reason ORDER BY reason) AS reasons
        FROM alike GROUP BY 1, 2
    ),
    gone AS (
        DELETE FROM duplicates pair
        WHERE dismissed_at IS NULL AND (one_id = ANY(:changed) OR other_id = ANY(:changed))
        AND NOT EXISTS (
            SELECT FROM found
            WHERE found.one_id = pair.one_id AND found.other_id = pair.other_id
        )
    )
    INSERT INTO duplicates (one_id, other_id, reasons, found_at)
    SELECT one_id, other_id, reasons, now() FROM found ORDER BY 1, 2
    ON CONFLICT (one_id, other_id) DO UPDATE SET reasons = excluded.reasons
    WHERE duplicates.reasons <> excluded.reasons
    """
    ).bindparams(_IDS, bindparam("changed", type_=ARRAY(Uuid)))
)


class Duplicates:
    """Pairs of cards, in and out of the database."""

    def __init__(self, connection: AsyncConnection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending

    def look_for(self, new: Collection[UUID], changed: Collection[UUID]) -> None:
        """Compares these cards with all others, as soon as they are written; what no longer holds
        of a changed one goes."""
        both = sorted({*new, *changed})
        self._pending.afterwards(_FIND, ids=both, changed=sorted(changed))

    async def dismiss(self, pair: tuple[UUID, UUID], by: str, now: datetime) -> bool:
        """False when no such pair was found."""
        dismissed = await self._connection.execute(
            update(duplicates)
            .where(tuple_(duplicates.c.one_id, duplicates.c.other_id) == pair)
            .values(dismissed_at=now, dismissed_by=by)
            .returning(duplicates.c.one_id)
        )
        return dismissed.one_or_none() is not None

    async def page(self, client_id: UUID | None, limit: int, cursor: str | None) -> Page[Duplicate]:
        place = tuple_(duplicates.c.found_at, duplicates.c.one_id, duplicates.c.other_id)
        statement = (
            select(duplicates)
            .where(duplicates.c.dismissed_at.is_(None))
            .order_by(*(column.desc() for column in place.clauses))
            .limit(limit + 1)
        )
        if client_id:
            either = or_(duplicates.c.one_id == client_id, duplicates.c.other_id == client_id)
            statement = statement.where(either)
        if cursor:
            statement = statement.where(place < keys_of(cursor, tuple[Instant, UUID, UUID]))
        rows = (await self._connection.execute(statement)).all()
        named = {client_id for row in rows for client_id in (row.one_id, row.other_id)}
        cards = {
            row.id: client_view(client_of(row))
            for row in await self._connection.execute(
                select(clients).where(clients.c.id == any_(_IDS)), {"ids": sorted(named)}
            )
        }

        def shown(row: Any) -> Duplicate:
            return Duplicate(
                one=cards[row.one_id],
                other=cards[row.other_id],
                reasons=tuple(row.reasons),
                found_at=row.found_at,
            )

        return page_of(rows, limit, shown, lambda row: (row.found_at, row.one_id, row.other_id))
