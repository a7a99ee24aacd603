"""What a mutation is, and where most of them are found out."""

from __future__ import annotations

from dataclasses import dataclass

DIRECTED = "tests/chaos/test_directed.py::"
BEFOREHAND = "tests/finance/test_beforehand.py::"


@dataclass(frozen=True, slots=True)
class Mutation:
    """``swaps``: what stands in the file, and what is put there."""

    name: str
    file: str
    swaps: tuple[tuple[str, str], ...]
    checks: tuple[str, ...]


def swapped(name: str, file: str, old: str, new: str, *checks: str) -> Mutation:
    return Mutation(name, file, ((old, new),), checks)
