"""A cashier's day at the till: shift, money with change, a refund, the count."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.ordering import settled, stands
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def a_done_order(site: Site, price: str = "1500") -> dict[str, Any]:
    """Of Anna Sidorova, with one work; finance has settled it."""
    section = await site.post("/sections", {"name": "Слесарный"})
    advisor = await site.post(
        "/employees",
        {
            "last_name": "Соколов",
            "first_name": "Андрей",
            "role": "advisor",
            "section_id": section["id"],
        },
    )
    client = await site.post(
        "/clients", {"kind": "person", "last_name": "Сидорова", "first_name": "Анна"}
    )
    order = await site.post(
        "/orders",
        {
            "client_id": client["id"],
            "section_id": section["id"],
            "employee_id": advisor["id"],
            "type": "repair",
        },
    )
    path = f"/orders/{order['id']}"
    await site.post(f"{path}/services", {"name": "Замена масла", "initial_price": price})
    for step in ("in_progress", "done"):
        order = await site.post(f"{path}/status", {"to": step})
    await settled(site, order["id"])
    return order


async def shows(page: Page, text: str) -> None:
    await expect(page.get_by_role("status")).to_contain_text(text)


async def test_a_cashier_opens_a_shift_takes_money_gives_it_back_and_counts(
    site: Site, browse: Open
) -> None:
    order = await a_done_order(site)
    visitor = await browse(role="cashier", size=DESK)
    visitor.forgiven = ("422",)
    page = visitor.page
    await page.goto(site.url + "/till")
    await page.get_by_label("Насчитано в ящике").fill("1 000,50")
    await page.get_by_role("button", name="Открыть смену").click()
    await shows(page, "Смена открыта")
    assert await barriers(page) == []

    row = page.get_by_role("row", name=order["number"])
    await expect(row).to_contain_text("Сидорова Анна")
    await row.get_by_role("link", name="Принять").click()
    await expect(page.get_by_label("Наличные", exact=True)).to_have_value("1500.00")
    assert await barriers(page) == []
    english = (await browse(role="cashier", size=DESK, language="en")).page
    await english.goto(page.url)
    await expect(english.locator("[data-total]")).to_have_text("1,500.00\u00a0₽")
    # Half by card; cash for the rest, of a banknote.
    await page.get_by_label("Наличные", exact=True).fill("")
    await page.get_by_label("Карта", exact=True).fill("500")
    await expect(page.get_by_text("Способы оплаты не сходятся")).to_be_visible()
    await page.get_by_role("button", name="Остаток: Наличные").click()
    await expect(page.get_by_label("Наличные", exact=True)).to_have_value("1000.00")
    await page.get_by_label("Клиент дал наличными").fill("900")
    await page.get_by_role("button", name="Принять деньги").click()
    # Too little: told above the page, and nothing of what was typed is lost.
    await expect(page.locator("#problems")).to_contain_text("наличными нужно 1 000,00")
    await expect(page.get_by_label("Карта", exact=True)).to_have_value("500")
    await page.get_by_label("Карта", exact=True).fill("500,005")
    await page.get_by_role("button", name="Принять деньги").click()
    await expect(page.locator("#problems")).to_contain_text("Карта: не больше 2 знаков")
    await page.get_by_label("Карта", exact=True).fill("500")
    await page.get_by_label(f"Платит сейчас по {order['number']}").fill("1600")
    await expect(page.get_by_text("останется авансом: 100,00")).to_be_visible()
    await page.get_by_label(f"Платит сейчас по {order['number']}").fill("1500")
    await page.get_by_label("Клиент дал наличными").fill("5000")
    await expect(page.get_by_text("Сдача 4")).to_be_visible()
    await page.get_by_role("button", name="Принять деньги").click()
    await shows(page, "Сдача: 4 000,00 ₽")
    await expect(page.get_by_text("Всё выполненное оплачено.")).to_be_visible()
    await stands(site, order["id"], paid="1500.00")

    await page.get_by_role("link", name="Платежи").click()
    await page.wait_for_url("**/till/payments")
    await page.get_by_role("row", name="Карта").get_by_role("link").first.click()
    await page.wait_for_url("**/till/payments/*")
    await page.get_by_label("Сумма").fill("200")
    await page.get_by_label("Причина").fill("Скидка")
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Вернуть").click()
    await shows(page, "Деньги возвращены")
    assert await barriers(page) == []
    await stands(site, order["id"], paid="1300.00")

    await page.goto(site.url + "/till")
    await page.get_by_role("link", name="X-отчёт, закрыть").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("X-отчёт 1")
    # On paper it is a report, and no form.
    closing = page.get_by_role("button", name="Закрыть смену")
    await page.emulate_media(media="print")
    await expect(closing).to_be_hidden()
    await page.emulate_media(media="screen")
    await expect(closing).to_be_visible()
    await page.get_by_text("По купюрам и монетам").click()
    await page.get_by_label("1 000 ₽ ×").fill("2")
    await expect(page.get_by_label("Насчитано в ящике")).to_have_value("2000.00")
    assert await barriers(page) == []
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Закрыть смену").click()
    await shows(page, "Смена закрыта")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Z-отчёт 1")
    shift = (await site.get("/shifts"))["items"][0]
    assert (shift["expected"], shift["difference"]) == ("2000.50", "-0.50")


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_till_on_a_phone_and_in_the_dark(site: Site, browse: Open, language: str) -> None:
    order = await a_done_order(site)
    page = (await browse(role="cashier", size=PHONE, scheme="dark", language=language)).page
    await page.goto(site.url + "/till")
    await expect(page.get_by_role("link", name=order["number"]).first).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE[0]
    assert await barriers(page) == []
    await page.goto(f"{site.url}/till/pay?order={order['id']}")
    assert await barriers(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def test_money_taken_elsewhere_is_there_at_once(site: Site, browse: Open) -> None:
    order = await a_done_order(site)
    page = (await browse(role="cashier", size=DESK)).page
    await page.goto(site.url + "/till")
    await expect(page.get_by_role("row", name=order["number"])).to_be_visible()
    await site.post(
        "/payments",
        {
            "order_id": order["id"],
            "customer_id": order["client_id"],
            "amount": "1500.00",
            "method": "card",
        },
    )
    await expect(page.get_by_text("Всё выполненное оплачено.")).to_be_visible()
