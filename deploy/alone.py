"""What services would answer, without them: from their handlers and databases alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.commands.reach import operator
from services.orders.store.tables import stations
from shared.contracts.base import Question
from shared.handlers import Work
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import opening
from shared.service import service_named
from shared.settings import ServiceSettings


class Alone:
    """Answers questions as the services of ``station`` would, who count days in ``zone``: what one
    database answers, whether its service runs or not, and however long it takes."""

    def __init__(self, station: str, engines: Mapping[str, AsyncEngine], zone: ZoneInfo) -> None:
        self._station = station
        self._engines = engines
        self._zone = zone

    async def ask(self, question: Question[Any]) -> Any:
        subject = type(question).subject
        service = subject.split(".")[1]
        handlers = service_named(service).handlers
        engine = self._engines[service]
        settings = ServiceSettings(
            service=service,
            station=self._station,
            time_zone=self._zone.key,
            database_url=engine.url.render_as_string(hide_password=False),
        )
        # What is asked here is answered from one database: nobody needs to be asked in turn.
        nobody = cast(ServiceClient, None)
        envelope = opening(f"/{self._station}/ops", subject, operator())
        work = Work(envelope, datetime.now(UTC), settings, nobody)
        async with handlers.reading(engine) as store:
            return await handlers.questions[subject].handler(question, store, work)


async def zone_of(station: str, engine: AsyncEngine) -> ZoneInfo | None:
    """In which the services of ``station`` count days: what orders (whose ``engine`` it is) was
    told when it started last. A shell may know of another one, or of none."""
    async with engine.connect() as connection:
        own = stations.c.code == station
        name = await connection.scalar(select(stations.c.time_zone).where(own))
    return ZoneInfo(name) if name else None
