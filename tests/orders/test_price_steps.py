"""Every price step is kept, with who took it and when, and none is ever overwritten."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from shared.contracts.inventory import ProductSaved
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    CreateService,
    ListPriceSteps,
    PartRequest,
    PriceStepView,
    RemoveLine,
    RequestParts,
)
from shared.database import engine_for
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.orders.test_handlers import a_known_product, a_new_order, answer_to, told
from tests.support.day import Station

type Told = tuple[str, Decimal | None, Decimal]
ANNA = Actor("anna", "advisor")


async def steps_of(station: Station, order_id: UUID, line_id: UUID) -> list[PriceStepView]:
    page = await station.ask(ListPriceSteps(order_id=order_id, line_id=line_id, limit=200))
    assert page.next is None
    return list(page.items)


def told_by(steps: list[PriceStepView]) -> list[Told]:
    return [(each.step, each.old, each.new) for each in steps]


def step(name: str, old: str | None, new: str) -> Told:
    return name, None if old is None else Decimal(old), Decimal(new)


async def test_a_works_price_tells_how_it_came_about(station: Station) -> None:
    order = await a_new_order(station)
    added = await station.send(
        AddService(order_id=order.id, name="Мойка", initial_price=Decimal(500), quantity=Decimal(2))
    )
    line_id = added.services[0].id
    await station.send(
        ChangeLine(
            order_id=order.id,
            line_id=line_id,
            initial_price=Decimal(450),
            discount_percent=Decimal(10),
        ),
        actor=ANNA,
    )
    await station.send(
        ChangeLine(order_id=order.id, line_id=line_id, fixed_discount=Decimal("5.50"))
    )
    await station.send(ChangeLine(order_id=order.id, line_id=line_id, quantity=Decimal(3)))
    # What changes no price leaves no step.
    await station.send(ChangeLine(order_id=order.id, line_id=line_id, comment="и коврики"))

    steps = await steps_of(station, order.id, line_id)
    assert told_by(steps) == [
        step("suggested", None, "500"),
        step("initial_price", None, "500"),
        step("quantity", None, "2"),
        step("initial_price", "500", "450"),
        step("discount_percent", "0", "10"),
        step("fixed_discount", "0", "5.50"),
        step("quantity", "2", "3"),
    ]
    assert [each.by for each in steps] == ["admin"] * 3 + ["anna"] * 2 + ["admin"] * 2
    assert {each.cause for each in steps[3:]} == {"cmd.orders.change_line.v1"}
    assert [each.at for each in steps] == sorted(each.at for each in steps)


async def test_the_catalogues_first_word_stays_when_the_warehouse_says_another(
    station: Station,
) -> None:
    order = await a_new_order(station)
    product = await a_known_product(station)
    order = await station.request(order.id, product.id, "2")
    dearer = answer_to(order, price=Decimal("130.00"))
    await told(station, dearer, "inventory")
    line = (await station.order(order.id)).products[0]
    assert (line.price_value, line.initial_price) == (Decimal(100), Decimal(130))
    steps = await steps_of(station, order.id, line.id)
    assert told_by(steps)[3:] == [
        step("initial_price", "100", "130"),
        step("warehouse_price", None, "130"),
    ]
    assert steps[-1].cause == "evt.inventory.parts_reserved.v1"
    # The same answer once more, and a later one, take no step.
    await told(station, dearer, "inventory")
    await told(station, answer_to(order, answer=2, price=Decimal("150.00")), "inventory")
    assert await steps_of(station, order.id, line.id) == steps


async def test_later_prices_and_discounts_leave_existing_lines_alone(station: Station) -> None:
    order = await a_new_order(station, client={"discount_percent": Decimal(10)})
    product = await a_known_product(station)
    order = await station.request(order.id, product.id, "1")
    before = await station.order(order.id)
    dearer = product.model_copy(update={"price": Decimal("999.00"), "revision": 2})
    await told(station, ProductSaved(product=dearer, created=False), "inventory")
    after = await station.order(order.id)
    assert after.products == before.products
    assert after.products[0].discount_percent == Decimal(10)


async def test_norm_hours_bind_the_initial_price(station: Station) -> None:
    order = await a_new_order(station)
    service = await station.send(
        CreateService(name="Развал", labor_hours=Decimal("0.92"), labor_rate=Decimal("543.48"))
    )
    order = await station.send(AddService(order_id=order.id, service_id=service.id))
    line_id = order.services[0].id
    change = ChangeLine(order_id=order.id, line_id=line_id, labor_hours=Decimal("0.33333"))
    changed = await station.send(change)
    assert changed.services[0].initial_price == Decimal(180)
    assert changed.services[0].estimation_cost == Decimal(500)
    assert told_by(await steps_of(station, order.id, line_id))[-2:] == [
        step("initial_price", "500", "180"),
        step("labor_hours", "0.92", "0.33333"),
    ]
    both = change.model_copy(update={"initial_price": Decimal(1)})
    with pytest.raises(Refused, match="price_ambiguous"):
        await station.send(ChangeLine(**both.model_dump(exclude_none=True)))

    free = await station.send(
        AddService(
            order_id=order.id, name="Сварка", labor_hours=Decimal(2), labor_rate=Decimal(1000)
        )
    )
    assert free.services[1].initial_price == Decimal(2000)
    with pytest.raises(Refused, match="price_missing"):
        await station.send(AddService(order_id=order.id, name="Сварка", labor_hours=Decimal(2)))


async def test_norm_hours_of_a_work_with_a_price_of_its_own_are_only_what_is_sold(
    station: Station,
) -> None:
    """``domain.md``: suggested is the catalogue's price, or hours times rate where it is priced by
    those. A rate that comes later prices it."""
    order = await a_new_order(station)
    service = await station.send(CreateService(name="Мойка", price=Decimal(700)))
    order = await station.send(AddService(order_id=order.id, service_id=service.id))
    line_id = order.services[0].id

    sold = await station.send(
        ChangeLine(order_id=order.id, line_id=line_id, labor_hours=Decimal("1.5"))
    )

    assert (sold.services[0].labor_hours, sold.total) == (Decimal("1.5"), Decimal(700))
    rated = ChangeLine(order_id=order.id, line_id=line_id, labor_rate=Decimal(1000))
    assert (await station.send(rated)).total == 1500


async def test_what_was_taken_off_is_still_told_and_what_never_was_is_refused(
    station: Station,
) -> None:
    order = await a_new_order(station)
    order = await station.send(
        AddService(order_id=order.id, name="Мойка", initial_price=Decimal(500))
    )
    line_id = order.services[0].id
    await station.send(RemoveLine(order_id=order.id, line_id=line_id))
    assert len(await steps_of(station, order.id, line_id)) == 3
    with pytest.raises(Refused, match="line_not_found"):
        await steps_of(station, order.id, new_id())
    other = await a_new_order(station)
    with pytest.raises(Refused, match="line_not_found"):
        await steps_of(station, other.id, line_id)


async def test_steps_come_page_by_page(station: Station) -> None:
    order = await a_new_order(station)
    product = await a_known_product(station)
    lines = tuple(PartRequest(product_id=product.id, quantity=Decimal(n)) for n in (1, 2, 3))
    order = await station.send(RequestParts(order_id=order.id, lines=lines))
    question = ListPriceSteps(order_id=order.id, line_id=order.products[1].id, limit=2)
    first = await station.ask(question)
    rest = await station.ask(question.model_copy(update={"cursor": first.next}))
    assert told_by([*first.items, *rest.items]) == [
        step("suggested", None, "100"),
        step("initial_price", None, "100"),
        step("quantity", None, "2"),
    ]


async def test_the_service_itself_cannot_edit_a_step(database: Callable[[str], str]) -> None:
    engine = engine_for(database("orders"))
    for statement in ("UPDATE price_steps SET new = 0", "DELETE FROM price_steps"):
        async with engine.connect() as connection:
            with pytest.raises(ProgrammingError, match="permission denied for table price_steps"):
                await connection.execute(sa.text(statement))
    await engine.dispose()
