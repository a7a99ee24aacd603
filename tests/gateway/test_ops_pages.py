"""Operators' pages, when they are needed: while a part of the station is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from shared.contracts.audit import FindRecords
from shared.contracts.orders import OrderMoved
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway, running_gateway
from tests.support.broker import TestNats
from tests.support.waiting import eventually

ALARM = "There is no good backup"


async def test_operations_are_shown_without_the_broker_and_alarm_nobody_in_vain(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    await nats_server.apply_topology()
    async with running_gateway(nats_server, database("gateway"), command_timeout_s=0.5) as gateway:
        operator = await gateway.signed_in("administrator")

        async def is_alarmed() -> bool:
            return ALARM in (await operator.get("/ops")).text

        # There is none, and this is known.
        await eventually(is_alarmed)
        await nats_server.kill()
        response = await operator.get("/ops")
        assert response.status_code == 200
        assert ALARM not in response.text
        await nats_server.start()
        await eventually(is_alarmed)


async def test_the_journal_is_shown_without_names_while_who_knows_them_is_away(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("audit")
    order_id = new_id()
    moved = OrderMoved(
        order_id=order_id, number="A-1", revision=2, old_status="new", status="in_progress"
    )
    record = {
        "seq": 1, "at": datetime.now(UTC), "event_id": new_id(), "event": OrderMoved.subject,
        "station": "station-1", "changes": [], "actor": "anna", "actor_role": "advisor",
        "order_id": order_id, "correlation_id": None, "body": moved.model_dump(mode="json"),
        "hash": "0" * 64,
    }  # fmt: skip
    services.replies[FindRecords.subject] = {"items": [record], "next": None}
    response = await (await gateway.signed_in("administrator")).get("/audit")
    assert response.status_code == 200
    assert "orders.order_moved" in response.text
