"""Price vectors of seed 004, and arithmetic that must hold for any price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.pricing import formed, labor_price, line_total
from shared.refusals import Refused

money = st.decimals(min_value=0, max_value=10_000_000, places=2)
percents = st.decimals(min_value=0, max_value=100, places=2)
quantities = st.decimals(min_value="0.001", max_value=1000, places=3)


@pytest.mark.parametrize(
    ("hours", "rate", "step", "price"),
    [
        ("0.92", "543.48", 10, "500.00"),
        ("0.17", "899.98", 10, "150.00"),
        ("0.33333", "600.01", 10, "200.00"),
        ("1", "995", 10, "1000.00"),  # half goes up
        ("1", "994.99", 10, "990.00"),
        ("2.5", "1200", 1, "3000.00"),
        ("0", "1200", 10, "0.00"),
    ],
)
def test_norm_hours_times_rate_is_rounded_to_the_station_step(
    hours: str, rate: str, step: int, price: str
) -> None:
    assert labor_price(Decimal(hours), Decimal(rate), step) == Decimal(price)


@pytest.mark.parametrize(
    ("initial", "percent", "fixed", "final"),
    [
        ("100", "0", "0", "100.00"),
        ("100", "10", "0", "90.00"),
        ("100", "10", "15.50", "74.50"),  # percent first, then the sum
        ("100", "100", "0", "0.00"),
        ("100", "50", "70", "0.00"),  # never below zero
        ("0.05", "50", "0", "0.03"),  # half a kopeck goes up
        ("333.33", "33.33", "0", "222.23"),
    ],
)
def test_final_price_takes_percent_then_fixed_discount(
    initial: str, percent: str, fixed: str, final: str
) -> None:
    price = formed(Decimal(initial), None, Decimal(percent), Decimal(fixed))
    assert price.final == Decimal(final)


def test_a_quoted_price_leaves_the_suggestion_visible() -> None:
    price = formed(Decimal(500), Decimal(450), Decimal(0), Decimal(0))
    assert (price.suggested, price.initial, price.quoted) == (Decimal(500), Decimal(450), True)


@given(initial=money, percent=percents, fixed=money, quantity=quantities)
def test_any_line_agrees_with_an_independent_calculation_in_kopecks(
    initial: Decimal, percent: Decimal, fixed: Decimal, quantity: Decimal
) -> None:
    """Integers only: hundredths of kopecks, then half up by hand."""
    kopecks = int(initial * 100) * (10_000 - int(percent * 100)) - int(fixed * 100) * 10_000
    unit = max(0, (kopecks + 5_000) // 10_000)
    thousandths = unit * int(quantity * 1000)
    total = (thousandths + 500) // 1000

    price = formed(initial, None, percent, fixed)

    assert price.final == Decimal(unit) / 100
    assert line_total(price, quantity) == Decimal(total) / 100


@given(suggested=money, percent=percents, fixed=money)
def test_a_discount_never_raises_a_price(
    suggested: Decimal, percent: Decimal, fixed: Decimal
) -> None:
    assert formed(suggested, None, percent, fixed).final <= suggested


def test_a_line_larger_than_the_books_is_refused() -> None:
    price = formed(Decimal("9999999999.99"), None, Decimal(0), Decimal(0))
    with pytest.raises(Refused, match="amount_too_large"):
        line_total(price, Decimal(2))


def test_a_line_that_only_its_discount_makes_fit_is_refused() -> None:
    price = formed(Decimal("9999999999.99"), None, Decimal(100), Decimal(0))
    assert line_total(price, Decimal(1)) == 0
    with pytest.raises(Refused, match="amount_too_large"):
        line_total(price, Decimal(2))
