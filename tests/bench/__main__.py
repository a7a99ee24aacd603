"""``python -m tests.bench [--quick] [--readme]``: all that is measured, one after the other."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.bench import flow, latency, pipelines, race, start, table
from tests.bench.business import a_business
from tests.bench.floors import floor_servers
from tests.bench.station import BenchStation
from tests.bench.table import Row

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "build" / "bench.json"
README = PROJECT / "README.md"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of each is measured."""

    requests: int
    races: int
    flow_s: float
    pipelines_s: float
    starts: int
    idle_s: float


FULL = Extent(requests=300, races=20, flow_s=12, pipelines_s=20, starts=3, idle_s=30)
QUICK = Extent(requests=50, races=3, flow_s=3, pipelines_s=3, starts=1, idle_s=4)


async def measure(folder: Path, extent: Extent, console: Console) -> list[Row]:
    def say(what: str) -> None:
        console.print(f"  {what} …")

    say("a station for the first time")
    async with BenchStation(folder / "station") as station:
        first_start_s = station.start_s
        async with station.http() as http:
            business = await a_business(http)
        say("floors, and one parts request at a time")
        async with floor_servers(folder / "floors") as servers:
            floors, latency_rows = await latency.measure(
                station, business, servers, extent.requests
            )
        say(f"the race for the last ten, {extent.races} times")
        race_rows = await race.measure(station, business, extent.races)
        say(f"the whole flow by {', '.join(map(str, flow.CLIENTS))} clients")
        flow_rows = await flow.measure(station, business, extent.flow_s)
        say("pipelines, as many as there can be")
        pipeline_rows = await pipelines.measure(station, business, extent.pipelines_s)
        say("starts, and then nothing at all")
        start_rows = await start.measure(station, first_start_s, extent.starts, extent.idle_s)
    return [
        *floors.rows(), *latency_rows, *pipeline_rows, *flow_rows, *race_rows, *start_rows
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it out")
    parser.add_argument(
        "--readme", action="store_true", help="write the table of this run into the README"
    )
    parser.add_argument(
        "--folder", type=Path, help="where to make a temporary folder: on the disk to be measured"
    )
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="pitlane-bench-", dir=options.folder))
    try:
        rows = asyncio.run(measure(folder, QUICK if options.quick else FULL, console))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    machine = table.machine()
    table.show(rows, console)
    console.print(machine)
    table.write_json(rows, RESULTS, machine=machine, quick=options.quick)
    console.print(f"written to {RESULTS}")
    if options.readme:
        table.write_readme(table.markdown(rows, machine), README)
        console.print(f"written into {README}")


if __name__ == "__main__":
    main(sys.argv[1:])
