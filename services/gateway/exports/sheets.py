"""A table as CSV or XLSX, written row by row.

CSV follows the reader's language as Excel does: in Russian semicolons and decimal commas, else
commas and decimal points; always UTF-8 with a byte order mark, without which Excel spoils
Cyrillic. XLSX has typed cells. Text is never a formula in either, whatever it looks like.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from typing import IO, Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = (JSON, CSV, XLSX)
FORMATS = {"json": JSON, "csv": CSV, "xlsx": XLSX}

ROWS_OF_A_PAGE = 1_000_000
"""A sheet takes 1,048,576, its head with them."""

CHARS_OF_A_CELL = 32_767
"""Of text, as spreadsheets take it."""
CUT = " […]"
"""Ends what is longer; CSV has all of it."""

type Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """``part``: a field of several things and the one of them whose ``field`` this shows."""

    field: str
    title: str
    part: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report, ready to be written down; times have no zone any more. ``rows`` are made as they
    are written, so that a long report is never in memory as a whole."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]


def write_csv(sheet: Sheet, file: IO[bytes], language: str) -> None:
    """Row by row; the file stays open."""
    delimiter, point = (";", ",") if language == "ru" else (",", ".")
    text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(in_csv(column.title, point) for column in sheet.columns)
    writer.writerows([in_csv(cell, point) for cell in row] for row in sheet.rows)
    text.detach()


def in_csv(cell: Cell, point: str) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return f"{cell:f}".replace(".", point)
        case str():
            # A spreadsheet would take these for formulas, whoever typed them in.
            return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
        case _:
            return str(cell)


def write_xlsx(sheet: Sheet, file: IO[bytes], folder: str | None = None) -> None:
    """Row by row, by way of a temporary file in ``folder``. What has more rows than a sheet takes
    goes on in another one."""
    options = {
        "constant_memory": True,
        "default_date_format": "dd.mm.yyyy hh:mm",
        "tmpdir": folder,
    }
    try:
        with xlsxwriter.Workbook(file, options) as workbook:
            _write_rows(sheet, workbook)
    except FileCreateError as error:
        # As it was: a disk that is full is told as that.
        raise error.args[0] from error


def _write_rows(sheet: Sheet, workbook: Any) -> None:
    formats = {name: workbook.add_format({"num_format": code}) for name, code in _FORMATS}
    head = workbook.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    page = _new_page(workbook, sheet, head, sheet.name[:31])
    line = 0
    for row in sheet.rows:
        if line == ROWS_OF_A_PAGE:
            number = len(workbook.worksheets()) + 1
            page, line = _new_page(workbook, sheet, head, f"{sheet.name[:25]} {number}"), 0
        line += 1
        for number, (column, cell) in enumerate(zip(sheet.columns, row, strict=True)):
            _write(page, line, number, cell, formats, column.field)


def _new_page(workbook: Any, sheet: Sheet, head: Any, name: str) -> Any:
    page = workbook.add_worksheet(name)
    page.freeze_panes(1, 0)
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, _width(column))
        page.write_string(0, number, column.title, head)
    return page


def _write(
    page: Any, row: int, column: int, cell: Cell, formats: dict[str, Any], field: str
) -> None:
    match cell:
        case None:
            pass
        case str():
            page.write_string(row, column, fitting(cell))
        case Decimal() if field in PERCENTS:
            page.write_number(row, column, cell / 100, formats["percent"])
        case Decimal():
            kind = "quantity" if field in QUANTITIES else "money"
            page.write_number(row, column, cell, formats[kind])
        case datetime():
            page.write_datetime(row, column, cell, formats["instant"])
        case date():
            page.write_datetime(row, column, cell, formats["day"])
        case _:
            page.write_number(row, column, cell)


def fitting(text: str) -> str:
    """As much of it as a cell takes, and a sign where that is not all. A sheet counts as UTF-16
    does: what lies beyond its first plane stands for two."""
    if _units(text) <= CHARS_OF_A_CELL:
        return text
    room = 2 * (CHARS_OF_A_CELL - _units(CUT))
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _width(column: Column) -> int:
    is_long = column.field in _LONG or column.field.endswith("_id")
    return 38 if is_long else max(12, len(column.title) + 2)


_FORMATS = (
    ("money", "#,##0.00"),
    ("quantity", "#,##0.###"),
    ("percent", "0.0%"),
    ("day", "dd.mm.yyyy"),
    ("instant", "dd.mm.yyyy hh:mm"),
)
QUANTITIES = frozenset(
    {
        "on_hand",
        "reserved",
        "available",
        "sold_hours",
        "quantity",
        "opening_quantity",
        "in_quantity",
        "out_quantity",
        "closing_quantity",
        "average_quantity",
        "turnover_days",
        "min_stock",
        "missing",
        "waiting",
        "incoming",
    }
)
PERCENTS = frozenset({"margin_percent", "discount_percent", "share", "cumulative", "variation"})
_LONG = frozenset(
    {
        "product",
        "employee",
        "section",
        "warehouse",
        "category",
        "name",
        "client",
        "supplier",
        "payer",
        "reason",
        "vehicle",
        "vehicles",
        "places",
        "comment",
        "happened",
        "about",
        "edits",
    }
)
