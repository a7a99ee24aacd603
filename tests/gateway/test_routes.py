"""What each address sends on, and how its reply is answered."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from shared.contracts.base import Command
from shared.contracts.inventory import CreateWarehouse
from shared.contracts.orders import CreateOrder
from shared.ids import new_id
from shared.service import service_named
from shared.settings import SERVICES
from tests.gateway.support import (
    A_PICTURE,
    API,
    PICTURES,
    THING,
    FakeServices,
    TestGateway,
    a_key,
)

ENDPOINTS = [endpoint for area in AREAS for endpoint in area.endpoints]
# What the gateway answers itself is not sent to any of the services that stand in here.
SENT_ON = [
    endpoint
    for endpoint in ENDPOINTS
    if endpoint.message and ".gateway." not in endpoint.message.subject  # type: ignore[attr-defined]
]
COMMANDS = [endpoint for endpoint in SENT_ON if issubclass(endpoint.message, Command)]  # type: ignore[arg-type]
QUESTIONS = [endpoint for endpoint in SENT_ON if endpoint not in COMMANDS]


def name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def filled(endpoint: Endpoint) -> tuple[str, dict[str, str]]:
    """The path with an id for each of its fields, and those ids."""
    ids = {field: str(new_id()) for field in re.findall(r"{(\w+)}", endpoint.path)}
    return API + endpoint.path.format_map(ids), ids


def test_every_report_stands_among_reports_in_its_service() -> None:
    reports = [endpoint for endpoint in QUESTIONS if endpoint.path.startswith("/reports/")]
    assert reports
    for endpoint in reports:
        subject = endpoint.message.subject  # type: ignore[union-attr]
        questions = service_named(subject.split(".")[1]).handlers.questions
        assert questions[subject].report, name(endpoint)


async def test_every_command_arrives_as_the_message_that_its_address_names(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start(*SERVICES[:-1])
    admin = await gateway.signed_in("administrator")
    for endpoint in COMMANDS:
        path, ids = filled(endpoint)
        body = BODIES.get(endpoint.message.__name__) if endpoint.message else None
        key = a_key()
        response = await admin.request(endpoint.method, path, json=body, headers=key)
        assert response.status_code == endpoint.status, (name(endpoint), response.text)
        sent = services.last
        assert sent.subject == endpoint.message.subject  # type: ignore[union-attr]
        assert sent.message == {**(body or {}), **ids}, name(endpoint)
        assert sent.envelope.type == sent.subject
        assert sent.envelope.actor.login == "administrator"
        assert sent.envelope.idempotency_key == (
            f"{sent.envelope.actor.user_id}:{key['Idempotency-Key']}"
        )
        order_id = ids.get("order_id") or (body or {}).get("order_id")
        assert sent.envelope.order_id == (UUID(order_id) if order_id else None), name(endpoint)
        assert response.json() == THING
        assert response.headers["x-correlation-id"] == str(sent.envelope.correlation_id)
        assert response.headers.get("etag") == ('"7"' if endpoint.tagged else None)
    assert len(services.sent) == len(COMMANDS)


async def test_every_question_arrives_as_the_message_that_its_address_names(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start(*SERVICES[:-1])
    admin = await gateway.signed_in("administrator")
    for endpoint in QUESTIONS:
        path, ids = filled(endpoint)
        asked = BODIES[endpoint.message.__name__] if endpoint.asks_in_body else {}  # type: ignore[union-attr]
        response = await admin.request(endpoint.method, path, json=asked or None)
        assert response.status_code == 200, (name(endpoint), response.text)
        assert services.last.subject == endpoint.message.subject  # type: ignore[union-attr]
        assert services.last.message == {**asked, **ids}
        assert services.last.envelope.idempotency_key is None
        if services.last.subject in PICTURES:
            assert response.content == A_PICTURE
        else:
            assert response.json() == THING


async def test_a_question_in_a_body_may_name_its_period_by_days(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("finance")
    admin = await gateway.signed_in("administrator")

    async def tried(**body: Any) -> Any:
        return await admin.post(f"{API}/bonus-rules/dry-run", json={"amount": "1", **body})

    assert (await tried(**{"from": "2026-11-01", "to": "2026-11-02T00:00:00Z"})).is_success
    assert services.last.message == {
        "amount": "1",
        "start": "2026-10-31T21:00:00Z",
        "end": "2026-11-02T00:00:00Z",
    }
    assert services.last.envelope.idempotency_key is None
    for wrong in ({"from": 5}, {"from": "yesterday"}, {"start": "2026-11-01T00:00:00Z"}, {"q": 1}):
        refused = await tried(**wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "request_invalid")
    backwards = await tried(**{"from": "2026-11-02", "to": "2026-11-01"})
    assert backwards.json()["code"] == "period_invalid"


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (
            "status=in_progress&own=true&limit=5",
            {"status": "in_progress", "own": True, "limit": 5},
        ),
        ("status=&q=&from=", {}),
        ("q=%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2", {"q": "Иванов"}),
        ("q=Иванов", {"q": "Иванов"}),
        (
            "from=2026-11-01&to=2026-12-01",
            {"start": "2026-10-31T21:00:00Z", "end": "2026-11-30T21:00:00Z"},
        ),
        ("from=2026-11-23T08:00:00%2B03:00", {"start": "2026-11-23T05:00:00Z"}),
        ("to=2026-11-23T08:00:00+03:00", {"end": "2026-11-23T05:00:00Z"}),
        ("to=2026-11-23T08:00:00.5Z", {"end": "2026-11-23T08:00:00.500000Z"}),
    ],
)
async def test_a_query_becomes_the_fields_of_a_question(
    gateway: TestGateway, services: FakeServices, query: str, asked: dict[str, Any]
) -> None:
    await services.start("orders")
    technician = await gateway.signed_in("technician")
    response = await technician.get(f"{API}/orders?{query}")
    assert response.status_code == 200, response.text
    assert services.last.message == asked


async def test_a_reports_period_is_that_of_the_stations_calendar(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    owner = await gateway.signed_in("owner")
    section_id = str(new_id())
    query = f"from=2026-11-01&to=2026-11-02&section_id={section_id}"
    await owner.get(f"{API}/reports/orders-by-section?{query}")
    assert services.last.message == {
        "section_id": section_id,
        "period": {"start": "2026-10-31T21:00:00Z", "end": "2026-11-01T21:00:00Z"},
    }
    await owner.get(f"{API}/reports/orders-by-section?to=2026-11-02")
    assert services.last.message == {"period": {"end": "2026-11-01T21:00:00Z"}}


async def test_what_was_made_is_told_where_it_is(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders", "inventory")
    admin = await gateway.signed_in("administrator")
    order_id, other = str(new_id()), str(new_id())
    services.replies[CreateOrder.subject] = {"id": order_id, "revision": 1, "services": []}
    services.replies[CreateWarehouse.subject] = {"id": other, "revision": 1}
    opened = await admin.post(f"{API}/orders", json=BODIES["CreateOrder"], headers=a_key())
    assert opened.status_code == 201
    assert opened.headers["location"] == f"{API}/orders/{order_id}"
    built = await admin.post(f"{API}/warehouses", json={"name": "Шины"}, headers=a_key())
    assert built.headers["location"] == f"{API}/warehouses/{other}"
    parts = await admin.post(
        f"{API}/orders/{order_id}/parts", json=BODIES["RequestParts"], headers=a_key()
    )
    assert parts.status_code == 202


async def test_a_reply_goes_out_byte_for_byte(gateway: TestGateway, services: FakeServices) -> None:
    """Fields of a newer service, and decimals as they were written, pass through."""
    await services.start("orders")
    services.replies["ask.orders.order.v1"] = {
        "id": str(new_id()),
        "revision": 12,
        "total": "340.00",
        "a_newer_field": [1, None],
    }
    advisor = await gateway.signed_in("advisor")
    response = await advisor.get(f"{API}/orders/{new_id()}")
    assert response.json() == services.replies["ask.orders.order.v1"]
    assert response.headers["etag"] == '"12"'


@pytest.mark.parametrize(("if_match", "expected"), [('"3"', 3), ("3", 3), ("*", None)])
async def test_if_match_is_the_expected_revision(
    gateway: TestGateway, services: FakeServices, if_match: str, expected: int | None
) -> None:
    await services.start("orders")
    advisor = await gateway.signed_in("advisor")
    order_id = str(new_id())
    response = await advisor.request(
        "DELETE",
        f"{API}/orders/{order_id}/lines/{order_id}",
        headers={"If-Match": if_match, **a_key()},
    )
    assert response.status_code == 200
    assert services.last.message.get("expected_revision") == expected


async def test_a_null_in_an_edit_is_sent_on_and_a_missing_field_is_not(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients")
    advisor = await gateway.signed_in("advisor")
    client_id = str(new_id())
    await advisor.patch(f"{API}/clients/{client_id}", json={"comment": None}, headers=a_key())
    assert services.last.message == {"client_id": client_id, "comment": None}


async def test_correlation_and_trace_of_the_caller_go_on(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    advisor = await gateway.signed_in("advisor")
    correlation_id = new_id()
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"X-Correlation-Id": str(correlation_id), "traceparent": traceparent}
    response = await advisor.get(f"{API}/orders", headers=headers)
    assert response.headers["x-correlation-id"] == str(correlation_id)
    assert services.last.envelope.correlation_id == correlation_id
    assert services.last.envelope.traceparent == traceparent

    odd = {"X-Correlation-Id": "my request", "traceparent": "no such thing"}
    response = await advisor.get(f"{API}/orders", headers=odd)
    assert response.headers["x-correlation-id"] == str(services.last.envelope.correlation_id)
    assert services.last.envelope.traceparent is None


async def test_head_answers_as_get_without_a_body(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    advisor = await gateway.signed_in("advisor")
    response = await advisor.head(f"{API}/orders/{new_id()}")
    assert (response.status_code, response.headers["etag"]) == (200, '"7"')
