"""What a line in the search box may mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clients.domain.search import (
    Fits,
    Search,
    closest,
    may_be_misspelt,
    name_key,
    phone_key,
    readings_of,
    search_for,
    similar_readings,
    slips_between,
    words_of,
)
from tests.clients.builders import a_client


def test_keys_of_a_card_are_what_spelling_cannot_disturb() -> None:
    client = a_client(
        kind="company",
        company_name="ООО «Ёлка-Авто»",
        last_name="Соловьёв",
        phones=("+79161234567", "+74951234567"),
    )
    assert name_key(client) == " ооо елка авто соловьев иван "
    assert phone_key(client.phones) == " 79161234567 74951234567 "
    assert phone_key(("+74951234567;ext=12", "+79161234567")) == " 7495123456712 79161234567 "


@pytest.mark.parametrize(
    ("query", "search"),
    [
        ("", Search(everything=True)),
        ("  ", Search(everything=True)),
        ("«…»", Search()),
        ("1", Search(words=("1",))),
        ("123", Search(plate="123", words=("123",))),
        ("4567", Search(phone_runs=("4567",), vin="4567", plate="4567", words=("4567",))),
        (
            "+7 (916) 123-45-67",
            Search(
                phone_runs=("79161234567",),
                plate="79161234567",
                words=("7", "916", "123", "45", "67"),
            ),
        ),
        (
            "Соловьёв 123-45",
            Search(
                phone_runs=("12345",),
                phone_words=("соловьев",),
                plate="COЛOBЬЁB12345",
                words=("соловьев", "123", "45"),
            ),
        ),
        ("а 123 вс", Search(vin="A123BC", plate="A123BC", words=("а", "123", "вс"))),
        (
            "xta210990y2766389",
            Search(
                vin="XTA210990Y2766389", plate="XTA210990Y2766389", words=("xta210990y2766389",)
            ),
        ),
        ("Ив", Search(words=("ив",))),
    ],
)
def test_query_is_read_as_everything_that_it_may_be(query: str, search: Search) -> None:
    assert search_for(query) == search


def test_query_of_many_words_is_cut_short() -> None:
    assert len(search_for("а б в г д е ж з и к л м").words) == 8


def test_each_reading_says_what_must_hold() -> None:
    search = Search(phone_runs=("8916",), phone_words=("иван",), vin="8916", words=("иван", "п"))
    assert readings_of(search) == (
        (Fits("phone_key", ("%8916%",), ("7916",)), Fits("name_key", ("%иван%",))),
        (Fits("vin", ("%8916%",)),),
        (Fits("name_key", ("%иван%",)), Fits("name_key", ("% п%",))),
    )


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("0049 30 123456", Fits("phone_key", ("%004930123456%",), ("4930123456",))),
        (
            "8 10 49 30 123456",
            Fits("phone_key", ("%8104930123456%",), ("7104930123456", "4930123456")),
        ),
        ("00493", Fits("phone_key", ("%00493%",))),
        ("+7 495 123-45-67 (доб. 12)", Fits("phone_key", ("%7495123456712%",))),
        ("8 495 123-45-67 x12", Fits("phone_key", ("%8495123456712%",), ("7495123456712",))),
    ],
)
def test_a_number_is_looked_for_by_its_digits_however_it_is_dialled(query: str, fits: Fits) -> None:
    assert (fits,) in readings_of(search_for(query))


@given(st.text(max_size=40))
def test_no_query_reaches_the_pattern_language_of_the_database(query: str) -> None:
    """Only letters and digits come through, so that nobody can ask for ``%`` or ``_``."""
    for reading in readings_of(search_for(query)):
        for fits in reading:
            for pattern in (*fits.patterns, *fits.beginnings):
                assert not set(pattern.strip("% ")) & set("%_\\ ")


# --- misspellings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("иванов", "иванов", 0),
        ("ивонов", "иванов", 1),
        ("ивнов", "иванов", 1),
        ("ивваннов", "иванов", 2),
        ("пертов", "петров", 1),
        ("", "иван", 4),
        ("иван", "", 4),
        ("кузницоф", "кузнецов", 2),
    ],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert slips_between(one, other) == slips
    assert slips_between(other, one) == slips


@given(st.text("абв", max_size=6), st.text("абв", max_size=6), st.text("абв", max_size=6))
def test_slips_are_never_more_than_the_longer_word(one: str, other: str, third: str) -> None:
    assert (slips_between(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= slips_between(one, other) <= max(len(one), len(other))
    # The same ending adds no slip.
    assert slips_between(one + third, other + third) <= slips_between(one, other)


def test_only_the_closest_words_are_taken_for_a_misspelt_one() -> None:
    assert closest("ивонов", ["иванов", "ионов", "иванова", "петров"]) == ("иванов", "ионов")
    assert closest("кузницоф", ["кузнецов", "кузин"]) == ("кузнецов",)
    assert closest("питр", ["петр", "пилот"]) == ("петр",)
    assert closest("питр", ["павел"]) == ()


def test_misspelt_word_stands_beside_those_that_are_right() -> None:
    search = search_for("Ивонов Пётр 4567")
    assert may_be_misspelt(search) == ("ивонов", "петр")
    assert similar_readings(search, {"ивонов": ("иванов", "ионов")}) == (
        (
            Fits("phone_key", ("%4567%",)),
            Fits("name_key", ("%ивонов%", "% иванов %", "% ионов %")),
            Fits("name_key", ("%петр%",)),
        ),
    )
    assert similar_readings(search, {}) == ()


@given(st.text("абвёйЁABCxyz019 «»-_.,'", max_size=60))
def test_words_are_found_again_by_themselves(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
