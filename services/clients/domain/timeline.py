"""Several lists, each newest first, read as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice


def newest[ItemT](
    lists: Sequence[Sequence[ItemT]], at: Callable[[ItemT], datetime], limit: int
) -> tuple[list[ItemT], list[int]]:
    """The newest of all, and how many of each list are among them."""
    marked = ([(item, number) for item in items] for number, items in enumerate(lists))
    in_order = merge(*marked, key=lambda pair: at(pair[0]), reverse=True)
    shown = list(islice(in_order, limit))
    taken = [0] * len(lists)
    for _, number in shown:
        taken[number] += 1
    return [item for item, _ in shown], taken
