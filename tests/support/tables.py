"""Table files for tests: as people save them, and as nobody should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

PRICE_HEADER = ("Артикул", "Бренд", "Наименование", "Цена, руб", "Остаток", "Кратность", "Срок")


def csv_file(
    rows: Iterable[Sequence[str]], *, delimiter: str = ";", encoding: str = "utf-8"
) -> bytes:
    return "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)


def xlsx_file(
    rows: Iterable[Sequence[Any]], *, formula: tuple[int, int, str] | None = None
) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if formula:
            at_row, at_column, text = formula
            sheet.write_formula(at_row, at_column, text, None, "77")
    return file.getvalue()


def price_rows(count: int, *, start: int = 0) -> Iterable[tuple[str, ...]]:
    """A price list with Russian numbers."""
    yield PRICE_HEADER
    for number in range(start, start + count):
        yield (
            f"A-{number:06d}",
            ("MANN", "Bosch", "Lemforder")[number % 3],
            f"Деталь тормозная {number}",
            f"1 {number % 900 + 100},50",
            ">10" if number % 2 else "4",
            "1",
            "2-3 дня",
        )


def repacked(xlsx: bytes, name: str, change: Any) -> bytes:
    """The same workbook with one part changed."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx)) as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.infolist():
            content = before.read(part)
            after.writestr(part, change(content) if part.filename == name else content)
    return file.getvalue()
