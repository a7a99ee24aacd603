"""The stock as people look for it: found by any name, with where it lies and who waits for it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from shared.contracts.costing import CreateCell, SetHomeCell
from shared.contracts.inventory import ListMovements, ListReceipts
from shared.contracts.part_numbers import AddPartNumber
from shared.contracts.purchase_orders import CreatePurchaseOrder, PurchaseLine, SendPurchaseOrder
from shared.contracts.shelves import (
    FindStock,
    ListCatalogueNames,
    ListLots,
    ListWaiting,
    ShelfPlace,
    ShelfView,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.inventory.builders import an_ask, decimals, requested
from tests.support.day import Station

ADVISOR = Actor("priem", "advisor")


async def found(station: Station, **asked: object) -> list[ShelfView]:
    return list((await station.ask(FindStock.model_validate(asked))).items)


async def names(station: Station, **asked: object) -> list[str]:
    return [shelf.product.name for shelf in await found(station, **asked)]


async def test_a_product_is_shown_with_all_that_is_known_of_its_stock(station: Station) -> None:
    near, far = await station.a_warehouse("Ближний"), await station.a_warehouse("Дальний")
    supplier = await station.a_supplier()
    oil = await station.a_product(name="Масло 5W-30", group="Масла", min_stock="8")
    await station.a_product(name="Фильтр", group="Фильтры")
    await station.receive(near.id, oil.id, "5", "560")
    await station.receive(far.id, oil.id, "2", "500")
    cell = await station.send(CreateCell(warehouse_id=near.id, name="A-1"))
    await station.send(SetHomeCell(product_id=oil.id, warehouse_id=near.id, cell_id=cell.id))
    order_id = new_id()
    await station.publish(requested(order_id, an_ask(oil.id, "9")), "orders")
    await station.settle_down()
    draft = await station.send(
        CreatePurchaseOrder(
            supplier_id=supplier.id,
            warehouse_id=far.id,
            lines=(PurchaseLine(product_id=oil.id, quantity=Decimal(4)),),
        )
    )
    await station.send(SendPurchaseOrder(purchase_order_id=draft.id))

    (shelf,) = await found(station, q="масло")
    assert shelf.places == (
        place(near, "A-1", on_hand=5, reserved=5, incoming=0, value="2800.00"),
        place(far, None, on_hand=2, reserved=2, incoming=4, value="1000.00"),
    )
    assert (shelf.on_hand, shelf.reserved, shelf.available) == decimals(7, 7, 0)
    assert (shelf.incoming, shelf.waiting) == decimals(4, 2)
    assert shelf.below_minimum
    assert shelf.last_cost == Decimal(500)
    (waiting,) = (await station.ask(ListWaiting(product_id=oil.id))).items
    assert waiting.order_id == order_id
    assert (waiting.wanted, waiting.short) == decimals(9, 2)

    masked = (await station.ask(FindStock(q="масло"), actor=ADVISOR)).items[0]
    assert masked.last_cost is None
    assert [each.value for each in masked.places] == [None, None]
    (only_far,) = await found(station, q="масло", warehouse_id=far.id)
    assert only_far.on_hand == 2
    assert len(only_far.places) == 1


def place(
    warehouse: object, cell: str | None, *, on_hand: int, reserved: int, incoming: int, value: str
) -> ShelfPlace:
    return ShelfPlace(
        warehouse_id=warehouse.id,  # type: ignore[attr-defined]
        warehouse=warehouse.name,  # type: ignore[attr-defined]
        cell=cell,
        on_hand=Decimal(on_hand),
        reserved=Decimal(reserved),
        available=Decimal(on_hand - reserved),
        incoming=Decimal(incoming),
        value=Decimal(value),
    )


async def test_stock_is_found_by_any_number_and_narrowed(station: Station) -> None:
    warehouse, other = await station.a_warehouse(), await station.a_warehouse("Пустой")
    pads = await station.a_product(name="Колодки", oem="GDB-1445", group="Тормоза", min_stock="1")
    bulb = await station.a_product(name="Лампа", barcode="4606453849072")
    await station.send(AddPartNumber(product_id=pads.id, number="0 986 494 524", vendor="Bosch"))
    await station.receive(warehouse.id, bulb.id, "3", "100")
    for q, name in (("gdb1445", "Колодки"), ("0986494524", "Колодки"), (bulb.barcode, "Лампа")):
        assert await names(station, q=q) == [name]
    assert await names(station, group="тормоза") == ["Колодки"]
    assert await names(station, show="in_stock") == ["Лампа"]
    assert await names(station, show="below_minimum") == ["Колодки"]
    assert await names(station, show="short") == []
    assert await names(station, warehouse_id=other.id) == []
    first = await station.ask(FindStock(limit=1))
    rest = await station.ask(FindStock(limit=1, cursor=first.next))
    assert [each.product.name for each in (*first.items, *rest.items)] == ["Колодки", "Лампа"]
    with pytest.raises(Refused) as refused:
        await names(station, warehouse_id=new_id())
    assert refused.value.code == "warehouse_not_found"
    groups = await station.ask(ListCatalogueNames(kind="group"))
    assert [each.name for each in groups.items] == ["Тормоза"]


async def test_lots_and_movements_name_their_documents(station: Station) -> None:
    warehouse, oil = await station.a_warehouse(), await station.a_product()
    for quantity, cost in (("4", "10"), ("6", "11")):
        await station.receive(warehouse.id, oil.id, quantity, cost)
    receipts = (await station.ask(ListReceipts())).items[::-1]
    lots: list[tuple[UUID | None, str | None, Decimal, Decimal]] = []
    cursor = None
    for _ in receipts:
        page = await station.ask(ListLots(product_id=oil.id, limit=1, cursor=cursor))
        lots += [(lot.receipt_id, lot.receipt, lot.remaining, lot.value) for lot in page.items]
        cursor = page.next
    assert cursor is None
    assert lots == [
        (receipt.id, receipt.number, *decimals(remaining, value))
        for receipt, remaining, value in zip(receipts, (4, 6), (40, 66), strict=True)
    ]
    moved = (await station.ask(ListMovements(product_id=oil.id))).items
    assert [(each.document, each.warehouse) for each in moved] == [
        (receipt.number, warehouse.name) for receipt in reversed(receipts)
    ]
