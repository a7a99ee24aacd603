"""Commands and questions through the running service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.contracts.base import MAX_MONEY, MAX_QUANTITY, Change, Command, Period, Question
from shared.contracts.inventory import (
    ChangeProduct,
    ChangeSupplier,
    ChangeWarehouse,
    CreateProduct,
    CreateSupplier,
    CreateWarehouse,
    FindProducts,
    GetProduct,
    GetStock,
    InventoryCommandRefused,
    ListMovements,
    ListReceipts,
    ListSuppliers,
    ListWarehouses,
    PlaceSaved,
    ProductSaved,
    ProductUnit,
    ProductView,
    ReceiptLine,
    ReceiveStock,
    StockBalances,
    StockReceived,
    StockView,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.pagination import cursor_after
from shared.refusals import Refused
from tests.inventory.at_work import job, published, together
from tests.inventory.builders import an_ask, decimals, requested
from tests.support.day import Station

ADVISOR = Actor("sovetnik", "advisor")
STOREKEEPER = Actor("kladov", "storekeeper")


async def refusal(station: Station, message: Command[Any] | Question[Any]) -> tuple[str, Any]:
    answer = station.send(message) if isinstance(message, Command) else station.ask(message)
    with pytest.raises(Refused) as refused:
        await answer
    return refused.value.code, refused.value.params


# --- the catalogue -------------------------------------------------------------------------------


async def test_a_product_is_made_with_its_vendor_group_and_measure(station: Station) -> None:
    product = await station.send(
        CreateProduct(
            name="Фильтр масляный",
            oem="W 914/2",
            vendor="MANN",
            group="Фильтры",
            measure="шт",
            price=Decimal("450.5"),
            barcode="4011558734602",
            min_stock=Decimal(2),
            comment="для 2110",
        )
    )
    assert product == ProductView(
        id=product.id,
        name="Фильтр масляный",
        oem="W 914/2",
        vendor="MANN",
        group="Фильтры",
        measure="шт",
        price=Decimal("450.50"),
        barcode="4011558734602",
        min_stock=Decimal(2),
        comment="для 2110",
        active=True,
        available=Decimal(0),
        revision=1,
        units=(ProductUnit(name="штука", short_name="шт", factor=Decimal(1)),),
    )
    assert await station.ask(GetProduct(product_id=product.id)) == product
    events = await published(station.running["inventory"], ProductSaved)
    assert events == [ProductSaved(product=product, created=True)]


async def test_the_same_vendor_and_number_in_another_spelling_is_the_same_product(
    station: Station,
) -> None:
    await station.a_product(name="Фильтр", vendor="MANN", oem="W 914/2")
    again = CreateProduct(name="Фильтр 2", vendor="Mann", oem="w-914-2", price=Decimal(1))
    assert await refusal(station, again) == ("product_exists", {"vendor": "MANN", "oem": "w-914-2"})
    other = await station.a_product(name="Фильтр", vendor="Bosch", oem="W 914/2")
    assert await refusal(station, ChangeProduct(product_id=other.id, vendor="mann")) == (
        "product_exists",
        {"vendor": "MANN", "oem": "W 914/2"},
    )
    unnamed = await station.a_product(oem="W 914/2")
    assert unnamed.vendor is None
    assert (await refusal(station, CreateProduct(name="x", oem="W9142", price=Decimal(1))))[0] == (
        "product_exists"
    )


async def test_a_barcode_belongs_to_one_product(station: Station) -> None:
    await station.a_product(barcode="460")
    other = await station.a_product()
    expected = ("barcode_taken", {"barcode": "460"})
    assert await refusal(station, CreateProduct(name="x", price=1, barcode="460")) == expected
    assert await refusal(station, ChangeProduct(product_id=other.id, barcode="460")) == expected
    refusals = await published(station.running["inventory"], InventoryCommandRefused)
    assert [event.code for event in refusals] == ["barcode_taken"] * 2


async def test_two_products_with_one_barcode_at_once_make_one(station: Station) -> None:
    twins = [job(CreateProduct(name=f"x{n}", price=Decimal(1), barcode="1")) for n in range(2)]
    ends = await together(station.running["inventory"], *twins)
    assert sorted(type(end).__name__ for end in ends) == ["Refused", "bytes"]


async def test_a_product_is_edited_field_by_field(station: Station) -> None:
    product = await station.a_product(vendor="MANN", oem="W 914/2", barcode="1", group="Фильтры")
    changed = await station.send(
        ChangeProduct(
            product_id=product.id, expected_revision=1, price=Decimal(500), group=None, barcode="2"
        )
    )
    assert changed == product.model_copy(
        update={"price": Decimal("500.00"), "group": None, "barcode": "2", "revision": 2}
    )
    assert await station.ask(GetProduct(product_id=product.id)) == changed
    (_, saved) = await published(station.running["inventory"], ProductSaved)
    assert saved.product == changed
    assert not saved.created
    assert {change.field: (change.old, change.new) for change in saved.changes} == {
        "price": ("100.00", "500.00"),
        "group": ("Фильтры", None),
        "barcode": ("1", "2"),
    }


async def test_an_edit_that_changes_nothing_is_told_to_nobody(station: Station) -> None:
    product = await station.a_product(vendor="MANN")
    same = ChangeProduct(product_id=product.id, price=product.price, vendor="mann")
    assert await station.send(same) == product
    assert len(await published(station.running["inventory"], ProductSaved)) == 1


async def test_edits_that_cannot_be_are_refused(station: Station) -> None:
    product = await station.a_product()
    stranger = new_id()
    for edit, expected in (
        (
            ChangeProduct(product_id=product.id, expected_revision=7, name="x"),
            ("revision_conflict", {"expected": "7", "actual": "1"}),
        ),
        (ChangeProduct(product_id=product.id, name=None), ("field_required", {"field": "name"})),
        (ChangeProduct(product_id=stranger), ("product_not_found", {"id": str(stranger)})),
        (
            ChangeWarehouse(warehouse_id=stranger, name="x"),
            ("warehouse_not_found", {"id": str(stranger)}),
        ),
        (
            ChangeSupplier(supplier_id=stranger, name="x"),
            ("supplier_not_found", {"id": str(stranger)}),
        ),
    ):
        assert await refusal(station, edit) == expected
    assert await refusal(station, GetProduct(product_id=stranger)) == (
        "product_not_found",
        {"id": str(stranger)},
    )


BRAKES, FILTER, BRUSH = "Колодки тормозные", "Фильтр воздушный", "Щётка 100%"


async def test_products_are_found_by_name_number_and_barcode(station: Station) -> None:
    await station.a_product(name=FILTER, barcode="4607")
    await station.a_product(name=BRAKES, vendor="TRW", oem="GDB1330")
    await station.a_product(name=BRUSH)
    for q, names in (
        ("", [BRAKES, FILTER, BRUSH]),
        ("филь", [FILTER]),
        ("ВОЗДУШН фил", [FILTER]),
        ("щетка", [BRUSH]),
        ("100%", [BRUSH]),
        ("ф_льтр", []),
        ("gdb 1330", [BRAKES]),
        ("GDB-13", [BRAKES]),
        ("4607", [FILTER]),
        ("460", []),
        ("нет такого", []),
        ("\x1c", [BRAKES, FILTER, BRUSH]),
    ):
        page = await station.ask(FindProducts(q=q))
        assert [product.name for product in page.items] == names, q


async def test_products_are_listed_page_by_page(station: Station) -> None:
    names = [f"Болт {number}" for number in range(5)]
    for name in reversed(names):
        await station.a_product(name=name)
    first = await station.ask(FindProducts(limit=2))
    second = await station.ask(FindProducts(limit=2, cursor=first.next))
    third = await station.ask(FindProducts(limit=2, cursor=second.next))
    assert [p.name for page in (first, second, third) for p in page.items] == names
    assert third.next is None


async def test_a_cursor_of_one_s_own_making_is_refused(station: Station) -> None:
    lists = (FindProducts, ListWarehouses, ListSuppliers, ListReceipts, GetStock, ListMovements)
    for question in lists:
        for cursor in ("garbage", "W10", cursor_after(1), cursor_after("\x00", new_id())):
            asked = question.model_validate({"cursor": cursor})
            assert await refusal(station, asked) == ("cursor_invalid", {}), (question, cursor)


async def test_warehouses_are_listed_oldest_first_and_have_names_of_their_own(
    station: Station,
) -> None:
    central = await station.send(CreateWarehouse(name="Центральный"))
    archive = await station.send(CreateWarehouse(name="Архив"))
    expected = ("name_taken", {"name": "центральный"})
    assert await refusal(station, CreateWarehouse(name="центральный")) == expected
    taken = ChangeWarehouse(warehouse_id=archive.id, name="центральный")
    assert await refusal(station, taken) == expected
    renamed = await station.send(ChangeWarehouse(warehouse_id=archive.id, name="Шины"))
    assert (renamed.name, renamed.revision) == ("Шины", 2)
    page = await station.ask(ListWarehouses(limit=1))
    rest = await station.ask(ListWarehouses(cursor=page.next))
    assert (page.items, rest.items) == ((central,), (renamed,))
    *_, event = await published(station.running["inventory"], PlaceSaved)
    assert event == PlaceSaved(
        kind="warehouse",
        id=archive.id,
        name="Шины",
        created=False,
        changes=(Change(field="name", old="Архив", new="Шины"),),
    )


async def test_suppliers_are_made_renamed_and_listed(station: Station) -> None:
    supplier = await station.send(CreateSupplier(name="Автодок"))
    taken = await refusal(station, CreateSupplier(name="АВТОДОК"))
    assert taken == ("name_taken", {"name": "АВТОДОК"})
    renamed = await station.send(
        ChangeSupplier(supplier_id=supplier.id, expected_revision=1, name="ООО Автодок")
    )
    assert (await station.ask(ListSuppliers())).items == (renamed,)


# --- receipts ------------------------------------------------------------------------------------


async def a_receipt(station: Station, *lines: tuple[ProductView, str, str]) -> ReceiveStock:
    return ReceiveStock(
        warehouse_id=(await station.a_warehouse()).id,
        supplier_id=(await station.a_supplier()).id,
        supplier_document="УПД 17",
        lines=tuple(
            ReceiptLine(product_id=product.id, quantity=Decimal(amount), cost=Decimal(cost))
            for product, amount, cost in lines
        ),
    )


async def test_a_receipt_brings_stock_at_its_cost(station: Station) -> None:
    oil, belt = await station.a_product(), await station.a_product()
    command = await a_receipt(station, (oil, "2.5", "100.10"), (belt, "3", "7"), (oil, "1", "90"))
    receipt = await station.send(command, actor=STOREKEEPER)

    assert receipt.number == "A-000001"
    assert receipt.total_cost == Decimal("361.25")
    assert [(line.product_id, line.quantity, line.cost) for line in receipt.lines] == [
        (oil.id, *decimals("2.5", "100.10")),
        (belt.id, *decimals(3, 7)),
        (oil.id, *decimals(1, 90)),
    ]
    assert await station.stock(oil.id, command.warehouse_id) == StockView(
        product_id=oil.id,
        warehouse_id=command.warehouse_id,
        on_hand=Decimal("3.5"),
        reserved=Decimal(0),
        available=Decimal("3.5"),
        value=Decimal("340.25"),
    )
    assert (await station.ask(ListReceipts())).items == (receipt,)
    running = station.running["inventory"]
    assert await published(running, StockReceived) == [StockReceived(receipt=receipt)]
    moved = (await station.ask(ListMovements(product_id=oil.id))).items
    assert [(m.kind, m.quantity, m.document_id, m.actor) for m in moved] == [
        ("receipt", Decimal(1), receipt.id, "kladov"),
        ("receipt", Decimal("2.5"), receipt.id, "kladov"),
    ]


async def test_receipts_are_numbered_and_listed_newest_first(station: Station) -> None:
    product = await station.a_product()
    made = [await station.send(await a_receipt(station, (product, "1", "1"))) for _ in range(3)]
    assert [receipt.number for receipt in made] == ["A-000001", "A-000002", "A-000003"]
    page = await station.ask(ListReceipts(limit=2))
    rest = await station.ask(ListReceipts(cursor=page.next))
    assert (*page.items, *rest.items) == tuple(reversed(made))
    of_one = await station.ask(ListReceipts(supplier_id=made[1].supplier_id))
    assert of_one.items == (made[1],)
    since, until = made[1].at, made[2].at
    lists: tuple[Any, ...] = (ListReceipts, ListMovements)
    for question in lists:
        found: Any = await station.ask(question(start=since, end=until))
        assert [each.at for each in found.items] == [made[1].at]
        wrong = question(start=until, end=since)
        assert await refusal(station, wrong) == ("period_invalid", {})


async def test_a_receipt_that_cannot_be_changes_nothing(station: Station) -> None:
    product = await station.a_product()
    good = await a_receipt(station, (product, "1", "1"))
    stranger = new_id()
    missing = {"id": str(stranger)}
    unknown = ReceiptLine(product_id=stranger, quantity=Decimal(1), cost=Decimal(1))
    dear = good.lines[0].model_copy(update={"quantity": Decimal("1.001"), "cost": MAX_MONEY})
    for update, expected in (
        ({"warehouse_id": stranger}, ("warehouse_not_found", missing)),
        ({"supplier_id": stranger}, ("supplier_not_found", missing)),
        ({"lines": (*good.lines, unknown)}, ("product_not_found", missing)),
        ({"lines": (dear,)}, ("amount_too_large", {})),
    ):
        assert await refusal(station, good.model_copy(update=update)) == expected
    assert (await station.ask(ListMovements())).items == ()
    assert (await station.ask(ListReceipts())).items == ()


async def test_all_stock_together_stays_within_what_the_books_can_show(station: Station) -> None:
    dear, cheap = await station.a_product(), await station.a_product()
    await station.send(await a_receipt(station, (dear, "1", str(MAX_MONEY))))
    one_more = await a_receipt(station, (cheap, "1", "0.01"))
    assert await refusal(station, one_more) == ("amount_too_large", {})
    many = tuple([(cheap, str(MAX_QUANTITY), "0")] * 500)
    await station.send(await a_receipt(station, *many))
    await station.send(await a_receipt(station, *many))
    assert await refusal(station, await a_receipt(station, (cheap, "0.001", "0"))) == (
        ("amount_too_large", {})
    )
    (found_again,) = (await station.ask(FindProducts(q=str(cheap.name), limit=1))).items
    assert found_again.available in (Decimal(1), MAX_QUANTITY * 1000)


# --- what lies where -----------------------------------------------------------------------------


async def test_stock_that_never_moved_is_zero_where_both_are_known(station: Station) -> None:
    product, warehouse = await station.a_product(), await station.a_warehouse()
    stock = await station.stock(product.id, warehouse.id)
    assert (stock.on_hand, stock.reserved, stock.available) == decimals(0, 0, 0)
    assert (await station.ask(GetStock(product_id=product.id))).items == ()
    stranger = new_id()
    assert await refusal(station, GetStock(product_id=stranger, warehouse_id=warehouse.id)) == (
        "product_not_found",
        {"id": str(stranger)},
    )
    assert await refusal(station, GetStock(warehouse_id=stranger)) == (
        "warehouse_not_found",
        {"id": str(stranger)},
    )


async def test_stock_is_listed_by_product_and_by_warehouse(station: Station) -> None:
    products = [await station.a_product() for _ in range(3)]
    first, second = await station.a_warehouse(), await station.a_warehouse()
    for product in products:
        await station.receive(first.id, product.id, "2")
    await station.receive(second.id, products[0].id, "1")
    of_one = (await station.ask(GetStock(product_id=products[0].id))).items
    assert {row.warehouse_id: row.on_hand for row in of_one} == {
        first.id: Decimal(2),
        second.id: Decimal(1),
    }
    page = await station.ask(GetStock(warehouse_id=first.id, limit=2))
    rest = await station.ask(GetStock(warehouse_id=first.id, cursor=page.next))
    assert [row.product_id for row in (*page.items, *rest.items)] == [p.id for p in products]
    shown = await station.ask(GetProduct(product_id=products[0].id))
    assert shown.available == 3


async def test_movements_are_listed_newest_first_and_by_order(station: Station) -> None:
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "5")
    order_id, ask = new_id(), an_ask(product.id, 2)
    await together(station.running["inventory"], job(requested(order_id, ask)))
    (reserve,) = (await station.ask(ListMovements(order_id=order_id))).items
    assert (reserve.kind, reserve.quantity) == ("reserve", Decimal(2))
    assert (reserve.order_id, reserve.line_id, reserve.actor) == (order_id, ask.line_id, "kladov")
    for asked in (ListMovements(warehouse_id=warehouse.id), ListMovements(product_id=product.id)):
        page = await station.ask(asked.model_copy(update={"limit": 1}))
        rest = await station.ask(asked.model_copy(update={"cursor": page.next}))
        assert [m.kind for m in (*page.items, *rest.items)] == ["reserve", "receipt"]


async def test_balances_are_valued_for_those_who_may_see_cost(station: Station) -> None:
    product, warehouse = await station.a_product(oem="X-1"), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "2.5", cost="10.01")
    (row,) = (await station.ask(StockBalances(), actor=STOREKEEPER)).items
    assert (row.product, row.oem, row.warehouse, row.measure) == (
        product.name,
        "X-1",
        warehouse.name,
        "шт",
    )
    assert (row.on_hand, row.available, row.value) == decimals("2.5", "2.5", "25.03")
    (masked,) = (await station.ask(StockBalances(), actor=ADVISOR)).items
    assert masked == row.model_copy(update={"value": None})


async def test_balances_are_of_one_s_own_station_and_of_periods_that_can_be(
    station: Station,
) -> None:
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "1")
    now = datetime.now(UTC)
    backwards = Period(start=now, end=now - timedelta(days=1))
    assert await refusal(station, StockBalances(period=backwards)) == ("period_invalid", {})
    assert (await station.ask(StockBalances(station_id=new_id()))).items == ()
    here = station.running["inventory"].settings.station_id
    assert len((await station.ask(StockBalances(station_id=here))).items) == 1
    other = await station.a_warehouse()
    assert (await station.ask(StockBalances(warehouse_id=other.id))).items == ()
