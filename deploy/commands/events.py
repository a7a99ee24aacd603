"""``pitlane events``: the stream of everything that happened, and how it is made whole again."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Mapping

    from nats.aio.client import Client
    from sqlalchemy.ext.asyncio import AsyncEngine

    from deploy.commands.event_replay import InStream, Snapshot
    from deploy.commands.reach import Reach

app = typer.Typer(help="The stream of events.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """The stream of events."""


@app.command("rebuild")
def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is missing; exit code 1 if anything is.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: StationDir = None,
) -> None:
    """Puts back what the outboxes have and the stream has lost.

    So it does with what a service has acknowledged and not handled. A
    stream that is missing is made first. Services may run meanwhile:
    each event keeps its id, and who handled it before drops it. Safe to
    interrupt, and to run again.
    """
    import asyncio

    from sqlalchemy.exc import SQLAlchemyError

    from deploy.commands.event_replay import FAILURES
    from deploy.commands.reach import reach
    from deploy.local.processes import CannotStart, DatabaseAway

    try:
        asyncio.run(_rebuild(reach(data_dir), check=check, yes=yes))
    except FAILURES as error:
        why = getattr(error, "description", None) or repr(error)
        raise CannotStart(f"NATS refuses: {why}; run this again when that is mended") from error
    except SQLAlchemyError as error:  # one that went away meanwhile cannot even be left
        why = str(error).partition("\n")[0]
        raise DatabaseAway(f"a database does not answer: {why}") from error


@app.command("watch")
def watch(data_dir: StationDir = None) -> None:
    """Looks at the stream until Ctrl-C, and rebuilds it whenever it may have lost something.

    `pitlane up` does so by itself, and also starts its NATS server anew when
    that is needed. This is for a station whose servers somebody else runs.
    """
    import asyncio
    import contextlib

    from deploy.commands.reach import BOOTSTRAP_URL, nats_connection, needed, reach
    from deploy.local.stream_watch import StreamWatch
    from deploy.topology import BOOTSTRAP

    at = reach(data_dir)
    url = needed(at.bootstrap_url, BOOTSTRAP_URL)
    _databases(at)

    def say(level: str, event: str, **more: object) -> None:
        told = " ".join(f"{name}={value}" for name, value in more.items())
        typer.echo(f"{level}: {event} {told}", err=level != "info")

    async def put_back() -> None:
        await asyncio.to_thread(rebuild, check=False, yes=True, data_dir=data_dir)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(StreamWatch(lambda: nats_connection(url, BOOTSTRAP), put_back, say).run())


async def _rebuild(at: Reach, *, check: bool, yes: bool) -> None:
    from deploy import topology
    from deploy.commands.event_acknowledgements import acknowledged
    from deploy.commands.event_replay import InStream, read_stream
    from deploy.commands.reach import BOOTSTRAP_URL, nats_connection, needed
    from deploy.commands.topology import consumed
    from shared.database import engines_for_one_job

    async with AsyncExitStack() as stack:
        databases = _databases(at)
        engines = await stack.enter_async_context(engines_for_one_job(databases))
        url = needed(at.bootstrap_url, BOOTSTRAP_URL)
        connection = await nats_connection(url, topology.BOOTSTRAP)
        stack.push_async_callback(connection.close)
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(_alone(databases["audit"]))
            places = await acknowledged(connection, consumed())
            snapshots = await turn.enter_async_context(_as_of_now(engines))
            stream = await read_stream(connection, snapshots, places)
            if stream is None:
                typer.echo("the stream does not exist")
            lost = await _count_missing(snapshots, stream or InStream())
        if check:
            raise typer.Exit(1 if lost or stream is None else 0)
        # However long a person thinks, the databases go on, and whoever watches the stream may
        # rebuild it: it is all looked at again afterwards.
        if stream is None:
            _confirm("Make it?", yes)
        elif lost:
            _confirm("Put them back?", yes)
        await stack.enter_async_context(_alone(databases["audit"]))
        # Consumers may be gone as well.
        await topology.apply(url, consumed())
        if lost:
            places = await acknowledged(connection, consumed())
            async with _as_of_now(engines) as snapshots:
                stream = await read_stream(connection, snapshots, places) or InStream()
                await _put_back(connection, snapshots, stream, lost, databases["gateway"])


@asynccontextmanager
async def _alone(url: str) -> AsyncIterator[None]:
    from deploy.commands.event_replay import alone
    from shared.database import engine_for_one_job

    async with engine_for_one_job(url) as engine, alone(engine):
        yield


@asynccontextmanager
async def _as_of_now(engines: Mapping[str, AsyncEngine]) -> AsyncIterator[list[Snapshot]]:
    from deploy.commands.event_replay import as_of_now

    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(as_of_now(*each)) for each in engines.items()]


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _databases(at: Reach) -> dict[str, str]:
    from deploy.local.processes import CannotStart
    from shared.settings import SERVICES

    unknown = [
        f"PITLANE_{name.upper()}_DATABASE_URL" for name in SERVICES if name not in at.database_urls
    ]
    if unknown:
        raise CannotStart(f"events of all services are needed: {', '.join(unknown)} not set")
    return {name: at.database_urls[name] for name in SERVICES}


async def _count_missing(snapshots: list[Snapshot], stream: InStream) -> int:
    from collections import Counter

    from deploy.commands.event_replay import missing

    counts: Counter[str] = Counter()
    async for event in missing(snapshots, stream):
        counts[event.service] += 1
    _tell(counts, snapshots, "missing")
    for service, unheard in stream.unheard.items():
        if unheard:
            typer.echo(f"{service:<9}  {len(unheard):>7} acknowledged by it, and not handled")
    return counts.total()


async def _put_back(
    connection: Client, snapshots: list[Snapshot], stream: InStream, lost: int, gateway: str
) -> None:
    from collections import Counter

    from deploy.commands.event_replay import replay
    from deploy.commands.job_progress import recorded
    from deploy.progress import on_terminal

    counts: Counter[str] = Counter()
    with on_terminal() as bar, recorded(bar, "events_rebuild", "", gateway) as progress:
        progress.begin("putting back, events", lost)
        async for batch in replay(connection, snapshots, stream):
            counts += batch
            progress.advance(counts.total())
        progress.end("")
        progress.came_to("put_back", count=counts.total())
    _tell(counts, snapshots, "put back")


def _tell(counts: Counter[str], snapshots: list[Snapshot], what: str) -> None:
    for snapshot in snapshots:
        typer.echo(f"{snapshot.service:<9}  {counts[snapshot.service]:>7} {what}")
