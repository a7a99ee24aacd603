"""Reading table files: as people save them, and as nobody should. No server needed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.imports import MAX_CELL_CHARS
from tests.support.tables import PRICE_HEADER, csv_file, price_rows, repacked, xlsx_file

ROOT = Path(__file__).parents[2]
ROWS = [list(row) for row in price_rows(3)]


def read(content: bytes) -> Any:
    """The rows, or the code that the file is refused with."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        done = subprocess.run(
            [sys.executable, "-m", "services.gateway.sheets"],
            stdin=file,
            capture_output=True,
            env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            check=False,
        )
    lines = done.stdout.decode().splitlines()
    if not lines:
        return "killed"
    if lines[-1].startswith("!"):
        return lines[-1][1:].partition("\t")[0]
    rows = [row for line in lines[:-1] for row in json.loads(line.partition("\t")[2])]
    assert lines[-1] == f"={len(rows)}"
    return rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_csv_is_read_whatever_program_saved_it(encoding: str, delimiter: str) -> None:
    rows = [[cell.replace(",", ".") for cell in row] for row in ROWS]
    assert read(csv_file(rows, encoding=encoding, delimiter=delimiter)) == rows


def test_decimal_commas_do_not_make_a_comma_the_delimiter() -> None:
    assert read(csv_file(ROWS)) == ROWS


def test_quoted_cells_may_hold_delimiters_and_line_breaks() -> None:
    text = 'Артикул;Наименование\n"A;1";"Диск ""15"" \nстальной"\n'
    assert read(text.encode()) == [
        ["Артикул", "Наименование"],
        ["A;1", 'Диск "15" \nстальной'],
    ]


def test_a_workbook_gives_numbers_as_people_read_them() -> None:
    assert read(xlsx_file([["a", "b", "c"], [123456789012, 1.5, 0], [None, 7.0, "x"]])) == [
        ["a", "b", "c"],
        ["123456789012", "1.5", "0"],
        ["", "7", "x"],
    ]


def test_rows_and_columns_keep_their_numbers_when_the_first_are_empty() -> None:
    assert read(xlsx_file([[], [None, "a"], [None, 1]])) == [[], ["", "a"], ["", "1"]]


def test_a_formula_is_the_value_it_had_and_is_never_computed() -> None:
    file = xlsx_file(ROWS, formula=(1, 0, '=HYPERLINK("http://x.test/"&A1)'))
    assert read(file)[1][0] == "77"


def test_a_cell_of_a_million_characters_is_cut() -> None:
    assert len(read(csv_file([["a", "b"], ["x" * 100_000, "1"]]))[1][0]) == MAX_CELL_CHARS
    assert read(csv_file([["a", "b"], ["x" * 1_000_000, "1"]])) == "import_file_broken"


def test_control_characters_are_no_text() -> None:
    assert read("Артикул;Цена\nA\x001;5\n".encode()) == "import_encoding_unknown"
    assert read(bytes(range(256)) * 10) == "import_encoding_unknown"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import_empty"),
        (b"\x98\x98;\x98\n", "import_encoding_unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "import_file_kind"),
        (b"%PDF-1.7", "import_file_kind"),
        (b"PK\x03\x04 and nothing of a zip", "import_file_broken"),
        (csv_file([["x"] * 10_000]), "import_too_many_columns"),
        (csv_file([["x"]] * 200_002), "import_too_many_rows"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    assert read(content) == code


def test_ten_thousand_columns_of_a_workbook_are_refused() -> None:
    assert read(xlsx_file([["x"] * 10_000])) == "import_too_many_columns"


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("price.csv", "a;b")
    assert read(file.getvalue()) == "import_file_kind"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(
        xlsx_file(ROWS), "xl/sharedStrings.xml", lambda xml: xml + b" " * 300 * 1024 * 1024
    )
    assert len(bomb) < 1024 * 1024
    assert read(bomb) == "import_file_too_heavy"


def test_a_bomb_that_lies_about_its_size_has_no_more_memory_than_others() -> None:
    """The sizes in the directory say little, the stream holds a string of half a gigabyte."""
    huge = b"<sst><si><t>" + b"A" * 500 * 1024 * 1024 + b"</t></si></sst>"
    bomb = bytearray(repacked(xlsx_file(ROWS), "xl/sharedStrings.xml", lambda _: huge))
    said = len(huge).to_bytes(4, "little")
    while (at := bomb.find(said)) >= 0:
        bomb[at : at + 4] = (1000).to_bytes(4, "little")
    assert isinstance(read(bytes(bomb)), str)


@pytest.mark.parametrize(
    "declared",
    [
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    ],
)
def test_entities_are_refused(declared: bytes) -> None:
    file = repacked(
        xlsx_file(ROWS),
        "xl/sharedStrings.xml",
        lambda xml: xml.replace(b"?>", b"?>" + declared, 1),
    )
    assert read(file) == "import_file_unsafe"


def test_only_the_header_is_a_table_too() -> None:
    assert read(csv_file([PRICE_HEADER])) == [list(PRICE_HEADER)]
