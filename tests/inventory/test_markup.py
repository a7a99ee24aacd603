"""What goods are sold for by what they cost; no server needed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.markup import Matrix
from shared.contracts.base import MAX_MONEY
from shared.contracts.inventory import MarkupRule
from shared.refusals import Refused
from tests.inventory.builders import decimals


def a_rule(start: str = "0", end: str | None = None, **fields: Any) -> MarkupRule:
    named = {"percent": Decimal(50)} if "fixed" not in fields else {}
    bounds = {"cost_from": Decimal(start), "cost_to": end and Decimal(end)}
    return MarkupRule(**{**named, **bounds, **fields})


def refusal_of(*rules: MarkupRule) -> str | None:
    try:
        Matrix(rules).check()
    except Refused as refused:
        return refused.code
    return None


def test_the_band_of_the_cost_counts_from_its_beginning_up_to_its_end() -> None:
    matrix = Matrix([a_rule("0", "100"), a_rule("100", percent=Decimal(20))])
    assert matrix.price(Decimal("99.99"), None, None) == Decimal("149.99")
    assert matrix.price(Decimal(100), None, None) == 120


def test_group_and_vendor_win_over_group_over_vendor_over_all() -> None:
    matrix = Matrix(
        [
            a_rule(percent=Decimal(10)),
            a_rule(percent=Decimal(20), vendor="Mann"),
            a_rule(percent=Decimal(30), group="Фильтры"),
            a_rule(percent=Decimal(40), group="Фильтры", vendor="MANN"),
        ]
    )
    for group, vendor, price in (
        ("фильтры ", "mann", 140),
        ("Фильтры", "Bosch", 130),
        ("Масла", "Mann", 120),
        ("Масла", None, 110),
        (None, None, 110),
    ):
        assert matrix.price(Decimal(100), group, vendor) == price


def test_without_a_rule_for_them_goods_keep_their_price() -> None:
    assert Matrix([a_rule(group="Фильтры")]).price(Decimal(100), "Масла", None) is None


def test_a_fixed_sum_is_put_on_as_it_is() -> None:
    assert Matrix([a_rule(fixed=Decimal(75))]).price(Decimal(100), None, None) == 175


def test_rounding_never_sells_below_the_cost() -> None:
    rule = a_rule(percent=Decimal(0), step=Decimal(10))
    assert Matrix([rule]).price(Decimal(14), None, None) == 20
    assert Matrix([rule]).price(Decimal(3), None, None) == 10


def test_a_price_stays_within_what_money_can_be() -> None:
    rule = a_rule(percent=Decimal(100_000))
    assert Matrix([rule]).price(MAX_MONEY, None, None) == MAX_MONEY


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], None),
        ([a_rule("100"), a_rule("0", "100")], None),
        ([a_rule("0", "100"), a_rule("100"), a_rule(group="Масла")], None),
        ([a_rule("1")], "markup_gap"),
        ([a_rule("0", "100")], "markup_gap"),
        ([a_rule("0", "100"), a_rule("101")], "markup_gap"),
        ([a_rule("0", "100"), a_rule("99.99")], "markup_overlap"),
        ([a_rule("0"), a_rule("100")], "markup_overlap"),
        ([a_rule("0", "0"), a_rule("0")], "markup_overlap"),
        ([a_rule("0", "100"), a_rule("100", "50"), a_rule("50")], "markup_overlap"),
        ([a_rule(), a_rule(group="Масла"), a_rule(group="масла")], "markup_overlap"),
        ([a_rule(percent=None)], "markup_ambiguous"),
        ([a_rule(fixed=Decimal(1), percent=Decimal(1))], "markup_ambiguous"),
    ],
)
def test_bands_follow_one_another_without_gap_or_overlap(
    rules: list[MarkupRule], code: str | None
) -> None:
    assert refusal_of(*rules) == code


def test_a_refusal_says_where_the_gap_is() -> None:
    with pytest.raises(Refused) as refused:
        Matrix([a_rule("0", "100", group="Масла")]).check()
    assert refused.value.words("ru") == (
        "Нет диапазона, начинающегося с 100.00: группа Масла, производитель *"
    )


@given(
    cuts=st.lists(st.decimals("0.01", "9999", places=2), unique=True, max_size=6),
    cost=st.decimals("0", "20000", places=2),
    step=st.sampled_from(decimals("0.01", "0.05", 1, 10, 50)),
    mode=st.sampled_from(["half_up", "half_even", "up", "down"]),
)
def test_every_cost_has_one_band_and_its_price_is_a_multiple_of_the_step(
    cuts: list[Decimal], cost: Decimal, step: Decimal, mode: Any
) -> None:
    starts = [Decimal(0), *sorted(cuts)]
    ends = [*starts[1:], None]
    rules = [
        MarkupRule(cost_from=start, cost_to=end, percent=Decimal(place), step=step, mode=mode)
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    matrix = Matrix(rules)
    matrix.check()
    percent = sum(start <= cost for start in starts) - 1
    price = matrix.price(cost, None, None)
    exact = Fraction(cost) * (100 + percent) / 100
    assert price is not None
    assert Fraction(price) / Fraction(step) % 1 == 0
    assert price >= cost
    assert abs(Fraction(price) - exact) <= Fraction(step)
