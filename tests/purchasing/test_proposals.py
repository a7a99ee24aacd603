"""What to buy is proposed of whom it is cheapest today."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import batched
from typing import Any
from uuid import UUID

from shared.contracts.inventory import (
    ChangeProduct,
    ChangeWarehouse,
    GetProduct,
    MarkupRule,
    ProductSaved,
    SetMarkupRules,
)
from shared.contracts.part_numbers import AddPartNumber
from shared.contracts.price_lists import ApplyStockImport
from shared.contracts.purchase_orders import GetPurchaseProposal, OrderProposal, Proposal
from shared.contracts.purchasing import CancelReceipt
from shared.ids import new_id
from tests.inventory.at_work import job, published, together
from tests.inventory.builders import an_ask, completed, requested
from tests.inventory.importing import bring, when
from tests.purchasing.at_work import a_line, receive, refused
from tests.support.day import Station

HEAD = ("Артикул", "Производитель", "Наименование", "Цена", "Остаток", "Кратность", "Срок")


async def offer(station: Station, *rows: tuple[str, ...]) -> UUID:
    """A supplier with a price list of these rows that holds today."""
    supplier = await station.a_supplier()
    brought = await bring(station, [HEAD, *rows], supplier_id=supplier.id)
    await when(station, brought.id, "ready")
    await station.send(ApplyStockImport(import_id=brought.id))
    await when(station, brought.id, "applied")
    return supplier.id


async def proposed(station: Station) -> dict[UUID | None, Proposal]:
    page = await station.ask(GetPurchaseProposal())
    return {each.supplier_id: each for each in page.items}


async def test_the_cheapest_offer_of_today_is_proposed_before_the_last_supplier(
    station: Station,
) -> None:
    card: dict[str, Any] = {"oem": "W914/2", "vendor": "MANN", "min_stock": Decimal(6)}
    product = await station.a_product(**card)
    last = await receive(station, a_line(product.id, "1", "90"))
    await offer(station, ("W 914/2", "MANN", "Фильтр", "80", "10", "1", "3"))
    cheapest = await offer(
        station,
        ("W 914/2", "MANN", "Фильтр", "70", "9", "4", "2"),
        # Sold out, and of another vendor.
        ("W9142", "MANN", "Фильтр", "10", "0", "1", "1"),
        ("W 914/2", "BOSCH", "Фильтр", "20", "10", "1", "1"),
    )

    found = await proposed(station)

    assert found.keys() == {cheapest}
    (line,) = found[cheapest].lines
    assert (line.quantity, line.cost, line.multiplicity, line.delivery_days) == (
        Decimal(5), Decimal(70), Decimal(4), 2,
    )  # fmt: skip
    assert line.offer_id

    # What another supplier sells it at is no matter of an order to this one.
    here = OrderProposal(
        supplier_id=last.supplier_id, warehouse_id=last.warehouse_id, product_ids=(product.id,)
    )
    draft = await station.send(here)
    assert [(each.quantity, each.cost) for each in draft.lines] == [(Decimal(5), Decimal(90))]


async def test_an_offer_is_ordered_in_the_numbers_in_which_it_is_sold(station: Station) -> None:
    product = await station.a_product(oem="X-1", vendor="MANN", min_stock=Decimal(6))
    await station.send(
        AddPartNumber(product_id=product.id, kind="oem", number="OC 90", vendor="MAHLE")
    )
    await station.send(
        AddPartNumber(product_id=product.id, kind="analogue", number="Z 1", vendor="NONAME")
    )
    supplier = await offer(
        station,
        ("OC90", "MAHLE", "Фильтр", "70", "100", "4", "2"),
        ("Z1", "NONAME", "Фильтр", "1", "100", "1", "1"),
    )
    warehouse = await station.a_warehouse()

    draft = await station.send(OrderProposal(supplier_id=supplier, warehouse_id=warehouse.id))

    assert [(each.quantity, each.cost) for each in draft.lines] == [(Decimal(8), Decimal(70))]
    assert await proposed(station) == {}


async def test_what_nobody_offers_is_proposed_of_whom_it_came_last(station: Station) -> None:
    offered = await station.a_product(oem="A-1", vendor="MANN", min_stock=Decimal(1))
    bought = await station.a_product(oem="A-2", vendor="MANN", min_stock=Decimal(3))
    unheard = await station.a_product(oem="A-3", vendor="MANN", min_stock=Decimal(1))
    last = await receive(station, a_line(bought.id, "1", "90"))
    supplier = await offer(station, ("A1", "MANN", "Фильтр", "70", "9", "1", ""))

    page = await station.ask(GetPurchaseProposal())

    assert page.items[0].supplier_id is None
    assert {
        each.supplier_id: [(line.product_id, line.cost) for line in each.lines]
        for each in page.items
    } == {
        None: [(unheard.id, None)],
        last.supplier_id: [(bought.id, Decimal(90))],
        supplier: [(offered.id, Decimal(70))],
    }


async def test_what_was_issued_before_it_was_there_is_to_be_bought(station: Station) -> None:
    """Less than nothing is available of it, and all of that is lacking."""
    product = await station.a_product()
    before = await receive(station, a_line(product.id, "1", "90"))
    await station.send(ChangeWarehouse(warehouse_id=before.warehouse_id, may_be_negative=True))
    order_id, ask = new_id(), an_ask(product.id, "4")
    for event in (requested(order_id, ask), completed(order_id, 1, ask)):
        assert await together(station.running["inventory"], job(event)) == [b""]

    found = await proposed(station)

    (line,) = found[before.supplier_id].lines
    assert (line.available, line.quantity) == (Decimal(-3), Decimal(3))
    here = OrderProposal(supplier_id=before.supplier_id, warehouse_id=before.warehouse_id)
    assert [each.quantity for each in (await station.send(here)).lines] == [Decimal(3)]


async def test_what_is_more_than_one_order_can_name_is_left_for_the_next(station: Station) -> None:
    numbers = [f"N{number}" for number in range(501)]
    for some in batched(numbers, 50):  # no more than a slow machine answers in time
        await asyncio.gather(
            *(station.a_product(oem=each, vendor="MANN", min_stock=Decimal(1)) for each in some)
        )
    supplier = await offer(
        station, *((number, "MANN", "Фильтр", "70", "9", "1", "") for number in numbers)
    )
    warehouse = await station.a_warehouse()
    everything = OrderProposal(supplier_id=supplier, warehouse_id=warehouse.id)

    assert [len((await station.send(everything)).lines) for _ in range(2)] == [500, 1]


async def test_more_than_anybody_can_order_is_refused(station: Station) -> None:
    await station.a_product(oem="A-1", vendor="MANN", min_stock=Decimal(1_000_000))
    supplier = await offer(station, ("A1", "MANN", "Фильтр", "70", "9", "1", ""))
    warehouse = await station.a_warehouse()
    everything = OrderProposal(supplier_id=supplier, warehouse_id=warehouse.id)
    assert await refused(station, everything) == "amount_too_large"


async def test_a_receipt_that_was_a_mistake_is_no_last_purchase(station: Station) -> None:
    await station.send(
        SetMarkupRules(
            rules=(MarkupRule(cost_from=Decimal(0), percent=Decimal(100), step=Decimal(1)),)
        )
    )
    product = await station.a_product(pricing="matrix", min_stock=Decimal(5))
    before = await receive(station, a_line(product.id, "1", "90"))
    mistaken = await receive(station, a_line(product.id, "1", "9000"))
    await station.send(CancelReceipt(receipt_id=mistaken.id, reason="две лишние цифры"))

    assert (await station.ask(GetProduct(product_id=product.id))).price == 180
    assert (await published(station.running["inventory"], ProductSaved))[-1].product.price == 180
    found = await proposed(station)
    assert found.keys() == {before.supplier_id}
    assert found[before.supplier_id].lines[0].cost == 90

    # Without any purchase there is nothing to reckon with: the price is anybody's to say.
    await station.send(CancelReceipt(receipt_id=before.id, reason="не тот товар"))
    assert (await proposed(station)).keys() == {None}
    priced = await station.send(ChangeProduct(product_id=product.id, price=Decimal(200)))
    assert priced.price == 200
