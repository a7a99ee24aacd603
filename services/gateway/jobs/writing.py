"""A process that makes a table of a report's answers: they come in, a line each, by standard
input, and the file goes to standard output; how many rows are written is said on standard error.

Run as ``python -m services.gateway.jobs.writing ORDERS``, with both being files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from tempfile import gettempdir
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ImportString

from services.gateway.exports.rows import sheet_of, write
from services.gateway.exports.sheets import Cell, Sheet
from services.gateway.exports.spool import Spool
from shared.contracts.base import View

TOLD_EVERY = 5_000
"""Rows."""


class Orders(BaseModel):
    """``name``: the report's. ``row``: what it has in a row, as ``module.class``. ``folder``: of
    temporary files."""

    name: str
    row: ImportString[type[View]]
    media_type: str
    language: str
    time_zone: str
    folder: str = gettempdir()


def main(arguments: Sequence[str]) -> None:
    orders = Orders.model_validate_json(arguments[0])
    # The three streams are pipes and files of whoever started this: rows, the table, how far it is.
    with (
        os.fdopen(0, "rb") as spool,
        os.fdopen(1, "w+b") as file,
        os.fdopen(2, "w", buffering=1, closefd=False) as progress,
    ):
        sheet = sheet_of(
            orders.name, orders.row, Spool(spool), orders.language, ZoneInfo(orders.time_zone)
        )

        def told() -> Iterator[Sequence[Cell]]:
            for number, row in enumerate(sheet.rows, start=1):
                yield row
                if number % TOLD_EVERY == 0:
                    progress.write(f"{number}\n")

        counted = Sheet(sheet.name, sheet.columns, told())
        write(counted, file, orders.media_type, orders.language, orders.folder)


if __name__ == "__main__":
    main(sys.argv[1:])
