"""Nothing that can be put into a field breaks a service: each is taken or refused, never a 500."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import httpx
from sqlalchemy import text

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_routes import filled
from tests.support.waiting import eventually

ENDPOINTS = [endpoint for area in AREAS for endpoint in area.endpoints if endpoint.reading]
VALUES: list[Any] = [
    None,
    -1,
    2**63,
    1e308,
    "",
    "a\x00b",
    "\u202e\ufeff\U0001f697",
    "'; DROP TABLE orders; --%_\\",
    "я" * 5000,
    "1e400",
    "Infinity",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "00000000-0000-0000-0000-000000000000",
    ["x"] * 300,
    {"a": {"b": []}},
]


async def test_no_value_of_any_field_breaks_anything(whole: TestGateway) -> None:
    owner = await whole.signed_in("owner")
    broken = []
    for endpoint in ENDPOINTS:
        # All at once, so that a bad one is also in one batch with others.
        answers = await asyncio.gather(*_requests(owner, endpoint))
        for said, response in answers:
            if response.status_code >= 500:
                broken.append((endpoint.method, endpoint.path, said, response.status_code))
    assert not broken, "\n".join(map(str, broken))
    await eventually(lambda: _has_told_everything(whole))
    assert await _failed_events(whole) == {name: [] for name in whole.behind}


async def _has_told_everything(whole: TestGateway) -> bool:
    """Every event, also of each refusal, has reached the audit."""
    told, heard = 0, 0
    for running in (*whole.behind.values(), whole.service):
        async with running.engine.connect() as connection:
            told += (await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
    async with whole.behind["audit"].engine.connect() as connection:
        heard = (await connection.execute(text("SELECT count(*) FROM records"))).scalar_one()
    return bool(heard >= told)


async def _failed_events(whole: TestGateway) -> dict[str, list[str]]:
    failed = {}
    for name, running in whole.behind.items():
        async with running.engine.connect() as connection:
            rows = await connection.execute(text("SELECT reason FROM dead_letters"))
            failed[name] = list(rows.scalars())
    return failed


def _requests(
    client: httpx.AsyncClient, endpoint: Endpoint
) -> Iterator[Coroutine[Any, Any, tuple[Any, httpx.Response]]]:
    """One request per field and value; the other fields are as in the example."""
    assert endpoint.reading
    assert endpoint.message
    path, _ = filled(endpoint)
    example = BODIES.get(endpoint.message.__name__, {})

    async def with_body(said: dict[str, Any]) -> tuple[Any, httpx.Response]:
        body = {**example, **said}
        return said, await _answered(
            lambda: client.request(endpoint.method, path, json=body, headers=a_key())
        )

    async def with_query(said: dict[str, Any]) -> tuple[Any, httpx.Response]:
        return said, await _answered(lambda: client.get(path, params=said))

    for value in VALUES:
        yield from (with_body({field: value}) for field in endpoint.reading.in_body)
        if isinstance(value, str) and len(value) < 1000:
            yield from (with_query({field: value}) for field in endpoint.reading.in_query)


async def _answered(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """What takes long is done for a few at once; the others are told to come back, and do."""
    while True:
        response = await send()
        if response.status_code != 503 or response.json()["code"] != "busy":
            return response
        assert response.headers["Retry-After"]
        await asyncio.sleep(0.05)


async def test_no_id_in_any_address_breaks_anything(whole: TestGateway) -> None:
    admin = await whole.signed_in("owner")
    for endpoint in ENDPOINTS:
        assert endpoint.reading
        assert endpoint.message
        for value in ("7", "%00", "%2e%2e", "%D1%8F", "a" * 3000, "{}", "null"):
            path = API + endpoint.path
            for field in endpoint.reading.in_path:
                path = path.replace(f"{{{field}}}", value)
            if not endpoint.reading.in_path:
                continue
            body = BODIES.get(endpoint.message.__name__)
            response = await admin.request(endpoint.method, path, json=body, headers=a_key())
            assert response.status_code in {404, 422}, (endpoint.path, value)
