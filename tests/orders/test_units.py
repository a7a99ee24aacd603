"""Quantities in the unit that they were entered in, and in the one that they are kept in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.units import Entered, entered
from shared.contracts.inventory import ProductUnit
from shared.contracts.orders import ChangeLine, PartRequest, RequestParts
from shared.contracts.work_order import GetWorkOrder
from shared.refusals import Refused
from tests.orders.test_handlers import a_known_product, a_new_order
from tests.support.day import Station

UNITS = (
    ProductUnit(name="литр", short_name="л", factor=Decimal(1)),
    ProductUnit(name="канистра", short_name="кан", factor=Decimal(4)),
    ProductUnit(name="миллилитр", short_name="мл", factor=Decimal("0.001")),
)


def in_litres(quantity: Decimal, measure: str | None, **fields: Any) -> Entered:
    units = [unit.model_dump(mode="json") for unit in UNITS]
    named: dict[str, Any] = {"product": "Масло", "main": "литр", "units": units}
    return entered(quantity, measure, **{**named, **fields})


@pytest.mark.parametrize(
    ("quantity", "measure", "kept", "unit"),
    [
        ("2.5", None, "2.5", ("литр", "л")),
        ("2.5", "л", "2.5", ("литр", "л")),
        ("2", "Канистра", "8", ("канистра", "кан")),
        ("0.25", "кан", "1", ("канистра", "кан")),
        ("250", "мл", "0.250", ("миллилитр", "мл")),
    ],
)
def test_a_quantity_in_any_unit_of_the_product_is_kept_in_its_main_one(
    quantity: str, measure: str | None, kept: str, unit: tuple[str, str]
) -> None:
    found = in_litres(Decimal(quantity), measure)
    assert (found.quantity, found.entered_quantity) == (Decimal(kept), Decimal(quantity))
    assert (found.measure, found.short_name) == unit


def test_a_product_of_which_no_units_are_known_has_its_measure() -> None:
    assert in_litres(Decimal(3), None, units=()).measure == "литр"
    with pytest.raises(Refused, match="unit_unknown"):
        in_litres(Decimal(3), "кан", units=())


@pytest.mark.parametrize(
    ("quantity", "measure", "code"),
    [
        ("1", "бочка", "unit_unknown"),
        ("0.5", "мл", "quantity_not_exact"),
        ("999999", "кан", "quantity_not_exact"),
    ],
)
def test_what_cannot_be_kept_as_it_was_counted_is_refused(
    quantity: str, measure: str, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        in_litres(Decimal(quantity), measure)


@given(
    quantity=st.decimals(min_value="0.001", max_value=999_999, places=3),
    factor=st.decimals(min_value="0.000001", max_value=1000, places=6),
)
def test_a_kept_quantity_is_exactly_what_was_entered(quantity: Decimal, factor: Decimal) -> None:
    units = [{"name": "единица", "short_name": "ед", "factor": str(factor)}]
    exact = Fraction(quantity) * Fraction(factor)
    fits = (exact * 1000).denominator == 1 and exact <= Fraction("999999.999")
    if fits:
        assert Fraction(in_litres(quantity, "ед", units=units).quantity) == exact
    else:
        with pytest.raises(Refused, match="quantity_not_exact"):
            in_litres(quantity, "ед", units=units)


async def test_a_line_remembers_the_unit_and_is_priced_by_the_main_one(station: Station) -> None:
    order = await a_new_order(station)
    oil = await a_known_product(station, name="Масло", measure="л", units=UNITS)
    request = PartRequest(product_id=oil.id, quantity=Decimal(2), measure="кан")
    order = await station.send(RequestParts(order_id=order.id, lines=(request,)))
    line = order.products[0]
    assert (line.quantity, line.measure) == (Decimal(8), "л")
    assert (line.entered_quantity, line.entered_measure) == (Decimal(2), "канистра")
    assert (line.initial_price, line.total) == (Decimal(100), Decimal(800))
    whole = (await station.ask(GetWorkOrder(order_id=order.id))).products[0]
    assert (whole.measure_quantity, whole.measure.short_name) == (Decimal(2), "кан")
    assert whole.quantity == Decimal(8)

    # Without a unit a new quantity is in the main one again, which keeps both of its names.
    for fields, kept, unit in (
        ({"quantity": Decimal(5)}, "5", "литр"),
        ({"quantity": Decimal(500), "measure": "мл"}, "0.5", "миллилитр"),
    ):
        order = await station.send(ChangeLine(order_id=order.id, line_id=line.id, **fields))
        changed = order.products[0]
        assert (changed.quantity, changed.entered_measure) == (Decimal(kept), unit)
    with pytest.raises(Refused, match="field_required"):
        await station.send(ChangeLine(order_id=order.id, line_id=line.id, measure="кан"))
    with pytest.raises(Refused, match="unit_unknown"):
        await station.send(
            ChangeLine(order_id=order.id, line_id=line.id, quantity=Decimal(1), measure="бочка")
        )
