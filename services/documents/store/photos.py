"""Photos in and out of the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.store.photo_tables import photo_files, photos
from shared.contracts.photos import ListPhotos
from shared.pagination import by_id
from shared.refusals import Refused

_ORDER_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:order_id, 7148))")


def _of_order(order_id: UUID) -> Select[Any]:
    """Without those that were removed."""
    return select(photos).where(photos.c.order_id == order_id, photos.c.removed_at.is_(None))


class Photos:
    """What one transaction reads and writes of them; written at once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def count_of(self, order_id: UUID) -> int:
        """Those that are shown. Until the end of the transaction nobody else adds one."""
        await self._connection.execute(_ORDER_LOCK, {"order_id": str(order_id)})
        shown = select(func.count()).where(
            photos.c.order_id == order_id, photos.c.removed_at.is_(None)
        )
        count: int = (await self._connection.execute(shown)).scalar_one()
        return count

    async def add(self, photo: dict[str, Any], content: bytes, small: bytes) -> Any:
        """Its row."""
        row = (await self._connection.execute(insert(photos).values(photo).returning(photos))).one()
        await self._connection.execute(
            insert(photo_files).values(photo_id=row.id, content=content, small=small)
        )
        return row

    async def get(self, photo_id: UUID) -> Any:
        """Its row, locked; also of one that was removed. Raises ``photo_not_found``."""
        found = await self._connection.execute(
            select(photos).where(photos.c.id == photo_id).with_for_update()
        )
        row = found.one_or_none()
        if row is None:
            raise Refused("photo_not_found", id=photo_id)
        return row

    async def change(self, photo_id: UUID, changes: dict[str, Any]) -> Any:
        changed = await self._connection.execute(
            update(photos)
            .where(photos.c.id == photo_id)
            .values(**changes, revision=photos.c.revision + 1)
            .returning(photos)
        )
        return changed.one()

    async def page(self, asked: ListPhotos) -> Sequence[Any]:
        """Rows, one more than a page, oldest first."""
        page = by_id(_of_order(asked.order_id), photos.c.id, asked.cursor, asked.limit)
        rows: Sequence[Any] = (await self._connection.execute(page)).all()
        return rows

    async def for_client(self, order_id: UUID, limit: int) -> Sequence[Any]:
        """Rows, oldest first."""
        shown = _of_order(order_id).where(photos.c.visible_to_client).order_by(photos.c.id)
        rows: Sequence[Any] = (await self._connection.execute(shown.limit(limit))).all()
        return rows

    async def file(self, photo_id: UUID, *, small: bool, for_order: UUID | None = None) -> bytes:
        """The picture; with ``for_order`` only if that order's client may see it. Raises
        ``photo_not_found``."""
        picture = (
            select(photo_files.c.small if small else photo_files.c.content)
            .join(photos, photos.c.id == photo_files.c.photo_id)
            .where(photos.c.id == photo_id, photos.c.removed_at.is_(None))
        )
        if for_order:
            picture = picture.where(photos.c.order_id == for_order, photos.c.visible_to_client)
        found: bytes | None = (await self._connection.execute(picture)).scalar_one_or_none()
        if found is None:
            raise Refused("photo_not_found", id=photo_id)
        return found

    async def forget(self, client_ids: Collection[UUID], now: datetime) -> None:
        """Nothing is left of the pictures of these clients' orders, nor of what was said of them;
        that there were some, is."""
        of_client = photos.c.client_id.in_(client_ids)
        await self._connection.execute(
            delete(photo_files).where(
                photo_files.c.photo_id.in_(select(photos.c.id).where(of_client))
            )
        )
        await self._connection.execute(
            update(photos)
            .where(of_client)
            .values(
                caption=None,
                visible_to_client=False,
                removed_at=func.coalesce(photos.c.removed_at, now),
            )
        )
