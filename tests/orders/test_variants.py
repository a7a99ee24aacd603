"""Which price of a work is for which car; no server needed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.variants import Car, Variant, chosen, ensure_clear
from shared.ids import new_id
from shared.refusals import Refused

FACTS = ("vendor", "model", "vehicle_class", "engine")
VESTA = Car(vendor="Lada", model="Vesta", vehicle_class="B", engine="1.6", year=2020)


def a_variant(**fields: Any) -> Variant:
    named: dict[str, Any] = {
        "id": new_id(),
        "service_id": new_id(),
        "vendor": None,
        "model": None,
        "vehicle_class": None,
        "engine": None,
        "year_from": None,
        "year_to": None,
        "price": Decimal(100),
        "labor_hours": None,
        "labor_rate": None,
        "estimation_minutes": None,
    }
    return Variant(**{**named, **fields})


@pytest.mark.parametrize(
    ("car", "fits"),
    [
        (Car(vendor="LADA", model=" x-Ray "), True),
        (Car(vendor="La da", model="X-RAY", year=1999), True),
        (Car(vendor="Lada"), False),
        (Car(vendor="Kia", model="X-Ray"), False),
        (Car(), False),
    ],
)
def test_every_named_fact_must_fit_whatever_its_case_and_spaces(car: Car, fits: bool) -> None:
    assert a_variant(vendor="Lada", model="X-Ray").fits(car) is fits


@pytest.mark.parametrize(
    ("years", "year", "fits"),
    [
        ((2018, 2020), 2018, True),
        ((2018, 2020), 2020, True),
        ((2018, 2020), 2021, False),
        ((2018, None), 2050, True),
        ((None, 2018), 1970, True),
        ((2018, None), None, False),
        ((None, None), None, True),
    ],
)
def test_a_range_of_years_has_both_its_ends_and_no_unknown_year(
    years: tuple[int | None, int | None], year: int | None, fits: bool
) -> None:
    variant = a_variant(vendor="Lada", year_from=years[0], year_to=years[1])
    assert variant.fits(Car(vendor="Lada", year=year)) is fits


def test_the_most_specific_variant_wins() -> None:
    ladas = a_variant(vendor="Lada")
    vestas = a_variant(vendor="Lada", model="Vesta")
    new_vestas = a_variant(vendor="Lada", model="Vesta", year_from=2019)
    assert chosen([ladas, new_vestas, vestas], VESTA) == new_vestas
    assert chosen([ladas, new_vestas, vestas], Car("Lada", "Vesta", year=2010)) == vestas
    assert chosen([ladas, new_vestas, vestas], Car("Lada", "Granta")) == ladas
    assert chosen([ladas, new_vestas, vestas], Car("Kia", "Rio")) is None


def test_of_as_many_facts_the_model_wins_then_engine_make_and_class() -> None:
    in_order = [
        a_variant(model="Vesta"),
        a_variant(engine="1.6"),
        a_variant(vendor="Lada"),
        a_variant(vehicle_class="B"),
        a_variant(year_from=2019, year_to=2021),
        a_variant(year_from=2010),
    ]
    for place, winner in enumerate(in_order):
        assert chosen(reversed(in_order[place:]), VESTA) == winner


def test_a_variant_says_something_about_cars() -> None:
    with pytest.raises(Refused, match="variant_empty"):
        ensure_clear(a_variant(vendor="  "), [])


def test_years_do_not_end_before_they_begin() -> None:
    with pytest.raises(Refused, match="years_invalid"):
        ensure_clear(a_variant(year_from=2020, year_to=2019), [])


@pytest.mark.parametrize(
    ("years", "clear"),
    [
        ((2015, 2017), True),
        ((2015, 2018), False),
        ((2020, None), False),
        ((2021, None), True),
        ((None, None), True),
    ],
)
def test_the_same_cars_in_years_that_overlap_are_refused(
    years: tuple[int | None, int | None], clear: bool
) -> None:
    there = a_variant(vendor="Lada", model="X-Ray", year_from=2018, year_to=2020)
    new = a_variant(vendor="lada", model="x - ray", year_from=years[0], year_to=years[1])
    if clear:
        ensure_clear(new, [there])
    else:
        with pytest.raises(Refused, match="variant_exists"):
            ensure_clear(new, [there])


def test_a_variant_does_not_stand_in_its_own_way() -> None:
    variant = a_variant(vendor="Lada")
    ensure_clear(variant, [variant])


some_facts = st.sampled_from([None, "Lada", "lada ", "Kia", "1.6"])
some_years = st.one_of(st.none(), st.integers(2000, 2004))


@st.composite
def some_variants(draw: st.DrawFn) -> list[Variant]:
    """As many as a work can have: each is clear beside those before it."""
    kept: list[Variant] = []
    for _ in range(draw(st.integers(0, 8))):
        facts = {name: draw(some_facts) for name in FACTS}
        variant = a_variant(**facts, year_from=draw(some_years), year_to=draw(some_years))
        try:
            ensure_clear(variant, kept)
        except Refused:
            continue
        kept.append(variant)
    return kept


@given(
    variants=some_variants(),
    facts=st.tuples(some_facts, some_facts, some_facts, some_facts),
    year=some_years,
    order=st.randoms(use_true_random=False),
)
def test_the_choice_fits_is_never_less_specific_and_does_not_depend_on_the_order(
    variants: list[Variant],
    facts: tuple[str | None, ...],
    year: int | None,
    order: Any,
) -> None:
    car = Car(**dict(zip(FACTS, facts, strict=True)), year=year)
    choice = chosen(variants, car)
    shuffled = list(variants)
    order.shuffle(shuffled)
    assert chosen(shuffled, car) == choice
    fitting = [variant for variant in variants if variant.fits(car)]
    assert (choice is None) == (fitting == [])
    if choice:
        assert choice in fitting
        assert named_facts(choice) == max(map(named_facts, fitting))


def named_facts(variant: Variant) -> int:
    has_years = variant.year_from is not None or variant.year_to is not None
    return sum(bool(getattr(variant, name)) for name in FACTS) + has_years
