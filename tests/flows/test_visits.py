"""Visits from before they were counted are asked for once, and counted once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from services.clients import app
from services.clients.store.tables_segments import counters, past_visits, visits
from shared.contracts.orders import AddService
from shared.contracts.visits import GetClientVisits, KeepVisits, ListSettlements
from shared.refusals import Refused
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


@pytest.mark.parametrize(
    ("early_s", "code", "level"),
    [
        (60, "service_unavailable", "info"),
        (60, "internal_error", "warning"),
        (-1, "service_unavailable", "warning"),
    ],
)
async def test_who_is_not_there_yet_is_worth_a_warning_only_when_that_lasts(
    station: Station, monkeypatch: pytest.MonkeyPatch, early_s: int, code: str, level: str
) -> None:
    running = station.running["clients"]
    await app.fetch_past_visits(running)
    async with running.engine.begin() as connection:
        await connection.execute(sa.update(past_visits).values(cursor=None, done_at=None))
    ask, failures = running.client.ask, [Refused(code, service="finance")]

    async def asked(question: ListSettlements) -> Any:
        if failures:
            raise failures.pop()
        return await ask(question)

    monkeypatch.setattr(running.client, "ask", asked)
    monkeypatch.setattr(app, "RETRY_INTERVAL_S", 0)
    monkeypatch.setattr(app, "EARLY_S", early_s)
    with capture_logs() as logs:
        await app.fetch_past_visits(running)
    assert [line["log_level"] for line in logs if line["event"] == "past_visits_wait"] == [level]
