"""``python -m tests.bench [--quick] [--readme]``: all that is measured, one after the other."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.bench import board_page, flow, latency, pipelines, race, start, table
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
    looks: int


FULL = Extent(requests=300, races=20, flow_s=12, pipelines_s=20, starts=3, idle_s=30, looks=5)
QUICK = Extent(requests=50, races=2, flow_s=2, pipelines_s=3, starts=1, idle_s=3, looks=2)


class Bench:
    """Takes one measurement after the other. One that fails is told, and leaves the others."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.rows: list[Row] = []
        self.failed = False

    async def take(self, what: str, measurement: Awaitable[Sequence[Row]]) -> None:
        self._console.print(f"  {what} …")
        try:
            self.rows += await measurement
        except Exception as error:
            self.failed = True
            self._console.print_exception()
            self._console.print(f"  [red]{what}: {error!r}[/]")

    async def take_all(self, folder: Path, extent: Extent) -> None:
        self._console.print("  a station starts for the first time …")
        async with BenchStation(folder / "station") as station:
            first_start_s = station.start_s
            async with station.http() as http:
                business = await a_business(http)
            async with floor_servers(folder / "floors") as servers:
                await self.take(
                    "floors, and one parts request at a time",
                    latency.measure(station, business, servers, extent.requests),
                )
            await self.take(
                "pipelines, as many as there can be",
                pipelines.measure(station, business, extent.pipelines_s),
            )
            await self.take(
                f"the whole flow by {', '.join(map(str, flow.CLIENTS))} clients",
                flow.measure(station, business, extent.flow_s),
            )
            await self.take(
                f"the race for the last ten, {extent.races} times",
                race.measure(station, business, extent.races),
            )
            await self.take(
                f"the board of {board_page.CARDS} orders in a browser",
                board_page.measure(station, business, extent.looks),
            )
            await self.take(
                "starts, and then nothing at all",
                start.measure(station, first_start_s, extent.starts, extent.idle_s),
            )


def main(arguments: Sequence[str]) -> int:
    """1 when a measurement failed: then the README stays as it is."""
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
    bench = Bench(console)
    folder = Path(tempfile.mkdtemp(prefix="pitlane-bench-", dir=options.folder))
    try:
        asyncio.run(bench.take_all(folder, QUICK if options.quick else FULL))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    table.show(bench.rows, console)
    table.write_json(bench.rows, RESULTS, machine=table.machine(), quick=options.quick)
    console.print(f"written to {RESULTS}", soft_wrap=True)
    if bench.failed:
        return 1
    if options.readme:
        table.write_readme(table.markdown(bench.rows), README)
        console.print(f"written into {README}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
