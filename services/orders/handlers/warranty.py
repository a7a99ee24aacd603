"""Is this under warranty? By car."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from services.orders.domain.warranty import Mileage, standing
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.history import done_on_car, last_mileage
from shared.contracts.base import Instant, Page
from shared.contracts.works import VehicleWarranty, WarrantyLine
from shared.handlers import Work
from shared.pagination import keys_of, page_of


@handlers.question(VehicleWarranty)
async def vehicle_warranty(
    question: VehicleWarranty, store: OrdersStore, work: Work
) -> Page[WarrantyLine]:
    vehicle = await store.copies.vehicle(question.vehicle_id, work)
    after = keys_of(question.cursor, tuple[Instant, UUID]) if question.cursor else None
    rows = await done_on_car(store.connection, question, after)
    mileage = Mileage(question.mileage_km, await last_mileage(store.connection, vehicle.id))
    zone = work.settings.zone
    today = (question.at or work.now).astimezone(zone).date()

    def line(row: Any) -> WarrantyLine:
        done_at: datetime = row.done_at
        done_on = done_at.astimezone(zone).date()
        stands = standing(
            done_on,
            row.done_mileage_km,
            row.warranty_days,
            row.warranty_km,
            today=today,
            mileage=mileage,
        )
        return WarrantyLine(**row._mapping, done_on=done_on, **asdict(stands))

    return page_of(rows, question.limit, line, lambda row: (row.done_at, row.line_id))
