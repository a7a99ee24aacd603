"""Answers laid aside in a file: however many there are, no more than one is in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO


class Spool:
    """Of JSON, a line each; gone through as often as need be, one at a time. Whoever opened the
    file closes it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def add(self, answer: bytes) -> None:
        self.file.seek(0, os.SEEK_END)
        self.file.write(answer + b"\n")

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        yield from self.file
