"""Operators look at services, at the journal, and at what was logged of an order."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.test_till import a_done_order
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_operator_looks_at_services_journal_and_chain(site: Site, browse: Open) -> None:
    order = await a_done_order(site)
    await eventually(lambda: _is_recorded(site, order["id"]))
    page = (await browse(role="owner", size=DESK)).page
    await page.goto(site.url + "/ops")
    await expect(page.get_by_text("Готов", exact=True)).to_have_count(7)
    await expect(page.get_by_text("Все события обработаны.")).to_be_visible()
    assert await barriers(page) == []

    await page.get_by_role("link", name="Журнал").click()
    await page.get_by_label("Заказ", exact=True).fill(order["number"])
    await page.get_by_role("button", name="Показать").click()
    await expect(page.get_by_role("cell", name="Заказ-наряд оформлен")).to_be_visible()
    await expect(page.get_by_role("link", name=order["number"]).first).to_be_visible()
    assert await barriers(page) == []

    await page.get_by_role("link", name="Проверить цепочку").click()
    await expect(page.get_by_text("Цела: ни одна запись не пропала")).to_be_visible()
    assert await barriers(page) == []


async def test_long_chain_is_checked_to_its_end_while_one_looks(
    site: Site, browse: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await a_done_order(site)
    await eventually(lambda: _is_recorded(site, order["id"]))
    monkeypatch.setattr("services.audit.handlers.STRETCH", 3)
    page = (await browse(role="owner", size=DESK)).page
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(site.url + "/audit/chain")
    await expect(page.get_by_text("Цела: ни одна запись не пропала")).to_be_visible()
    assert len([url for url in asked if "/audit/chain?cursor=" in url]) > 2
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    assert await barriers(page) == []


async def test_operations_on_a_phone_in_english_in_the_dark(site: Site, browse: Open) -> None:
    page = (await browse(role="owner", size=PHONE, language="en", scheme="dark")).page
    for path in ("/ops", "/audit", "/audit/chain", "/ops/logs"):
        await page.goto(site.url + path)
        assert await barriers(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path


async def test_a_technician_does_not_see_operations(site: Site, browse: Open) -> None:
    visitor = await browse(role="technician", size=DESK)
    visitor.forgiven = ("403",)
    page = visitor.page
    for path in ("/ops", "/audit", "/ops/logs", "/till"):
        await page.goto(site.url + path)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Это не для вашей роли")


async def _is_recorded(site: Site, order_id: str) -> bool:
    records = (await site.get(f"/audit?order_id={order_id}"))["items"]
    return "evt.orders.order_created.v1" in [record["event"] for record in records]
