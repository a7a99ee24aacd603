"""Phones, VINs and plates as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clients.domain.identifiers import (
    folded,
    phone_numbers,
    plate_key,
    plate_text,
    vin_number,
    vin_warnings,
)
from shared.refusals import Refused

# --- phones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "8 916 123-45-67",
        "+7 916 123 45 67",
        "8(916)1234567",
        "79161234567",
        "9161234567",
        "+7‑916‑123‑45‑67",
        "  8.916.123.45.67  ",
    ],
)
def test_every_way_to_write_a_russian_phone_is_one_number(typed: str) -> None:
    assert phone_numbers([typed]) == ("+79161234567",)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+49 30 123456", "+4930123456"),
        ("+375 29 123-45-67", "+375291234567"),
        ("+1 650 253 0000", "+16502530000"),
        ("8 495 123-45-67", "+74951234567"),
    ],
)
def test_foreign_phone_keeps_its_country(typed: str, stored: str) -> None:
    assert phone_numbers([typed]) == (stored,)


@pytest.mark.parametrize(
    "typed",
    [
        "12345",
        "8 916 123-45",
        "+7 916 123 45 67 89",
        "телефон",
        "8 916 123-45-67 Вася",
        "8 495 123-45-67 доб. 12",
        "8 495 123-45-67 x12",
        "+999 123 456",
        "8916\x001234567",
    ],
)
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        phone_numbers([typed])
    assert (refused.value.code, refused.value.params) == ("phone_invalid", {"phone": typed})


def test_phone_typed_twice_in_one_card_is_kept_once_and_in_order() -> None:
    typed = ("+7 903 000-00-01", "8 916 123-45-67", "8 903 000 00 01")
    assert phone_numbers(typed) == ("+79030000001", "+79161234567")


# --- VIN ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("xta210990y2766389", "XTA210990Y2766389"),
        (" XTA 21099 0Y-2766389 ", "XTA210990Y2766389"),
        ("хта210990у2766389", "XTA210990Y2766389"),
        ("ВМЕ210990У2766389", "BME210990Y2766389"),
        ("JZX100-0123456", "JZX1000123456"),
        ("AT211–1234567", "AT2111234567"),
        ("GX110", "GX110"),
        ("SOQI12", "SOQI12"),
        ("", None),
        (" - ", None),
    ],
)
def test_vin_has_one_form(typed: str, stored: str | None) -> None:
    assert vin_number(typed) == stored


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("XTA210990Y27663891", "18 > 17"),
        ("XTA2", "4 < 5"),
        ("ITAQ10990O2766389", "I, Q, O"),
        ("ХТАО10990У2766389", "O"),
        ("XTA2Ж0990Y2766З89", "Ж, З"),
        ("XTA210990Y276638*", "*"),
        ("XTA210990Y276638\x00", "\x00"),
    ],
)
def test_impossible_vin_is_refused_with_why(typed: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        vin_number(typed)
    assert (refused.value.code, refused.value.params) == ("vin_invalid", {"vin": typed, "why": why})


@pytest.mark.parametrize(
    ("vin", "warnings"),
    [
        ("1M8GDM9AXKP042788", ()),  # check digit X
        ("11111111111111111", ()),
        ("1M8GDM9A1KP042788", ("vin_check_digit",)),
        ("1M8GDM9AXKP042787", ("vin_check_digit",)),
        ("XTA210990Y2766389", ()),
        ("XTA210990Y2766388", ("vin_check_digit",)),
        ("WVWZZZ1JZXW000001", ()),  # Z in the ninth place: the maker has no check digit
        ("JZX1000123456", ("vin_short",)),
        (None, ()),
    ],
)
def test_doubtful_vin_is_only_warned_about(vin: str | None, warnings: tuple[str, ...]) -> None:
    assert vin_warnings(vin) == warnings


@given(st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=17, max_size=17), st.integers(0, 16))
def test_a_single_wrong_figure_never_keeps_its_check_digit(vin: str, place: int) -> None:
    """The weights share no factor with 11, so that no other figure weighs the same."""
    digits = "0123456789X"
    fitting = [sign for sign in digits if not vin_warnings(vin[:8] + sign + vin[9:])]
    assert len(fitting) == 1
    right = vin[:8] + fitting[0] + vin[9:]
    if place != 8 and right[place].isdigit():
        wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        assert vin_warnings(wrong) == ("vin_check_digit",)


# --- plates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("а123вс77", "А123ВС77"),
        ("  a123bc   77 ", "A123BC 77"),
        ("B-MW 1234", "B-MW 1234"),
        ("Ж 1234 АБ", "Ж 1234 АБ"),
        ("", None),
        ("   ", None),
    ],
)
def test_plate_is_kept_as_people_read_it(typed: str, shown: str | None) -> None:
    assert plate_text(typed) == shown


@pytest.mark.parametrize("typed", ["---", "А123\x00", "<b>", "-123", "А*123"])
def test_what_is_no_plate_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        plate_text(typed)
    assert (refused.value.code, refused.value.params) == ("plate_invalid", {"plate": typed})


@pytest.mark.parametrize(
    "typed", ["а123вс77", "A123BC77", "А 123 ВС 77", "а-123-вс·77", "a123ВС77"]
)
def test_one_plate_in_two_alphabets_has_one_key(typed: str) -> None:
    assert plate_key(typed) == "A123BC77"


@given(st.text("АВЕКМНОРСТУХABEKMHOPCTYX0123456789 -", max_size=20))
def test_folding_twice_is_folding_once(typed: str) -> None:
    assert folded(folded(typed)) == folded(typed)
    assert folded(typed).isascii()
