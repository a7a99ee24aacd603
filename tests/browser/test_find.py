"""One box that finds anything, by keys alone, and without scripts."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.test_board import a_visit
from tests.browser.test_live import held
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def a_part_stays_away(page: Page, order: dict[str, Any]) -> None:
    """It is asked less and less often, and what was chosen meanwhile is still what Enter opens."""
    box, found = page.get_by_role("searchbox", name="Найти: телефон"), page.locator("#findings")
    asked: list[float] = []

    async def never_complete(route: Route) -> None:
        asked.append(time.monotonic())
        response = await route.fetch()
        body = (await response.text()).replace("<h2>", "<i data-incomplete></i><h2>", 1)
        await route.fulfill(response=response, body=body)

    await page.route("**/find?q=%D1%81%D0%B8%D0%B4%D0%BE%D1%80", never_complete)
    await box.fill("сидор")
    await expect(box).to_have_attribute("data-shown", "сидор")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    client = found.locator(".found-item.chosen")
    await expect(client).to_have_attribute("href", f"/clients/{order['client_id']}")

    async def was_asked_for_long_enough() -> bool:
        return len(asked) >= 3

    await eventually(was_asked_for_long_enough)
    assert asked[1] - asked[0] >= 1
    assert asked[2] - asked[1] >= 2
    await expect(client).to_have_attribute("href", f"/clients/{order['client_id']}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/clients/{order['client_id']}")


async def test_anything_is_found_by_keys_alone(site: Site, browse: Open) -> None:
    order = await a_visit(site, "Сидорова", "А123ВС77")
    await site.post(
        f"/clients/{order['client_id']}/vehicles", {"vin": "XTA21099043576193", "vendor": "ВАЗ"}
    )
    await site.post("/products", {"name": "Колодки TRW", "oem": "GDB1445", "price": "3150"})
    for size, scheme in ((DESK, "light"), (DESK, "dark")):
        visitor = await browse(size=size, scheme=scheme, role="administrator")
        # Pages of other parts of the station; an answer that is lost on purpose.
        visitor.forgiven = ("404", "ERR_FAILED", "Failed to fetch")
        page = visitor.page
        await page.goto(site.url + "/board")
        await page.keyboard.press("Control+k")
        box, found = page.get_by_role("searchbox", name="Найти: телефон"), page.locator("#findings")
        await expect(box).to_be_focused()
        await expect(found.get_by_role("link", name=order["number"])).to_be_visible()
        for typed, name in (
            ("а123", "А123ВС77"),
            ("сидор", "Сидорова Анна"),
            (order["number"][-4:], order["number"]),
            ("GDB-1445", "Колодки TRW"),
        ):
            began = time.monotonic()
            await box.fill(typed)
            await expect(found.get_by_role("link", name=name).first).to_be_visible()
            print(f"{typed}: found after {(time.monotonic() - began) * 1000:.0f} ms")
        assert await barriers(page) == []
        await box.fill("сидорова")
        await expect(found.get_by_role("link").first).to_contain_text(order["number"])
        await expect(box).to_have_attribute("data-shown", "сидорова")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/orders/{order['id']}")

    # The box is opened while a page is on its way: that page does not empty it.
    answer = await held(page, "**/clients")
    await page.get_by_role("link", name="Клиенты").click()
    await answer.made.wait()
    await page.keyboard.press("Control+k")
    await box.fill("gdb")
    await expect(found.get_by_role("link", name="Колодки TRW").first).to_be_visible()
    answer.let_through()
    await expect(page).to_have_url(site.url + "/clients")
    await expect(found.get_by_role("link", name="Колодки TRW").first).to_be_visible()
    await expect(box).to_have_value("gdb")
    await page.unroute("**/clients")
    await page.keyboard.press("Escape")

    # A hand that is quicker than the station: keys count when the answer to what was typed is here.
    answer = await held(page, "**/find?q=%D0%B0123")
    await page.keyboard.press("Control+k")
    await box.fill("а123")
    await answer.made.wait()
    await page.keyboard.press("Enter")
    await box.fill("gdb")
    await page.keyboard.press("Enter")
    answer.let_through()
    await page.wait_for_url("**/stock/products/*")
    await page.unroute("**/find?q=%D0%B0123")

    # What did not come, or not all of it, is asked for again, by itself.
    asked: list[float] = []
    seen = asyncio.Event()

    async def incomplete_until_it_is_seen(route: Route) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            await route.abort()
        elif not seen.is_set():
            said = '<div id="findings"><p data-incomplete>later</p></div>'
            await route.fulfill(
                headers={"Content-Type": "text/html", "Pitlane-Seen": ""},
                body=f"<html><body>{said}</body></html>",
            )
        else:
            await route.continue_()

    await page.route("**/find?q=gdb1", incomplete_until_it_is_seen)
    await page.keyboard.press("Control+k")
    await box.fill("gdb1")
    await expect(found).to_have_text("later")
    seen.set()
    await expect(found.get_by_role("link", name="Колодки TRW").first).to_be_visible()
    await page.unroute("**/find?q=gdb1")
    await a_part_stays_away(page, order)


async def test_it_is_found_on_a_phone_without_scripts(site: Site, browse: Open) -> None:
    order = await a_visit(site, "Сидорова", "А123ВС77")
    page = (await browse(size=PHONE, role="advisor", language="en", scripts=False)).page
    await page.goto(site.url + "/board")
    await page.get_by_role("link", name="Find").tap()
    await page.get_by_role("searchbox").fill("nobody at all")
    await page.keyboard.press("Enter")
    await expect(page.locator("#findings")).to_contain_text("Nothing fits")
    await page.get_by_role("searchbox").fill("сидорова")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name=order["number"])).to_be_visible()
