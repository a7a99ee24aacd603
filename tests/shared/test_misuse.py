"""A service that was taken over, and tries to speak through others. It has all that its user of
NATS lets it have, and makes up whatever it likes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from structlog.testing import capture_logs

from shared.contracts.client_data import ClientErased
from shared.contracts.clients import CreateClient, FindClients, GetClient
from shared.messaging.admission import NotAdmitted
from shared.messaging.envelope import opening
from shared.service import service_named
from tests.support.broker import TestNats
from tests.support.day import ADMIN, Station, running_station
from tests.support.waiting import eventually

type MakeDatabase = Callable[[str], str]

FORGED = CreateClient(last_name="Подложный", first_name="Пётр", phones=("+79160000000",))


@pytest.fixture
async def station(nats_server: TestNats, database: MakeDatabase) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, "clients") as station:
        yield station


@pytest.fixture
async def taken_over(nats_server: TestNats, station: Station) -> AsyncIterator[Client]:
    """``orders``, which pulls its own events too."""
    await nats_server.apply_topology({"orders": ["evt.orders.>"]})
    client = await nats.connect(nats_server.url("orders"), inbox_prefix=b"_INBOX_orders")
    yield client
    await client.close()


async def test_event_pulled_into_anothers_commands_commands_nothing(
    station: Station, taken_over: Client
) -> None:
    """NATS delivers what is pulled to any subject that the puller names."""
    envelope = opening("/station-1/gateway", CreateClient.subject, ADMIN)
    body = FORGED.model_dump_json().encode()
    await taken_over.jetstream().publish("evt.orders.forged.v1", body, headers=envelope.headers())

    with capture_logs() as logs:
        pull, into = "$JS.API.CONSUMER.MSG.NEXT.EVENTS.orders", CreateClient.subject
        await taken_over.publish(pull, b'{"batch": 1, "expires": 5000000000}', into)

        async def is_told() -> bool:
            return [line["subject"] for line in logs if line["event"] == "request_misused"] == [
                "evt.orders.forged.v1"
            ]

        await eventually(is_told)
    assert (await station.ask(FindClients(q="Подложный"))).items == ()


@pytest.mark.parametrize("into", [ClientErased.subject, CreateClient.subject, "$JS.API.INFO"])
async def test_answer_is_given_to_an_inbox_and_to_nothing_else(
    station: Station, taken_over: Client, nats_server: TestNats, into: str
) -> None:
    """Else whoever asks would have the asked one say, in its name, what only that one may."""
    known = await station.a_client()
    await station.settle_down()
    question = GetClient(client_id=known.id).model_dump_json().encode()
    envelope = opening("/station-1/orders", GetClient.subject, ADMIN)

    with capture_logs() as logs:
        await taken_over.publish(GetClient.subject, question, into, headers=envelope.headers())

        async def is_told() -> bool:
            return [line["reply"] for line in logs if line["event"] == "request_misused"] == [into]

        await eventually(is_told)
    client = await nats.connect(nats_server.url("bootstrap"), inbox_prefix=b"_INBOX_bootstrap")
    kept = await client.jetstream().stream_info("EVENTS", subjects_filter=ClientErased.subject)
    await client.close()
    assert not kept.state.subjects


@pytest.mark.parametrize(
    ("user", "refused"),
    [
        ("orders", GetClient.subject),  # of an older version, which did not ask that yet
        ("inventory", "evt.orders.admission.v1"),  # somebody else's key
    ],
)
async def test_service_whose_user_may_not_do_what_it_does_says_so_and_does_not_start(
    tmp_path: Path, database: MakeDatabase, user: str, refused: str
) -> None:
    server = TestNats(tmp_path)
    server.server.requests = {}
    await server.start()
    await server.apply_topology({"orders": ["evt.finance.>"]})
    station = Station(server, {"orders": database("orders")})
    settings = station.settings("orders").model_copy(update={"nats_url": server.url(user)})
    try:
        with pytest.raises(NotAdmitted) as told:
            async with service_named("orders").running(settings):
                pass
    finally:
        await server.stop()
    assert refused in str(told.value)
    assert "pitlane topology users" in str(told.value)
