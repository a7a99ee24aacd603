"""The nursery of a station under chaos: the same processes, with crash points, hasty retries and
clocks that may be wrong."""

from __future__ import annotations

import os
import socket
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from deploy import topology
from deploy.local import nursery
from shared.messaging import consumer
from shared.settings import SERVICES
from tests.chaos import crash_points, haste


def main() -> None:
    for name in SERVICES:
        import_module(f"services.{name}.app")
    crash_points.install()
    vars(consumer)["RETRY_DELAYS_S"] = haste.RETRY_DELAYS_S
    topology.ACK_WAIT_S = haste.ACK_WAIT_S
    born = nursery._be

    def be(name: str, arguments: list[str], env: dict[str, str]) -> int:
        # What the supervisor hands down holds no variables of ours.
        folder = os.environ[crash_points.FOLDER]
        crash_points.Here.name = name
        if seconds := clock_of(Path(folder), name):
            put_clock(timedelta(seconds=seconds))
        return born(name, arguments, {**env, crash_points.FOLDER: folder})

    nursery._be = be
    nursery.nurse(socket.socket(fileno=int(sys.argv[1])))


def clock_of(folder: Path, process: str) -> float:
    """By how much the clock of a process is to be wrong when it starts."""
    try:
        return float((folder / f"{process}.clock").read_text())
    except FileNotFoundError:
        return 0.0


def put_clock(by: timedelta) -> None:
    """Everything of ours in this process reads a clock that is wrong by so much; ids too."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(datetime.now(UTC).timestamp() + by.total_seconds(), tz)

    ids = sys.modules["shared.ids"]
    right_id = ids.new_id

    def wrong_id() -> UUID:
        milliseconds = int(by.total_seconds() * 1000)
        return UUID(int=right_id().int + (milliseconds << 80))

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("shared", "services"):
            _replace(module, "datetime", datetime, Wrong)
            _replace(module, "new_id", right_id, wrong_id)


def _replace(module: Any, name: str, old: Any, new: Any) -> None:
    if vars(module).get(name) is old:
        setattr(module, name, new)


if __name__ == "__main__":
    main()
