"""Links in and out of the database. There are few: each is saved at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Uuid,
    any_,
    bindparam,
    delete,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.store.rows import client_of
from services.clients.store.tables import clients, vehicles
from services.clients.store.tables_links import links
from shared.contracts.base import Page
from shared.contracts.client_links import LinkView, ListLinks, NamedLink, OrderParties, Party
from shared.database import saving
from shared.pagination import newest_first, page_of
from shared.refusals import Refused
from shared.statements import Prepared

_SAVE = saving(links)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_CLIENTS = select(clients).where(clients.c.id == any_(_IDS))
_CARS = select(vehicles).where(vehicles.c.id == any_(_IDS))
_TODAY = bindparam("today", type_=Date)
_HOLDS = (links.c.since <= _TODAY, or_(links.c.until.is_(None), links.c.until > _TODAY))
# No link is of the car where there is none.
_OF_ORDER = Prepared(
    select(links)
    .where(
        or_(
            links.c.other_id == bindparam("client_id", type_=Uuid),
            links.c.vehicle_id == bindparam("vehicle_id", type_=Uuid),
        ),
        or_(links.c.role == "payer", links.c.role == "driver"),
        *_HOLDS,
    )
    .order_by(links.c.vehicle_id.is_(None), links.c.since.desc(), links.c.id.desc())
)
_MOVE = [
    text(f"UPDATE links SET {end} = :survivor_id WHERE {end} = :merged_id")
    for end in ("client_id", "other_id")
]
_PERIOD = "daterange({0}.since, {0}.until)"
# What the client was to itself, and what another link says too, for longer or first.
_FORGET_TWINS = text(
    f"""
    DELETE FROM links one WHERE :survivor_id IN (one.client_id, one.other_id) AND (
        one.client_id = one.other_id OR EXISTS (
            SELECT FROM links other WHERE other.id <> one.id AND other.role = one.role
            AND other.vehicle_id IS NOT DISTINCT FROM one.vehicle_id
            AND ((other.client_id = one.client_id
                    AND other.other_id IS NOT DISTINCT FROM one.other_id)
                OR (one.role = 'family' AND other.client_id = one.other_id
                    AND other.other_id = one.client_id))
            AND {_PERIOD.format("other")} @> {_PERIOD.format("one")}
            AND ({_PERIOD.format("other")} <> {_PERIOD.format("one")} OR other.id < one.id)
        )
    )
    """
)


class Links:
    """What one transaction reads and writes of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, client_id: UUID) -> list[LinkView]:
        """All in which the client is on either side. Whoever adds one holds the card."""
        rows = await self._connection.execute(select(links).where(_names(client_id)))
        return [_link_of(row) for row in rows]

    async def one(self, client_id: UUID, link_id: UUID) -> LinkView:
        """Locked. Raises ``Refused("link_not_found")``."""
        rows = await self._connection.execute(
            select(links).where(links.c.id == link_id, _names(client_id)).with_for_update()
        )
        row = rows.one_or_none()
        if row is None:
            raise Refused("link_not_found", id=link_id)
        return _link_of(row)

    async def save(self, link: LinkView) -> None:
        await self._connection.execute(_SAVE, [link.model_dump()])

    async def remove(self, link_id: UUID) -> None:
        await self._connection.execute(delete(links).where(links.c.id == link_id))

    async def move(self, merged_id: UUID, survivor_id: UUID) -> None:
        """Two cards were of one client."""
        for statement in _MOVE:
            await self._connection.execute(
                statement, {"merged_id": merged_id, "survivor_id": survivor_id}
            )
        await self._connection.execute(_FORGET_TWINS, {"survivor_id": survivor_id})

    async def forget(self, client_ids: Collection[UUID]) -> None:
        """Nobody belongs to them any more."""
        await self._connection.execute(
            delete(links).where(
                or_(links.c.client_id == any_(_IDS), links.c.other_id == any_(_IDS))
            ),
            {"ids": list(client_ids)},
        )

    # --- to look at --------------------------------------------------------------------------

    async def page(self, client_id: UUID, asked: ListLinks, today: date) -> Page[NamedLink]:
        statement = select(links).where(_names(client_id))
        if asked.current:
            statement = statement.where(*_HOLDS)
        statement = newest_first(statement, links.c.id, asked.cursor, asked.limit)
        rows = (await self._connection.execute(statement, {"today": today})).all()
        people = await self._parties({id_ for row in rows for id_ in (row.client_id, row.other_id)})
        ids = {"ids": sorted({row.vehicle_id for row in rows if row.vehicle_id})}
        cars = {row.id: row for row in await self._connection.execute(_CARS, ids)}

        def shown(row: Any) -> NamedLink:
            car = cars.get(row.vehicle_id)
            return NamedLink(
                **dict(_link_of(row)),
                client=people[row.client_id].name,
                other=people[row.other_id].name if row.other_id else None,
                vehicle=car and " ".join(filter(None, (car.vendor, car.model, car.plate))),
            )

        return page_of(rows, asked.limit, shown, lambda row: (row.id,))

    async def parties(self, client_id: UUID, vehicle_id: UUID | None, today: date) -> OrderParties:
        """Of the car first, then of the client, the latest first."""
        rows = await _OF_ORDER.rows(
            self._connection, client_id=client_id, vehicle_id=vehicle_id, today=today
        )
        people = await self._parties({row.client_id for row in rows})

        def those(role: str) -> tuple[Party, ...]:
            ids = dict.fromkeys(row.client_id for row in rows if row.role == role)
            return tuple(people[each] for each in ids)

        return OrderParties(payers=those("payer"), drivers=those("driver"))

    async def _parties(self, client_ids: Collection[UUID | None]) -> dict[UUID, Party]:
        ids: Sequence[UUID] = sorted(filter(None, client_ids))
        if not ids:
            return {}
        cards = map(client_of, await self._connection.execute(_CLIENTS, {"ids": ids}))
        return {
            card.id: Party(client_id=card.id, name=card.name, phone=next(iter(card.phones), None))
            for card in cards
        }


def _link_of(row: Any) -> LinkView:
    return LinkView.model_validate(row, from_attributes=True)


def _names(client_id: UUID) -> ColumnElement[bool]:
    return or_(links.c.client_id == client_id, links.c.other_id == client_id)
