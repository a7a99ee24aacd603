"""An order in the middle of its day, for whoever looks at its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

from tests.browser.visitors import Site
from tests.support.waiting import eventually


@dataclass
class Station:
    """What a station needs before the first client comes, and one order."""

    order_id: str
    client_id: str
    vehicle_id: str
    mechanic: str
    products: dict[str, str]

    @property
    def path(self) -> str:
        return f"/orders/{self.order_id}"


async def station_of(site: Site) -> Station:
    section = await site.post("/sections", {"name": "Слесарный"})
    await site.post("/posts", {"name": "Подъёмник 1", "section_id": section["id"]})
    mechanic = await site.post(
        "/employees",
        {
            "last_name": "Петров",
            "first_name": "Пётр",
            "role": "technician",
            "section_id": section["id"],
            "pay_percent": "40",
        },
    )
    client = await site.post(
        "/clients",
        {
            "last_name": "Сидорова",
            "first_name": "Анна",
            "phones": ["+79161234567"],
            "discount_percent": "10",
        },
    )
    car = await site.post(
        f"/clients/{client['id']}/vehicles",
        {"vendor": "Lada", "model": "Vesta", "plate": "А123ВС77", "vin": "XTAGFL110JY123456"},
    )
    oil = await site.post(
        "/services", {"name": "Замена масла", "price": "1500", "estimation_minutes": 40}
    )
    await site.post(
        f"/services/{oil['id']}/variants", {"vendor": "Lada", "model": "Vesta", "price": "1200"}
    )
    await site.post("/services", {"name": "Мойка двигателя", "price": "800"})
    await site.post("/packages", {"name": "ТО-1", "services": [{"service_id": oil["id"]}]})
    warehouse = await site.post("/warehouses", {"name": "Основной склад"})
    supplier = await site.post("/suppliers", {"name": "Автодок"})
    products = {}
    for name, oem, price in (
        ("Фильтр масляный MANN", "W914/2", "650"),
        ("Колодки TRW", "GDB1445", "3150"),
    ):
        made = await site.post("/products", {"name": name, "oem": oem, "price": price})
        products[name] = made["id"]
    await site.post(
        "/stock/receipts",
        {
            "warehouse_id": warehouse["id"],
            "supplier_id": supplier["id"],
            "lines": [
                {
                    "product_id": products["Фильтр масляный MANN"],
                    "quantity": "5",
                    "cost": "400",
                }
            ],
        },
    )
    order = await site.post(
        "/orders",
        {
            "client_id": client["id"],
            "vehicle_id": car["id"],
            "section_id": section["id"],
            "employee_id": mechanic["id"],
            "customer_reason": "Стук спереди на кочках",
            "mileage_km": 84000,
        },
    )
    return Station(order["id"], client["id"], car["id"], mechanic["name"], products)


async def order_of(site: Site, station: Station) -> dict[str, Any]:
    return await site.get(f"/orders/{station.order_id}")


async def answered(site: Site, station: Station) -> None:
    """The warehouse has said what there is of every part."""

    async def said() -> bool:
        order = await order_of(site, station)
        return all(part["state"] != "requested" for part in order["products"] + order["materials"])

    await eventually(said)


async def settled(site: Site, order_id: str) -> None:
    """The books have heard that it is done: what is left to pay is known."""

    async def said() -> bool:
        return "settled" in (await site.get(f"/orders/{order_id}"))["flags"]

    await eventually(said)


async def stands(site: Site, order_id: str, **fields: str) -> None:
    """What others say of the order has come to it too: that these fields are so."""

    async def heard() -> bool:
        order = await site.get(f"/orders/{order_id}")
        told = {name: order[name] for name in fields}
        assert told == fields
        return True

    await eventually(heard)


def job(page: Page, name: str) -> Any:
    return page.locator("article.job", has_text=name)
