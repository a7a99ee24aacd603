"""Visits from before they were counted are asked for once, and counted once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from services.clients import app
from services.clients.store.tables_segments import counters, past_visits, visits
from shared.contracts.orders import AddService
from shared.contracts.visits import GetClientVisits, KeepVisits, ListSettlements
from tests.support.day import Station


async def a_visit(station: Station, **fields: Any) -> Any:
    order = await station.an_order(**fields)
    await station.send(
        AddService(order_id=order.id, name="Замена масла", initial_price=Decimal(1000))
    )
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    return await station.order_when(order.id, lambda order: "settled" in order.flags)


async def test_an_old_stations_visits_are_fetched_in_pages(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await station.a_client()
    orders = [await a_visit(station, client_id=client.id) for _ in range(3)]
    await station.move(orders[0].id, "in_progress", "Стук остался")
    await station.settle_down()
    shown = await station.ask(GetClientVisits(client_id=client.id))
    assert (shown.visits, shown.revenue) == (2, Decimal(2000))
    assert shown.last_section_id == orders[2].section_id

    # As the database is after the migration of a station that knew no visits.
    running = station.running["clients"]
    await app.fetch_past_visits(running)
    async with running.engine.begin() as connection:
        await connection.execute(sa.delete(visits))
        await connection.execute(sa.delete(counters))
        await connection.execute(sa.update(past_visits).values(cursor=None, done_at=None))
    monkeypatch.setattr(
        app, "ListSettlements", lambda cursor: ListSettlements(limit=1, cursor=cursor)
    )
    await app.fetch_past_visits(running)
    assert await station.ask(GetClientVisits(client_id=client.id)) == shown
    again = await app.keep(running, KeepVisits())
    assert again.done
    # Finance's own news of them, later, change nothing.
    await station.move(orders[1].id, "in_progress", "Стук остался")
    await station.settle_down()
    assert (await station.ask(GetClientVisits(client_id=client.id))).visits == 1
