"""Several lists, each newest first, read as one."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from itertools import islice

from shared.contracts.client_history import HistoryItem


def newest(
    lists: Sequence[Sequence[HistoryItem]], limit: int
) -> tuple[list[HistoryItem], list[int]]:
    """The newest of all, and how many of each list are among them."""
    marked = ([(item, number) for item in items] for number, items in enumerate(lists))
    shown = list(islice(merge(*marked, key=lambda pair: pair[0].at, reverse=True), limit))
    taken = [0] * len(lists)
    for _, number in shown:
        taken[number] += 1
    return [item for item, _ in shown], taken
