"""Tags in and out of the database, and what has them. Each is saved at once."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.store.names import page_by_name, save_named
from services.clients.store.tables_segments import (
    client_tags,
    segment_tags,
    segments,
    tags,
    vehicle_tags,
)
from shared.contracts.base import Page
from shared.contracts.tags import TagView
from shared.refusals import Refused

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_OF_CLIENT = (
    select(tags)
    .join(client_tags, client_tags.c.tag_id == tags.c.id)
    .where(client_tags.c.client_id == bindparam("thing_id"))
    .order_by(func.lower(tags.c.name))
)
_OF_VEHICLE = (
    select(tags)
    .join(vehicle_tags, vehicle_tags.c.tag_id == tags.c.id)
    .where(vehicle_tags.c.vehicle_id == bindparam("thing_id"))
    .order_by(func.lower(tags.c.name))
)


class Tags:
    """What one transaction reads and writes of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def one(self, tag_id: UUID) -> TagView:
        """Locked, to be changed. Raises ``Refused("tag_not_found")``."""
        rows = await self._connection.execute(
            select(tags).where(tags.c.id == tag_id).with_for_update()
        )
        row = rows.one_or_none()
        if row is None:
            raise Refused("tag_not_found", id=tag_id)
        return TagView.model_validate(row, from_attributes=True)

    async def held(self, tag_ids: Collection[UUID]) -> list[TagView]:
        """These, which nobody removes until the end of the transaction. Raises
        ``Refused("tag_not_found")``."""
        rows = await self._connection.execute(
            select(tags)
            .where(tags.c.id == any_(_IDS))
            .order_by(tags.c.id)
            .with_for_update(read=True, key_share=True),
            {"ids": sorted(set(tag_ids))},
        )
        found = [TagView.model_validate(row, from_attributes=True) for row in rows]
        if missing := set(tag_ids) - {tag.id for tag in found}:
            raise Refused("tag_not_found", id=min(missing))
        return found

    async def save(self, tag: TagView) -> None:
        """Raises ``Refused("name_taken")``."""
        await save_named(self._connection, tags, tag.model_dump())

    async def remove(self, tag: TagView) -> None:
        """From all that have it. Raises ``Refused("tag_in_segment")``."""
        named = await self._connection.execute(
            select(segments.c.name)
            .join(segment_tags, segment_tags.c.segment_id == segments.c.id)
            .where(segment_tags.c.tag_id == tag.id)
            .order_by(segments.c.name)
            .limit(1)
        )
        if segment := named.scalar_one_or_none():
            raise Refused("tag_in_segment", segment=segment)
        await self._connection.execute(delete(tags).where(tags.c.id == tag.id))

    async def page(self, limit: int, cursor: str | None) -> Page[TagView]:
        return await page_by_name(self._connection, tags, TagView, limit, cursor)

    # --- what has them -----------------------------------------------------------------------

    async def of_client(self, client_id: UUID) -> tuple[TagView, ...]:
        rows = await self._connection.execute(_OF_CLIENT, {"thing_id": client_id})
        return tuple(TagView.model_validate(row, from_attributes=True) for row in rows)

    async def of_vehicle(self, vehicle_id: UUID) -> tuple[TagView, ...]:
        rows = await self._connection.execute(_OF_VEHICLE, {"thing_id": vehicle_id})
        return tuple(TagView.model_validate(row, from_attributes=True) for row in rows)

    async def put_on_client(self, client_id: UUID, tag_ids: Collection[UUID]) -> None:
        if tag_ids:
            rows = [{"client_id": client_id, "tag_id": tag_id} for tag_id in tag_ids]
            await self._connection.execute(insert(client_tags).on_conflict_do_nothing(), rows)

    async def take_from_client(self, client_id: UUID, tag_id: UUID) -> None:
        await self._connection.execute(
            delete(client_tags).where(
                client_tags.c.client_id == client_id, client_tags.c.tag_id == tag_id
            )
        )

    async def put_on_vehicle(self, vehicle_id: UUID, tag_id: UUID) -> None:
        await self._connection.execute(
            insert(vehicle_tags)
            .values(vehicle_id=vehicle_id, tag_id=tag_id)
            .on_conflict_do_nothing()
        )

    async def take_from_vehicle(self, vehicle_id: UUID, tag_id: UUID) -> None:
        await self._connection.execute(
            delete(vehicle_tags).where(
                vehicle_tags.c.vehicle_id == vehicle_id, vehicle_tags.c.tag_id == tag_id
            )
        )

    async def strip(self, client_ids: Collection[UUID]) -> None:
        """None of these clients has any tag after it."""
        await self._connection.execute(
            delete(client_tags).where(client_tags.c.client_id == any_(_IDS)),
            {"ids": list(client_ids)},
        )
