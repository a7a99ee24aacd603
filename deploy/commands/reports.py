"""``pitlane reports``: the sums that reports answer from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from deploy.commands.job_progress import JobProgress
    from deploy.commands.reach import Reach
    from shared.messaging.folding import Reckon

app = typer.Typer(help="The sums that reports answer from.", no_args_is_help=True)

Service = Annotated[
    str | None, typer.Option(help="Of this service only: finance, inventory or orders.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback()
def reports() -> None:
    """The sums that reports answer from."""


@app.command("rebuild")
def rebuild(service: Service = None, yes: Yes = False, data_dir: StationDir = None) -> None:
    """Has the sums reckoned anew from what they are sums of.

    In one transaction for each service, so that reports answer from the
    sums there were until it is done, and are right and quick all the while.
    When this command is ended before, the sums stay as they were. Whether
    they are right is told by `pitlane reconcile`.
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
            asyncio.run(_rebuild(at, chosen, progress))
    except (SQLAlchemyError, OSError) as error:
        raise CannotStart(f"a database does not answer: {error}") from error
    finally:
        terminal.close()


def _chosen(service: str | None) -> Mapping[str, Reckon]:
    """By service: what reckons its sums."""
    from deploy.local.processes import CannotStart
    from services.finance.store import sums as finance
    from services.inventory.store import sums as inventory
    from services.orders.store import sums as orders

    every = {"finance": finance.reckon, "inventory": inventory.reckon, "orders": orders.reckon}
    if service is None:
        return every
    if service not in every:
        raise CannotStart(f"{service} has no sums; there are those of {', '.join(every)}")
    return {service: every[service]}


async def _rebuild(at: Reach, chosen: Mapping[str, Reckon], progress: JobProgress) -> None:
    from shared.database import engine_for_one_job
    from shared.messaging.folding import reckon_sums

    for name in chosen:
        _database(at, name)  # all are known, or nothing is done
    zone = await _zone(at)
    for name, reckon in chosen.items():
        progress.begin(f"sums of {name}", None)
        async with engine_for_one_job(_database(at, name)) as engine:
            count = await reckon_sums(engine, zone, reckon)
        progress.end(f"{count} reckoned anew")
        progress.came_to("summed_anew", service=name, count=count)


async def _zone(at: Reach) -> ZoneInfo:
    from deploy.alone import zone_of
    from deploy.local.processes import CannotStart
    from shared.database import engine_for_one_job

    async with engine_for_one_job(_database(at, "orders")) as engine:
        zone = await zone_of(at.station, engine)
    if zone is None:
        raise CannotStart(f"orders has never run as {at.station}: there are no sums of it")
    return zone


def _database(at: Reach, service: str) -> str:
    from deploy.commands.reach import needed

    return needed(at.database_urls.get(service), f"PITLANE_{service.upper()}_DATABASE_URL")
