"""Prices, packages and packs across the services: what one decides, the others go by."""

from __future__ import annotations

from decimal import Decimal

from shared.contracts.inventory import (
    CreateProduct,
    MarkupRule,
    OtherUnit,
    ReceiptLine,
    ReceiveStock,
    SetMarkupRules,
)
from shared.contracts.orders import AddService, CreateService, GetOrder
from shared.contracts.works import (
    AddPackage,
    CreatePackage,
    CreateVariant,
    PackagePart,
    PackageService,
    VehicleWarranty,
)
from tests.support.day import Station
from tests.support.waiting import eventually


async def test_a_package_of_goods_bought_in_barrels_is_reserved_sold_and_under_warranty(
    station: Station,
) -> None:
    await station.send(SetMarkupRules(rules=(MarkupRule(percent=Decimal(60), step=Decimal(10)),)))
    oil = await station.send(
        CreateProduct(
            name="Масло 5W-30",
            measure="л",
            units=(OtherUnit(measure="бочка", factor=Decimal(200)),),
            pricing="matrix",
            warranty_days=90,
        )
    )
    warehouse, supplier = await station.a_warehouse(), await station.a_supplier()
    barrel = ReceiptLine(
        product_id=oil.id, quantity=Decimal(1), cost=Decimal("99999.99"), measure="бочка"
    )
    await station.send(
        ReceiveStock(warehouse_id=warehouse.id, supplier_id=supplier.id, lines=(barrel,))
    )
    work = await station.send(CreateService(name="ТО: масло", price=Decimal(1500)))
    await station.send(CreateVariant(service_id=work.id, vendor="Lada", price=Decimal(1200)))
    package = await station.send(
        CreatePackage(
            name="ТО-1",
            services=(PackageService(service_id=work.id),),
            goods=(PackagePart(product_id=oil.id, quantity=Decimal("4.5")),),
            price=Decimal("4321.09"),
        )
    )
    client = await station.a_client()
    vehicle = await station.a_vehicle(client.id)
    await station.settle_down()

    order = await station.an_order(client_id=client.id, vehicle_id=vehicle.id)
    order = await station.send(AddPackage(order_id=order.id, package_id=package.id))
    assert order.services[0].estimation_cost == 1200
    assert order.products[0].price_value == 800, "500.00 and 60 %"

    async def is_reserved() -> bool:
        return (await station.ask(GetOrder(order_id=order.id))).products[0].state == "reserved"

    await eventually(is_reserved)
    stock = await station.stock(oil.id, warehouse.id)
    assert stock.on_hand == 200
    assert stock.available == Decimal("195.5")
    await station.move(order.id, "in_progress")
    done = await station.move(order.id, "done")
    assert done.total == Decimal("4321.09")
    await station.settle_down()

    lines = (await station.ask(VehicleWarranty(vehicle_id=vehicle.id))).items
    assert {line.kind: line.in_force for line in lines} == {"service": "false", "product": "true"}


async def test_a_new_matrix_reaches_new_lines_and_leaves_those_that_exist(
    station: Station,
) -> None:
    pads = await station.send(CreateProduct(name="Колодки", pricing="matrix"))
    warehouse = await station.a_warehouse()
    await station.receive(warehouse.id, pads.id, "10", cost="100")
    await station.send(SetMarkupRules(rules=(MarkupRule(percent=Decimal(50)),)))
    await station.settle_down()
    order = await station.an_order()
    await station.request(order.id, pads.id, "1")
    await station.settle_down()
    await station.send(SetMarkupRules(rules=(MarkupRule(percent=Decimal(90)),)))
    await station.settle_down()
    order = await station.request(order.id, pads.id, "1")
    await station.settle_down()
    order = await station.ask(GetOrder(order_id=order.id))
    assert [part.price for part in order.products] == [150, 190]


async def test_the_clients_own_discount_on_works_reaches_the_order(station: Station) -> None:
    client = await station.a_client(
        discount_percent=Decimal(1), services_discount_percent=Decimal("12.5")
    )
    order = await station.an_order(client_id=client.id)
    order = await station.send(
        AddService(order_id=order.id, name="Мойка", initial_price=Decimal(800))
    )
    assert order.services[0].price == 700
