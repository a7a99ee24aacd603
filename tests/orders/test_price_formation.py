"""A thousand orders against a calculation of their prices that knows nothing of decimals."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from services.orders.order import Order, PartLine, ServiceLine
from services.orders.pricing import formed, labor_price
from shared.ids import new_id
from tests.orders.builders import a_part, a_service, an_order

prices = st.decimals(min_value=0, max_value=100_000, places=2)
percents = st.decimals(min_value=0, max_value=100, places=2)
quantities = st.decimals(min_value="0.001", max_value=100, places=3)
lines = st.tuples(prices, percents, prices, quantities)
"""Initial price, discount in percent, fixed discount, quantity."""

type Line = tuple[Decimal, Decimal, Decimal, Decimal]


def half_up(amount: Fraction, step: Fraction) -> Fraction:
    return floor(amount / step + Fraction(1, 2)) * step


def line_of(line: Line) -> Fraction:
    """Percent first, then the sum, never below nought, to kopecks; then times the quantity."""
    initial, percent, fixed, quantity = map(Fraction, line)
    final = half_up(max(Fraction(0), initial * (100 - percent) / 100 - fixed), Fraction(1, 100))
    return half_up(final * quantity, Fraction(1, 100))


def order_of(work: Line, materials: list[Line], goods: list[Line]) -> Order:
    def priced[LineT: (ServiceLine, PartLine)](kept: LineT, line: Line) -> LineT:
        initial, percent, fixed, quantity = line
        return replace(kept, price=formed(initial, None, percent, fixed), quantity=quantity)

    service = priced(a_service(), work)
    carried = a_part(kind="material", service_line_id=service.id, answer=1)
    parts = [priced(replace(carried, id=new_id()), line) for line in materials]
    parts += [priced(a_part(answer=1), line) for line in goods]
    return an_order(services=(service,), parts=tuple(parts))


@settings(max_examples=1000, deadline=None)
@given(
    work=lines,
    materials=st.lists(lines, max_size=4),
    goods=st.lists(lines, max_size=4),
)
def test_every_sum_of_an_order_is_what_fractions_make_of_it(
    work: Line, materials: list[Line], goods: list[Line]
) -> None:
    order = order_of(work, materials, goods)
    in_materials, in_goods = sum(map(line_of, materials)), sum(map(line_of, goods))
    assert Fraction(order.services_total) == line_of(work)
    assert Fraction(order.materials_total) == in_materials
    assert Fraction(order.products_total) == in_goods
    assert Fraction(order.customer_total(order.services[0])) == line_of(work) + in_materials
    assert Fraction(order.total) == line_of(work) + in_materials + in_goods


@settings(max_examples=1000, deadline=None)
@given(
    hours=st.decimals(min_value=0, max_value=1000, places=5),
    rate=prices,
    step=st.sampled_from([1, 5, 10, 50, 100]),
)
def test_norm_hours_are_never_rounded_and_their_price_is(
    hours: Decimal, rate: Decimal, step: int
) -> None:
    exact = half_up(Fraction(hours) * Fraction(rate), Fraction(step))
    assert Fraction(labor_price(hours, rate, step)) == exact


def test_nuts_and_gloves_of_the_seed_make_340() -> None:
    nuts = (Decimal(100), Decimal(0), Decimal(0), Decimal(3))
    gloves = (Decimal(20), Decimal(0), Decimal(0), Decimal(2))
    order = order_of(nuts, [gloves], [])
    assert order.customer_total(order.services[0]) == order.total == Decimal(340)
