"""Named points of delivery at which a process may be told to die, as by kill -9.

Nothing of this is in the services: their functions are wrapped here, before they run. Who wants a
process to die arms a point by a file in a folder, ``<process>.<point>``; the first process of that
name that comes there takes the file away and ends.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from nats.aio.msg import Msg

from shared.messaging import dead_letters, folding, inbox, outbox
from shared.messaging.client import ServiceClient
from shared.messaging.consumer import Consumer
from shared.messaging.server import Server
from shared.writing import Pending

FOLDER = "CHAOS_FOLDER"
"""The variable that names the folder; without it nobody dies."""

COMMANDED = ("clients", "orders", "inventory", "finance")
"""Services to which the load sends commands."""
LISTENING = (*COMMANDED, "documents", "audit")
POINTS: dict[str, tuple[str, ...]] = {
    # One transaction of the lane.
    "transaction_begun": LISTENING,
    "inbox_written": LISTENING,
    "handled": COMMANDED,
    "outbox_written": COMMANDED,
    "before_commit": LISTENING,
    "after_commit": LISTENING,
    "handed_over": LISTENING,
    "before_reply": COMMANDED,
    # The relay, woken or sweeping.
    "before_publish": COMMANDED,
    "amid_publish": COMMANDED,
    "after_publish": COMMANDED,
    "before_mark_commit": COMMANDED,
    "after_mark": COMMANDED,
    "before_sweep": COMMANDED,
    "after_sweep": COMMANDED,
    # The consumer.
    "before_pull": LISTENING,
    "event_came": LISTENING,
    "before_ack": LISTENING,
    "after_ack": LISTENING,
    "before_nak": ("orders",),
    "failure_noted": ("orders",),
    "before_park": LISTENING,
    "after_park": LISTENING,
    # Sums of reports.
    "before_fold_commit": ("finance", "inventory", "orders"),
    "after_fold": ("finance", "inventory", "orders"),
    # Who asks for others.
    "before_request": ("gateway",),
    "after_request": ("gateway",),
}
"""Each point with the processes that come there under load."""
POISON_ONLY = ("before_nak", "failure_noted", "before_park", "after_park")
"""Nobody comes there unless an event fails."""
EVERYBODY = "everybody"
"""In a process's place: all who come to a point, each once."""


def armed_for(target: str) -> list[tuple[str, str]]:
    """Processes and points of a target, ``<process>.<point>``."""
    process, _, point = target.partition(".")
    return [(each, point) for each in (POINTS[point] if process == EVERYBODY else (process,))]


class Here:
    """This process, as it is to be called by those who arm points."""

    name = ""


def reached(point: str) -> None:
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    armed = f"{folder}/{Here.name}.{point}"
    if not os.path.exists(armed):
        return
    try:
        os.rename(armed, f"{armed}.fired")
    except FileNotFoundError:  # another process of that name was faster
        return
    os.kill(os.getpid(), signal.SIGKILL)


def arm(folder: Path, process: str, point: str) -> Path:
    """The file that tells by its going that the process has died at the point."""
    armed = folder / f"{process}.{point}"
    armed.touch()
    return armed


def install() -> None:
    """Wraps the functions of delivery; once in a process, before any service runs."""
    _around(inbox, "remember", "transaction_begun", "inbox_written")
    _around_plain(inbox, "put", "transaction_begun", "inbox_written")
    _around_plain(outbox, "put", "handled", "outbox_written")
    _around(Pending, "send_last", None, "before_commit")
    _around_plain(outbox.Relay, "hand_over", "after_commit", "handed_over")
    _around(Server, "_command", None, "before_reply")
    _around(outbox.Relay, "_publish", "before_publish", None)
    _around_plain(outbox, "_taken", None, "amid_publish")
    _around(outbox, "_mark_published", "after_publish", "before_mark_commit")
    _around(outbox.Relay, "_mark", None, "after_mark")
    _around(outbox.Relay, "_sweep", "before_sweep", "after_sweep")
    _around(Consumer, "_pull", "before_pull", None)
    _around(Consumer, "_handle", "event_came", None)
    _around(Msg, "ack", "before_ack", "after_ack")
    _around(Msg, "nak", "before_nak", None)
    _around(dead_letters.DeadLetters, "note_failure", None, "failure_noted")
    for name in ("park", "park_invalid"):
        _around(dead_letters.DeadLetters, name, "before_park", "after_park")
    _around_folds()
    _around(ServiceClient, "request", "before_request", "after_request")


def _around(owner: Any, name: str, before: str | None, after: str | None) -> None:
    wrapped = getattr(owner, name)

    @wraps(wrapped)
    async def passing(*args: Any, **kwargs: Any) -> Any:
        if before:
            reached(before)
        result = await wrapped(*args, **kwargs)
        if after:
            reached(after)
        return result

    setattr(owner, name, passing)


def _around_plain(owner: Any, name: str, before: str | None, after: str) -> None:
    wrapped: Callable[..., Any] = getattr(owner, name)

    @wraps(wrapped)
    def passing(*args: Any, **kwargs: Any) -> Any:
        if before:
            reached(before)
        result = wrapped(*args, **kwargs)
        reached(after)
        return result

    setattr(owner, name, passing)


def _around_folds() -> None:
    """The fold itself is inside the transaction, its caller's end is after the commit."""
    fold_some = folding.fold_some

    async def passing(running: Any, fold: folding.Fold) -> int:
        async def folded(*args: Any) -> int:
            count = await fold(*args)
            reached("before_fold_commit")
            return count

        count = await fold_some(running, folded)
        reached("after_fold")
        return count

    folding.fold_some = passing
