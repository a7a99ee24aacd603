"""Over the real HTTP server: what does not even reach a route, logs, metrics and pages."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from structlog.testing import CapturingLogger

from services.gateway import edge
from shared.ids import new_id
from tests.gateway.support import API, FakeServices, TestGateway, a_key, served
from tests.support.waiting import PATIENCE_S


async def raw(address: tuple[str, int], request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read(65536)
    writer.close()
    return answer


async def test_what_is_hardly_http_is_answered_without_breaking(gateway: TestGateway) -> None:
    async with served(gateway) as address:
        for request in (
            b"nonsense\r\n\r\n",
            b"GET /api/v1/orders HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b"GET /api/v1/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /api/v1/orders/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /api/v1/orders/%ff%fe?q=%ff&%=%% HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
            b"GET //evil.test/%2e%2e/ HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /static/../app.py HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /static/%2e%2e/app.py HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /static/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /static/" + b"a" * 300 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"BREW /api/v1/orders HTTP/1.1\r\nHost: a\r\n\r\n",
        ):
            status = int((await raw(address, request)).split(b" ", 2)[1])
            assert 400 <= status < 500, request[:60]
        # A client that goes before its body is whole disturbs nobody.
        _, writer = await asyncio.open_connection(*address)
        writer.write(
            b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b'Content-Length: 60\r\n\r\n{"login":"a","password":"b"}'
        )
        await writer.drain()
        writer.close()
        async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as client:
            assert (await client.get("/health/live")).status_code == 200


async def test_each_request_is_one_line_in_the_log(
    gateway: TestGateway, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.start("orders")
    advisor = await gateway.signed_in("advisor")
    log = CapturingLogger()
    monkeypatch.setattr(edge, "log", log)
    order_id = str(new_id())
    answer = await advisor.post(
        f"{API}/orders/{order_id}/comments", json={"text": "secret"}, headers=a_key()
    )
    await gateway.anyone.get(f"{API}/orders?q=secret")
    await gateway.anyone.get("/health/live")
    lines = [call.kwargs for call in log.calls if call.args == ("request",)]
    first, second = lines
    assert first.pop("ms") > 0
    assert first == {
        "method": "POST",
        "route": f"{API}/orders/{{order_id}}/comments",
        "path": f"{API}/orders/{order_id}/comments",
        "status": 201,
        "actor": "advisor",
        "correlation_id": answer.headers["x-correlation-id"],
        "order": order_id,
    }
    assert (second["status"], second["actor"], second["code"]) == (
        401,
        "anonymous",
        "sign_in_required",
    )
    assert "secret" not in str(log.calls)


async def test_requests_are_measured_by_route(gateway: TestGateway, services: FakeServices) -> None:
    await services.start("orders")
    advisor = await gateway.signed_in("advisor")
    await advisor.get(f"{API}/orders/{new_id()}")
    metrics = (await gateway.anyone.get("/metrics")).text
    assert (
        'pitlane_http_request_seconds_count{method="GET",'
        'route="/api/v1/orders/{order_id}",status="200"}'
    ) in metrics


async def test_health_and_documents_are_served_beside_the_api(gateway: TestGateway) -> None:
    state = (await gateway.anyone.get("/health/ready")).json()
    assert (state["service"], state["ready"], state["problems"]) == ("gateway", True, [])
    assert (await gateway.anyone.get("/health/live")).json() == {"status": "ok"}
    assert (await gateway.anyone.get("/openapi.json")).json()["openapi"] == "3.1.0"
    door = await gateway.anyone.get("/")
    assert (door.status_code, door.headers["location"]) == (303, "/sign-in?next=/")
