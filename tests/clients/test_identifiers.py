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
from shared.phones import dialled, phone_shown
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
        "007 916 123 45 67",
        "тел.: +7 916 123-45-67",
        "tel:+79161234567",
        "\u202a+7 916 123-45-67\u202c",
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
        ("0049 30 123456", "+4930123456"),
        ("00 49 (30) 12-34-56", "+4930123456"),
        ("8 10 49 30 123456", "+4930123456"),
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
        "8 495 123-45-67 доб.",
        "8 495 123-45-67 доб. 12345678",
        "8 495 123-45-67 доб. 12 Вася",
        "0000 30 123456",
        "доб. 12",
        "+999 123 456",
        "8916\x001234567",
    ],
)
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        phone_numbers([typed])
    assert (refused.value.code, refused.value.params) == ("phone_invalid", {"phone": typed})


@pytest.mark.parametrize(
    "typed",
    [
        "+7 495 123-45-67 доб. 12",
        "8 (495) 123-45-67 (доб. 12)",
        "8 495 123-45-67, добавочный 12",
        "8 495 123-45-67 вн.12",
        "+7 495 123-45-67 ext. 12",
        "+7 495 123-45-67 Extension 12",
        "+7 495 123-45-67x12",
        "+7 495 123-45-67 х12",
        "007 495 123-45-67 #12",
        "+74951234567;ext=12",
        "tel:+7-495-123-45-67;ext=12",
    ],
)
def test_an_extension_is_kept_behind_its_number(typed: str) -> None:
    assert phone_numbers([typed]) == ("+74951234567;ext=12",)


def test_a_phone_is_shown_as_people_read_it_and_what_is_shown_can_be_typed() -> None:
    kept = "+74951234567;ext=12"
    for language, shown in (
        ("ru", "+7 495 123-45-67 доб. 12"), ("en", "+7 495 123-45-67 ext. 12"),
    ):  # fmt: skip
        assert phone_shown(kept, language) == shown
        assert phone_numbers([shown]) == (kept,)
    assert phone_shown("8 (495) 123-45-67", "ru") == "+7 495 123-45-67"
    assert phone_shown("123-45-67, спросить Олю", "ru") == "123-45-67, спросить Олю"
    assert phone_shown("123-45-67", "ru") == "123-45-67"
    assert phone_shown(None, "ru") == ""
    assert dialled("8 (495) 123-45-67 доб. 12") == kept
    assert dialled("123-45-67") == "123-45-67"


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
    ("typed", "why", "in_russian"),
    [
        ("XTA210990Y27663891", "it is too long (18)", "знаков слишком много (18)"),
        ("XTA2", "it is too short (4)", "знаков слишком мало (4)"),
        ("ITAQ10990O2766389", "I, O and Q are never in one, 1 and 0 are (I, Q, O)",
         "букв I, O и Q в нём не бывает, это 1 и 0 (I, Q, O)"),
        ("ХТАО10990У2766389", "I, O and Q are never in one, 1 and 0 are (O)",
         "букв I, O и Q в нём не бывает, это 1 и 0 (O)"),
        ("XTA2Ж0990Y2766З89", "only Latin letters and digits are in one (Ж, З)",
         "в нём бывают только латинские буквы и цифры (Ж, З)"),
        ("XTA210990Y276638*", "only Latin letters and digits are in one (*)",
         "в нём бывают только латинские буквы и цифры (*)"),
        ("XTA210990Y276638\x00", "only Latin letters and digits are in one (\x00)",
         "в нём бывают только латинские буквы и цифры (\x00)"),
    ],
)  # fmt: skip
def test_impossible_vin_is_refused_with_why_and_what_can_be_done(
    typed: str, why: str, in_russian: str
) -> None:
    with pytest.raises(Refused) as refused:
        vin_number(typed)
    assert refused.value.code == "vin_invalid"
    said, russian = refused.value.words(), refused.value.words("ru")
    assert said.startswith(f"{typed} is not a VIN: {why}. A VIN has 17 characters")
    assert said.endswith("leave the field empty if it cannot be read")
    assert russian.startswith(f"{typed} — не VIN: {in_russian}. В VIN 17 знаков")
    assert russian.endswith("оставьте поле пустым")


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
