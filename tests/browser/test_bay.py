"""A technician at the car, with a phone: clocks, ticks, parts, photos, and no connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.gateway.test_pictures import a_photo
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLOW_AND_LOSSY = """() => {
    window.lost = [];
    const real = window.fetch;
    window.fetch = async (path, options) => {
        const answer = await real(path, options);
        if (!String(path).startsWith("/api/v1/orders/")) return answer;
        await new Promise(then => setTimeout(then, 300));
        if (lost.includes(path)) return answer;
        lost.push(path);
        throw new TypeError("the connection was lost before the answer came");
    };
}"""
"""What a request comes to has happened, but of each the phone hears only the second time."""

PADS, OIL = "Замена колодок", "Замена масла"


@dataclass
class Bay:
    """An order with two works of the technician who signs in as ``technician``."""

    site: Site
    order_id: str
    lines: dict[str, str]

    async def works(self) -> dict[str, dict[str, Any]]:
        order = await self.site.get(f"/orders/{self.order_id}")
        return {line["name"]: line for line in order["services"]}

    async def told(self, fact: str) -> int:
        """How often that stands in the order's timeline."""
        timeline = await self.site.get(f"/orders/{self.order_id}/timeline")
        return sum(each["event"] == f"evt.{fact}.v1" for each in timeline["items"])


@pytest_asyncio.fixture(loop_scope="session")
async def bay(site: Site) -> Bay:
    client = await site.post("/clients", {"last_name": "Сидорова", "first_name": "Анна"})
    car = await site.post(
        f"/clients/{client['id']}/vehicles",
        {"vendor": "Lada", "model": "Vesta", "plate": "А123ВС77", "mileage_km": 84000},
    )
    section = await site.post("/sections", {"name": "Слесарный"})
    technician = await site.post(
        "/employees",
        {
            "last_name": "Петров", "first_name": "Пётр", "role": "technician",
            "section_id": section["id"], "login": "technician",
        },
    )  # fmt: skip
    order = await site.post(
        "/orders",
        {
            "client_id": client["id"], "vehicle_id": car["id"], "section_id": section["id"],
            "employee_id": technician["id"], "customer_reason": "Стучит спереди справа",
        },
    )  # fmt: skip
    lines = {}
    for name in (PADS, OIL):
        work = {"name": name, "initial_price": "2500", "estimation_minutes": 90}
        order = await site.post(f"/orders/{order['id']}/services", work)
        lines[name] = order["services"][-1]["id"]
    warehouse = await site.post("/warehouses", {"name": "Склад"})
    supplier = await site.post("/suppliers", {"name": "Поставщик"})
    pads = await site.post("/products", {"name": "Колодки TRW GDB1445", "price": "3150"})
    line = {"product_id": pads["id"], "quantity": "5", "cost": "1777.00"}
    await site.post(
        "/stock/receipts",
        {"warehouse_id": warehouse["id"], "supplier_id": supplier["id"], "lines": [line]},
    )
    return Bay(site, order["id"], lines)


def card(page: Page, name: str) -> Any:
    return page.locator("article", has_text=name)


async def test_a_technician_does_an_order_from_the_list_to_the_end(
    site: Site, bay: Bay, browse: Open, tmp_path: Path
) -> None:
    page = (await browse(role="technician")).page
    await page.goto(site.url + "/bay")
    await page.get_by_role("link", name="А123ВС77").tap()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Lada Vesta")
    await expect(page.get_by_text("Стучит спереди справа")).to_be_visible()
    shown = await page.content()
    assert "2500" not in shown
    assert "2 500" not in shown

    await card(page, PADS).get_by_role("button", name="Начать").tap()
    await expect(card(page, PADS).get_by_role("button", name="Пауза")).to_be_visible()
    clock = page.locator("#bay-clock")
    await expect(clock).to_contain_text(PADS)
    before = await clock.locator("time").inner_text()
    await expect(clock.locator("time")).not_to_have_text(before)

    # From one work to another: the first clock stops.
    await card(page, OIL).get_by_role("button", name="Начать").tap()
    await expect(clock).to_contain_text(OIL)
    await expect(card(page, PADS).get_by_role("button", name="Начать")).to_be_visible()
    await expect(page.locator("#bay-queue")).to_be_hidden()
    works = await bay.works()
    assert (works[PADS]["clock"], bool(works[OIL]["clock"])) == (None, True)
    for name in (PADS, OIL):
        await card(page, name).get_by_role("button", name="Готово", exact=True).tap()
        await expect(card(page, name).locator(".bay-if-finished").first).to_be_visible()
    await expect(page.locator("#bay-queue")).to_be_hidden()

    await page.get_by_role("link", name="Запросить запчасть").tap()
    await page.get_by_role("searchbox").fill("колодки trw")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("в наличии: 5")).to_be_visible()
    assert await barriers(page) == []
    # Both works are ticked: which one it is for, is to be said.
    await page.get_by_label("Сколько").fill("1,5")
    await page.get_by_role("button", name="Запросить").tap()
    await expect(page.get_by_label("Для какой работы")).to_be_focused()
    await page.get_by_label("Для какой работы").select_option(PADS)
    await page.get_by_role("button", name="Запросить").tap()
    await expect(page.get_by_text("Колодки TRW GDB1445 1,5")).to_be_visible()
    await expect(page.locator(".bay-parts").get_by_text("в наличии")).to_be_visible()

    await page.get_by_label("Что на снимке").fill("Трещина в пыльнике")
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(a_photo((3000, 2000)))
    await page.locator("input[type=file]").set_input_files(picture)
    await expect(page.get_by_alt_text("Трещина в пыльнике")).to_be_visible()
    await page.get_by_placeholder("Что нашли").fill("Пыльник под замену")
    await page.locator(".bay-comment-form button").tap()
    await expect(page.locator(".bay-comment")).to_contain_text("Пыльник под замену")

    # Over a weak connection a photo is longer on its way than an answer is waited for otherwise.
    sent: list[Route] = []

    async def is_on_its_way() -> bool:
        return len(sent) == 1

    async def keep_on_its_way(route: Route) -> None:
        sent.append(route)

    await page.route("**/photos?**", keep_on_its_way)
    await page.clock.install()
    picture.write_bytes(bytes(200_000))  # no picture that could be made smaller
    await page.locator("input[type=file]").set_input_files(picture)
    await eventually(is_on_its_way)
    await page.clock.fast_forward(60_000)
    await page.clock.fast_forward(5_000)
    await expect(page.locator("#bay-queue")).to_contain_text("Отправляется")
    await sent[0].fulfill(status=201, json={})
    await expect(page.locator("#bay-queue")).to_be_hidden()
    assert len(sent) == 1
    await page.unroute("**/photos?**")

    order = f"/bay/orders/{bay.order_id}"
    for size, scheme, language, path in (
        (PHONE, "dark", "en", order),
        (DESK, "light", "ru", order),
        (PHONE, "light", "en", "/bay"),
    ):
        other = (await browse(role="technician", size=size, scheme=scheme, language=language)).page
        await other.goto(site.url + path)
        await expect(other.get_by_role("heading", level=1)).to_be_visible()
        assert await barriers(other) == [], (path, scheme)
        assert await other.evaluate("document.documentElement.scrollWidth") <= size[0]

    await page.get_by_role("button", name="Всё готово").tap()
    await expect(page.get_by_text("Заказ-наряд закрыт")).to_be_visible()
    closed = await site.get(f"/orders/{bay.order_id}")
    assert closed["status"] == "done"
    assert [line["finished_by"] for line in closed["services"]] == ["technician"] * 2
    assert [part["service_line_id"] for part in closed["products"]] == [bay.lines[PADS]]


async def test_what_is_done_without_a_connection_is_done_once_when_there_is_one(
    site: Site, bay: Bay, browse: Open
) -> None:
    visitor = await browse(role="technician")
    # A browser says so of every request that finds no network.
    visitor.forgiven = (
        "ERR_INTERNET_DISCONNECTED",
        "Failed to fetch",
        "ERR_FAILED",
        "409 (Conflict)",
    )
    page, context = visitor.page, visitor.page.context
    await page.goto(site.url + "/bay")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    order = f"/bay/orders/{bay.order_id}"

    async def kept() -> bool:
        return bool(
            await page.evaluate(
                """async path => {
                const pages = await caches.open("pitlane-bay-pages");
                return Boolean(await pages.match(path) && await pages.match("/bay/offline"));
            }""",
                order,
            )
        )

    await eventually(kept)
    await context.set_offline(True)
    await page.goto(site.url + order)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Lada Vesta")
    await card(page, PADS).get_by_role("button", name="Начать").tap()
    await expect(page.locator("#bay-queue")).to_contain_text("Ждёт связи")
    await expect(page.locator("#bay-clock")).to_contain_text(PADS)
    await card(page, OIL).get_by_role("button", name="Готово", exact=True).tap()
    await page.get_by_placeholder("Что нашли").fill("Без связи, из ямы")
    await page.locator(".bay-comment-form button").tap()
    waiting = page.locator(".bay-action.bay-waiting")
    await expect(waiting).to_have_count(3)
    await page.reload()
    await expect(waiting).to_have_count(3)
    await expect(card(page, PADS).get_by_role("button", name="Пауза")).to_be_visible()
    assert (await bay.works())[OIL]["progress"] == "planned"
    await page.goto(f"{site.url}/bay/orders/{bay.order_id}/parts?q=unseen")
    await expect(page.get_by_text("ещё не открывалась")).to_be_visible()
    await page.goto(site.url + order)

    # The station answers slowly, and the phone loses the first answer: it asks again.
    await page.evaluate(SLOW_AND_LOSSY)
    await context.set_offline(False)

    async def all_were_lost_once() -> bool:
        return bool(await page.evaluate("lost.length") == 3)

    await eventually(all_were_lost_once)
    await expect(waiting).to_have_count(0)
    works = await bay.works()
    assert works[OIL]["progress"] == "finished"
    assert works[PADS]["clock"]

    async def told_once() -> bool:
        facts = ("orders.clock_started", "orders.comment_added", "orders.line_changed")
        return [await bay.told(fact) for fact in facts] == [1, 1, 1]

    await eventually(told_once)

    # What the station refuses is told, with what it was.
    await page.reload()
    await context.set_offline(True)
    await card(page, PADS).get_by_role("button", name="Пауза").tap()
    await card(page, PADS).get_by_role("button", name="Начать").tap()
    await expect(waiting).to_have_count(2)
    await site.post(f"/orders/{bay.order_id}/status", {"to": "cancelled"})
    await context.set_offline(False)
    refused = page.locator(".bay-action.bay-refused")
    await expect(refused).to_have_count(1)
    await expect(refused).to_contain_text(f"Начать: {PADS}")
    await refused.get_by_role("button", name="Понятно").tap()
    await expect(page.locator("#bay-queue")).to_be_hidden()
