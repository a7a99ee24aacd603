"""``python -m tests.drill [--flips N] [--events N] [--seed N]``; exit code 1: a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from pathlib import Path

from deploy.progress import TerminalProgress
from tests.drill.flips import flip
from tests.drill.places import flip_places
from tests.drill.wipe import GOAL_S_PER_10_000, wipe


async def drill(flips: int, events: int, seed: int) -> bool:
    progress = TerminalProgress()
    with tempfile.TemporaryDirectory(prefix="pitlane-drill-") as folder:
        came = await flip(Path(folder), flips, seed, progress)
        placed = await flip_places(Path(folder), progress)
        seconds = await wipe(Path(folder) / "wipe", events, progress)
    goal_s = GOAL_S_PER_10_000 * events / 10_000
    print(f"seed {seed}: {flips} flipped bits, {came.undetected} undetected (goal 0)")
    print(f"every bit of a consumer's place: {placed.undetected} undetected (goal 0)")
    print(f"{events} events put back in {seconds:.1f} s (goal {goal_s:.0f} s)")
    undetected = came.undetected or placed.undetected
    return not undetected and not came.refused and seconds <= goal_s


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.drill")
    options.add_argument("--flips", type=int, default=1000)
    options.add_argument("--events", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    told = options.parse_args()
    # A connection that breaks is what is drilled.
    logging.disable(logging.CRITICAL)
    sys.exit(not asyncio.run(drill(told.flips, told.events, told.seed)))


if __name__ == "__main__":
    main()
