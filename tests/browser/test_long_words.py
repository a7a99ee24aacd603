"""Names as long as life has them, and sums of many digits: every page keeps to its window, and no
word and no digit is covered by another."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.visitors import DESK, PHONE, Open, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET = (768, 1024)
LEGIBLE = (Path(__file__).parent / "legible.js").read_text()
LONG = "Константинопольский-Преображенский"


async def illegible(page: Page) -> list[str]:
    """What of the page's text cannot be read."""
    found: list[str] = await page.evaluate(LEGIBLE)
    return found


async def pages_of(site: Site) -> list[str]:
    client = await site.post(
        "/clients",
        {
            "last_name": LONG,
            "first_name": "Александр",
            "middle_name": "Вячеславович",
            "phones": ["+7 916 555-77-66", "+7 916 555-77-67"],
            "email": "aleksandr.konstantinopolskiy@very-long-domain-name.example.org",
            "comment": "https://example.org/" + "address" * 20,
        },
    )
    car = await site.post(
        f"/clients/{client['id']}/vehicles",
        {
            "vendor": "Mercedes-Benz Sonderfahrzeugbau",
            "model": "Sprinter 519 CDI Maxi Hochdach",
            "plate": "А777АА777",
            "vin": "WDB9066571S123456",
            "mileage_km": 1999999,
        },
    )
    section = await site.post(
        "/sections", {"name": "Участок кузовного ремонта, покраски и полировки автомобилей № 2"}
    )
    people = [
        await site.post(
            "/employees",
            {
                "last_name": LONG,
                "first_name": name,
                "role": "technician",
                "section_id": section["id"],
            },
        )
        for name in ("Вячеслав", "Станислав", "Ростислав", "Владислав")
    ]
    order = await site.post(
        "/orders",
        {
            "client_id": client["id"],
            "vehicle_id": car["id"],
            "section_id": section["id"],
            "employee_id": people[0]["id"],
            "customer_reason": "Стук" * 40,
        },
    )
    for number, person in enumerate(people):
        await site.post(
            f"/orders/{order['id']}/services",
            {
                "name": f"Разборка, дефектовка и восстановление силового агрегата № {number}",
                "initial_price": "9876543.21",
                "mechanic_id": person["id"],
            },
        )
    warehouse = await site.post(
        "/warehouses", {"name": "Склад запасных частей, расходных материалов и агрегатов № 17"}
    )
    supplier = await site.post(
        "/suppliers", {"name": "ООО «Международная торговая компания автомобильных запчастей»"}
    )
    product = await site.post(
        "/products",
        {
            "name": "Двигатель в сборе с навесным оборудованием и коробкой передач",
            "price": "12345678.90",
            "measure": "комплект",
            "oem": "A6420105020-VERY-LONG-NUMBER-0001",
        },
    )
    await site.post(
        "/stock/receipts",
        {
            "warehouse_id": warehouse["id"],
            "supplier_id": supplier["id"],
            "lines": [{"product_id": product["id"], "quantity": "123.456", "cost": "9876543.21"}],
        },
    )
    part = {"product_id": product["id"], "quantity": "12.345", "kind": "product"}
    await site.post(f"/orders/{order['id']}/parts", {"lines": [part]})
    return [
        "/board",
        f"/orders/{order['id']}",
        f"/orders/{order['id']}/pay",
        f"/visits/new?client_id={client['id']}",
        "/clients",
        f"/clients/{client['id']}",
        f"/vehicles/{car['id']}",
        "/stock",
        f"/stock/products/{product['id']}",
        f"/stock/receipts/new?product={product['id']}",
    ]


async def test_no_word_is_covered_cut_or_out_of_the_window(site: Site, browse: Open) -> None:
    pages = await pages_of(site)
    for size, language in ((PHONE, "ru"), (TABLET, "en"), (DESK, "ru")):
        page = (await browse(size=size, language=language, role="owner")).page
        for path in pages:
            await page.goto(site.url + path)
            await expect(page.locator("#page")).to_be_visible()
            assert await illegible(page) == [], (path, size)
