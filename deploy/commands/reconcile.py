"""``pitlane reconcile``: whether the services agree on stock and money."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from deploy.commands.reach import Reach
    from shared.contracts.base import Question
    from shared.contracts.reconciliation import Difference


def reconcile(data_dir: StationDir = None) -> None:
    """Compares what orders, inventory and finance say of every order, and every
    service's own books with themselves; names each difference.

    What differs is looked at again a few times, as news may be on its way. Exit code 1
    when something differs for good.
    """
    from deploy.commands.reach import reach

    found = asyncio.run(_compared(reach(data_dir)))
    for difference in found:
        typer.echo(line_of(difference))
    if found:
        typer.echo(f"{len(found)} differences")
        raise typer.Exit(1)
    typer.echo("everything agrees")


async def _compared(at: Reach) -> list[Difference]:
    from deploy.commands.reach import connected
    from deploy.local.processes import CannotStart
    from deploy.reconciliation import differences
    from shared.refusals import Refused

    async with connected(at) as operator:

        async def ask(question: Question[Any]) -> Any:
            return await operator.send(question, type(question).subject.split(".")[1])

        try:
            return await differences(ask)
        except Refused as refused:
            raise CannotStart(refused.words()) from refused


def line_of(difference: Difference) -> str:
    """``R-000017: settled amount = total: expected 340.00, found 300.00``; then the ids."""
    about = difference.number or difference.order_id or "station"
    ids = " ".join(
        f"{name}={value}"
        for name in (
            "order_id",
            "client_id",
            "product_id",
            "warehouse_id",
            "line_id",
            "document_id",
            "key",
        )
        if (value := getattr(difference, name))
    )
    told = f"{about}: {difference.what}: expected {difference.expected}, found {difference.actual}"
    return f"{told} ({ids})" if ids else told
