"""``pitlane reports``: the sums that reports answer from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Select, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

    from deploy.commands.job_progress import JobProgress
    from deploy.commands.reach import Reach
    from shared.messaging.folding import Forget

LOOK_S = 0.5
PATIENCE_S = 60.0
"""Without anything summed for so long, nobody is at it."""

app = typer.Typer(help="The sums that reports answer from.", no_args_is_help=True)

Service = Annotated[
    str | None, typer.Option(help="Of this service only: finance, inventory or orders.")
]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Until all is summed, and say how far it is.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback()
def reports() -> None:
    """The sums that reports answer from."""


@app.command("rebuild")
def rebuild(
    service: Service = None, yes: Yes = False, wait: Wait = True, data_dir: StationDir = None
) -> None:
    """Has the sums reckoned anew from what they are sums of.

    In one transaction they are emptied and everything is marked as not
    summed yet; the running service does the rest, also when this command
    is ended. Reports are right all the while, and slower until it is done.
    Whether the sums are right is told by `pitlane reconcile`.
    """
    import asyncio

    from sqlalchemy.exc import SQLAlchemyError

    from deploy.commands.job_progress import recorded
    from deploy.commands.reach import reach
    from deploy.local.processes import CannotStart
    from deploy.progress import TerminalProgress

    at = reach(data_dir)
    chosen = _chosen(service)
    if not yes:
        typer.confirm(f"Reckon the sums of {', '.join(chosen)} anew?", abort=True)
    terminal = TerminalProgress()
    gateway = at.database_urls.get("gateway")
    try:
        with recorded(terminal, "reports_rebuild", ", ".join(chosen), gateway) as progress:
            asyncio.run(_rebuild(at, chosen, progress, wait=wait))
    except (SQLAlchemyError, OSError) as error:
        raise CannotStart(f"a database does not answer: {error}") from error
    finally:
        terminal.close()


def _chosen(service: str | None) -> Mapping[str, tuple[Forget, Table]]:
    """By service: what empties its sums, and the table of what they do not know yet."""
    from deploy.local.processes import CannotStart
    from services.finance.store import schema_reports
    from services.finance.store import sums as finance
    from services.inventory.store import sums as inventory
    from services.inventory.store import tables_reports
    from services.orders.store import sums as orders
    from services.orders.store.tables import order_changes

    every = {
        "finance": (finance.forget, schema_reports.unfolded),
        "inventory": (inventory.forget, tables_reports.unfolded),
        "orders": (orders.forget, order_changes),
    }
    if service is None:
        return every
    if service not in every:
        raise CannotStart(f"{service} has no sums; there are those of {', '.join(every)}")
    return {service: every[service]}


async def _rebuild(
    at: Reach, chosen: Mapping[str, tuple[Forget, Table]], progress: JobProgress, *, wait: bool
) -> None:
    from contextlib import AsyncExitStack

    from deploy.commands.reach import needed
    from shared.database import engine_for
    from shared.messaging.folding import forget_sums

    urls = {
        name: needed(at.database_urls.get(name), f"PITLANE_{name.upper()}_DATABASE_URL")
        for name in chosen
    }
    async with AsyncExitStack() as stack:
        begun = []
        for name, (forget, waiting) in chosen.items():
            engine = engine_for(urls[name], pool_size=1)
            stack.push_async_callback(engine.dispose)
            count = await forget_sums(engine, forget)
            typer.echo(f"{name:<9}  {count:>9} to be summed anew")
            begun.append((name, engine, await waiting_now(engine, waiting), count))
        if wait:
            for each in begun:
                await _summed(*each, progress)


async def waiting_now(engine: AsyncEngine, waiting: Table) -> Select[int]:
    """How many of those that wait now do so still: a station at work adds others all the time, with
    later ids."""
    from sqlalchemy import func, literal, select

    (key,) = waiting.primary_key.columns
    async with engine.connect() as connection:
        newest = await connection.scalar(select(key).order_by(key.desc()).limit(1))
    return select(func.count()).select_from(waiting).where(key <= literal(newest, key.type))


async def _summed(
    name: str, engine: AsyncEngine, waiting: Select[int], count: int, progress: JobProgress
) -> None:
    """When the service has summed all that waited. Raises ``CannotStart`` when nobody sums."""
    import asyncio
    import time

    from deploy.local.processes import CannotStart

    progress.begin(f"sums of {name}", count)
    least, since = count + 1, time.monotonic()
    while True:
        async with engine.connect() as connection:
            left = await connection.scalar(waiting) or 0
        if left == 0:
            break
        if left < least:
            least, since = left, time.monotonic()
            progress.advance(max(0, count - left))
        elif time.monotonic() - since > PATIENCE_S:
            raise CannotStart(
                f"{name}: {left} wait to be summed, and nobody does: does the service run?"
            )
        await asyncio.sleep(LOOK_S)
    progress.end(f"{count} summed anew" if count else "")
    progress.came_to("summed_anew", service=name, count=count)
