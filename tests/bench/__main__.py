"""``python -m tests.bench [--quick] [--only NAME] [--readme]``: what is measured, one after the
other, each goal beside its figure."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.bench import (
    bare,
    board_page,
    drain,
    flow,
    latency,
    million,
    picture,
    pipelines,
    race,
    start,
    statements,
    table,
)
from tests.bench.business import Business, a_business
from tests.bench.floors import floor_servers
from tests.bench.station import BenchStation
from tests.bench.table import Row

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "build" / "bench.json"
PICTURE = PROJECT / "build" / "bench.svg"
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
    backlog: int
    clients: int
    searches: int


FULL = Extent(
    requests=300, races=100, flow_s=12, pipelines_s=20, starts=3, idle_s=30, looks=5,
    backlog=100_000, clients=1_000_000, searches=200,
)  # fmt: skip
QUICK = Extent(
    requests=50, races=2, flow_s=2, pipelines_s=3, starts=1, idle_s=3, looks=2,
    backlog=5_000, clients=10_000, searches=20,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """What the measurements are made with."""

    station: BenchStation
    business: Business
    folder: Path
    extent: Extent
    console: Console


type Measurement = Callable[[Work], Awaitable[Sequence[Row]]]


async def _latency(work: Work) -> Sequence[Row]:
    async with floor_servers(work.folder / "floors") as servers:
        return await latency.measure(work.station, work.business, servers, work.extent.requests)


async def _flow(work: Work) -> Sequence[Row]:
    rows, points = await flow.measure(work.station, work.business, work.extent.flow_s)
    picture.write(points, PICTURE)
    work.console.print(f"    drawn: {PICTURE}", soft_wrap=True)
    pid, seconds = work.station.told["pid"], work.extent.flow_s / 2
    floors = [
        await bare.measure(work.folder / f"bare-{clients}", pid, clients, seconds)
        for clients in (flow.CLIENTS[0], flow.CLIENTS[-1])
    ]
    return [*rows, *floors]


# In this order: what starts the station anew comes when the others are through with it, and the
# million when it harms nobody any more.
MEASUREMENTS: dict[str, tuple[str, Measurement]] = {
    "latency": ("floors, and one parts request at a time", _latency),
    "pipelines": (
        "pipelines, as many as there can be",
        lambda work: pipelines.measure(work.station, work.business, work.extent.pipelines_s),
    ),
    "flow": (f"the whole flow by {', '.join(map(str, flow.CLIENTS))} clients", _flow),
    "race": (
        "the race for the last ten, again and again",
        lambda work: race.measure(work.station, work.business, work.extent.races),
    ),
    "board": (
        f"the board of {board_page.CARDS} orders in a browser",
        lambda work: board_page.measure(work.station, work.business, work.extent.looks),
    ),
    "start": (
        "starts, and then nothing at all",
        lambda work: start.measure(work.station, work.extent.starts, work.extent.idle_s),
    ),
    "statements": (
        "statements, commits and WAL of a flow",
        lambda work: statements.measure(work.station, work.business, work.extent.flow_s / 2),
    ),
    "drain": (
        "a backlog after an outage",
        lambda work: drain.measure(work.station, work.extent.backlog),
    ),
    "million": (
        "a million of everything",
        lambda work: million.measure(
            work.station,
            work.business,
            work.extent.clients,
            work.extent.searches,
            work.extent.flow_s,
            work.console,
        ),
    ),
}


class Bench:
    """Takes one measurement after the other. One that fails is told, and leaves the others."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self.rows: list[Row] = []
        self.failed = False

    async def take_all(self, folder: Path, extent: Extent, names: Collection[str]) -> None:
        self._tell("a station starts for the first time …")
        async with BenchStation(folder / "station") as station:
            if "start" in names:
                self.rows.append(Row("first start, databases and all", station.start_s, "s"))
            async with station.http() as http:
                business = await a_business(http)
            work = Work(station, business, folder, extent, self._console)
            for place, name in enumerate(names, start=1):
                await self._take(f"{place} of {len(names)}", name, work)

    async def _take(self, place: str, name: str, work: Work) -> None:
        what, measurement = MEASUREMENTS[name]
        self._tell(f"{place}, {name}: {what} …")
        try:
            self.rows += await measurement(work)
        except Exception as error:
            self.failed = True
            self._console.print_exception()
            self._console.print(f"  [red]{name}: {error!r}[/]")

    def _tell(self, what: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - self._began), 60)
        self._console.print(f"  {minutes:02}:{seconds:02}  {what}")


def main(arguments: Sequence[str]) -> int:
    """1 when a measurement failed: then the README stays as it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it out")
    parser.add_argument(
        "--readme", action="store_true", help="write the table of this run into the README"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=MEASUREMENTS,
        metavar="NAME",
        help=f"only this, as often as there are several: {', '.join(MEASUREMENTS)}",
    )
    parser.add_argument(
        "--folder", type=Path, help="where to make a temporary folder: on the disk to be measured"
    )
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    bench = Bench(console)
    folder = Path(tempfile.mkdtemp(prefix="pitlane-bench-", dir=options.folder))
    try:
        names = [name for name in MEASUREMENTS if name in (options.only or MEASUREMENTS)]
        asyncio.run(bench.take_all(folder, QUICK if options.quick else FULL, names))
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
