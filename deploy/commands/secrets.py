"""``pitlane secrets``: what opens doors, made anew when somebody knows it who should not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from deploy.commands.reach import Reach

app = typer.Typer(help="What opens doors, made anew.", no_args_is_help=True)

What = Annotated[Literal["links"], typer.Argument(help="`links`: what signs the links of clients.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback()
def secrets() -> None:
    """What opens doors, made anew."""


@app.command("rotate")
def rotate(what: What, yes: Yes = False, data_dir: StationDir = None) -> None:
    """Makes a secret anew; what was made with the last one opens nothing any more.

    `links`: every link that clients were sent stops working at once, and
    they see that there is nothing there. Each order's page shows its new
    link, which has to be sent again; messages that wait for their day carry
    it already, those that wait to be tried again still have the old one.
    The audit keeps who did so.
    """
    from deploy.commands.reach import reach

    at = reach(data_dir)
    if not yes:
        typer.confirm("Make every link worthless that clients were sent?", abort=True)
    count = asyncio.run(_replace_links(at))
    typer.echo(f"{what}: a new secret; {count} links that worked are to be sent again")


async def _replace_links(at: Reach) -> int:
    from deploy.commands.reach import connected
    from deploy.local.processes import CannotStart
    from shared.contracts.link_secret import ReplacedLinks, ReplaceLinkSecret
    from shared.refusals import Refused

    async with connected(at) as operator:
        try:
            replaced: ReplacedLinks = await operator.send(ReplaceLinkSecret(), "orders")
        except Refused as refusal:
            raise CannotStart(f"orders: {refusal.words()}") from refusal
    return replaced.links
