"""Somebody at the counter types a phone, and the order is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.test_live import held
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers, too_wide

pytestmark = pytest.mark.asyncio(loop_scope="session")

TYPED = 90
"""Key presses for a new client with a new car and a reason: what is typed in half a minute."""


@pytest_asyncio.fixture(loop_scope="session")
async def station(site: Site) -> dict[str, Any]:
    """A section with a post and a technician, and a client with a car."""
    section = await site.post("/sections", {"name": "Слесарный"})
    await site.post("/posts", {"name": "Подъёмник", "section_id": section["id"]})
    technician = await site.post(
        "/employees",
        {
            "last_name": "Морозов",
            "first_name": "Сергей",
            "role": "technician",
            "section_id": section["id"],
        },
    )
    client = await site.post(
        "/clients",
        {"last_name": "Смирнова", "first_name": "Ольга", "phones": ["8 916 555-01-02"]},
    )
    car = await site.post(
        f"/clients/{client['id']}/vehicles",
        {"vendor": "Škoda", "model": "Octavia", "plate": "О555ТО77"},
    )
    return {"section": section, "technician": technician, "client": client, "car": car}


PAINTED = "() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"


class Keyboard:
    """Counts what is pressed."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.presses = 0

    async def types(self, text: str) -> None:
        self.presses += len(text)
        # Nobody types into what is not to be seen yet, and Chromium drops what is typed by then.
        await self._page.evaluate(PAINTED)
        await self._page.keyboard.type(text)

    async def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.presses += 1
            await self._page.keyboard.press(key)


async def newest_order(site: Site, *, of: int) -> dict[str, Any]:
    """Of so many."""
    orders = (await site.get("/orders"))["items"]
    assert len(orders) == of
    return await site.get(f"/orders/{orders[0]['id']}")


async def has_focus(page: Page, name: str) -> None:
    await expect(page.locator(f"[name={name}]:focus")).to_have_count(1)


async def test_a_new_client_with_a_new_car_is_entered_by_keyboard_alone(
    site: Site, station: dict[str, Any], browse: Open
) -> None:
    visitor = await browse(size=DESK, role="advisor")
    visitor.forgiven = ("404",)
    page, keys = visitor.page, Keyboard(visitor.page)
    await page.goto(site.url + "/visits/new")
    await keys.types("89035551234")
    await keys.press("Enter")
    await has_focus(page, "last_name")
    await keys.types("Волков")
    await keys.press("Tab")
    await keys.types("Пётр")
    await keys.press("Tab", 3)
    await has_focus(page, "plate")
    await keys.types("К777КК50")
    await keys.press("Tab")
    await keys.types("Lada")
    await keys.press("Tab")
    await keys.types("Niva")
    await keys.press("Tab", 5)
    await has_focus(page, "customer_reason")
    await keys.types("Стучит справа")
    await keys.press("Tab")
    await expect(page.locator("[name=section_id]")).to_have_value(station["section"]["id"])
    await keys.press("Tab")
    await has_focus(page, "employee_id")
    await keys.press("ArrowDown")
    await keys.press("Control+Enter")
    assert keys.presses <= TYPED
    await page.wait_for_url("**/orders/*")

    order = await newest_order(site, of=1)
    assert (order["client_name"], order["vehicle_name"]) == ("Волков Пётр", "Lada Niva К777КК50")
    assert (order["customer_reason"], order["status"]) == ("Стучит справа", "new")
    assert order["employee_id"] == station["technician"]["id"]

    # The next one, who is known, with the same section and technician: a phone and a reason.
    await page.goto(site.url + "/visits/new")
    before = keys.presses
    await keys.types("5550102")
    await keys.press("Enter")
    await has_focus(page, "customer_reason")
    await keys.types("Масло")
    await keys.press("Control+Enter")
    await page.wait_for_url("**/orders/*")
    order = await newest_order(site, of=2)
    assert keys.presses - before == 14
    assert (order["client_name"], order["customer_reason"]) == ("Смирнова Ольга", "Масло")
    assert order["employee_id"] == station["technician"]["id"]


async def test_enter_waits_for_the_answer_to_all_that_was_typed(
    site: Site, station: dict[str, Any], browse: Open
) -> None:
    """An answer to the first digits that comes meanwhile takes nothing from it."""
    page = (await browse(size=DESK, role="advisor")).page
    await page.clock.install()
    await page.goto(site.url + "/visits/new")
    early = await held(page, "**/visits/matches?q=555")
    # On a busy machine the second search would go before the first one's answer is looked at.
    await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=10))
    await page.keyboard.type("555")
    await page.clock.run_for(500)
    await early.made.wait()
    await page.keyboard.type("0102")
    await page.keyboard.press("Enter")
    early.let_through()
    await expect(page.locator("#matches[data-typed='555']")).to_be_attached()
    await page.clock.resume()
    await has_focus(page, "customer_reason")
    await expect(page.get_by_role("heading", name="Смирнова Ольга")).to_be_visible()


async def test_what_was_made_before_a_refusal_is_kept_and_nobody_is_made_twice(
    site: Site, station: dict[str, Any], browse: Open
) -> None:
    visitor = await browse(size=DESK, role="advisor", language="en")
    visitor.forgiven = ("404", "409", "422")
    page = visitor.page
    known = station["client"]["id"], station["car"]["id"]
    vin = "XTA210990Y2766389"
    await site.post(f"/clients/{known[0]}/vehicles", {"vendor": "Lada", "vin": vin})
    await page.goto(site.url + "/visits/new?client=new&q=Павлова+Инна")
    assert await barriers(page) == []
    await page.get_by_label("Phone", exact=True).press_sequentially("8 916 555-01-02")
    await expect(page.get_by_text("This phone is known: Смирнова Ольга")).to_be_visible()
    await page.get_by_label("Phone", exact=True).fill("8 926 555-77-88")
    await page.get_by_label("VIN", exact=True).press_sequentially(vin)
    await expect(page.get_by_text("This car is known: Lada of Смирнова Ольга")).to_be_visible()
    await page.get_by_label("Assigned to").select_option("Морозов Сергей")
    await page.get_by_role("button", name="Open the order").click()

    # The client is there, the car is another one's: only that is still to be put right.
    await expect(page.locator(".problem")).to_contain_text("VIN")
    await expect(page.get_by_role("heading", name="Павлова Инна")).to_be_visible()
    await expect(page.get_by_label("VIN", exact=True)).to_have_value(vin)
    await page.get_by_label("VIN", exact=True).fill("")
    await page.get_by_label("Plate", exact=True).fill("М100ММ99")
    slot = page.get_by_role("group", name="Подъёмник").locator("label").first
    await slot.click()
    await page.get_by_role("button", name="Open the order").dblclick()
    await page.wait_for_url("**/orders/*")
    order = await newest_order(site, of=1)
    found = (await site.get("/clients?q=Павлова"))["items"]
    assert [(each["name"], len(each["vehicles"])) for each in found] == [("Павлова Инна", 1)]
    (booking,) = (await site.get(f"/orders/{order['id']}/bookings"))["items"]
    assert booking["technician_id"] == station["technician"]["id"]


async def test_what_matters_of_a_client_is_told_at_once_on_a_phone(
    site: Site, station: dict[str, Any], browse: Open
) -> None:
    order = await site.post(
        "/orders",
        {
            "client_id": station["client"]["id"],
            "vehicle_id": station["car"]["id"],
            "section_id": station["section"]["id"],
            "employee_id": station["technician"]["id"],
        },
    )
    work = {"name": "Замена колодок", "initial_price": "2500"}
    order = await site.post(f"/orders/{order['id']}/services", work)
    line = order["services"][0]["id"]
    await site.post(f"/orders/{order['id']}/quote", {})
    answer = {"to": "declined", "how": "phone"}
    await site.post(f"/orders/{order['id']}/lines/{line}/approval", answer)

    for scheme in ("light", "dark"):
        visitor = await browse(size=PHONE, role="advisor", scheme=scheme)
        visitor.forgiven = ("404",)
        page = visitor.page
        await page.goto(site.url + "/visits/new")
        await page.get_by_label("Телефон, госномер").fill("о555")
        await page.get_by_role("option", name="Смирнова Ольга").tap()
        await expect(page.get_by_role("link", name=order["number"])).to_be_visible()
        assert await too_wide(page) == []
        assert await barriers(page) == []
    await page.get_by_label("Замена колодок").check()
    await page.get_by_label("Исполнитель").select_option("Морозов Сергей")
    await page.get_by_role("button", name="Открыть заказ").tap()
    await page.wait_for_url("**/orders/*")
    opened = await newest_order(site, of=2)
    assert [each["name"] for each in opened["services"]] == ["Замена колодок"]
