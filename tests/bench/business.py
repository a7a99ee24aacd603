"""What the measurements work on: places, people, goods, clients and orders, made over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.ids import new_id
from tests.bench.http import Http
from tests.bench.station import BenchStation

PRODUCTS = 20
PLENTY = "999999"
PRICE = "100.00"
AT_ONCE = 32
LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, slots=True)
class Business:
    section_id: str
    employee_id: str
    client_id: str
    service_id: str
    warehouse_id: str
    supplier_id: str
    products: tuple[str, ...]
    """Of each there is more than is ever asked for."""


async def a_business(http: Http) -> Business:
    mark = new_id().hex[-8:]
    section_id = (await http.post("/sections", name=f"Участок {mark}"))["id"]
    employee = await http.post(
        "/employees",
        last_name="Петров",
        first_name="Пётр",
        role="technician",
        section_id=section_id,
        pay_percent="40",
    )
    warehouse_id = (await http.post("/warehouses", name=f"Склад {mark}"))["id"]
    supplier_id = (await http.post("/suppliers", name=f"Поставщик {mark}"))["id"]
    service = await http.post("/services", name=f"Замена масла {mark}", price="1500.00")
    products = [await a_product(http, f"Масло {number}") for number in range(PRODUCTS)]
    business = Business(
        section_id=section_id,
        employee_id=employee["id"],
        client_id=(await http.post("/clients", last_name="Иванов", phones=["89161234567"]))["id"],
        service_id=service["id"],
        warehouse_id=warehouse_id,
        supplier_id=supplier_id,
        products=tuple(products),
    )
    for product_id in products:
        await receive(http, business, product_id, PLENTY)
    return business


async def a_product(http: Http, name: str) -> str:
    return str((await http.post("/products", name=name, price=PRICE))["id"])


async def receive(http: Http, business: Business, product_id: str, quantity: str) -> None:
    await http.post(
        "/stock/receipts",
        warehouse_id=business.warehouse_id,
        supplier_id=business.supplier_id,
        lines=[{"product_id": product_id, "quantity": quantity, "cost": "60.00"}],
    )


async def an_order(http: Http, business: Business) -> str:
    order = await http.post(
        "/orders",
        client_id=business.client_id,
        section_id=business.section_id,
        employee_id=business.employee_id,
    )
    return str(order["id"])


async def many_orders(station: BenchStation, business: Business, count: int) -> list[str]:
    orders: list[str] = []
    to_open = iter(range(count))

    async def open_some(http: Http) -> None:
        for _ in to_open:
            orders.append(await an_order(http, business))

    async with station.clients(min(AT_ONCE, count)) as clients:
        await asyncio.gather(*map(open_some, clients))
    return orders


def part_line(product_id: str, quantity: str = "1") -> dict[str, Any]:
    return {"product_id": product_id, "quantity": quantity, "kind": "product"}


async def until(
    http: Http, order_id: str, condition: Callable[[dict[str, Any]], bool], timeout_s: float = 60.0
) -> dict[str, Any]:
    """The order, as soon as it is so."""
    async with asyncio.timeout(timeout_s):
        while not condition(order := await http.get(f"/orders/{order_id}")):
            await asyncio.sleep(LOOK_AGAIN_S)
        answer: dict[str, Any] = order
        return answer


def states(order: dict[str, Any]) -> set[str]:
    """Of the order's parts."""
    return {line["state"] for line in (*order["products"], *order["materials"])}
