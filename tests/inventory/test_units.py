"""Goods bought in packs and kept in pieces: nothing is lost in between; no server needed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.inventory.domain.costing import kopecks
from services.inventory.domain.units import Purchase, in_main_units, purchased, unit_named, units_of
from shared.contracts.inventory import ProductUnit, ProductView
from shared.ids import new_id
from shared.refusals import Refused
from tests.inventory.builders import decimals

LITRE = ProductUnit(name="литр", short_name="л", factor=Decimal(1))
PACK = ProductUnit(name="упаковка", short_name="упак", factor=Decimal(5))
BARREL = ProductUnit(name="бочка", short_name="боч", factor=Decimal(200))


def test_the_main_unit_comes_first_and_the_others_by_size() -> None:
    assert units_of(LITRE, [BARREL, PACK]) == (LITRE, PACK, BARREL)


def test_a_unit_is_named_once() -> None:
    for others in ([PACK, PACK], [LITRE]):
        with pytest.raises(Refused) as refused:
            units_of(LITRE, others)
        assert refused.value.code == "unit_repeated"


@pytest.mark.parametrize("name", ["упак", "Упаковка", " УПАК "])
def test_a_unit_is_known_by_either_of_its_names(name: str) -> None:
    assert unit_named(_oil(), name) == PACK


def test_a_unit_that_the_product_is_not_counted_in_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        unit_named(_oil(), "бочка")
    assert refused.value.words("ru") == "Товар «Масло» не считают в единицах «бочка»"


def test_packs_of_five_litres_come_as_litres_at_a_fifth_of_the_cost() -> None:
    purchase = bought_in("2", "2500", "5")
    assert purchase.quantity == 10
    assert purchase.unit_cost == 500


def test_a_cost_that_does_not_divide_is_kept_whole() -> None:
    purchase = bought_in("1", "100", "7")
    assert (purchase.quantity, purchase.total) == decimals(7, 100)
    assert purchase.unit_cost == Decimal("14.29")


def test_what_is_bought_in_the_main_unit_keeps_its_own_cost() -> None:
    purchase = bought_in("1.5", "3.34", "1")
    assert (purchase.quantity, purchase.unit_cost) == decimals("1.5", "3.34")


def test_a_line_that_was_rounded_is_worth_what_the_invoice_says() -> None:
    purchase = bought_in("1.005", "3.33", "1")
    assert purchase.total == Decimal("3.35")
    assert purchase.unit_cost == Decimal("3.33")


def test_less_than_a_thousandth_of_a_main_unit_cannot_be_counted() -> None:
    with pytest.raises(Refused) as refused:
        bought_in("0.5", "1", "0.001")
    assert refused.value.words() == "0.0005 main units cannot be counted to a thousandth"


@pytest.mark.parametrize(
    ("quantity", "cost", "factor"), [("999999", "1", "2"), ("0.1", "9999999999", "0.01")]
)
def test_more_than_the_books_can_hold_is_refused(quantity: str, cost: str, factor: str) -> None:
    with pytest.raises(Refused) as refused:
        bought_in(quantity, cost, factor)
    assert refused.value.code == "amount_too_large"


@given(
    quantity=st.decimals("0.001", "4999", places=3),
    cost=st.decimals("0", "99999", places=2),
    factor=st.sampled_from(decimals("0.001", "0.5", "0.75", 3, 5, 7, "12.5", 200)),
)
def test_goods_are_worth_the_line_to_the_kopeck_and_count_it_to_the_thousandth(
    quantity: Decimal, cost: Decimal, factor: Decimal
) -> None:
    assume((quantity * factor * 1000) % 1 == 0)
    purchase = bought_in(quantity, cost, factor)
    assert purchase.total == kopecks(quantity * cost)
    assert purchase.quantity == quantity * factor
    exact = Fraction(purchase.total) / Fraction(purchase.quantity)
    assert abs(Fraction(purchase.unit_cost) - exact) <= Fraction(1, 200)


def bought_in(quantity: str | Decimal, cost: str | Decimal, factor: str | Decimal) -> Purchase:
    total = kopecks(Decimal(quantity) * Decimal(cost))
    return purchased(in_main_units(Decimal(quantity), Decimal(factor)), total)


def _oil() -> ProductView:
    return ProductView(
        id=new_id(),
        name="Масло",
        oem=None,
        vendor=None,
        group=None,
        measure="л",
        price=Decimal(900),
        barcode=None,
        min_stock=None,
        comment=None,
        active=True,
        revision=1,
        units=(LITRE, PACK),
    )
