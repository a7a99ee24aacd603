"""The orders service, wired: ``pitlane service orders``."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.handlers import handlers
from services.orders.store.links import ensure_secret
from services.orders.store.sums import fold
from services.orders.store.tables import stations
from shared.messaging.folding import keeping_sums
from shared.service import Service
from shared.settings import ServiceSettings


async def _enter_station(connection: AsyncConnection, settings: ServiceSettings) -> None:
    """The station is named by configuration; its row follows what that says today. Its secret is
    its own, and made once."""
    row = {
        "id": settings.station_id,
        "code": settings.station,
        "name": settings.station_name,
        "time_zone": settings.time_zone,
    }
    statement = upsert(stations).values(**row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))
    await ensure_secret(connection)


service = Service("orders", handlers, prepare=_enter_station, background=(keeping_sums(fold),))
