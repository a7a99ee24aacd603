"""A service that dies, as by kill -9, at a named point of its delivery.

Run as ``python -m tests.support.crashing SERVICE POINT`` with a service's environment.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

from nats.aio.msg import Msg

from shared.imports.worker import ImportWorker
from shared.messaging import outbox
from shared.service import service_named
from shared.writing import Pending

EXIT_CODE = 137


def die(*_: Any, **__: Any) -> NoReturn:
    os._exit(EXIT_CODE)


async def die_async(*_: Any, **__: Any) -> NoReturn:
    os._exit(EXIT_CODE)


def arm(point: str) -> None:
    """Makes the process die when it first comes to the point."""
    match point:
        case "before_commit":
            # The last thing that happens inside the transaction.
            Pending.send_last = die_async  # type: ignore[method-assign]
        case "after_commit":
            # The transaction is durable, and nobody has been told.
            outbox.Relay.hand_over = die  # type: ignore[method-assign]
        case "after_publish":
            # The stream has the events, the outbox does not know.
            outbox.Relay._mark = die_async  # type: ignore[method-assign]
        case "before_ack":
            # An event's effect is durable, and the broker will bring it again.
            Msg.ack = die_async  # type: ignore[method-assign]
        case "in_import_check":
            # A chunk is checked and about to be committed, after another one that is.
            ImportWorker._check = _second_time(ImportWorker._check)  # type: ignore[method-assign]
        case "in_import_apply":
            # All is taken, and nothing is committed.
            ImportWorker._moved = _when_applied(ImportWorker._moved)  # type: ignore[method-assign]
        case _:
            raise SystemExit(f"no crash point {point}")


def _second_time(check: Any) -> Any:
    done: list[bool] = []

    async def check_and_die(*args: Any) -> None:
        await check(*args)
        if done:
            die()
        done.append(True)

    return check_and_die


def _when_applied(moved: Any) -> Any:
    async def move_and_die(*args: Any, **values: Any) -> None:
        await moved(*args, **values)
        if values.get("state") == "applied":
            die()

    return move_and_die


POINTS = ("before_commit", "after_commit", "after_publish", "before_ack")

if __name__ == "__main__":
    arm(sys.argv[2])
    service_named(sys.argv[1]).run()
