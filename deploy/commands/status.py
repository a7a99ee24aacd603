"""``pitlane status``: how the station's services, their events and their processes are."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from nats.js.api import ConsumerInfo, StreamInfo
    from rich.console import Console

    from deploy.commands.reach import Operator, Reach
    from deploy.commands.status_picture import Picture
    from shared.contracts.operations import ServiceState

type Answer = ServiceState | str
"""A service's state, or why it does not tell."""

GATEWAY_DATABASE = "gateway"
LOOK_INTERVAL_S = 2.0
ANSWER_TIMEOUT_S = 5.0
PAPER_WIDTH = 160
"""Columns, where there is no terminal to ask."""


def status(
    watch: Annotated[
        bool | None,
        typer.Option(
            "--watch/--once",
            help="Again and again; or once, with exit code 1 when something is wrong. Default: "
            "watch on a terminal, else once.",
            show_default=False,
        ),
    ] = None,
    data_dir: StationDir = None,
) -> None:
    """Shows services, how far their events are, dead letters, and processes.

    Unsent, lag: events committed and not yet in the stream, and the age
    of the oldest. Waiting, in work, again: events that the service has
    not been given yet, has in hand, was given before.
    """
    import asyncio
    import contextlib

    from rich.console import Console

    from deploy.commands.reach import reach
    from deploy.commands.status_picture import shown
    from shared.settings import StationSettings

    console = Console()
    at = reach(data_dir)
    if watch if watch is not None else console.is_terminal:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_watch(console, data_dir))
        return
    picture = asyncio.run(look(at))
    if not console.is_terminal:
        console = Console(width=PAPER_WIDTH)
    console.print(shown(picture, StationSettings().zone, console.width))
    if picture.problems():
        raise typer.Exit(1)


async def _watch(console: Console, folder: Path | None) -> None:
    """Until Ctrl-C. A station that stops meanwhile is said to, and looked for again."""
    import asyncio

    from rich.live import Live
    from rich.text import Text

    from deploy.commands.reach import reach
    from deploy.commands.status_picture import shown
    from deploy.local.processes import CannotStart
    from shared.settings import StationSettings

    with Live(console=console, auto_refresh=False) as live:
        while True:
            try:
                picture = await look(reach(folder))
                table = shown(picture, StationSettings().zone, console.width)
                live.update(table, refresh=True)
            except CannotStart as error:
                live.update(Text(str(error), style="red"), refresh=True)
            await asyncio.sleep(LOOK_INTERVAL_S)


# --- one look ----------------------------------------------------------------------------------


async def look(at: Reach) -> Picture:
    """Asks everybody at once. Whoever does not answer is a part of the picture."""
    import asyncio
    from datetime import UTC, datetime

    import nats.errors

    from deploy.commands.reach import connected
    from deploy.commands.status_picture import Picture, ServerSeen, ServiceSeen
    from deploy.local.processes import CannotStart
    from deploy.topology import GATEWAY, SERVICES

    over_nats = SERVICES if at.gateway_url else (*SERVICES, GATEWAY)
    answers: dict[str, Answer] = dict.fromkeys(over_nats, "cannot be asked without NATS")
    stream: StreamInfo | None = None
    consumers: dict[str, ConsumerInfo] = {}
    nats_problem: str | None = None
    try:
        async with connected(at, timeout_s=ANSWER_TIMEOUT_S) as operator:
            states = await asyncio.gather(*(_state(operator, name) for name in over_nats))
            answers = dict(zip(over_nats, states, strict=True))
            stream, consumers = await _stream(operator)
    except CannotStart as error:
        nats_problem = str(error)
    except (nats.errors.Error, TimeoutError) as error:
        nats_problem = f"NATS does not tell about its stream: {error!r}"
    if at.gateway_url:
        answers[GATEWAY] = await _state_over_http(at.gateway_url)
    others = frozenset(at.pids.values())
    services = tuple(
        ServiceSeen(name, answer, consumers.get(name), pid, memory_of(pid, others))
        for name, answer in answers.items()
        for pid in [at.pids.get(name)]
    )
    servers = tuple(
        ServerSeen(name, pid, is_there(pid), memory_of(pid, others))
        for name, pid in sorted(at.pids.items())
        if name not in answers
    )
    return Picture(
        at.station,
        datetime.now(UTC),
        services,
        servers,
        stream,
        nats_problem,
        at.consumers,
        await _long_work(at),
    )


async def _long_work(at: Reach) -> tuple[str, ...]:
    """Of the machines, as the gateway's database has it; nothing where that does not answer."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.gateway.jobs.rows import last_backup, machines_at_work
    from shared.database import engine_for_one_job
    from shared.settings import StationSettings

    if GATEWAY_DATABASE not in at.database_urls:
        return ()
    zone = StationSettings().zone
    url = at.database_urls[GATEWAY_DATABASE]
    try:
        async with engine_for_one_job(url) as engine, engine.connect() as connection:
            going = await machines_at_work(connection)
            backup = await last_backup(connection)
    except (SQLAlchemyError, OSError, TimeoutError):
        return ()
    lines = [
        f"{row.kind}, since {row.started_at.astimezone(zone):%d.%m. %H:%M}, by {row.login}: "
        f"{row.stage} {row.done}" + (f" of {row.total}" if row.total else "")
        for row in going
    ]
    if backup:
        lines.append(f"last backup: {backup.finished_at.astimezone(zone):%d.%m.%Y %H:%M}")
    return tuple(lines)


async def _state(operator: Operator, service: str) -> Answer:
    from shared.contracts.operations import GetServiceState
    from shared.refusals import Refused

    try:
        state: ServiceState = await operator.send(GetServiceState(), service)
        return state
    except Refused as refusal:
        return refusal.words()


async def _state_over_http(url: str) -> Answer:
    """The gateway is asked the way its clients come."""
    import httpx
    from pydantic import ValidationError

    from shared.contracts.operations import ServiceState

    try:
        async with httpx.AsyncClient(timeout=ANSWER_TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(f"{url.rstrip('/')}/health/ready")
        return ServiceState.model_validate_json(answer.content)
    except httpx.HTTPError as error:
        return f"{url} does not answer: {str(error) or type(error).__name__}"
    except ValidationError:
        return f"{url} answers {answer.status_code}, and is no gateway"


async def _stream(operator: Operator) -> tuple[StreamInfo | None, dict[str, ConsumerInfo]]:
    from nats.js.errors import NotFoundError

    from deploy.topology import EVENTS

    js = operator.connection.jetstream(timeout=ANSWER_TIMEOUT_S)
    try:
        stream = await js.stream_info(str(EVENTS.name))
    except NotFoundError:
        return None, {}
    consumers = await js.consumers_info(str(EVENTS.name))
    return stream, {consumer.name: consumer for consumer in consumers}


# --- processes ---------------------------------------------------------------------------------


def is_there(pid: int) -> bool:
    import os

    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def memory_of(pid: int | None, others: Container[int] = ()) -> int | None:
    """Bytes that a process and its children (but for ``others``) hold; what several of them
    share is divided among them. None when there is no such process, or the system does not
    tell."""
    if pid is None:
        return None
    process = Path("/proc") / str(pid)
    try:
        rollup = (process / "smaps_rollup").read_text()
        children = map(int, (process / "task" / str(pid) / "children").read_text().split())
    except OSError:
        return None
    size = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return size * 1024 + sum(
        memory_of(child, others) or 0 for child in children if child not in others
    )
