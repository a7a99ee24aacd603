"""The storekeeper's day at the pages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.visitors import DESK, PHONE, Open, Site, barriers


@pytest.fixture
async def shelves(site: Site) -> dict[str, Any]:
    """Two warehouses, a supplier, oil that lies there and pads that an order waits for."""
    main = await site.post("/warehouses", {"name": "Основной"})
    far = await site.post("/warehouses", {"name": "Дальний"})
    supplier = await site.post("/suppliers", {"name": "Автодок"})
    oil = await site.post(
        "/products",
        {
            "name": "Масло 5W-30",
            "price": "890",
            "measure": "л",
            "barcode": "4606453849072",
            "group": "Масла",
            "min_stock": "20",
            "units": [{"measure": "канистра", "factor": "5"}],
        },
    )
    pads = await site.post(
        "/products", {"name": "Колодки TRW", "oem": "GDB1445", "vendor": "TRW", "price": "3150"}
    )
    line = {"product_id": oil["id"], "quantity": "10", "cost": "560"}
    await site.post(
        "/stock/receipts",
        {"warehouse_id": main["id"], "supplier_id": supplier["id"], "lines": [line]},
    )
    return {"main": main, "far": far, "supplier": supplier, "oil": oil, "pads": pads}


async def looked_at(page: Page, name: str) -> None:
    """Nobody is kept out; what it looks like can be seen in a picture."""
    assert await barriers(page) == []
    await page.screenshot(path=f"/tmp/stockpages/{name}.png", full_page=True)


async def test_stock_is_found_as_one_types_and_a_product_tells_all(
    site: Site, browse: Open, shelves: dict[str, Any]
) -> None:
    page = (await browse(size=DESK, role="storekeeper")).page
    await page.goto(site.url + "/")
    await expect(page).to_have_url(site.url + "/stock")
    await expect(page.get_by_role("row", name="Колодки TRW")).to_be_visible()
    await looked_at(page, "stock-desk")
    await page.keyboard.press("/")
    await page.keyboard.type("gdb 14")
    await expect(page.get_by_role("row", name="Масло 5W-30")).to_have_count(0)
    await expect(page.get_by_role("row", name="Колодки TRW")).to_be_visible()
    # A scanner types its digits and Enter.
    await page.get_by_role("searchbox").fill("")
    await page.keyboard.type("4606453849072")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Масло 5W-30")
    await page.get_by_label("Ячейка: Основной").fill("A-03-2")
    await page.get_by_label("Ячейка: Основной").press("Enter")
    await expect(page.get_by_label("Ячейка: Основной")).to_have_value("A-03-2")
    await page.get_by_role("textbox", name="Номер", exact=True).fill("0W-30X")
    await page.get_by_role("textbox", name="Номер", exact=True).press("Enter")
    await expect(page.get_by_text("0W-30X")).to_be_visible()
    await looked_at(page, "product-desk")
    await page.get_by_role("link", name="Изменить").click()
    await page.get_by_label("Минимальный остаток").fill("12,5")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_text("Минимум 12,5")).to_be_visible()
    # What happens elsewhere is there at once.
    line = {"product_id": shelves["oil"]["id"], "quantity": "5", "cost": "600"}
    await site.post(
        "/stock/receipts",
        {
            "warehouse_id": shelves["far"]["id"],
            "supplier_id": shelves["supplier"]["id"],
            "lines": [line],
        },
    )
    await expect(page.locator(".figure-value").first).to_have_text("15 л", timeout=2_000)

    dark = (await browse(role="advisor", language="en", scheme="dark", size=PHONE)).page
    await dark.goto(site.url + "/stock?show=below_minimum")
    await expect(dark.get_by_text("Nothing found")).to_be_visible()
    await dark.goto(site.url + "/stock")
    await expect(dark.get_by_text("A-03-2")).to_be_visible()
    await expect(dark.get_by_text("Last cost")).to_have_count(0)
    await expect(dark.get_by_role("link", name="New receipt")).to_have_count(0)
    await looked_at(dark, "stock-phone-dark")
    await dark.goto(f"{site.url}/stock/products/{shelves['oil']['id']}")
    await looked_at(dark, "product-phone-dark")
