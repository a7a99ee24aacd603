"""The page behind an estimate's link: what it shows, what it keeps to itself, whom it refuses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.gateway.throttling import RULES
from shared.ids import new_id
from shared.refusals import Refused
from shared.roles import CLIENT
from tests.gateway.support import FakeServices, TestGateway

SHOW = "ask.orders.show_estimate.v1"
PAPER = "ask.documents.form_by_link.v1"
ANSWER = "cmd.orders.answer_estimate.v1"
LINK_ID = UUID("019ab0c6-9b55-7da6-81e3-8bad3e5f7a9c")
TOKEN = "AZqwxptVfaaB44utPl96nA.c2lnbmVk"
VERSION = "0123456789abcdef0123456789abcdef"


def an_estimate(**fields: Any) -> dict[str, Any]:
    job = {
        "line_id": str(new_id()),
        "name": "Замена <b>колодок</b>",
        "quantity": "1",
        "work": "2500.00",
        "discount": "0.00",
        "goods": [],
        "total": "2500.00",
        "state": "quoted",
        "may_decline": True,
    }
    return {
        "number": "A-000001",
        "station": "Сервис на Ленина",
        "phone": "8 (495) 123-45-67",
        "car": "Lada Vesta",
        "version": VERSION,
        "open": True,
        "jobs": [job],
        "goods": [],
        "discount": "0.00",
        "approved_total": "0.00",
        "total": "2500.00",
        "expires_at": "2026-12-07T09:00:00Z",
        **fields,
    }


@pytest.fixture
async def orders(services: FakeServices) -> FakeServices:
    await services.start("orders")
    services.replies[SHOW] = services.replies[ANSWER] = an_estimate()
    return services


async def test_whoever_has_the_link_is_the_client_and_signs_in_nowhere(
    gateway: TestGateway, orders: FakeServices
) -> None:
    response = await gateway.anyone.get(f"/e/{TOKEN}")
    assert response.status_code == 200
    assert orders.last.message == {"token": TOKEN}
    assert orders.last.envelope.actor.role == CLIENT
    assert orders.last.envelope.actor.login == f"client link {LINK_ID}"
    assert "set-cookie" not in response.headers
    assert "Замена &lt;b&gt;колодок&lt;/b&gt;" in response.text
    assert 'href="tel:+74951234567"' in response.text
    assert "+7 495 123-45-67</a>" in response.text


async def test_the_page_is_kept_by_nobody_found_by_nobody_and_told_to_nobody(
    gateway: TestGateway, orders: FakeServices
) -> None:
    for path in (f"/e/{TOKEN}", "/e/wrong"):
        headers = (await gateway.anyone.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy


async def test_the_token_stands_in_no_log_line(
    gateway: TestGateway, orders: FakeServices, capfd: pytest.CaptureFixture[str]
) -> None:
    await gateway.anyone.get(f"/e/{TOKEN}")
    await gateway.anyone.post(f"/e/{TOKEN}", data={"to": "approved", "version": VERSION})
    await gateway.anyone.put(f"/e/{TOKEN}")
    said = capfd.readouterr()
    assert "/e/…" in said.out or "/e/\\u2026" in said.out
    assert TOKEN.partition(".")[2] not in said.out + said.err


async def test_an_answer_is_sent_on_and_leads_back_to_the_estimate(
    gateway: TestGateway, orders: FakeServices
) -> None:
    line = str(new_id())
    answer = {"version": VERSION, "line": line, "to": "declined"}
    response = await gateway.anyone.post(f"/e/{TOKEN}?lang=ru", data=answer)
    assert orders.last.subject == ANSWER
    assert orders.last.message == {
        "token": TOKEN,
        "version": VERSION,
        "lines": [line],
        "to": "declined",
    }
    assert response.status_code == 303
    assert response.headers["location"] == f"/e/{TOKEN}?lang=ru&said=declined"
    assert response.headers["cache-control"] == "no-store"
    shown = await gateway.anyone.get(response.headers["location"])
    assert "Отказ принят" in shown.text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("estimate_changed", "changed"),
        ("order_closed", "changed"),
        ("work_under_way", "begun"),
        ("declined_work_closed", "call"),
    ],
)
async def test_what_could_not_be_done_is_told_in_plain_words(
    gateway: TestGateway, orders: FakeServices, code: str, said: str
) -> None:
    orders.replies[ANSWER] = Refused(code, name="x", status="done")
    answer = {"version": VERSION, "line": str(new_id()), "to": "declined"}
    response = await gateway.anyone.post(f"/e/{TOKEN}", data=answer)
    assert response.status_code == 303
    assert response.headers["location"].endswith(f"said={said}")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"version": VERSION, "to": "approved"},
        {"version": "1", "line": str(new_id()), "to": "approved"},
        {"version": VERSION, "line": "x", "to": "approved"},
        {"version": VERSION, "line": str(new_id()), "to": "quoted"},
    ],
)
async def test_what_our_form_does_not_send_is_not_sent_on(
    gateway: TestGateway, orders: FakeServices, answer: dict[str, str]
) -> None:
    response = await gateway.anyone.post(f"/e/{TOKEN}", data=answer)
    assert response.headers["location"].endswith("said=changed")
    assert {sent.subject for sent in orders.sent} == {SHOW}


async def test_a_form_that_is_far_too_large_is_not_sent_on(
    gateway: TestGateway, orders: FakeServices
) -> None:
    many = "&".join(f"line={new_id()}" for _ in range(300))
    response = await gateway.anyone.post(f"/e/{TOKEN}", content=many)
    assert response.headers["location"].endswith("said=changed")
    response = await gateway.anyone.post(f"/e/{TOKEN}", content=b"x" * (2 * 1024 * 1024))
    assert response.status_code == 413
    assert {sent.subject for sent in orders.sent} == {SHOW}


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("estimate", "Посмотрите и ответьте"),
        ("waiting_for_parts", "Ждём запчасти"),
        ("ready", "Автомобиль готов"),
        ("given_out", "Автомобиль у вас"),
        ("cancelled", "отменён"),
    ],
)
async def test_a_client_reads_how_far_the_order_is(
    gateway: TestGateway, orders: FakeServices, stage: str, said: str
) -> None:
    orders.replies[SHOW] = an_estimate(stage=stage)
    shown = await gateway.anyone.get(f"/e/{TOKEN}?lang=ru")
    assert said in shown.text


async def test_a_done_order_has_its_bill_and_its_papers(
    gateway: TestGateway, orders: FakeServices
) -> None:
    assert f"/e/{TOKEN}/invoice" not in (await gateway.anyone.get(f"/e/{TOKEN}?lang=en")).text
    done = an_estimate(stage="ready", open=False, bill="2500.00", paid="1000.00")
    orders.replies[SHOW] = done
    # Until the books have said what is left, nothing else is named.
    shown = await gateway.anyone.get(f"/e/{TOKEN}?lang=en")
    assert "is being worked out" in shown.text
    orders.replies[SHOW] = done | {"due": "1500.00"}
    shown = await gateway.anyone.get(f"/e/{TOKEN}?lang=en")
    assert "is being worked out" not in shown.text
    assert "1,500.00" in shown.text
    assert "Left to pay" in shown.text
    assert f'href="/e/{TOKEN}/invoice?lang=en"' in shown.text

    await orders.start("documents")
    orders.replies[PAPER] = {
        "file_name": "Счёт A-000001.pdf",
        "media_type": "application/pdf",
        "pages": 1,
        "content": "JVBERi0=",
    }
    paper = await gateway.anyone.get(f"/e/{TOKEN}/invoice?lang=ru")
    assert paper.content == b"%PDF-"
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.headers["cache-control"] == "no-store"
    assert orders.last.message == {"token": TOKEN, "form": "invoice", "language": "ru"}
    assert orders.last.envelope.actor.role == CLIENT
    orders.replies[PAPER] = Refused("form_not_found", form="invoice")
    for path in ("invoice", "work_order", "..%2f"):
        assert (await gateway.anyone.get(f"/e/{TOKEN}/{path}")).status_code == 404


async def test_every_link_that_does_not_work_gets_the_same_answer(
    gateway: TestGateway, orders: FakeServices
) -> None:
    orders.replies[SHOW] = Refused("estimate_link_invalid")
    pages = [
        await gateway.anyone.get(f"/e/{token}")
        for token in (TOKEN, "x", "a" * 300, "%D1%8F", "..%2e")
    ]
    pages.append(await gateway.anyone.post(f"/e/{TOKEN}", data={}))
    assert {(page.status_code, page.text) for page in pages} == {(404, pages[0].text)}


async def test_whoever_tries_many_links_has_to_wait(
    gateway: TestGateway, orders: FakeServices
) -> None:
    orders.replies[SHOW] = Refused("estimate_link_invalid")
    for _ in range(RULES["link"].free + 1):
        assert (await gateway.anyone.get(f"/e/{TOKEN}")).status_code == 404
    asked = len(orders.sent)
    response = await gateway.anyone.get(f"/e/{TOKEN}")
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert len(orders.sent) == asked


async def test_a_service_that_is_away_is_a_page_too(
    gateway: TestGateway, services: FakeServices
) -> None:
    response = await gateway.anyone.get(f"/e/{TOKEN}", headers={"Accept-Language": "ru"})
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert "Попробуйте через минуту" in response.text


@pytest.mark.parametrize(
    ("wish", "query", "title"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.5", "", "Смета A-000001"),
        ("de,en;q=0.5", "", "Estimate A-000001"),
        ("ru", "?lang=en", "Estimate A-000001"),
        ("en", "?lang=ru&utm_source=sms&utm_source=x", "Смета A-000001"),
        ("ru", "?lang=xx&said=<script>", "Смета A-000001"),
    ],
)
async def test_the_page_speaks_the_readers_language(
    gateway: TestGateway, orders: FakeServices, wish: str, query: str, title: str
) -> None:
    response = await gateway.anyone.get(f"/e/{TOKEN}{query}", headers={"Accept-Language": wish})
    assert f"<title>{title}</title>" in response.text
    assert "<script" not in response.text


async def test_a_closed_order_is_shown_without_anything_to_press(
    gateway: TestGateway, orders: FakeServices
) -> None:
    orders.replies[SHOW] = an_estimate(open=False)
    response = await gateway.anyone.get(f"/e/{TOKEN}")
    assert "This order is closed" in response.text
    assert "<form" not in response.text


async def test_the_role_of_a_client_opens_nothing_else(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    client = await gateway.signed_in(CLIENT)
    response = await client.get("/api/v1/orders")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
