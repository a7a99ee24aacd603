"""Labels of a product, to be printed and stuck on."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitors import DESK, Open, Site, barriers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_labels_have_the_barcode_and_the_price(site: Site, browse: Open) -> None:
    oil = await site.post(
        "/products",
        {"name": "Масло 5W-30", "price": "890", "measure": "л", "barcode": "4606453849072"},
    )
    page = (await browse(size=DESK, role="storekeeper")).page
    await page.goto(f"{site.url}/stock/products/{oil['id']}")
    await page.get_by_role("link", name="Этикетки").click()
    await page.get_by_label("Сколько").fill("3")
    labels = page.locator(".label")
    await expect(labels).to_have_count(3)
    await expect(labels.first).to_contain_text("4606453849072")
    await expect(labels.first).to_contain_text("890,00")
    bars = labels.first.get_by_role("img", name="4606453849072")

    async def are_drawn() -> bool:
        return bool(await bars.evaluate("image => image.naturalWidth") > 100)

    await eventually(are_drawn)
    assert await barriers(page) == []
