"""A register made of a folder: every receipt is a JSON file and a text that people read.

``journal.jsonl`` is its memory: a receipt has its number once its line is there, whole and on disk.
The files named by the receipt's id are made of that line, each in one step; what a crash has left
out is made up for before the next receipt. So numbers have no gaps, and an id has one number.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pydantic_core

from services.finance.providers.base import Passing
from shared.contracts.fiscal import FiscalReceiptView

TAIL_BYTES = 1024 * 1024
"""The last line is found in so much of the journal: a receipt is far shorter."""
TITLES = {
    "sale": "ПРИХОД",
    "refund": "ВОЗВРАТ ПРИХОДА",
    "correction": "КОРРЕКЦИЯ ПРИХОДА",
    "shift_open": "ОТКРЫТИЕ СМЕНЫ",
    "shift_close": "ЗАКРЫТИЕ СМЕНЫ",
}
TENDERS = {"cash": "НАЛИЧНЫМИ", "card": "КАРТОЙ", "transfer": "БЕЗНАЛИЧНЫМИ"}


class FileRegister:
    """``<id>.json``, ``<id>.txt`` and ``journal.jsonl`` in one folder; several may share it."""

    name = "file"
    knows_ids = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def register(self, receipt: FiscalReceiptView) -> int:
        try:
            return await asyncio.to_thread(self._register, receipt)
        except OSError as error:
            raise Passing(f"{self._folder}: {error.strerror}") from error

    def _register(self, receipt: FiscalReceiptView) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "journal.jsonl"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as journal:
            fcntl.flock(journal, fcntl.LOCK_EX)
            last = _last_line(journal)
            if last:
                self._write_files(last)
            known = self._folder / f"{receipt.id}.json"
            if known.exists():
                return int(pydantic_core.from_json(known.read_bytes())["number"])
            number = int(last["number"]) + 1 if last else 1
            line = {**receipt.model_dump(mode="json"), "number": number, "state": "sent"}
            journal.seek(0, os.SEEK_END)
            journal.write(pydantic_core.to_json(line) + b"\n")
            journal.flush()
            os.fsync(journal.fileno())
            self._write_files(line)
        return number

    def _write_files(self, line: dict[str, Any]) -> None:
        self._write(f"{line['id']}.txt", text_of(line).encode())
        # Last: whoever finds it knows that all is there.
        self._write(f"{line['id']}.json", pydantic_core.to_json(line, indent=2))

    def _write(self, name: str, content: bytes) -> None:
        """All of it or nothing, and never over what is there."""
        target = self._folder / name
        if target.exists():
            return
        part = self._folder / f"{name}.part"
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)


def _last_line(journal: BinaryIO) -> dict[str, Any] | None:
    """What a crash cut short was never a receipt: it is cut off."""
    end = journal.seek(0, os.SEEK_END)
    start = max(0, end - TAIL_BYTES)
    journal.seek(start)
    tail = journal.read()
    whole = tail.rfind(b"\n") + 1
    if whole < len(tail):
        journal.truncate(start + whole)
    lines = tail[:whole].splitlines()
    return pydantic_core.from_json(lines[-1]) if lines else None


def text_of(line: dict[str, Any]) -> str:
    """As it would be printed."""
    rows = [f"{TITLES[line['kind']]} № {line['number']}", f"Кассир: {line['cashier']}"]
    for sold in line["lines"]:
        rows.append(sold["name"])
        rows.append(f"  {sold['quantity']} × {sold['price']} = {sold['total']}")
    if line["lines"]:
        rows.append(f"ИТОГО: {line['total']}")
    rows += [f"{TENDERS[paid['method']]}: {paid['amount']}" for paid in line["tenders"]]
    if Decimal(line["offset"]):
        rows.append(f"ЗАЧТЕНО ИЗ АВАНСА: {line['offset']}")
    if line["reason"]:
        rows.append(f"Основание: {line['reason']}")
    return "\n".join([*rows, line["created_at"], f"ID: {line['id']}", ""])
