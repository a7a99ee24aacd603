"""Reads one table file, in a process of its own that has little to lose.

    python -m services.gateway.sheets < file

The file is what its first bytes say, never what it is called. On standard output come chunks of
rows, ``<number of the first row>\\t<JSON, arrays of strings>``, and at the end ``=<rows>``, or
``!<code>\\t<JSON, particulars>`` when it is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import python_calamine

from services.gateway.confined import confine
from shared.contracts.imports import MAX_CELL_CHARS, MAX_CHUNK_ROWS, MAX_COLUMNS, MAX_ROWS

CHUNK_BYTES = 256 * 1024
CPU_S = 60
WALL_S = 120.0
MEMORY_BYTES = 256 * 1024 * 1024
"""Of addresses, on top of what the process was born with; about half of it becomes real."""
MAX_PARTS = 2_000
MAX_UNPACKED_BYTES = 400 * 1024 * 1024
MAX_RATIO = 200
"""Tables shrink to a tenth, seldom to a fiftieth; beyond this lies what was made to burst."""
_HEAD_BYTES = 64 * 1024
_SAMPLE_ROWS = 30
_DELIMITERS = (";", "\t", ",", "|")
_FILE = "/proc/self/fd/0"


class Unreadable(Exception):
    """The file is refused: a code of ``shared.refusals`` with its particulars."""

    def __init__(self, code: str, **particulars: object) -> None:
        super().__init__(code)
        self.code = code
        self.particulars = {name: str(value) for name, value in particulars.items()}


def main() -> None:
    """Never raises: whatever happens, something is said."""
    confine(cpu_s=CPU_S, wall_s=WALL_S, memory_bytes=MEMORY_BYTES)
    out = sys.stdout
    try:
        total = 0
        for first, rows, body in chunked(table_of(Path(_FILE))):
            out.write(f"{first}\t{body}\n")
            out.flush()
            total = first + rows - 1
        out.write(f"={total}\n")
    except Unreadable as error:
        out.write(f"!{error.code}\t{json.dumps(error.particulars)}\n")
    except MemoryError:
        out.write("!import_file_too_heavy\t{}\n")
    except Exception:
        out.write("!import_file_broken\t{}\n")


def table_of(path: Path) -> Iterator[list[str]]:
    """The rows of a file, without what is empty at their ends. Raises ``Unreadable``."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04"):
        return _of_workbook(path)
    if not head or head.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"Rar!")):
        raise Unreadable("import_file_kind" if head else "import_empty")
    return _of_text(path)


def chunked(rows: Iterable[list[str]]) -> Iterator[tuple[int, int, str]]:
    """Of each chunk: the number of its first row, how many there are, and their JSON. Empty rows
    are counted. Raises ``Unreadable``."""
    waiting: list[str] = []
    size, first, number = 0, 1, 0
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS + 1:
            raise Unreadable("import_too_many_rows", limit=MAX_ROWS)
        if len(row) > MAX_COLUMNS:
            raise Unreadable("import_too_many_columns", limit=MAX_COLUMNS)
        text = json.dumps(row, ensure_ascii=False)
        size += len(text.encode())
        waiting.append(text)
        if len(waiting) == MAX_CHUNK_ROWS or size >= CHUNK_BYTES:
            yield first, len(waiting), f"[{','.join(waiting)}]"
            waiting, size, first = [], 0, number + 1
    if waiting:
        yield first, len(waiting), f"[{','.join(waiting)}]"


def _trimmed(cells: Iterable[Any]) -> list[str]:
    row = [_text(cell) for cell in cells]
    while row and not row[-1]:
        row.pop()
    return row


def _text(cell: Any) -> str:
    """As people read it: whole numbers without a point, days as ISO 8601. NUL is in no text."""
    match cell:
        case str():
            text = cell.replace("\x00", "").strip()
            # A lone half of a character cannot be sent on.
            return text.encode("utf-8", "replace").decode()[:MAX_CELL_CHARS]
        case bool():
            return "1" if cell else "0"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time() | datetime():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return "" if cell is None else str(cell)


# --- XLSX ----------------------------------------------------------------------------------------


def _of_workbook(path: Path) -> Iterator[list[str]]:
    """The first sheet that is shown. Formulas come as the values that they had when the file was
    saved; nothing is computed, followed or fetched."""
    _refuse_unsafe(path)
    workbook = python_calamine.load_workbook(path)
    shown = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == python_calamine.SheetVisibleEnum.Visible
        and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not shown:
        raise Unreadable("import_file_broken")
    sheet = workbook.get_sheet_by_name(shown[0])
    if sheet.total_width > MAX_COLUMNS or (sheet.end and sheet.end[1] >= MAX_COLUMNS):
        raise Unreadable("import_too_many_columns", limit=MAX_COLUMNS)
    if sheet.total_height > MAX_ROWS + 1:
        raise Unreadable("import_too_many_rows", limit=MAX_ROWS)
    # The library leaves out the empty columns at the left, but not the empty rows above.
    left = [""] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        yield _trimmed([*left, *row])


def _refuse_unsafe(path: Path) -> None:
    """What bursts when it is unpacked, and what declares entities: no spreadsheet program writes
    either. The reader expands no entity anyhow."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            packed = sum(part.compress_size for part in parts)
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked > min(
                MAX_UNPACKED_BYTES, MAX_RATIO * packed + 1024 * 1024
            ):
                raise Unreadable("import_file_too_heavy")
            if not any(part.filename == "[Content_Types].xml" for part in parts):
                raise Unreadable("import_file_kind")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as xml:
                        _refuse_entities(xml.read(_HEAD_BYTES))
    except zipfile.BadZipFile:
        raise Unreadable("import_file_broken") from None


def _refuse_entities(head: bytes) -> None:
    plain = head.replace(b"\x00", b"").upper()
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise Unreadable("import_file_unsafe")


# --- CSV -----------------------------------------------------------------------------------------


def _of_text(path: Path) -> Iterator[list[str]]:
    with path.open("rb") as file:
        encoding = _encoding_of(file)
        file.seek(0)
        sample = io.TextIOWrapper(file, encoding, newline="").read(_HEAD_BYTES)
    delimiter = _delimiter_of(sample)
    with path.open("r", encoding=encoding, newline="") as text:
        try:
            for cells in csv.reader(text, delimiter=delimiter):
                yield _trimmed(cells)
        except csv.Error:
            raise Unreadable("import_file_broken") from None


def _encoding_of(file: BinaryIO) -> str:
    """Raises ``Unreadable`` for what is no text at all."""
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ("utf-8-sig", "cp1251")
    for encoding in candidates:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while part := file.read(1024 * 1024):
                _refuse_controls(decoder.decode(part))
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable("import_encoding_unknown")


_WITHOUT_CONTROLS = dict.fromkeys(set(range(32)) - {9, 10, 11, 12, 13, 26})


def _refuse_controls(text: str) -> None:
    if len(text.translate(_WITHOUT_CONTROLS)) != len(text):
        raise Unreadable("import_encoding_unknown")


def _delimiter_of(sample: str) -> str:
    """The one by which the most rows have the same number of cells, more than one."""
    best, best_score = _DELIMITERS[0], (0, 0)
    for delimiter in _DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            widths = Counter(len(row) for row in islice(reader, _SAMPLE_ROWS) if len(row) > 1)
        except csv.Error:
            continue
        if widths:
            width, rows = widths.most_common(1)[0]
            if (rows, width) > best_score:
                best, best_score = delimiter, (rows, width)
    return best


if __name__ == "__main__":
    main()
