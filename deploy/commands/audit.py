"""``pitlane audit``: whether the journal of everything that happened is whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from deploy.commands.reach import Reach
    from deploy.progress import Progress
    from deploy.side_by_side import Ask
    from services.audit.domain import Head
    from shared.contracts.audit import ChainState

app = typer.Typer(help="The journal of everything that happened.", no_args_is_help=True)

DATABASE_URL = "PITLANE_AUDIT_DATABASE_URL"


@app.callback()
def audit() -> None:
    """The journal of everything that happened."""


@app.command("verify")
def verify(
    direct: Annotated[
        bool, typer.Option("--direct", help="Read the database, or fail: ask no service.")
    ] = False,
    data_dir: StationDir = None,
) -> None:
    """Recomputes the chain of records; names what was changed or removed.

    Exit code 1 when the chain is not intact. The database is read by this
    command itself, a thousand records at a time; where it is not known, the
    audit service is asked, stretch by stretch.
    """
    from deploy.commands.reach import reach

    _tell(asyncio.run(chain(reach(data_dir), direct=direct)))


async def chain(at: Reach, *, direct: bool = False) -> ChainState:
    """Read from the database where that is known, or else asked for. ``direct``: read, or
    ``CannotStart``."""
    return await (_read(at) if direct or "audit" in at.database_urls else _asked(at))


async def _asked(at: Reach) -> ChainState:
    """What the service says."""
    from deploy.commands.reach import connected
    from deploy.local.processes import CannotStart
    from deploy.progress import on_terminal
    from shared.refusals import Refused

    try:
        with on_terminal() as progress:
            async with connected(at) as operator:
                return await whole_chain(
                    lambda question: operator.send(question, "audit"), progress
                )
    except (CannotStart, Refused) as error:
        why = error.words() if isinstance(error, Refused) else str(error)
        raise CannotStart(f"{why}; without it, {DATABASE_URL} is needed") from error


async def whole_chain(ask: Ask, progress: Progress) -> ChainState:
    """What the service says of all of it: it looks at one stretch after the other, as long as
    somebody asks for the next."""
    from shared.contracts.audit import VerifyChain

    state: ChainState = await ask(VerifyChain())
    faults = state.faults
    progress.begin("records", state.newest)
    while state.next:
        progress.advance(state.records)
        state = await ask(VerifyChain(cursor=state.next))
        faults += state.faults
    return state.model_copy(update={"faults": faults})


async def _read(at: Reach) -> ChainState:
    from sqlalchemy.exc import SQLAlchemyError

    from deploy.commands.reach import needed
    from deploy.local.processes import CannotStart
    from deploy.progress import on_terminal
    from services.audit.handlers import verified
    from services.audit.store import AuditStore
    from shared.database import engine_for

    engine = engine_for(needed(at.database_urls.get("audit"), DATABASE_URL))
    # Read first: what is appended meanwhile only lies beyond it.
    anchor = await _anchor(at)
    try:
        with on_terminal() as progress:
            async with engine.connect() as connection:
                store = AuditStore(connection)
                progress.begin("records", (await store.head()).seq)
                return await verified(store, anchor, progress.advance)
    except (SQLAlchemyError, OSError) as error:
        raise CannotStart(f"the database of audit does not answer: {error}") from error
    finally:
        await engine.dispose()


async def _anchor(at: Reach) -> Head | None:
    """The chain's head as it was noted outside the database, where NATS can be asked for it."""
    from deploy.commands.reach import connected
    from deploy.local.processes import CannotStart
    from services.audit.anchor import last_anchor

    try:
        async with connected(at) as operator:
            return await last_anchor(operator.connection)
    except CannotStart:
        return None


def _tell(state: ChainState) -> None:
    for fault in state.faults:
        event = f" (event {fault.event_id})" if fault.event_id else ""
        typer.echo(f"record {fault.seq}{event}: {fault.fault}")
    compared = (
        f"noted outside the database up to record {state.anchored}"
        if state.anchored is not None
        else "its end not compared: no note of it outside the database is known"
    )
    verdict = "intact" if state.intact else "NOT INTACT"
    typer.echo(f"{verdict}: {state.records} records, head {state.head or '-'}; {compared}")
    if not state.intact:
        raise typer.Exit(1)
