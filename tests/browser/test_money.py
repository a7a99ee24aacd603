"""The office's money: an expense recorded and taken back, debts, a month's pay."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.test_till import a_done_order, shows
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_office_records_an_expense_and_takes_it_back(site: Site, browse: Open) -> None:
    order = await a_done_order(site)
    page = (await browse(role="owner", size=DESK)).page
    await page.goto(site.url + "/money")
    await page.get_by_role("button", name="Расход").click()
    await page.get_by_role("dialog").get_by_label("Сумма").fill("12 000,50")
    await page.get_by_role("dialog").get_by_label("Категория").fill("Аренда")
    await page.get_by_role("dialog").get_by_label("Способ").select_option("transfer")
    await page.get_by_role("button", name="Записать").click()
    await shows(page, "Записано: 12 000,50 ₽")
    await expect(page.get_by_role("row", name="Аренда")).to_contain_text("12 000,50 ₽")
    assert await barriers(page) == []
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Сторно").click()
    await shows(page, "Расход сторнирован")
    await expect(page.get_by_text("Сторнирован", exact=True)).to_be_visible()
    records = (await site.get("/finance/records?type=expense"))["items"]
    assert sorted(record["amount"] for record in records) == ["-12000.50", "12000.50"]

    await page.get_by_role("link", name="Долги", exact=True).click()
    await expect(page.get_by_role("row", name="Сидорова Анна")).to_contain_text("1 500,00 ₽")
    await expect(page.get_by_role("link", name=order["number"])).to_be_visible()
    assert await barriers(page) == []


async def test_money_on_a_phone_in_english_in_the_dark(site: Site, browse: Open) -> None:
    page = (await browse(role="owner", size=PHONE, language="en", scheme="dark")).page
    for path in ("", "/records", "/recurring", "/categories", "/debts", "/pay"):
        await page.goto(f"{site.url}/money{path}")
        assert await barriers(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path


async def test_what_a_return_to_a_supplier_loses_is_read_among_the_records(
    site: Site, browse: Open
) -> None:
    main = await site.post("/warehouses", {"name": "Основной"})
    sellers = [await site.post("/suppliers", {"name": name}) for name in ("Автодок", "Курьер")]
    oil = await site.post("/products", {"name": "Масло 5W-30", "price": "890"})
    receipt = await site.post(
        "/stock/receipts",
        {
            "warehouse_id": main["id"],
            "supplier_id": sellers[0]["id"],
            "lines": [{"product_id": oil["id"], "quantity": "10", "cost": "560"}],
            "extra_costs": [{"name": "Доставка", "amount": "100", "supplier_id": sellers[1]["id"]}],
        },
    )
    returns = f"/stock/receipts/{receipt['id']}/returns"
    lines = [{"position": 1, "quantity": "10"}]
    returned = await site.post(returns, {"lines": lines, "reason": "брак"})

    page = (await browse(role="owner", size=DESK)).page
    await page.goto(site.url + "/money")
    await page.get_by_role("link", name="Записи", exact=True).click()
    await expect(page.get_by_role("columnheader", name="Вид", exact=True)).to_be_visible()
    row = page.get_by_role("row", name="Разницы закупочных цен")
    await expect(row).to_contain_text("100,00 ₽")
    assert await barriers(page) == []
    await row.get_by_role("link", name=returned["number"]).click()
    await expect(page.get_by_role("heading", name=receipt["number"])).to_be_visible()
