"""A contract's discount holds for the orders that are opened while it is valid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.client_contracts import CreateContract
from shared.contracts.orders import AddService, OrderView
from tests.support.databases import as_owner
from tests.support.day import Station

TODAY = datetime.now(UTC).date()


async def a_contract(station: Station, client_id: UUID, percent: str, **fields: Any) -> None:
    named = {"number": "7", "signed_on": date(2024, 1, 1), "discount_percent": Decimal(percent)}
    await station.send(CreateContract(client_id=client_id, **{**named, **fields}))
    await station.settle_down()


async def discounts(station: Station, client_id: UUID) -> tuple[int, int]:
    """Of a work and of goods on a new order of the client."""
    product = await station.a_product("100")
    opened = await station.an_order(client_id=client_id)
    await station.send(AddService(order_id=opened.id, name="ТО", initial_price=Decimal(1000)))
    order: OrderView = await station.request(opened.id, product.id, "1")
    work, goods = order.services[0], order.products[0]
    return int(work.discount_percent), int(goods.discount_percent)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ({}, (10, 10)),
        ({"discount_percent": Decimal(12)}, (12, 12)),
        ({"services_discount_percent": Decimal(3)}, (10, 10)),
        ({"discount_percent": Decimal(2), "products_discount_percent": Decimal(15)}, (10, 15)),
    ],
)
async def test_the_higher_of_contract_and_card_holds(
    station: Station, card: dict[str, Decimal], expected: tuple[int, int]
) -> None:
    client = await station.a_client(**card)
    await a_contract(station, client.id, "7.50", number="6")
    await a_contract(station, client.id, "10")

    assert await discounts(station, client.id) == expected


async def test_a_contract_that_is_not_valid_today_gives_nothing(station: Station) -> None:
    client = await station.a_client()
    ended = TODAY - timedelta(days=3)
    await a_contract(station, client.id, "10", valid_from=date(2024, 1, 1), valid_to=ended)
    await a_contract(station, client.id, "20", number="8", valid_from=TODAY + timedelta(days=3))

    assert await discounts(station, client.id) == (0, 0)


async def test_a_contract_from_before_discounts_were_copied_is_asked_for(station: Station) -> None:
    client = await station.a_client()
    await a_contract(station, client.id, "10")
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("UPDATE client_contracts SET discount_percent = NULL, complete = false")

    assert await discounts(station, client.id) == (10, 10)

    assert await owner.fetchval("SELECT bool_and(complete) FROM client_contracts")
    await owner.close()
