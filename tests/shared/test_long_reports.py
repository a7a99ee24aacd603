"""Who asks for much waits for it; who works waits for none of that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import text

from services.orders.app import service
from shared.contracts.base import Question
from shared.contracts.orders import EmployeeWorkload, GetOrder, ListSections, MoveOrder
from shared.handlers import Work
from shared.messaging.server import REPORTS
from tests.shared.test_delivery import an_order
from tests.support.day import Station
from tests.support.silence import NO_WAITING_S

POOL = 8


@dataclass
class Held:
    """A question that waits, with its connection."""

    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    may_end: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Question[Any]]], Held]:
    routes = service.handlers.questions

    def hold(question: type[Question[Any]]) -> Held:
        route, held = routes[question.subject], Held()

        async def wait(asked: Any, store: Any, work: Work) -> Any:
            await store.connection.execute(text("SELECT 1"))
            held.begun.release()
            await held.may_end.wait()
            return await route.handler(asked, store, work)

        monkeypatch.setitem(routes, question.subject, replace(route, handler=wait))
        return held

    return hold


async def test_questions_as_many_as_there_are_connections_hold_up_no_order(
    station: Station, hold: Callable[[type[Question[Any]]], Held]
) -> None:
    order = await an_order(station)
    held = hold(ListSections)
    asked = [asyncio.create_task(station.ask(ListSections())) for _ in range(POOL)]
    for _ in range(POOL):
        await held.begun.acquire()

    async with asyncio.timeout(NO_WAITING_S):
        await an_order(station)  # others are asked for it beforehand
        await station.send(MoveOrder(order_id=order.id, to="in_progress"))
        assert (await station.running["orders"].state()).ready
    assert not any(each.done() for each in asked)
    held.may_end.set()
    await asyncio.gather(*asked)


async def test_reports_as_many_as_there_are_connections_hold_up_no_short_question(
    station: Station, hold: Callable[[type[Question[Any]]], Held]
) -> None:
    order = await an_order(station)
    held = hold(EmployeeWorkload)
    reports = [asyncio.create_task(station.ask(EmployeeWorkload())) for _ in range(POOL)]
    for _ in range(REPORTS):
        await held.begun.acquire()

    async with asyncio.timeout(NO_WAITING_S):
        assert (await station.ask(GetOrder(order_id=order.id))).id == order.id
    assert not any(report.done() for report in reports)
    held.may_end.set()
    assert len(await asyncio.gather(*reports)) == POOL
