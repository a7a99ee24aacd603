"""What the office looks at: the dashboard, and every report."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from services.gateway.pages.reports import ENDPOINTS
from tests.browser.test_board import a_visit
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.gateway.support import a_key
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKED_AT_CLOSELY = ("orders-by-section", "order-profit", "stock-shortages")
"""All reports are one page: with a picture, with links in its table, with nothing to show."""


async def a_settled_order(site: Site) -> dict[str, Any]:
    order = await a_visit(site, "Сидорова", "А123ВС77")
    path = f"/orders/{order['id']}"
    await site.post(f"{path}/services", {"name": "Замена масла", "initial_price": "2500"})
    for status in ("in_progress", "done"):
        response = await site.office.post(f"{path}/status", json={"to": status}, headers=a_key())
        assert response.is_success

    async def is_in_the_books() -> bool:
        rows = (await site.get("/reports/order-profit"))["items"]
        return [row["revenue"] for row in rows] == ["2500.00"]

    await eventually(is_in_the_books)
    return order


async def test_from_a_figure_to_the_order_behind_it(site: Site, browse: Open) -> None:
    order = await a_settled_order(site)
    visitor = await browse(size=DESK, role="owner")
    visitor.forgiven = ("404",)  # the page of an order is another part's
    page = visitor.page
    await page.goto(site.url + "/")
    await page.wait_for_url("**/dashboard")
    now = page.get_by_role("region", name="Сегодня, рядом со вчера")
    await expect(now.get_by_role("link", name="Выручка")).to_contain_text("2\N{NO-BREAK SPACE}500")
    await expect(now.get_by_role("link", name="Рассчитано")).to_contain_text("1")
    await expect(page.get_by_role("link", name="Клиенты должны")).to_contain_text("500,00")
    assert await barriers(page) == []

    await now.get_by_role("link", name="Выручка").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Маржа")
    await page.get_by_role("link", name="Слесарный").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Прибыль по заказ-нарядам")
    await page.get_by_role("link", name=order["number"]).click()
    await page.wait_for_url(f"**/orders/{order['id']}")

    await page.goto(site.url + "/reports/orders-by-section")
    await page.get_by_role("row", name="Слесарный").get_by_role("link").nth(3).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Заказ-наряды")
    await expect(page.get_by_label("Состояние")).to_have_value("done")
    await expect(page.get_by_role("link", name=order["number"])).to_be_visible()
    assert await barriers(page) == []
    await page.get_by_label("Состояние").select_option(label="Отменён")
    await page.get_by_role("button", name="Показать").click()
    await expect(page.get_by_text("Таких заказ-нарядов нет")).to_be_visible()

    await page.goto(site.url + "/reports/margin")
    await page.get_by_label("Разбивка").select_option(label="по механикам")
    await page.get_by_role("button", name="Показать").click()
    await expect(page.get_by_role("link", name="Петров Пётр")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="XLSX").click()
    assert (await download.value).suggested_filename == "margin.xlsx"


async def test_every_report_is_shown_to_everybody_who_may(site: Site, browse: Open) -> None:
    await a_settled_order(site)
    desk = (await browse(size=DESK, role="administrator", scheme="dark")).page
    phone = (await browse(size=PHONE, role="administrator", language="en")).page
    # A second section, so that there is something to be compared.
    section = await site.post("/sections", {"name": "Кузовной"})
    await a_visit(site, "Иванова", "В777ОР77", section_id=section["id"])
    for name in ENDPOINTS:
        for page in (desk, phone):
            await page.goto(f"{site.url}/reports/{name}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert await page.locator(".problem-page").count() == 0, name
            if name in LOOKED_AT_CLOSELY:
                assert await barriers(page) == [], name
            wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, name
        if name == "orders-by-section":
            await expect(desk.locator(".chart canvas")).to_be_visible()
    await phone.goto(f"{site.url}/reports/order-profit")
    await phone.goto(f"{site.url}/dashboard")
    assert await barriers(phone) == []

    # Who may not know what things cost sees neither the figure nor the report.
    visitor = await browse(size=DESK, role="advisor", language="en")
    visitor.forgiven = ("403",)
    page = visitor.page
    await page.goto(site.url + "/reports")
    await expect(page.get_by_role("link", name="Orders by section")).to_be_visible()
    await expect(page.get_by_role("link", name="Margin")).to_have_count(0)
    await page.goto(site.url + "/reports/stock-balances")
    await expect(page.get_by_role("columnheader", name="Value at cost")).to_have_count(0)
    await page.goto(site.url + "/reports/margin")
    await expect(page.get_by_role("heading", level=1)).to_have_text("This is not for your role")
