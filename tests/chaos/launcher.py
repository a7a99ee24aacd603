"""``pitlane`` with the nursery of chaos, and with a supervisor that never tires.

Run as ``python -m tests.chaos.launcher up …`` with ``CHAOS_FOLDER`` in the environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.cli import main
from deploy.local import nursery, stream_watch, supervision
from deploy.local.processes import Child
from tests.chaos import haste


class ChaosChild(Child):
    """Starts our nursery where the supervisor means its own."""

    @classmethod
    async def start(cls, name: str, command: Sequence[str], *args: Any, **kwargs: Any) -> Child:
        ours = [
            "tests.chaos.nursery" if word == "deploy.local.nursery" else word for word in command
        ]
        return await Child.start(name, ours, *args, **kwargs)


if __name__ == "__main__":
    vars(nursery)["Child"] = ChaosChild
    # Who dies twenty times in a minute by our hand is not sick.
    supervision.WELL_AFTER_S = 0.0
    stream_watch.ONCE_MORE_AFTER_S = 8.0
    stream_watch.NEXT_RESTART_AFTER_S = 10.0
    stream_watch.OWED_FOR_S = haste.OWED_FOR_S
    main()
