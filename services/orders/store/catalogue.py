"""Price variants, packages and rounding in the database. Few and rarely changed: written at once.

Whoever changes a work's variants holds the work's row, so that no two of them are for one car.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.variants import Variant
from services.orders.store.places import Places
from services.orders.store.tables import price_rules, work_variants, works
from shared.contracts.base import Page
from shared.contracts.works import ListVariants, PriceRulesView, VariantView
from shared.pagination import by_id, page_of
from shared.refusals import Refused
from shared.settings import StationSettings

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_VARIANTS_OF = (
    select(work_variants)
    .where(work_variants.c.service_id == any_(_IDS))
    .order_by(work_variants.c.id)
)


class Catalogue:
    """Read once per transaction."""

    def __init__(self, connection: AsyncConnection, places: Places) -> None:
        self._connection = connection
        self._places = places
        self._variants: dict[UUID, tuple[Variant, ...]] = {}

    # --- variants --------------------------------------------------------------------------------

    async def load_variants(self, service_ids: Collection[UUID]) -> None:
        """In one statement."""
        wanted = sorted(set(service_ids) - self._variants.keys())
        if not wanted:
            return
        found: dict[UUID, list[Variant]] = {service_id: [] for service_id in wanted}
        for row in await self._connection.execute(_VARIANTS_OF, {"ids": wanted}):
            found[row.service_id].append(_variant(row))
        self._variants.update({key: tuple(variants) for key, variants in found.items()})

    async def variants_of(self, service_id: UUID) -> tuple[Variant, ...]:
        await self.load_variants([service_id])
        return self._variants[service_id]

    async def held_variants_of(self, service_id: UUID) -> tuple[Variant, ...]:
        """Nobody else changes them until the end of the transaction. Refused:
        ``service_not_found``."""
        await self._places.held(works, service_id)
        self._variants.pop(service_id, None)
        return await self.variants_of(service_id)

    async def save_variant(self, variant: Variant) -> None:
        """Inserts revision 1, updates any other."""
        if variant.revision == 1:
            await self._connection.execute(insert(work_variants).values(asdict(variant)))
        else:
            await self._connection.execute(
                update(work_variants)
                .where(work_variants.c.id == variant.id)
                .values(asdict(variant))
            )
        await self._note_whether_there_are(variant.service_id)

    async def remove_variant(self, variant: Variant) -> None:
        await self._connection.execute(
            delete(work_variants).where(work_variants.c.id == variant.id)
        )
        await self._note_whether_there_are(variant.service_id)

    async def page_of_variants(self, question: ListVariants) -> Page[VariantView]:
        variants = select(work_variants).where(work_variants.c.service_id == question.service_id)
        query = by_id(variants, work_variants.c.id, question.cursor, question.limit)
        rows = (await self._connection.execute(query)).all()
        return page_of(
            rows,
            question.limit,
            lambda row: VariantView(**row._mapping),
            lambda row: (row.id,),
        )

    async def _note_whether_there_are(self, service_id: UUID) -> None:
        """A work without variants costs no question about them when it is put on an order."""
        self._variants.pop(service_id, None)
        there_are = exists().where(work_variants.c.service_id == service_id)
        await self._connection.execute(
            update(works).where(works.c.id == service_id).values(has_variants=there_are)
        )

    # --- rounding --------------------------------------------------------------------------------

    async def price_rules(self, settings: StationSettings, *, lock: bool = False) -> PriceRulesView:
        row: Any
        if lock:
            # There may be no row yet; then the one who inserts it is the first.
            query = select(price_rules).where(price_rules.c.station_id == settings.station_id)
            row = (await self._connection.execute(query.with_for_update())).one_or_none()
        else:
            row = await self._places.price_rules(settings.station_id)
        if row is None:
            return PriceRulesView(step=Decimal(settings.price_step), mode="half_up", revision=1)
        return PriceRulesView(**row._mapping)

    async def save_price_rules(
        self, rules: PriceRulesView, expected: int, settings: StationSettings
    ) -> None:
        """Refused: ``revision_conflict``, if somebody was faster."""
        statement = upsert(price_rules).values(**rules.model_dump(), station_id=settings.station_id)
        statement = statement.on_conflict_do_update(
            index_elements=["station_id"],
            set_={name: statement.excluded[name] for name in ("step", "mode", "revision")},
            where=price_rules.c.revision == expected,
        )
        saved = await self._connection.execute(statement.returning(price_rules.c.revision))
        if saved.one_or_none() is None:
            raise Refused("revision_conflict", expected=expected, actual=rules.revision)
        self._places.changed()


def _variant(row: Any) -> Variant:
    return Variant(**{field.name: row._mapping[field.name] for field in fields(Variant)})
