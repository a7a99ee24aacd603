"""``pitlane reports``: the sums that reports answer from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.commands.reach import Reach
    from shared.messaging.folding import Forget

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

    In one transaction they are emptied and everything is marked as not
    summed yet; the running service does the rest. Reports are right all
    the while, and slower until it is done. Whether the sums are right is
    told by `pitlane reconcile`.
    """
    import asyncio

    from sqlalchemy.exc import SQLAlchemyError

    from deploy.commands.reach import reach
    from deploy.local.processes import CannotStart

    at = reach(data_dir)
    chosen = _chosen(service)
    if not yes:
        typer.confirm(f"Reckon the sums of {', '.join(chosen)} anew?", abort=True)
    try:
        asyncio.run(_rebuild(at, chosen))
    except (SQLAlchemyError, OSError) as error:
        raise CannotStart(f"a database does not answer: {error}") from error


def _chosen(service: str | None) -> Mapping[str, Forget]:
    from deploy.local.processes import CannotStart
    from services.finance.store import sums as finance
    from services.inventory.store import sums as inventory
    from services.orders.store import sums as orders

    every = {
        "finance": finance.forget,
        "inventory": inventory.forget,
        "orders": orders.forget,
    }
    if service is None:
        return every
    if service not in every:
        raise CannotStart(f"{service} has no sums; there are those of {', '.join(every)}")
    return {service: every[service]}


async def _rebuild(at: Reach, chosen: Mapping[str, Forget]) -> None:
    from deploy.commands.reach import needed
    from shared.database import engine_for
    from shared.messaging.folding import forget_sums

    urls = {
        name: needed(at.database_urls.get(name), f"PITLANE_{name.upper()}_DATABASE_URL")
        for name in chosen
    }
    for name, forget in chosen.items():
        engine = engine_for(urls[name], pool_size=1)
        try:
            count = await forget_sums(engine, forget)
        finally:
            await engine.dispose()
        typer.echo(f"{name:<9}  {count:>9} to be summed anew")
