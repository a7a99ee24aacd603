"""The page of an order at its beginning and its end: the car comes and goes, and what is left of
an order that was called off."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest_asyncio

from tests.gateway.support import TestGateway
from tests.gateway.test_working_day import Person, sign_in
from tests.support.waiting import eventually

FORM = r'<form [^>]*action="{action}"[^>]*>(.*?)</form>'
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
MINUTE = timedelta(minutes=1)
DONE_ONLY = ("acceptance_act", "completion_act", "invoice", "goods_receipt", "warranty_card")


@pytest_asyncio.fixture
async def office(whole: TestGateway) -> Person:
    return await sign_in(whole, "administrator")


async def a_visit(office: Person, **fields: Any) -> dict[str, Any]:
    """An order for a car with a work."""
    section = await office.post("/sections", {"name": "Слесарный"})
    technician = await office.post(
        "/employees",
        {
            "last_name": "Петров", "first_name": "Пётр", "role": "technician",
            "section_id": section["id"],
        },
    )  # fmt: skip
    client = await office.post("/clients", {"last_name": "Сидорова", "first_name": "Анна"})
    car = await office.post(f"/clients/{client['id']}/vehicles", {"vendor": "Lada"})
    order: dict[str, Any] = await office.post(
        "/orders",
        {
            "client_id": client["id"], "vehicle_id": car["id"], "section_id": section["id"],
            "employee_id": technician["id"], "customer_reason": "Стук спереди", **fields,
        },
    )  # fmt: skip
    await office.post(f"/orders/{order['id']}/services", {"name": "Осмотр", "initial_price": "500"})
    return order


def form_of(page: httpx.Response, action: str) -> dict[str, str] | None:
    """The hidden fields of that form, if the page has it."""
    assert page.status_code == 200, page.text
    found = re.search(FORM.format(action=re.escape(action)), page.text, re.DOTALL)
    return dict(FIELD.findall(found[1])) if found else None


async def pressed(who: httpx.AsyncClient, action: str, form: dict[str, str] | None) -> None:
    assert form is not None, action
    answer = await who.post(action, data=form)
    assert answer.status_code == 303, answer.text


def ago(said: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(said)


async def test_a_car_comes_and_goes_by_a_click_each_and_what_was_promised_is_told(
    whole: TestGateway, office: Person
) -> None:
    promised = datetime.now(UTC) + timedelta(days=2)
    order = await a_visit(office, vehicle_out_at=promised.isoformat())
    path = f"/orders/{order['id']}"
    come, gone = f"{path}/car-in", f"{path}/car-out"
    advisor = await whole.signed_in("advisor")
    technician = await whole.signed_in("technician")

    page = await advisor.get(path)
    assert "Car promised back" in page.text
    assert form_of(page, gone) is None
    assert form_of(await technician.get(path), come) is None
    form = form_of(page, come)
    stale = await advisor.post(come, data={**(form or {}), "expected_revision": "1", "_key": ""})
    assert (stale.status_code, "changed" in stale.text) == (412, True)
    await pressed(advisor, come, form)

    assert ago((await office.get(path))["vehicle_in_at"]) < 2 * MINUTE
    page = await advisor.get(path)
    # While it is worked on, the time is what is promised: that it has gone is said at the end.
    assert (form_of(page, come), form_of(page, gone)) == (None, None)
    for status in ("in_progress", "done"):
        await office.post(f"{path}/status", {"to": status}, 200)
    form = form_of(await advisor.get(path), gone)
    await pressed(advisor, gone, form)

    assert ago((await office.get(path))["vehicle_out_at"]) < 2 * MINUTE
    page = await advisor.get(path)
    assert (form_of(page, gone), "Car promised back" in page.text) == (None, False)

    async def told() -> bool:
        timeline = (await advisor.get(f"{path}/timeline")).text
        return "Car given back (was promised before)" in timeline

    await eventually(told)
    # It can be put right.
    closed = await advisor.get(f"{path}/edit")
    assert 'name="vehicle_out_at"' in closed.text
    assert 'name="comment"' not in closed.text


async def test_a_click_that_is_sent_twice_takes_effect_once(
    whole: TestGateway, office: Person
) -> None:
    order = await a_visit(office)
    come = f"/orders/{order['id']}/car-in"
    advisor = await whole.signed_in("advisor")
    form = form_of(await advisor.get(f"/orders/{order['id']}"), come)
    await pressed(advisor, come, form)
    revision = (await office.get(f"/orders/{order['id']}"))["revision"]

    again = await advisor.post(come, data=form)

    # In another minute it is another edit, which the key is not for.
    assert again.status_code in (303, 422), again.text
    assert (await office.get(f"/orders/{order['id']}"))["revision"] == revision


async def test_of_an_order_that_was_called_off_another_one_is_made(
    whole: TestGateway, office: Person
) -> None:
    order = await a_visit(office)
    path = f"/orders/{order['id']}"
    owner = await whole.signed_in("owner")
    like = f"/visits/new?like={order['id']}"
    before = (await owner.get(path)).text
    assert like not in before
    assert "Margin" in before
    assert all(f"/forms/{form}?" in before for form in (*DONE_ONLY, "work_order", "estimate"))
    await office.post(f"{path}/status", {"to": "cancelled", "reason": "Не приехал"}, 200)

    page = (await owner.get(path)).text

    assert "Margin" not in page
    assert "Cost of parts" not in page
    assert not any(f"/forms/{form}?" in page for form in DONE_ONLY)
    assert all(f"/forms/{form}?" in page for form in ("work_order", "estimate"))
    assert f'href="{like}"' in page
    screen = await owner.get(like)
    assert "Стук спереди" in screen.text
    for field in ("vehicle_id", "section_id", "employee_id"):
        chosen = rf'value="{order[field]}" (?:checked|selected)'
        assert re.search(chosen, screen.text), field
    form = form_of(screen, "/visits/new") or {}
    form |= {
        name: str(order[name])
        for name in ("vehicle_id", "section_id", "employee_id", "customer_reason", "type")
    }
    for _ in range(2):
        await pressed(owner, "/visits/new", form)
    made = [each for each in (await office.get("/orders"))["items"] if each["id"] != order["id"]]
    (new,) = made
    assert (new["client_id"], new["status"]) == (order["client_id"], "new")
    # Nothing of another order is shown to who names none.
    assert (await owner.get("/visits/new?like=nobody")).status_code == 404


async def test_who_has_come_is_found_without_scripts(whole: TestGateway, office: Person) -> None:
    card = await office.post("/clients", {"last_name": "Забелина", "phones": ["8 916 555-01-77"]})
    advisor = await whole.signed_in("advisor")
    screen = await advisor.get("/visits/new", params={"q": "Забелин"})
    assert screen.status_code == 200
    assert f"client_id={card['id']}" in screen.text
    assert "Забелина" not in (await advisor.get("/visits/new", params={"q": " "})).text


async def test_money_of_an_order_that_was_called_off_is_said_to_be_free(
    whole: TestGateway, office: Person
) -> None:
    order = await a_visit(office)
    client = order["client_id"]
    paid = {"order_id": order["id"], "customer_id": client, "amount": "300.00", "method": "card"}
    payment = f"/till/payments/{(await office.post('/payments', paid))['id']}"
    cashier, advisor = [await whole.signed_in(role) for role in ("cashier", "advisor")]
    assert "The order was called off" not in (await cashier.get(payment)).text
    step = {"to": "cancelled", "reason": "Не приехал"}
    await office.post(f"/orders/{order['id']}/status", step, 200)

    page = unescape((await cashier.get(payment)).text)

    assert "The order was called off" in page
    assert "Free on the balance: 300.00" in page
    assert f'href="/till/pay?client={client}"' in page
    assert "/till/give-back" in (await cashier.get(f"/till/pay?client={client}")).text
    # Who gives no money back sees where it is.
    page = (await advisor.get(payment)).text
    assert f'href="/clients/{client}/money"' in page
    back = {"amount": "300.00", "reason": "Не приехал"}
    await office.post(f"/payments/{payment.rsplit('/', 1)[1]}/refund", back, 200)
    assert "The order was called off" not in (await cashier.get(payment)).text


async def test_an_order_that_is_closed_with_nothing_on_it_asks_for_no_works(
    whole: TestGateway, office: Person
) -> None:
    order = await a_visit(office)
    path = f"/orders/{order['id']}"
    (line,) = (await office.get(path))["services"]
    await office.delete(f"{path}/lines/{line['id']}")
    advisor = await whole.signed_in("advisor")
    asks, says = "Add a work with the key W", "Nothing was put on this order."
    page = (await advisor.get(path)).text
    assert (asks in page, says in page) == (True, False)
    await office.post(f"{path}/status", {"to": "cancelled", "reason": "Не приехал"}, 200)
    page = (await advisor.get(path)).text
    assert (asks in page, says in page) == (False, True)
