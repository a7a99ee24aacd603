"""``pitlane events rebuild`` that dies, as by kill -9, before one of the queries with which it puts
events back.

Run as ``python -m tests.deploy.cut_rebuild NUMBER`` with the environment of an operator; the first
query is 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from deploy.cli import app
from deploy.commands import event_replay
from deploy.commands.reach import asking_a_database
from tests.support.crashing import EXIT_CODE

AT_ONCE = 3
"""So few rows and events go together that there are many queries."""


def cut_before(number: int) -> None:
    put_back = event_replay.replay

    def counted(*args: Any) -> Any:
        numbers = count(1)

        @contextmanager
        def asking_or_dying() -> Iterator[None]:
            if next(numbers) == number:
                os._exit(EXIT_CODE)
            with asking_a_database():
                yield

        event_replay.asking_a_database = asking_or_dying  # type: ignore[attr-defined]
        return put_back(*args)

    event_replay.replay = counted  # type: ignore[assignment]
    event_replay.PAGE_ROWS = event_replay.PUBLISH_BATCH = AT_ONCE


if __name__ == "__main__":
    cut_before(int(sys.argv[1]))
    app(["events", "rebuild", "--yes"])
