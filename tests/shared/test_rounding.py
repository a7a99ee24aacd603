"""Multiples of a step, by every mode; no server needed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import RoundingMode
from shared.rounding import round_to_step


@pytest.mark.parametrize(
    ("amount", "step", "mode", "rounded"),
    [
        ("500.0016", "10", "half_up", "500.00"),
        ("505", "10", "half_up", "510.00"),
        ("505", "10", "half_even", "500.00"),
        ("515", "10", "half_even", "520.00"),
        ("500.0016", "10", "up", "510.00"),
        ("509.99", "10", "down", "500.00"),
        ("0.125", "0.01", "half_even", "0.12"),
        ("0.125", "0.01", "half_up", "0.13"),
        ("1499.99", "1000", "half_up", "1000.00"),
        ("0.12", "0.05", "up", "0.15"),
    ],
)
def test_each_mode_has_its_own_way_to_the_step(
    amount: str, step: str, mode: RoundingMode, rounded: str
) -> None:
    assert str(round_to_step(Decimal(amount), Decimal(step), mode)) == rounded


@given(
    amount=st.decimals("0", "99999", places=5),
    step=st.sampled_from([Decimal(step) for step in ("0.01", "0.5", "1", "10", "1000")]),
)
def test_rounding_agrees_with_whole_number_arithmetic(amount: Decimal, step: Decimal) -> None:
    whole, rest = divmod(Fraction(amount), Fraction(step))
    half = Fraction(step) / 2
    expected: dict[RoundingMode, int] = {
        "down": whole,
        "up": whole + (rest > 0),
        "half_up": whole + (rest >= half),
        "half_even": whole + (rest > half or (rest == half and whole % 2 == 1)),
    }
    for mode, steps in expected.items():
        assert Fraction(round_to_step(amount, step, mode)) == steps * Fraction(step)
