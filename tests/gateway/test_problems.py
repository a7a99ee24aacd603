"""Every no is a problem with a stable code, tells nothing it should not, and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.gateway.call import MAX_BODY_BYTES, MAX_STRANGERS_BODY_BYTES
from services.gateway.problems import MAX_ERRORS, MAX_FIELD_CHARS, STATUSES, status_of
from shared.contracts.clients import CreateClient
from shared.contracts.orders import MoveOrder
from shared.ids import new_id
from shared.refusals import REASONS, Refused
from tests.gateway.support import API, FakeServices, TestGateway, a_key

RUSSIAN = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"}


@pytest.fixture
async def admin(gateway: TestGateway, services: FakeServices) -> httpx.AsyncClient:
    await services.start("clients", "orders", "inventory", "finance", "audit")
    return await gateway.signed_in("administrator")


def problem_of(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:pitlane:problem:{problem['code']}"
    assert problem["correlation_id"] == response.headers["x-correlation-id"]
    return problem


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_a_status_with_a_title(code: str) -> None:
    assert status_of(Refused(code)) in STATUSES


async def test_a_services_refusal_is_told_in_the_readers_language(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    services.replies[MoveOrder.subject] = Refused("illegal_step", old="cancelled", new="done")
    path = f"{API}/orders/{new_id()}/status"
    response = await admin.post(path, json={"to": "done"}, headers={**a_key(), **RUSSIAN})
    assert response.headers["content-language"] == "ru"
    assert problem_of(response) == {
        "type": "urn:pitlane:problem:illegal_step",
        "title": "Противоречит состоянию",
        "status": 409,
        "detail": "Заказ-наряд не может перейти из «Отменён» в «Выполнен»",
        "code": "illegal_step",
        "instance": path,
        "correlation_id": response.headers["x-correlation-id"],
        "params": {"old": "cancelled", "new": "done"},
    }
    response = await admin.post(path, json={"to": "done"}, headers=a_key())
    assert problem_of(response)["detail"] == "An order cannot go from cancelled to done"


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Refused("client_not_found", id="x"), 404),
        (Refused("revision_conflict", expected=1, actual=2), 412),
        (Refused("vin_invalid", vin="X", fault="it is too short", signs=1), 422),
        (Refused("busy", service="clients"), 503),
        (Refused("internal_error"), 500),
        (Refused("forbidden"), 403),
    ],
)
async def test_the_kind_of_a_refusal_is_its_status(
    admin: httpx.AsyncClient, services: FakeServices, refusal: Refused, status: int
) -> None:
    services.replies[CreateClient.subject] = refusal
    response = await admin.post(f"{API}/clients", json={}, headers=a_key())
    assert (response.status_code, problem_of(response)["code"]) == (status, refusal.code)
    assert ("retry-after" in response.headers) == (status == 503)


async def test_a_services_own_list_of_errors_is_a_list_here_too(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    services.replies[CreateClient.subject] = Refused(
        "request_invalid", errors="phones.0: too short; email: not one"
    )
    response = await admin.post(f"{API}/clients", json={}, headers=a_key())
    problem = problem_of(response)
    assert "params" not in problem
    assert problem["errors"] == [
        {"field": "phones.0", "message": "too short"},
        {"field": "email", "message": "not one"},
    ]


async def test_every_field_that_is_wrong_is_named_without_echoing_it(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    body = {
        "lines": [{"product_id": "secret-1", "quantity": "-1"}, {"quantity": "1e9", "color": "x"}]
    }
    response = await admin.post(f"{API}/orders/{new_id()}/parts", json=body, headers=a_key())
    assert response.status_code == 422
    assert [error["field"] for error in problem_of(response)["errors"]] == [
        "lines.0.product_id",
        "lines.0.quantity",
        "lines.1.product_id",
        "lines.1.quantity",
        "lines.1.color",
    ]
    assert "secret" not in response.text
    assert services.sent == []

    russian = await admin.post(
        f"{API}/orders/{new_id()}/parts", json=body, headers={**a_key(), **RUSSIAN}
    )
    assert [error["message"] for error in problem_of(russian)["errors"]] == [
        "должен быть идентификатор UUID",
        "должно быть больше 0",
        "обязательное поле",
        "должно быть не больше 999999.999",
        "такого поля нет",
    ]


WRONG_BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("/clients", {"last_name": "Иванов", "vip": True}, "vip"),
    ("/clients", {"last_name": "Ива\x00нов"}, "last_name"),
    ("/clients", {"last_name": 5}, "last_name"),
    ("/clients", {"phones": "+79161234567"}, "phones"),
    ("/clients", {"discount_percent": "NaN"}, "discount_percent"),
    ("/clients", {"discount_percent": "5.001"}, "discount_percent"),
    ("/clients", {"discount_percent": "101"}, "discount_percent"),
    ("/clients/7/vehicles", {"plate": "А123ВС77"}, "client_id"),
    ("/orders/{id}/services", {"order_id": str(new_id()), "name": "x"}, "order_id"),
    ("/orders/{id}/status", {"to": "done", "expected_revision": 1}, "expected_revision"),
    ("/orders/{id}/status", {"to": "finished"}, "to"),
    ("/orders/{id}/parts", {"lines": []}, "lines"),
    ("/orders/{id}/comments", {"text": ""}, "text"),
    ("/payments", {"customer_id": str(new_id()), "amount": "0", "method": "cash"}, "amount"),
    ("/payments", {"customer_id": str(new_id()), "amount": 1, "method": "gold"}, "method"),
]
WRONG_QUERIES = [
    ("colour=red", "colour"),
    ("colour=", "colour"),
    ("start=2026-11-01", "start"),
    ("status=finished", "status"),
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=many", "limit"),
    ("section_id=7", "section_id"),
    ("q=a&q=b", "query"),
    ("q=%00", "q"),
    ("from=yesterday", "from"),
    ("from=2026-02-30", "from"),
    ("from=2026-11-23T08:00:00", "from"),
    ("to=0001-01-01", "to"),
    ("to=9999-12-31T23:59:59Z", "to"),
    ("&".join(f"q{n}=1" for n in range(60)), "query"),
]
UNREADABLE_BODIES = [
    b"{",
    b"[1]",
    b'"text"',
    b'{"last_name": "\xff"}',
    b'{"last_name": "\\ud800"}',
    b'{"discount_percent": NaN}',
    b'{"a":' * 100_000,
    b"[" * 500_000,
]


async def test_a_field_that_is_wrong_is_refused_before_any_service_sees_it(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    for path, body, field in WRONG_BODIES:
        path = API + path.replace("{id}", str(new_id()))
        response = await admin.post(path, json=body, headers=a_key())
        problem = problem_of(response)
        assert (response.status_code, problem["code"]) == (422, "request_invalid"), body
        assert [error["field"] for error in problem["errors"]] == [field], body
    assert services.sent == []


async def test_unknown_fields_are_named_only_so_far(
    admin: httpx.AsyncClient, gateway: TestGateway
) -> None:
    body = {f"{number}\x00\n{'x' * 500}": 1 for number in range(1000)}
    response = await admin.post(f"{API}/clients", json=body, headers=a_key())
    errors = problem_of(response)["errors"]
    assert len(errors) == MAX_ERRORS
    assert errors[0]["field"] == ("0??" + "x" * 500)[:MAX_FIELD_CHARS]
    (refusal,) = await gateway.refusals()
    assert len(refusal["detail"]) < 4000


async def test_a_query_that_is_wrong_is_refused(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    for query, field in WRONG_QUERIES:
        response = await admin.get(f"{API}/orders?{query}")
        problem = problem_of(response)
        assert (response.status_code, problem["code"]) == (422, "request_invalid"), query
        assert [error["field"] for error in problem["errors"]] == [field], query
    assert services.sent == []


async def test_a_period_that_ends_before_it_starts_is_refused(admin: httpx.AsyncClient) -> None:
    for path in ("/orders", "/reports/orders-by-section"):
        response = await admin.get(f"{API}{path}?from=2026-11-02&to=2026-11-01")
        assert (response.status_code, problem_of(response)["code"]) == (422, "period_invalid")


async def test_a_command_takes_no_query(admin: httpx.AsyncClient, services: FakeServices) -> None:
    response = await admin.post(f"{API}/clients?dry_run=1", json={}, headers=a_key())
    assert (response.status_code, problem_of(response)["code"]) == (422, "request_invalid")
    assert services.sent == []


async def test_a_body_that_cannot_be_read_is_a_bad_request(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    headers = {"Content-Type": "application/json"}
    for body in UNREADABLE_BODIES:
        response = await admin.post(f"{API}/clients", content=body, headers={**headers, **a_key()})
        assert response.status_code == 400, body[:50]
        assert [error["field"] for error in problem_of(response)["errors"]] == ["body"]
    digits = b'{"discount_percent": 1' + b"0" * 5000 + b"}"
    response = await admin.post(f"{API}/clients", content=digits, headers={**headers, **a_key()})
    assert response.status_code in {400, 422}
    assert services.sent == []


async def test_an_if_match_that_no_etag_gave_is_refused(admin: httpx.AsyncClient) -> None:
    for if_match in ('"x"', "W/1x", '"0"', '"1", "2"', '"99999999999"'):
        response = await admin.patch(
            f"{API}/orders/{new_id()}", json={}, headers={"If-Match": if_match, **a_key()}
        )
        assert response.status_code == 422
        assert [error["field"] for error in problem_of(response)["errors"]] == ["If-Match"]


async def test_a_body_is_json_by_its_type_or_refused(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    async def answered(content_type: str | None) -> httpx.Response:
        headers = {**a_key(), **({"Content-Type": content_type} if content_type else {})}
        return await admin.post(f"{API}/clients", content=b"{}", headers=headers)

    for odd in (None, "text/plain", "multipart/form-data", "application/json; charset=cp1251"):
        response = await answered(odd)
        assert (response.status_code, problem_of(response)["code"]) == (
            415,
            "content_type_unsupported",
        )
    assert services.sent == []
    for good in ("application/json", "application/json; charset=utf-8", "application/problem+json"):
        assert (await answered(good)).status_code == 201


async def test_a_body_that_is_too_large_is_refused_whatever_its_length_is_said_to_be(
    admin: httpx.AsyncClient, services: FakeServices
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (MAX_BODY_BYTES // 10)

    headers = {"Content-Type": "application/json"}
    for content in (b" " * (MAX_BODY_BYTES + 1), pieces()):
        response = await admin.post(
            f"{API}/clients", content=content, headers={**headers, **a_key()}
        )
        assert (response.status_code, problem_of(response)["code"]) == (413, "body_too_large")
    assert services.sent == []


async def test_who_has_not_signed_in_may_say_only_so_much(gateway: TestGateway) -> None:
    for password, status in (("x", 401), ("x" * MAX_STRANGERS_BODY_BYTES, 413)):
        said = {"login": "admin", "password": password}
        program = await gateway.anyone.post(f"{API}/session", json=said)
        person = await gateway.anyone.post("/sign-in", data=said)
        assert (program.status_code, person.status_code) == (status, status)


async def test_an_unknown_address_and_an_unknown_method_are_problems_too(
    admin: httpx.AsyncClient,
) -> None:
    for path in (f"{API}/nothing", f"{API}/orders/", "/nothing", "/api/v2/orders"):
        response = await admin.get(path)
        assert (response.status_code, problem_of(response)["code"]) == (404, "not_found"), path
    response = await admin.put(f"{API}/orders/{new_id()}", json={})
    assert (response.status_code, problem_of(response)["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, PATCH"


async def test_what_breaks_inside_is_never_told(
    gateway: TestGateway, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(type(gateway.app.state.gateway.keys), "claim", broken)
    response = await admin.post(f"{API}/clients", json={}, headers=a_key())
    assert (response.status_code, problem_of(response)["code"]) == (500, "internal_error")
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text


async def test_attempts_to_change_something_leave_a_trace_and_looking_does_not(
    gateway: TestGateway, admin: httpx.AsyncClient, services: FakeServices
) -> None:
    technician = await gateway.signed_in("technician")
    order_id = str(new_id())
    await gateway.anyone.post(f"{API}/orders/{order_id}/comments", json={"text": "secret"})
    await technician.post(f"{API}/payments", json={}, headers=a_key())
    await technician.get(f"{API}/audit")
    await admin.post(f"{API}/clients", json={"vip": "secret"}, headers=a_key())
    await admin.post(f"{API}/clients", json={})
    services.replies[CreateClient.subject] = Refused("client_name_missing")
    await admin.post(f"{API}/clients", json={}, headers=a_key())
    await gateway.anyone.get(f"{API}/orders")
    await admin.get(f"{API}/nothing")
    await admin.get(f"{API}/orders?colour=red")

    refusals = await gateway.refusals()
    assert [
        (refusal["actor"], refusal["method"], refusal["path"], refusal["status"], refusal["code"])
        for refusal in refusals
    ] == [
        ("anonymous", "POST", f"{API}/orders/{order_id}/comments", 401, "sign_in_required"),
        ("technician", "POST", f"{API}/payments", 403, "forbidden"),
        ("technician", "GET", f"{API}/audit", 403, "forbidden"),
        ("administrator", "POST", f"{API}/clients", 422, "request_invalid"),
        ("administrator", "POST", f"{API}/clients", 400, "idempotency_key_missing"),
    ]
    assert refusals[0]["order_id"] == order_id
    assert "secret" not in str(refusals)


async def test_every_answer_carries_the_security_headers(
    gateway: TestGateway, admin: httpx.AsyncClient
) -> None:
    for response in (
        await admin.get(f"{API}/orders"),
        await gateway.anyone.get(f"{API}/orders"),
        await gateway.anyone.get(f"{API}/nothing"),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "strict-transport-security" not in response.headers
        assert "access-control-allow-origin" not in response.headers
    page = await gateway.anyone.get("/docs")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    https = gateway.client(origin="https://station.test")
    assert "max-age" in (await https.get(f"{API}/orders")).headers["strict-transport-security"]
