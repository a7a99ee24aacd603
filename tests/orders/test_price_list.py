"""Price variants, packages, rounding and discounts on the real service."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.contracts.base import Command, Event
from shared.contracts.clients import VehicleAdded, VehicleView
from shared.contracts.inventory import PartsReserved, ProductView, StockAnswer
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    CreateService,
    GetOrder,
    ListServices,
    OrderRepriced,
    OrderView,
    PartsRequested,
    ServiceAdded,
    ServiceView,
)
from shared.contracts.works import (
    AddPackage,
    ChangePackage,
    ChangePriceRules,
    ChangeVariant,
    CreatePackage,
    CreateVariant,
    GetPackage,
    GetPriceRules,
    ListPackages,
    ListVariants,
    PackageAdded,
    PackagePart,
    PackageService,
    PackageView,
    RemoveVariant,
)
from shared.database import outbox
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.test_handlers import NOW, a_known_product, a_new_order, told
from tests.support.day import Station


async def a_work(station: Station, **fields: Any) -> ServiceView:
    named: dict[str, Any] = {"name": f"Замена масла {new_id().hex[-6:]}"}
    if "labor_hours" not in fields:
        named["price"] = Decimal(1000)
    return await station.send(CreateService(**{**named, **fields}))


async def an_order_of_a_car(station: Station, **car: Any) -> OrderView:
    order = await a_new_order(station)
    vehicle = VehicleView(
        id=new_id(),
        client_id=order.client_id,
        revision=1,
        created_at=NOW,
        updated_at=NOW,
        **{"vendor": "Lada", "model": "Vesta", "year": 2020, **car},
    )
    await told(station, VehicleAdded(vehicle=vehicle), "clients")
    return await station.an_order(client_id=order.client_id, vehicle_id=vehicle.id)


async def refusal(station: Station, command: Command[Any]) -> str:
    with pytest.raises(Refused) as refused:
        await station.send(command)
    return refused.value.code


async def published[EventT: Event](station: Station, kind: type[EventT]) -> list[EventT]:
    async with station.running["orders"].engine.connect() as connection:
        rows = await connection.execute(
            select(outbox.c.body).where(outbox.c.subject == kind.subject).order_by(outbox.c.seq)
        )
        return [kind.model_validate_json(row.body) for row in rows]


async def answered(station: Station, order: OrderView, price: str) -> OrderView:
    """The warehouse has all parts, and says another price than the one on the order."""
    lines = tuple(
        StockAnswer(
            line_id=part.id,
            line_version=1,
            answer=1,
            product_id=part.product_id,
            wanted=part.quantity,
            reserved=part.quantity,
            short=Decimal(0),
            price=Decimal(price),
        )
        for part in (*order.products, *order.materials)
    )
    await told(station, PartsReserved(order_id=order.id, lines=lines), "inventory")
    return await station.ask(GetOrder(order_id=order.id))


# --- variants ------------------------------------------------------------------------------------


async def test_the_variant_for_the_car_prices_the_work_unless_another_is_named(
    station: Station,
) -> None:
    work = await a_work(station, estimation_minutes=30)
    ladas = await station.send(CreateVariant(service_id=work.id, vendor="LADA", price=Decimal(800)))
    vestas = await station.send(
        CreateVariant(
            service_id=work.id,
            vendor="lada",
            model=" ves ta ",
            labor_hours=Decimal("0.92"),
            labor_rate=Decimal("543.48"),
            estimation_minutes=55,
        )
    )
    order = await an_order_of_a_car(station)
    for variant_id in (None, ladas.id, "none"):
        order = await station.send(
            AddService(order_id=order.id, service_id=work.id, variant_id=variant_id)
        )
    chosen, named, own = order.services
    assert (chosen.variant_id, chosen.initial_price) == (vestas.id, Decimal(500))
    assert (chosen.labor_hours, chosen.labor_rate) == (Decimal("0.92"), Decimal("543.48"))
    assert chosen.estimation_minutes == 55
    assert (named.variant_id, named.initial_price) == (ladas.id, Decimal(800))
    assert named.estimation_minutes == 30
    assert (own.variant_id, own.initial_price) == (None, Decimal(1000))
    assert (await station.ask(GetOrder(order_id=order.id))).services == order.services


async def test_a_car_that_no_variant_fits_and_no_car_at_all_pay_the_works_own_price(
    station: Station,
) -> None:
    work = await a_work(station)
    await station.send(CreateVariant(service_id=work.id, vendor="Kia", price=Decimal(1)))
    for order in (await an_order_of_a_car(station), await a_new_order(station)):
        line = (await station.send(AddService(order_id=order.id, service_id=work.id))).services[0]
        assert (line.variant_id, line.initial_price) == (None, Decimal(1000))


async def test_lines_stay_as_they_are_when_their_variant_changes_or_goes(
    station: Station,
) -> None:
    work = await a_work(station)
    variant = await station.send(
        CreateVariant(service_id=work.id, vendor="Lada", price=Decimal(800))
    )
    order = await an_order_of_a_car(station)
    order = await station.send(AddService(order_id=order.id, service_id=work.id))
    changed = await station.send(
        ChangeVariant(
            service_id=work.id, variant_id=variant.id, price=Decimal(900), expected_revision=1
        )
    )
    assert (changed.price, changed.revision) == (Decimal(900), 2)
    stale = RemoveVariant(service_id=work.id, variant_id=variant.id, expected_revision=1)
    assert await refusal(station, stale) == "revision_conflict"
    await station.send(RemoveVariant(service_id=work.id, variant_id=variant.id))
    assert (await station.ask(ListVariants(service_id=work.id))).items == ()
    assert (await station.ask(GetOrder(order_id=order.id))).services == order.services
    order = await station.send(AddService(order_id=order.id, service_id=work.id))
    assert [line.initial_price for line in order.services] == [800, 1000]


async def test_a_work_knows_whether_it_has_variants(station: Station) -> None:
    work = await a_work(station)
    variant = await station.send(CreateVariant(service_id=work.id, vendor="Lada", price=Decimal(1)))
    assert [each.has_variants for each in (await station.ask(ListServices())).items] == [True]
    await station.send(RemoveVariant(service_id=work.id, variant_id=variant.id))
    assert [each.has_variants for each in (await station.ask(ListServices())).items] == [False]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"price": Decimal(1)}, "variant_empty"),
        ({"vendor": "Lada"}, "price_missing"),
        ({"vendor": "Lada", "price": Decimal(1), "labor_hours": Decimal(1)}, "price_ambiguous"),
        ({"vendor": "lada", "price": Decimal(1)}, "variant_exists"),
        (
            {"vendor": "Kia", "price": Decimal(1), "year_from": 2020, "year_to": 2019},
            "years_invalid",
        ),
    ],
)
async def test_a_variant_that_leaves_doubt_is_refused(
    station: Station, fields: dict[str, Any], code: str
) -> None:
    work = await a_work(station)
    there = await station.send(CreateVariant(service_id=work.id, vendor="Lada", price=Decimal(2)))
    assert await refusal(station, CreateVariant(service_id=work.id, **fields)) == code
    assert (await station.ask(ListVariants(service_id=work.id))).items == (there,)


async def test_of_two_who_make_the_same_variant_at_once_one_is_refused(station: Station) -> None:
    work = await a_work(station)
    command = CreateVariant(service_id=work.id, vendor="Lada", price=Decimal(2))
    ends = await asyncio.gather(*(station.send(command) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(end, Refused) for end in ends) == 3
    assert len((await station.ask(ListVariants(service_id=work.id))).items) == 1


async def test_what_is_not_there_is_not_found(station: Station) -> None:
    work = await a_work(station)
    order = await a_new_order(station)
    stranger = new_id()
    for command, code in (
        (CreateVariant(service_id=stranger, vendor="x", price=Decimal(1)), "service_not_found"),
        (RemoveVariant(service_id=work.id, variant_id=stranger), "variant_not_found"),
        (
            AddService(order_id=order.id, service_id=work.id, variant_id=stranger),
            "variant_not_found",
        ),
        (AddPackage(order_id=order.id, package_id=stranger), "package_not_found"),
    ):
        assert await refusal(station, command) == code


# --- rounding ------------------------------------------------------------------------------------


async def test_the_stations_own_rules_round_norm_hours(station: Station) -> None:
    assert (await station.ask(GetPriceRules())).model_dump() == {
        "step": Decimal(10),
        "mode": "half_up",
        "revision": 1,
    }
    work = await a_work(station, labor_hours=Decimal("0.92"), labor_rate=Decimal("543.48"))
    order = await a_new_order(station)
    for rules, price in (
        ({}, 500),
        ({"mode": "up"}, 510),
        ({"step": Decimal("0.01"), "mode": "down"}, Decimal("500.00")),
        ({"step": Decimal(1000), "mode": "half_even"}, 1000),
    ):
        await station.send(ChangePriceRules(**rules))
        order = await station.send(AddService(order_id=order.id, service_id=work.id))
        assert order.services[-1].initial_price == price
    line = order.services[0]
    await station.send(ChangePriceRules(step=Decimal(50), mode="down"))
    order = await station.send(
        ChangeLine(order_id=order.id, line_id=line.id, labor_hours=Decimal("1.5"))
    )
    assert order.services[0].initial_price == 800
    assert (await station.ask(GetPriceRules())).revision == 5
    stale = ChangePriceRules(step=Decimal(1), expected_revision=1)
    assert await refusal(station, stale) == "revision_conflict"
    assert await refusal(station, ChangePriceRules(step=None)) == "field_required"


async def test_rules_changed_at_once_are_not_lost(station: Station) -> None:
    await asyncio.gather(
        station.send(ChangePriceRules(step=Decimal(50))), station.send(ChangePriceRules(mode="up"))
    )
    rules = await station.ask(GetPriceRules())
    assert (rules.step, rules.mode, rules.revision) == (Decimal(50), "up", 3)


# --- discounts -----------------------------------------------------------------------------------


async def test_works_and_goods_have_discounts_of_their_own(station: Station) -> None:
    discounts = {
        "discount_percent": Decimal(3),
        "services_discount_percent": Decimal(10),
        "products_discount_percent": Decimal(0),
    }
    order = await a_new_order(station, client=discounts)
    product = await a_known_product(station)
    protected = await a_known_product(station, no_discount=True)
    plain, own = await a_work(station), await a_work(station, no_discount=True)
    for work in (plain, own):
        order = await station.send(AddService(order_id=order.id, service_id=work.id))
    assert [line.discount_percent for line in order.services] == [10, 0]
    order = await station.request(order.id, product.id, "1")
    order = await station.request(
        order.id, product.id, "1", "material", service_line_id=order.services[0].id
    )
    order = await station.request(order.id, protected.id, "1", "product")
    assert [part.discount_percent for part in order.products] == [0, 0]
    assert [part.discount_percent for part in order.materials] == [10]
    order = await station.request(order.id, protected.id, "1", discount_percent=Decimal(7))
    assert order.products[-1].discount_percent == 7


async def test_goods_that_the_matrix_cannot_price_yet_are_not_given_away(
    station: Station,
) -> None:
    order = await a_new_order(station)
    unpriced = await a_known_product(station, pricing="matrix", price=Decimal(0))
    with pytest.raises(Refused, match="price_missing"):
        await station.request(order.id, unpriced.id, "1")
    order = await station.request(order.id, unpriced.id, "1", initial_price=Decimal(70))
    assert order.products[0].initial_price == 70


# --- packages ------------------------------------------------------------------------------------


class Shelf:
    """Works and products that packages are made of."""

    work: ServiceView
    wash: ServiceView
    oil: ProductView
    rag: ProductView

    @classmethod
    async def filled(cls, station: Station) -> Shelf:
        shelf = cls()
        shelf.work = await a_work(station)
        shelf.wash = await a_work(station, price=Decimal("333.33"))
        shelf.oil = await a_known_product(station, name="Масло", price=Decimal("890.00"))
        shelf.rag = await a_known_product(station, name="Ветошь", price=Decimal("7.77"))
        return shelf

    async def package(self, station: Station, **fields: Any) -> PackageView:
        rags = PackagePart(product_id=self.rag.id, quantity=Decimal(3))
        named: dict[str, Any] = {
            "name": f"ТО {new_id().hex[-6:]}",
            "services": (
                PackageService(service_id=self.work.id, materials=(rags,)),
                PackageService(service_id=self.wash.id, quantity=Decimal(2)),
            ),
            "goods": (PackagePart(product_id=self.oil.id, quantity=Decimal("4.5")),),
        }
        return await station.send(CreatePackage(**{**named, **fields}))


def amounts_of(order: OrderView) -> dict[UUID | None, Decimal]:
    parts = (*order.products, *order.materials)
    services = {line.service_id: line.quantity for line in order.services}
    return {**services, **{part.product_id: part.quantity for part in parts}}


async def test_a_package_puts_all_its_lines_on_the_order_at_once(station: Station) -> None:
    shelf = await Shelf.filled(station)
    package = await shelf.package(station)
    order = await a_new_order(station, client={"discount_percent": Decimal(10)})
    order = await station.send(AddPackage(order_id=order.id, package_id=package.id, quantity=2))
    assert amounts_of(order) == {
        shelf.work.id: 2,
        shelf.wash.id: 4,
        shelf.oil.id: 9,
        shelf.rag.id: 6,
    }
    assert order.materials[0].service_line_id == order.services[0].id
    assert order.revision == 2
    # 900.00 x 2, and 300.00 x 4: of 333.33 ten percent are taken, to the kopeck.
    assert order.total == 3000
    (requested,) = await published(station, PartsRequested)
    assert {line.product_id: line.quantity for line in requested.lines} == {
        shelf.rag.id: 6,
        shelf.oil.id: 9,
    }
    (added,) = await published(station, PackageAdded)
    parts = (*order.materials, *order.products)
    ids = {line.id for line in order.services} | {part.id for part in parts}
    assert (added.quantity, set(added.line_ids)) == (2, ids)
    assert [event.line for event in await published(station, ServiceAdded)] == list(order.services)
    assert [event.total for event in await published(station, OrderRepriced)] == [order.total]


@pytest.mark.parametrize("price", ["4999.99", "0.00", "0.01", "9999.00"])
@pytest.mark.parametrize("copies", [1, 3])
async def test_a_package_with_a_price_comes_to_it_exactly_whatever_the_warehouse_says(
    station: Station, price: str, copies: int
) -> None:
    shelf = await Shelf.filled(station)
    package = await shelf.package(station, price=Decimal(price))
    order = await a_new_order(station, client={"discount_percent": Decimal(10)})
    order = await station.send(
        AddPackage(order_id=order.id, package_id=package.id, quantity=copies)
    )
    lines = {"services", "products", "materials"}
    asked = await station.order(order.id)
    assert order.model_dump_json(include=lines) == asked.model_dump_json(include=lines)
    order = await answered(station, order, price="12345.00")
    assert order.total == Decimal(price) * copies
    assert sum(line.quantity for line in order.services if line.service_id == shelf.work.id) == (
        copies
    )
    assert {line.estimation_cost for line in order.services} == {1000, Decimal("333.33")}


async def test_a_packages_discount_takes_the_place_of_the_clients_where_lines_take_any(
    station: Station,
) -> None:
    shelf = await Shelf.filled(station)
    protected = await a_work(station, no_discount=True)
    services = (PackageService(service_id=shelf.work.id), PackageService(service_id=protected.id))
    package = await shelf.package(station, services=services, discount_percent=Decimal(15))
    order = await a_new_order(station, client={"discount_percent": Decimal(40)})
    order = await station.send(AddPackage(order_id=order.id, package_id=package.id))
    assert [line.discount_percent for line in order.services] == [15, 0]
    assert [part.discount_percent for part in order.products] == [15]


async def test_a_package_is_priced_by_the_orders_car(station: Station) -> None:
    shelf = await Shelf.filled(station)
    variant = await station.send(
        CreateVariant(service_id=shelf.work.id, model="Vesta", price=Decimal(700))
    )
    package = await shelf.package(station)
    order = await an_order_of_a_car(station)
    order = await station.send(AddPackage(order_id=order.id, package_id=package.id))
    assert (order.services[0].variant_id, order.services[0].price) == (variant.id, Decimal(700))


async def test_a_package_that_cannot_be_sold_leaves_nothing_on_the_order(
    station: Station,
) -> None:
    shelf = await Shelf.filled(station)
    package = await shelf.package(station)
    unpriced = await a_known_product(station, pricing="matrix", price=Decimal(0))
    goods = (PackagePart(product_id=unpriced.id, quantity=Decimal(1)),)
    order = await a_new_order(station)
    impossible = await shelf.package(station, goods=goods)
    command = AddPackage(order_id=order.id, package_id=impossible.id)
    assert await refusal(station, command) == "price_missing"
    await station.send(ChangePackage(package_id=package.id, active=False))
    gone = AddPackage(order_id=order.id, package_id=package.id)
    assert await refusal(station, gone) == "package_inactive"
    assert await station.ask(GetOrder(order_id=order.id)) == order
    assert await published(station, PartsRequested) == []


async def test_packages_are_kept_edited_and_found(station: Station) -> None:
    shelf = await Shelf.filled(station)
    package = await shelf.package(station, name="ТО-1 зимнее")
    other = await shelf.package(station, name="Шиномонтаж")
    assert await station.ask(GetPackage(package_id=package.id)) == package
    assert (await station.ask(ListPackages(q="зимн"))).items == (package,)
    changed = await station.send(
        ChangePackage(package_id=package.id, price=Decimal(100), goods=(), expected_revision=1)
    )
    assert (changed.goods, changed.price, changed.revision) == ((), Decimal(100), 2)
    assert await station.ask(GetPackage(package_id=package.id)) == changed
    for command, code in (
        (ChangePackage(package_id=package.id, name="Шиномонтаж"), "name_taken"),
        (
            ChangePackage(package_id=package.id, expected_revision=1, price=None),
            "revision_conflict",
        ),
        (ChangePackage(package_id=package.id, services=None), "field_required"),
        (ChangePackage(package_id=package.id, services=()), "package_empty"),
        (
            ChangePackage(package_id=package.id, discount_percent=Decimal(1)),
            "package_price_ambiguous",
        ),
    ):
        assert await refusal(station, command) == code
    assert (await station.ask(ListPackages())).items == (changed, other)


async def test_a_package_of_things_that_are_not_there_is_refused(station: Station) -> None:
    stranger = PackageService(service_id=new_id())
    assert await refusal(station, CreatePackage(name="ТО", services=(stranger,))) == (
        "service_not_found"
    )
