"""Every address for every role: the table in ``shared.permissions``, held at the door."""

from __future__ import annotations

from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from shared.contracts.base import Message
from shared.permissions import may
from shared.roles import ROLES
from shared.settings import SERVICES
from tests.gateway.support import FakeServices, TestGateway, a_key
from tests.gateway.test_routes import filled

ENDPOINTS = [endpoint for area in AREAS for endpoint in area.endpoints]


def service_of(message: type[Message]) -> str:
    subject: str = message.subject  # type: ignore[attr-defined]
    return subject.split(".")[1]


async def test_each_role_gets_through_exactly_where_the_table_lets_it(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start(*SERVICES[:-1])
    for role in ROLES:
        client = await gateway.signed_in(role)
        for endpoint in ENDPOINTS:
            message = endpoint.message
            if message is None:
                continue
            path, _ = filled(endpoint)
            services.sent.clear()
            response = await client.request(
                endpoint.method,
                path,
                json=BODIES.get(message.__name__),
                headers=a_key() if endpoint.keyed else {},
            )
            # Exports that an earlier request has asked for go on beside it.
            asked = response.headers["X-Correlation-Id"]
            sent = [each for each in services.sent if str(each.envelope.correlation_id) == asked]
            where = f"{role}: {endpoint.method} {endpoint.path}"
            if service_of(message) == "gateway":
                # Answered by the gateway itself, who knows none of these ids.
                assert (response.status_code == 403) == (not may(role, message)), where
            elif may(role, message):
                assert response.status_code == endpoint.status, (where, response.text)
                assert [each.envelope.actor.role for each in sent] == [role], where
            else:
                assert response.status_code == 403, where
                assert response.json()["code"] == "forbidden"
                assert sent == [], where


async def test_nobody_gets_through_without_signing_in(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start(*SERVICES[:-1])
    for endpoint in ENDPOINTS:
        if endpoint.public:
            continue
        path, _ = filled(endpoint)
        response = await gateway.anyone.request(endpoint.method, path, json={}, headers=a_key())
        assert response.status_code == 401, endpoint.path
        assert response.json()["code"] == "sign_in_required"
    assert services.sent == []


def test_only_signing_in_and_out_is_open_to_everybody() -> None:
    assert {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS if endpoint.public} == {
        ("POST", "/session"),
        ("DELETE", "/session"),
        ("GET", "/session/oidc"),
        ("GET", "/session/oidc/callback"),
    }


def test_somebody_may_use_each_address() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.message:
            assert any(may(role, endpoint.message) for role in ROLES), endpoint.path
