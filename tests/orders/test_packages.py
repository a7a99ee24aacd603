"""The price of a package over its lines, to the kopeck; no server needed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.package_prices import divided, ensure_sellable, sold_at, spread
from services.orders.domain.pricing import formed, line_total, to_kopecks
from shared.contracts.works import PackagePart, PackageService
from shared.ids import new_id
from shared.refusals import Refused

ONE_WORK = PackageService(service_id=new_id())
TWO_WORKS = PackageService(service_id=new_id(), quantity=Decimal(2))
OIL = PackagePart(product_id=new_id(), quantity=Decimal("4.5"))
quantities = st.decimals("0.001", "99", places=3)
prices = st.decimals("0", "9999", places=2)


def test_a_package_has_something_in_it() -> None:
    with pytest.raises(Refused, match="package_empty"):
        ensure_sellable((), (), None, None)


def test_a_package_has_a_discount_or_a_price() -> None:
    with pytest.raises(Refused, match="package_price_ambiguous"):
        ensure_sellable((ONE_WORK,), (), Decimal(5), Decimal(100))


def test_a_price_needs_a_work_that_takes_what_cannot_be_divided() -> None:
    with pytest.raises(Refused, match="package_price_indivisible"):
        ensure_sellable((TWO_WORKS,), (OIL,), None, Decimal(100))
    ensure_sellable((TWO_WORKS, ONE_WORK), (OIL,), None, Decimal(100))
    ensure_sellable((TWO_WORKS,), (OIL,), Decimal(10), None)


def test_a_price_is_spread_in_proportion_and_the_rest_goes_to_the_work() -> None:
    lines = [(Decimal(1), Decimal(1000)), (Decimal("4.5"), Decimal(890)), (Decimal(3), Decimal(7))]
    finals, left = spread(Decimal("4000.00"), lines, rest=0)
    # 4000 / 5026 = 0.79586: of 4005.00 come 3187.42, and of 21.00 come 16.71.
    assert finals == [0, Decimal("708.31"), Decimal("5.57")]
    assert left == Decimal("4000.00") - Decimal("3187.40") - Decimal("16.71")


def test_what_cannot_be_divided_among_several_makes_two_lines_a_kopeck_apart() -> None:
    assert divided(Decimal("100.00"), 3) == [(2, Decimal("33.33")), (1, Decimal("33.34"))]
    assert divided(Decimal("99.99"), 3) == [(3, Decimal("33.33"))]
    assert divided(Decimal("0.00"), 2) == [(2, Decimal("0.00"))]


@given(
    lines=st.lists(st.tuples(quantities, prices), max_size=8),
    work_price=prices,
    total=st.decimals("0", "99999", places=2),
    copies=st.integers(1, 9),
)
def test_all_lines_together_come_to_the_price_exactly(
    lines: list[tuple[Decimal, Decimal]], work_price: Decimal, total: Decimal, copies: int
) -> None:
    every = [(Decimal(copies), work_price), *((much * copies, price) for much, price in lines)]
    finals, left = spread(total * copies, every, rest=0)
    assert left >= 0
    works = divided(left, copies)
    others = zip(every[1:], finals[1:], strict=True)
    sums = [to_kopecks(final * much) for (much, _), final in others]
    sums += [to_kopecks(final * units) for units, final in works]
    assert sum(sums) == total * copies
    assert sum(units for units, _ in works) == copies
    assert all(final >= 0 for final in finals)


@given(suggested=prices, final=prices, quantity=quantities)
def test_the_line_sells_at_its_part_and_still_shows_what_was_suggested(
    suggested: Decimal, final: Decimal, quantity: Decimal
) -> None:
    price = sold_at(formed(suggested, None, Decimal(7), Decimal(1)), final)
    assert price.final == final
    assert price.suggested == suggested
    assert price.initial == max(suggested, final)
    assert price.quoted
    assert line_total(price, quantity) == to_kopecks(final * quantity)
