"""Services, database and broker that are away for a while: 503, and nothing lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

import nats
import pytest
import structlog.testing

from services.gateway import edge
from services.gateway.problems import RETRY_AFTER_S
from shared.ids import new_id
from shared.logs import Seldom
from shared.messaging.subscriptions import subscribed
from tests.gateway.support import (
    API,
    FakeServices,
    TestGateway,
    a_key,
    running_gateway,
)
from tests.support.broker import TestNats
from tests.support.proxy import line_to
from tests.support.waiting import PATIENCE_S, eventually


async def test_a_service_that_is_down_is_told_with_a_time_to_come_back(
    gateway: TestGateway, services: FakeServices
) -> None:
    advisor = await gateway.signed_in("advisor")
    key = a_key()
    for response in (
        await advisor.post(f"{API}/clients", json={}, headers=key),
        await advisor.get(f"{API}/clients"),
    ):
        assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
        assert response.json()["params"] == {"service": "clients"}
        assert response.headers["retry-after"] == str(RETRY_AFTER_S)
    # Nobody else could tell the audit of the attempt.
    assert [refusal["code"] for refusal in await gateway.refusals()] == ["service_unavailable"]

    await services.start("clients")
    response = await advisor.post(f"{API}/clients", json={}, headers=key)
    assert response.status_code == 201
    assert len(services.sent) == 1


async def test_a_service_that_keeps_silent_is_given_up_in_time(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    await nats_server.apply_topology()
    async with running_gateway(nats_server, database("gateway"), command_timeout_s=0.2) as gateway:
        silent = await nats.connect(nats_server.url("clients"), inbox_prefix=b"_INBOX_clients")
        heard = asyncio.Event()

        async def hear(_: object) -> None:
            heard.set()

        await silent.subscribe("cmd.clients.>", queue="clients", cb=hear)
        await subscribed(silent)
        advisor = await gateway.signed_in("advisor")
        response = await advisor.post(f"{API}/clients", json={}, headers=a_key())
        assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
        async with asyncio.timeout(PATIENCE_S):
            await heard.wait()
        await silent.close()


async def test_without_its_database_the_gateway_says_so_and_recovers(
    nats_server: TestNats, database: Callable[[str], str], services: FakeServices
) -> None:
    await nats_server.apply_topology()
    await services.start("clients")
    async with (
        line_to(database("gateway")) as (line, url),
        running_gateway(nats_server, url, command_timeout_s=5) as gateway,
    ):
        advisor = await gateway.signed_in("advisor")
        key = a_key()
        assert (await advisor.post(f"{API}/clients", json={}, headers=key)).status_code == 201
        assert (await gateway.anyone.get("/health/ready")).status_code == 200
        await line.cut()

        services.sent.clear()
        response = await advisor.post(f"{API}/clients", json={}, headers=a_key())
        assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
        assert response.json()["params"] == {"service": "gateway"}
        assert "retry-after" in response.headers
        # Not even the effect: the guard could not be asked.
        assert services.sent == []
        sign_in = {"login": "advisor", "password": "x"}
        assert (await gateway.anyone.post(f"{API}/session", json=sign_in)).status_code == 503
        # A page of what is nowhere cannot ask who looks at it.
        gateway.app.state.gateway.sessions.forget()
        lost = await advisor.get("/nowhere", headers={"Accept": "text/html"})
        assert (lost.status_code, lost.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert (await gateway.anyone.get("/health/ready")).status_code == 503
        assert (await gateway.anyone.get("/health/live")).status_code == 200

        await line.mend()

        async def works() -> bool:
            answer = await advisor.post(f"{API}/clients", json={}, headers=key)
            return answer.status_code == 201

        await eventually(works)
        assert (await gateway.anyone.get("/health/ready")).status_code == 200


async def test_outage_of_its_database_is_told_once_in_a_while(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await nats_server.apply_topology()
    monkeypatch.setattr(edge, "_seldom", Seldom())
    async with (
        line_to(database("gateway")) as (line, url),
        running_gateway(nats_server, url) as gateway,
    ):
        await gateway.signed_in("advisor")
        await line.cut()
        with structlog.testing.capture_logs() as logs:
            gateway.app.state.gateway.jobs.tidy_soon()
            for _ in range(3):
                sign_in = {"login": "advisor", "password": "x"}
                refused = await gateway.anyone.post(f"{API}/session", json=sign_in)
                assert refused.status_code == 503
    assert [line["event"] for line in logs].count("gateway_database_down") == 1
    assert [line["event"] for line in logs].count("request") == 3
    assert [line for line in logs if line.get("exc_info")] == []


async def test_readiness_is_told_in_time_while_the_database_stands_still(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    await nats_server.apply_topology()
    async with (
        line_to(database("gateway")) as (line, url),
        running_gateway(nats_server, url) as gateway,
    ):
        line.freeze()
        for _ in range(2):
            began = monotonic()
            answer = await gateway.anyone.get("/health/ready")
            assert (answer.status_code, answer.json()["problems"]) == (
                503,
                ["database: TimeoutError: no answer in time"],
            )
            assert monotonic() - began < 3
        await line.cut()


async def test_without_the_broker_the_gateway_says_so_and_recovers(
    nats_server: TestNats, database: Callable[[str], str], services: FakeServices
) -> None:
    await nats_server.apply_topology()
    async with running_gateway(nats_server, database("gateway"), command_timeout_s=0.5) as gateway:
        advisor = await gateway.signed_in("advisor")
        key = a_key()
        await nats_server.kill()
        response = await advisor.post(f"{API}/clients", json={}, headers=key)
        assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
        await nats_server.start()
        await services.start("clients")

        async def works() -> bool:
            answer = await advisor.post(f"{API}/clients", json={}, headers=key)
            return answer.status_code == 201

        await eventually(works)


@pytest.fixture
async def clients_url(nats_server: TestNats, database: Callable[[str], str]) -> str:
    pytest.importorskip("services.clients.app")
    from shared.service import consumed_subjects

    await nats_server.apply_topology({"clients": consumed_subjects("clients")})
    return database("clients")


async def test_the_same_key_once_the_service_is_back_makes_one_client(
    gateway: TestGateway, nats_server: TestNats, clients_url: str
) -> None:
    """The real service: its answer is kept with the effect and given again."""
    from services.clients.app import service
    from shared.settings import ServiceSettings

    settings = ServiceSettings(
        service="clients", database_url=clients_url, nats_url=nats_server.url("clients")
    )
    advisor = await gateway.signed_in("advisor")
    key, body = a_key(), {"last_name": f"Иванов {new_id()}"}
    assert (await advisor.post(f"{API}/clients", json=body, headers=key)).status_code == 503
    async with service.running(settings):
        answers = await asyncio.gather(
            *(advisor.post(f"{API}/clients", json=body, headers=key) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        found = await advisor.get(f"{API}/clients", params={"q": body["last_name"]})
        assert [hit["id"] for hit in found.json()["items"]] == [answers[0].json()["id"]]
