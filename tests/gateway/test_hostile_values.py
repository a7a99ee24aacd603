"""Nothing that can be put into a field breaks a service: each is taken or refused, never a 500."""

from __future__ import annotations

from typing import Any

import httpx

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from shared.ids import new_id
from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_routes import filled

ENDPOINTS = [endpoint for area in AREAS for endpoint in area.endpoints if endpoint.reading]
VALUES: list[Any] = [
    None,
    True,
    -1,
    2**31,
    2**63,
    10**40,
    1e308,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202e\ufeff\U0001f697",
    "'; DROP TABLE orders; --",
    "%_\\",
    "я" * 5000,
    "1e400",
    "0.0000001",
    "Infinity",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    str(new_id()),
    "00000000-0000-0000-0000-000000000000",
    [],
    ["x"] * 300,
    {},
    {"a": {"b": []}},
]


async def test_no_value_of_any_field_breaks_anything(whole: TestGateway) -> None:
    admin = await whole.signed_in("owner")
    broken = []
    for endpoint in ENDPOINTS:
        for response, said in await _answers(admin, endpoint):
            if response.status_code >= 500:
                broken.append((endpoint.method, endpoint.path, said, response.status_code))
    assert not broken, "\n".join(map(str, broken))


async def _answers(
    client: httpx.AsyncClient, endpoint: Endpoint
) -> list[tuple[httpx.Response, Any]]:
    assert endpoint.reading
    assert endpoint.message
    path, _ = filled(endpoint)
    example = BODIES.get(endpoint.message.__name__)
    answers: list[tuple[httpx.Response, Any]] = []
    for value in VALUES:
        for field in endpoint.reading.in_body:
            said = {field: value}
            response = await client.request(
                endpoint.method, path, json={**(example or {}), **said}, headers=a_key()
            )
            answers.append((response, said))
        if not isinstance(value, str) or len(value) > 1000:
            continue
        for field in endpoint.reading.in_query:
            response = await client.get(path, params={field: value})
            answers.append((response, {field: value}))
    return answers


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
