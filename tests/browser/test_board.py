"""The board as a station works with it: cards that are moved, and seen to move elsewhere."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.test_live import held
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE = (1440, 900)


async def a_visit(site: Site, name: str, plate: str, **fields: Any) -> dict[str, Any]:
    """An order of a client with a car, in the first section there is."""
    client = await site.post("/clients", {"last_name": name, "first_name": "Анна"})
    car = await site.post(
        f"/clients/{client['id']}/vehicles", {"vendor": "Lada", "model": "Vesta", "plate": plate}
    )
    sections = (await site.get("/sections"))["items"]
    section = sections[0] if sections else await site.post("/sections", {"name": "Слесарный"})
    people = (await site.get("/employees"))["items"]
    employee = (
        people[0]
        if people
        else await site.post(
            "/employees",
            {
                "last_name": "Петров",
                "first_name": "Пётр",
                "role": "technician",
                "section_id": section["id"],
                "login": "advisor",
            },
        )
    )
    return await site.post(
        "/orders",
        {
            "client_id": client["id"],
            "vehicle_id": car["id"],
            "section_id": section["id"],
            "employee_id": employee["id"],
            **fields,
        },
    )


def lane(page: Page, name: str) -> Locator:
    return page.locator(f"#lane-{name}")


def card(page: Page, order: dict[str, Any]) -> Locator:
    return page.locator(f"#card-{order['id']}")


async def carry(page: Page, what: Locator, to: Locator) -> None:
    """As a hand does: the card is taken and carried there. It is taken where it lies still."""
    await what.hover(position={"x": 120, "y": 40})
    await page.mouse.down()
    start, end = await what.bounding_box(), await to.bounding_box()
    assert start
    assert end
    await page.mouse.move(start["x"] + 150, start["y"] + 60, steps=4)
    await expect(what).to_have_attribute("data-busy", "")
    await page.mouse.move(end["x"] + 90, end["y"] + 60, steps=12)


async def put_down(page: Page) -> None:
    """Until the browser says so itself, the next press would belong to this drag."""
    dragged = await page.evaluate_handle(
        """() => ({ ended: new Promise(then => {
            document.addEventListener("dragend", () => then(), { once: true, capture: true });
        }) })"""
    )
    await page.mouse.up()
    await dragged.evaluate("dragged => dragged.ended")


async def drag(page: Page, what: Locator, to: Locator) -> None:
    await carry(page, what, to)
    await put_down(page)


async def let_go(page: Page, over: Locator) -> None:
    """There, without a move that said so: as on a machine that has not kept up with the hand."""
    await over.evaluate(
        """lane => {
            const { x, y } = lane.getBoundingClientRect();
            const there = { clientX: x + 90, clientY: y + 60, bubbles: true, cancelable: true };
            document.dispatchEvent(new DragEvent("drop", there));
        }"""
    )
    await put_down(page)


async def test_a_card_goes_from_lane_to_lane(site: Site, browse: Open) -> None:
    late = datetime.now(UTC) - timedelta(hours=2)
    first = await a_visit(
        site, "Сидорова", "А123ВС77", vehicle_out_at=late.isoformat(), customer_reason="Стучит"
    )
    second = await a_visit(site, "Иванова", "В777ОР77")
    visitor = await browse(size=WIDE, role="administrator")
    visitor.forgiven = ("409", "404")  # refused; the page of an order is another part's
    page = visitor.page
    await page.goto(site.url + "/")
    await page.get_by_role("link", name="Доска").click()
    await expect(lane(page, "new").locator(".board-card")).to_have_count(2)
    await expect(card(page, first)).to_contain_text("просрочен")
    await expect(card(page, first)).to_contain_text("А123ВС77")
    await expect(card(page, first).get_by_role("img", name="Петров Пётр")).to_have_text("ПП")
    # What is due first stands first.
    assert (
        await lane(page, "new").locator(".board-card").first.get_attribute("data-order")
        == (first["id"])
    )

    # Dragged on; then where a card comes only by itself: it goes back, and it is told why.
    await drag(page, card(page, first), lane(page, "in_progress"))
    await expect(card(page, first)).to_have_attribute("data-status", "in_progress")
    await expect(lane(page, "in_progress").locator(".board-card")).to_have_count(1)
    assert (await site.get(f"/orders/{first['id']}"))["status"] == "in_progress"
    await drag(page, card(page, second), lane(page, "waiting_for_parts"))
    await expect(page.get_by_role("alert")).to_contain_text("Сюда заказ-наряды встают сами")
    await expect(lane(page, "new").locator(f"#card-{second['id']}")).to_be_visible()
    # What the order refuses: told as well.
    await drag(page, card(page, second), lane(page, "to_pay"))
    await expect(page.get_by_role("alert")).to_contain_text("не может перейти")
    await expect(lane(page, "new").locator(f"#card-{second['id']}")).to_be_visible()
    assert (await site.get(f"/orders/{second['id']}"))["status"] == "new"

    # By keys: from card to card, and on to the next step; Enter opens the order.
    await card(page, second).get_by_role("link").focus()
    await page.keyboard.press("]")
    await expect(lane(page, "in_progress").locator(".board-card")).to_have_count(2)
    await expect(card(page, second).get_by_role("link")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(card(page, first).get_by_role("link")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/orders/{first['id']}")

    # Two are moved, and the board is left before the station has answered for the first.
    two = [await a_visit(site, "Носова", "К001КК77"), await a_visit(site, "Котова", "К002КК77")]
    await page.goto(site.url + "/board")
    answer = await held(page, "**/board/moves")
    for order in two:
        await card(page, order).get_by_role("link").focus()
        await page.keyboard.press("]")
    await answer.made.wait()
    await page.get_by_role("link", name="Клиенты").click()
    await page.wait_for_url("**/clients")
    answer.let_through()

    async def both_are_moved() -> bool:
        found = [(await site.get(f"/orders/{order['id']}"))["status"] for order in two]
        return found == ["in_progress"] * 2

    await eventually(both_are_moved)
    await expect(page).to_have_url(site.url + "/clients")
    await expect(page.get_by_role("alert")).to_be_empty()


async def test_what_one_does_others_see_at_once(site: Site, browse: Open) -> None:
    order = await a_visit(site, "Сидорова", "А123ВС77")
    here = (await browse(size=WIDE, role="administrator")).page
    there = (await browse(size=WIDE, role="advisor")).page
    for page in (here, there):
        await page.goto(site.url + "/board")
    await card(here, order).locator("summary").click()
    moved = time.monotonic()
    await card(here, order).get_by_role("button", name="Начать работу").click()
    await expect(lane(there, "in_progress").locator(f"#card-{order['id']}")).to_be_visible()
    print(f"a move was seen on the other screen after {time.monotonic() - moved:.3f} s")
    another = await a_visit(site, "Иванова", "В777ОР77")
    await expect(card(there, another)).to_be_visible()

    # A hand that is quicker than the screen lets go over another lane than it was last seen over.
    new, begun = lane(here, "new"), lane(here, "in_progress")
    await carry(here, card(here, another), lane(here, "to_pay"))
    await let_go(here, new)
    await expect(new.locator(f"#card-{another['id']}")).to_be_visible()
    assert (await site.get(f"/orders/{another['id']}"))["status"] == "new"
    await carry(here, card(here, another), lane(here, "to_pay"))
    await let_go(here, begun)
    await expect(begun.locator(f"#card-{another['id']}")).to_have_attribute(
        "data-status", "in_progress"
    )
    assert (await site.get(f"/orders/{another['id']}"))["status"] == "in_progress"

    # Filters stand in the address, and hold for what comes in by itself.
    await there.get_by_label("Номер, клиент или авто").fill("иванова")
    await expect(there.locator(".board-card")).to_have_count(1)
    await there.wait_for_url("**/board?*q=*")
    await there.get_by_label("Мои заказы").check()
    await there.wait_for_url("**/board?*own=true*")
    await expect(there.locator(".board-card")).to_have_count(1)
    await there.reload()
    await expect(there.locator(".board-card")).to_have_count(1)
    await expect(there.get_by_label("Номер, клиент или авто")).to_have_value("иванова")


async def test_on_a_phone_and_without_scripts(site: Site, browse: Open) -> None:
    order = await a_visit(site, "Сидорова", "А123ВС77")
    page = (await browse(size=PHONE, role="administrator", language="en", scripts=False)).page
    await page.goto(site.url + "/board")
    await expect(page.get_by_role("navigation", name="Lanes").get_by_role("link")).to_have_count(6)
    await card(page, order).locator("summary").tap()
    await page.get_by_role("button", name="Begin the work").tap()
    await expect(page.get_by_role("status")).to_contain_text("is in progress")
    await page.get_by_role("link", name="In progress").tap()
    await expect(card(page, order)).to_be_visible()
    await expect(lane(page, "new")).to_be_hidden()


async def test_nobody_is_kept_out_of_the_board(site: Site, browse: Open) -> None:
    late = datetime.now(UTC) - timedelta(hours=2)
    await a_visit(site, "Сидорова", "А123ВС77", vehicle_out_at=late.isoformat())
    for size, scheme in ((DESK, "dark"), (PHONE, "light"), (WIDE, "light"), (PHONE, "dark")):
        page = (await browse(size=size, scheme=scheme, role="administrator")).page
        await page.goto(site.url + "/board")
        await expect(page.locator(".board-card")).to_have_count(1)
        assert await barriers(page) == []
        wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, size
