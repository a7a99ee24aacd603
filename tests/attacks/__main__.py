"""``python -m tests.attacks [--requests N] [--seed N] [--examples N] [--only TEXT]``: the fuzzer,
on a station of its own, whose folder is kept when something was wrong."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.attacks.fuzzing import Fuzzer, Report
from tests.attacks.station import attacked

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "build" / "fuzz.json"
EVERY_S = 10.0
"""So often it is said how far it has come, also where no terminal is looked at."""


def main() -> int:
    said = _arguments()
    console = Console(stderr=True)
    console.print(f"fuzz: seed {said.seed}, {said.requests:,} requests; the station starts")
    folder = Path(tempfile.mkdtemp(prefix="pitlane-fuzz-"))
    well = False
    try:
        well = not asyncio.run(_on_a_station(folder / "data", said, console))
    finally:
        if well:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            console.print(f"the station's folder is {folder}")
    return 0 if well else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="that are sent, about")
    parser.add_argument("--examples", type=int, default=40, help="of an operation, per round")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--only", default="", help="operations with this in their label")
    return parser.parse_args()


async def _on_a_station(data_dir: Path, said: argparse.Namespace, console: Console) -> list[str]:
    async with attacked(data_dir) as station:
        fuzzer = Fuzzer(station.url, seed=said.seed)
        begun = time.monotonic()
        try:
            await asyncio.to_thread(_run, fuzzer, said, console)
        finally:
            report = fuzzer.report
            _write(report)
        faults = [str(fault) for fault in report.faults.values()]
        faults += await station.harm_done()
        console.print(_summary(report, time.monotonic() - begun, len(fuzzer.operations)))
        for fault in faults:
            console.print(f"fault: {fault}", highlight=False, markup=False)
        console.print(f"report: {RESULTS.relative_to(PROJECT)}")
        return faults


def _write(report: Report) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1))


def _run(fuzzer: Fuzzer, said: argparse.Namespace, console: Console) -> None:
    operations = [one for one in fuzzer.operations if said.only in one.label]
    begun = said_last = time.monotonic()

    def progress(report: Report) -> None:
        nonlocal said_last
        now = time.monotonic()
        if now - said_last >= EVERY_S:
            said_last = now
            console.print(
                f"{report.requests:,} of {said.requests:,} requests, "
                f"{report.requests / (now - begun):.0f} a second, {len(report.faults)} faults"
            )
            _write(report)

    fuzzer.rounds(operations, said.requests, said.examples, progress)


def _summary(report: Report, seconds: float, operations: int) -> str:
    return (
        f"{report.requests:,} requests in {seconds:,.0f} s, {report.busy} told to come back; "
        f"{len(report.successes)} of {operations} operations succeeded at least once; "
        f"slowest answer {report.slowest_s:.2f} s; "
        f"answers {dict(sorted(report.statuses.items()))}; "
        f"{len(report.faults)} faults"
    )


if __name__ == "__main__":
    sys.exit(main())
