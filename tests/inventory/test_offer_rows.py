"""What the rows of price lists and tables of analogues say; no server needed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.barcodes import barcode_warnings, check_digit, own_barcode
from services.inventory.domain.offers import (
    CROSS_FIELDS,
    PRICE_LIST_FIELDS,
    Cross,
    Offer,
    cross_of,
    offer_of,
)
from shared.imports.columns import mapped, number
from shared.imports.rows import FileRow
from shared.refusals import Refused

GOOD = {"number": "W 914/2", "vendor": "MANN", "name": "Фильтр", "price": "1 234,50"}


def an_offer(**cells: str) -> Any:
    return offer_of(FileRow(7, {**GOOD, **cells}))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1 234,50", "1234.50"),
        ("1\u00a0234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("12 500 руб.", "12500"),
        ("340 ₽", "340"),
        ("-5", "-5"),
        ("1,234,567", "1234567"),
    ],
)
def test_numbers_are_read_as_people_write_them(cell: str, value: str) -> None:
    assert number(cell) == Decimal(value)


@pytest.mark.parametrize("cell", ["", "дорого", "1e9", "NaN", "١٢", "1.2.3,4,5", "9" * 30, "=5"])
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(Refused, match="import_number_invalid"):
        number(cell)


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        ({"price": "100,005"}, "price", Decimal("100.01")),
        ({"stock": ">10"}, "stock", Decimal("10.000")),
        ({"stock": "есть"}, "stock", None),
        ({"stock": "нет"}, "stock", Decimal(0)),
        ({"stock": ""}, "stock", Decimal(0)),
        ({"multiplicity": "4"}, "multiplicity", Decimal("4.000")),
        ({"delivery_days": "2-3 дня"}, "delivery_days", 3),
        ({"delivery_days": "сегодня"}, "delivery_days", 0),
        ({"vendor": "  Mann   Filter "}, "vendor", "Mann Filter"),
        ({"number": "06a-115-561b"}, "number_key", "06A115561B"),
    ],
)
def test_cells_of_an_offer_are_understood(cells: dict[str, str], field: str, value: Any) -> None:
    offer = an_offer(**cells)
    assert isinstance(offer, Offer)
    assert getattr(offer, field) == value


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        ({"number": "--"}, "number", "import_value_missing"),
        ({"number": "9" * 81}, "number", "import_value_too_long"),
        ({"price": ""}, "price", "import_value_missing"),
        ({"price": "0"}, "price", "import_number_out_of_range"),
        ({"price": "99999999999"}, "price", "import_number_out_of_range"),
        ({"stock": "-1"}, "stock", "import_number_out_of_range"),
        ({"multiplicity": "0"}, "multiplicity", "import_number_out_of_range"),
        ({"delivery_days": "1 2 3"}, "delivery_days", "import_number_invalid"),
        ({"delivery_days": "400"}, "delivery_days", "import_number_out_of_range"),
    ],
)
def test_what_is_wrong_is_named(cells: dict[str, str], field: str, code: str) -> None:
    (problem,) = an_offer(**cells)
    assert (problem.row, problem.field, problem.refusal.code) == (7, field, code)


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    assert [problem.field for problem in an_offer(number="", price="x", stock="z")] == [
        "number", "price", "stock",
    ]  # fmt: skip


def test_headers_are_found_in_either_language_and_below_a_title() -> None:
    rows = [["ООО «Ромашка»"], ["Brand", "Part number", "Price, RUB", "Qty", "Description"]]
    found = mapped(rows, PRICE_LIST_FIELDS)
    assert found.header_row == 1
    assert found.columns == {"vendor": 0, "number": 1, "price": 2, "stock": 3, "name": 4}


def test_a_whole_header_goes_before_the_beginning_of_another() -> None:
    found = mapped([["Цена розничная", "Цена", "Артикул"]], PRICE_LIST_FIELDS)
    assert found.columns == {"price": 1, "number": 2}


def test_columns_that_were_said_go_before_those_that_were_found() -> None:
    found = mapped([["Артикул", "Цена", "Опт"]], PRICE_LIST_FIELDS, {"price": "опт", "name": 2})
    assert found.columns == {"number": 0, "price": 2, "name": 1}
    with pytest.raises(Refused, match="import_column_unknown"):
        mapped([["Артикул"]], PRICE_LIST_FIELDS, {"price": "нет такой"})
    with pytest.raises(Refused, match="import_column_unknown"):
        mapped([["Артикул"]], PRICE_LIST_FIELDS, {"colour": 1})


def test_an_analogue_is_a_pair_of_other_numbers() -> None:
    header = [["Номер", "Бренд", "Номер аналога", "Бренд аналога"]]
    assert len(mapped(header, CROSS_FIELDS).columns) == 4
    cells = {"number": "OC 90", "vendor": "Knecht", "cross_number": "W914/2", "cross_vendor": "M"}
    assert cross_of(FileRow(2, cells)) == Cross("OC90", "knecht", "W9142", "m")
    itself = {**cells, "cross_number": "oc-90", "cross_vendor": "KNECHT"}
    (problem,) = cross_of(FileRow(2, itself))  # type: ignore[misc]
    assert problem.refusal.code == "import_cross_of_itself"


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("4006381333931", True),
        ("4006381333932", False),
        ("96385074", True),
        ("036000291452", True),
        ("036000291453", False),
        ("ABC-1", True),
        ("12345", True),
    ],
)
def test_a_check_digit_is_warned_of(code: str, right: bool) -> None:
    assert (barcode_warnings(code) == ()) is right


def test_an_own_barcode_is_an_ean_of_the_own_range() -> None:
    code = own_barcode(42)
    assert (len(code), code[0], check_digit(code[:-1])) == (13, "2", code[-1])
