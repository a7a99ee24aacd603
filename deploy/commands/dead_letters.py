"""``pitlane dead-letters``: events that a service could not handle, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from datetime import datetime

    from deploy.commands.reach import Operator
    from shared.contracts.operations import DeadLetterView

app = typer.Typer(
    help="Events that could not be handled: look, handle again, or give up.", no_args_is_help=True
)

Service = Annotated[str | None, typer.Option(help="Of this service only.")]
EventId = Annotated[UUID, typer.Argument(help="As `list` shows it.")]
EventIds = Annotated[list[UUID] | None, typer.Argument(help="As `list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All of them (of --service).")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Parked:
    """A dead letter, and the service that could not handle it."""

    service: str
    letter: DeadLetterView


@app.command("list")
def list_(service: Service = None, data_dir: StationDir = None) -> None:
    """A line for each: service, event, order, tries, since when, why."""

    async def work(operator: Operator) -> None:
        letters = await _parked(operator, service)
        for parked in letters:
            typer.echo(_line(parked))
        if not letters:
            typer.echo("no dead letters")

    _run(data_dir, work)


@app.command("show")
def show(event_id: EventId, service: Service = None, data_dir: StationDir = None) -> None:
    """Everything about one: reason, headers, body."""

    async def work(operator: Operator) -> None:
        for parked in await _chosen(operator, service, [event_id], everything=False):
            typer.echo(_whole(parked))

    _run(data_dir, work)


@app.command("requeue")
def requeue(
    event_ids: EventIds = None,
    everything: All = False,
    service: Service = None,
    yes: Yes = False,
    data_dir: StationDir = None,
) -> None:
    """Handles events once more, now. What fails again stays."""
    from shared.contracts.operations import RequeueDeadLetter

    async def work(operator: Operator) -> None:
        letters = await _chosen(operator, service, event_ids, everything)
        _confirm("handle again", letters, yes)
        await _each(
            letters,
            "handled",
            lambda parked: operator.send(
                RequeueDeadLetter(event_id=parked.letter.event_id), parked.service
            ),
        )

    _run(data_dir, work)


@app.command("drop")
def drop(
    event_ids: EventIds = None,
    everything: All = False,
    service: Service = None,
    yes: Yes = False,
    data_dir: StationDir = None,
) -> None:
    """Gives events up for good. The audit keeps who did so."""
    from shared.contracts.operations import DropDeadLetter

    async def work(operator: Operator) -> None:
        letters = await _chosen(operator, service, event_ids, everything)
        _confirm("give up for good", letters, yes)
        await _each(
            letters,
            "dropped",
            lambda parked: operator.send(
                DropDeadLetter(event_id=parked.letter.event_id), parked.service
            ),
        )

    _run(data_dir, work)


def _run(data_dir: StationDir, work: Callable[[Operator], Awaitable[None]]) -> None:
    from deploy.commands.reach import connected, reach

    async def run() -> None:
        async with connected(reach(data_dir)) as operator:
            await work(operator)

    asyncio.run(run())


async def _parked(operator: Operator, service: str | None) -> list[Parked]:
    """Oldest first. A service that is down is told and left out, unless it was asked for."""
    from deploy.local.processes import CannotStart
    from deploy.topology import SERVICES
    from shared.contracts.operations import ListDeadLetters
    from shared.refusals import Refused

    if service and service not in SERVICES:
        raise typer.BadParameter(f"there is no service {service}; there are {', '.join(SERVICES)}")
    found: list[Parked] = []
    for name in [service] if service else SERVICES:
        try:
            page = await operator.send(ListDeadLetters(), name)
        except Refused as refusal:
            if service:
                raise CannotStart(f"{name}: {refusal.words()}") from refusal
            typer.echo(f"{name}: {refusal.words()}", err=True)
            continue
        found += [Parked(name, letter) for letter in page.items]
    return sorted(found, key=lambda parked: parked.letter.first_failed_at)


async def _chosen(
    operator: Operator, service: str | None, event_ids: Sequence[UUID] | None, everything: bool
) -> list[Parked]:
    """Raises ``CannotStart`` when one of them is nowhere. One event may be a dead letter of
    several services."""
    from deploy.local.processes import CannotStart

    if bool(event_ids) == everything:
        raise typer.BadParameter("name events, or say --all")
    letters = await _parked(operator, service)
    if everything:
        return letters
    wanted = set(event_ids or ())
    missing = wanted - {parked.letter.event_id for parked in letters}
    if missing:
        raise CannotStart(f"no dead letter has this id: {', '.join(map(str, sorted(missing)))}")
    return [parked for parked in letters if parked.letter.event_id in wanted]


def _confirm(what: str, letters: Sequence[Parked], yes: bool) -> None:
    if not letters:
        typer.echo("no dead letters")
        raise typer.Exit
    if yes:
        return
    for parked in letters:
        typer.echo(_line(parked))
    typer.confirm(f"{what}: {len(letters)}?", abort=True)


async def _each(
    letters: Sequence[Parked], done: str, send: Callable[[Parked], Awaitable[object]]
) -> None:
    """One after the other, oldest first: a later one may need what an earlier one brings."""
    from shared.refusals import Refused

    failed = 0
    for parked in letters:
        try:
            await send(parked)
        except Refused as refusal:
            failed += 1
            typer.echo(f"{parked.service} {parked.letter.event_id}: {refusal.words()}", err=True)
        else:
            typer.echo(f"{parked.service} {parked.letter.event_id}: {done}")
    if failed:
        raise typer.Exit(1)


# --- words -------------------------------------------------------------------------------------


def _line(parked: Parked) -> str:
    from deploy.commands.log_words import clean

    letter = parked.letter
    order = f"  order {letter.order_id}" if letter.order_id else ""
    reason = " ".join(letter.reason.split())
    return clean(
        f"{letter.event_id}  {parked.service:<9}  {letter.subject}{order}"
        f"  {letter.attempts} tries since {_clock(letter.first_failed_at)}  {reason[:200]}"
    )


def _whole(parked: Parked) -> str:
    import pydantic_core

    from deploy.commands.log_words import clean

    letter = parked.letter
    body = letter.body
    if not isinstance(body, str):
        body = pydantic_core.to_json(body, indent=2).decode()
    lines = [
        f"event      {letter.event_id}",
        f"subject    {letter.subject}",
        f"service    {parked.service}",
        f"order      {letter.order_id or '-'}",
        f"attempts   {letter.attempts}",
        f"first      {_clock(letter.first_failed_at)}",
        f"last       {_clock(letter.last_failed_at)}",
        "reason",
        *(f"  {line}" for line in letter.reason.splitlines()),
        "headers",
        *(f"  {name}: {value}" for name, value in sorted(letter.headers.items())),
        "body",
        *(f"  {line}" for line in body.splitlines()),
    ]
    return "\n".join(map(clean, lines))


def _clock(moment: datetime) -> str:
    from shared.settings import StationSettings

    return f"{moment.astimezone(StationSettings().zone):%d.%m.%Y %H:%M:%S}"
