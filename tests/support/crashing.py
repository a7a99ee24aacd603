"""A service that dies, as by kill -9, at a named point of its delivery.

Run as ``python -m tests.support.crashing SERVICE POINT`` with a service's environment.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

from nats.aio.msg import Msg

from shared.messaging import inbox, outbox
from shared.service import service_named

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
            inbox.store_replies = die_async
        case "after_commit":
            # The transaction is durable, and nobody has been told.
            outbox.Relay.hand_over = die  # type: ignore[method-assign]
        case "after_publish":
            # The stream has the events, the outbox does not know.
            outbox.Relay._mark = die_async  # type: ignore[method-assign]
        case "before_ack":
            # An event's effect is durable, and the broker will bring it again.
            Msg.ack = die_async  # type: ignore[method-assign]
        case _:
            raise SystemExit(f"no crash point {point}")


POINTS = ("before_commit", "after_commit", "after_publish", "before_ack")

if __name__ == "__main__":
    arm(sys.argv[2])
    service_named(sys.argv[1]).run()
