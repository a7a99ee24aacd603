"""Who asks for much waits for it; who works waits for none of that."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from services.orders.app import service
from shared.contracts.orders import ListSections, MoveOrder
from shared.handlers import Work
from tests.shared.test_delivery import an_order
from tests.support.day import Station
from tests.support.silence import NO_WAITING_S

POOL = 8


async def test_reports_as_many_as_there_are_connections_hold_up_no_order(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await an_order(station)
    questions = service.handlers.questions
    route = questions[ListSections.subject]
    begun, may_end = asyncio.Semaphore(0), asyncio.Event()

    async def report(question: ListSections, store: Any, work: Work) -> Any:
        await store.connection.execute(text("SELECT 1"))
        begun.release()
        await may_end.wait()
        return await route.handler(question, store, work)

    monkeypatch.setitem(questions, ListSections.subject, replace(route, handler=report))
    reports = [asyncio.create_task(station.ask(ListSections())) for _ in range(POOL)]
    for _ in range(POOL):
        await begun.acquire()

    async with asyncio.timeout(NO_WAITING_S):
        await an_order(station)  # others are asked for it beforehand
        await station.send(MoveOrder(order_id=order.id, to="in_progress"))
        assert (await station.running["orders"].state()).ready
    assert not any(report.done() for report in reports)
    may_end.set()
    await asyncio.gather(*reports)
