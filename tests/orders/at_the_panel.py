"""A station with posts and technicians, and times in next week, for tests of bookings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from shared.contracts.clients import ClientCreated
from shared.contracts.load import (
    BookingView,
    BookPost,
    GetLoad,
    LoadView,
    SetWorkingHours,
    WeekdayHours,
)
from shared.contracts.orders import (
    CreateEmployee,
    CreateOrder,
    CreatePost,
    EmployeeView,
    OrderView,
    PostView,
)
from shared.messaging.envelope import Actor
from shared.packing import unpack
from tests.orders.test_handlers import a_client_view, told
from tests.support.day import ADMIN, Station

ZONE = ZoneInfo("Europe/Moscow")
DAY = timedelta(days=1)


_opened_on = [datetime.now(ZONE)]
"""The day of the test, on which the bays were opened: midnight may come in the middle of it."""


def at(hour: int, minute: int = 0, *, days: int = 7) -> datetime:
    """That many days from the day of the test, by the station's clock."""
    today = _opened_on[0].replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (today + DAY * days).astimezone(UTC)


@dataclass
class Bays:
    """One section with two posts and two technicians, open every day from nine to eighteen."""

    station: Station
    client_id: UUID
    section_id: UUID
    posts: tuple[PostView, PostView]
    technicians: tuple[EmployeeView, EmployeeView]

    async def order(self, **fields: Any) -> OrderView:
        return await self.station.send(
            CreateOrder(
                client_id=self.client_id,
                section_id=self.section_id,
                employee_id=self.technicians[0].id,
                **fields,
            )
        )

    async def book(
        self, order_id: UUID, start: datetime, end: datetime | None = None, **fields: Any
    ) -> BookingView:
        named: dict[str, Any] = {"post_id": self.posts[0].id, "start": start}
        if end:
            named["end"] = end
        return await self.station.send(BookPost(order_id=order_id, **{**named, **fields}))

    async def load(self, *, actor: Actor = ADMIN, **fields: Any) -> LoadView:
        named = {"start": at(0), "end": at(0, days=8)}
        return await self.station.ask(GetLoad(**{**named, **fields}), actor=actor)


async def events_of(station: Station, subject: str) -> list[dict[str, Any]]:
    """What orders has told under subjects like this: ``subject``, ``headers``, ``body``."""
    connection = await asyncpg.connect(station.database_urls["orders"])
    try:
        rows = await connection.fetch(
            "SELECT subject, headers, body FROM outbox WHERE subject LIKE $1 ORDER BY seq", subject
        )
    finally:
        await connection.close()
    return [
        {
            "subject": row["subject"],
            "headers": json.loads(unpack(row["headers"])),
            "body": json.loads(unpack(row["body"])),
        }
        for row in rows
    ]


async def open_bays(station: Station, opens: str = "09:00", closes: str = "18:00") -> Bays:
    _opened_on[0] = datetime.now(ZONE)
    client = a_client_view()
    await told(station, ClientCreated(client=client), "clients")
    section = await station.a_section()
    week = tuple(
        WeekdayHours(weekday=weekday, opens=opens, closes=closes) for weekday in range(1, 8)
    )
    await station.send(SetWorkingHours(week=week))
    posts = [
        await station.send(CreatePost(name=f"Пост {number}", section_id=section.id))
        for number in (1, 2)
    ]
    technicians = [
        await station.send(
            CreateEmployee(
                last_name=name, first_name="Иван", role="technician", section_id=section.id
            )
        )
        for name in ("Петров", "Сидоров")
    ]
    return Bays(station, client.id, section.id, tuple(posts), tuple(technicians))  # type: ignore[arg-type]
