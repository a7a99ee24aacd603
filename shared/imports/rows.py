"""Rows as they stand in a file, and what is wrong with them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.imports.columns import squeezed
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of the file: its number there, from 1, and the cells of the mapped fields."""

    number: int
    cells: dict[str, str]

    def get(self, name: str) -> str:
        return self.cells.get(name, "")

    @property
    def empty(self) -> bool:
        return not any(map(squeezed, self.cells.values()))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is not taken."""

    row: int
    field: str
    value: str
    refusal: Refused


@dataclass(slots=True)
class Checked:
    """What a few rows came to."""

    good: int = 0
    problems: list[Problem] = field(default_factory=list)
