"""``pitlane topology``: what NATS keeps, and who reads it."""

from __future__ import annotations

import typer

app = typer.Typer(help="Streams and consumers of the station.", no_args_is_help=True)


@app.command("apply")
def apply() -> None:
    """Makes streams and consumers, or brings them up to date; deletes nothing.

    ``PITLANE_NATS_URL`` must name the user who may: ``bootstrap``.
    """
    import asyncio
    import os

    import nats.errors

    from deploy import topology
    from deploy.local.processes import CannotStart

    url = os.environ.get("PITLANE_NATS_URL")
    if not url:
        raise CannotStart("PITLANE_NATS_URL is not set")
    consumers = consumed()
    try:
        asyncio.run(topology.apply(url, consumers))
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise CannotStart(f"NATS refuses: {error!r}") from error
    typer.echo(f"streams: {', '.join(str(stream.name) for stream in topology.STREAMS)}")
    typer.echo(f"consumers: {', '.join(consumers)}")


def consumed() -> dict[str, list[str]]:
    """Service → the subjects of the events it hears."""
    from deploy.topology import SERVICES
    from shared.service import consumed_subjects

    heard = {name: consumed_subjects(name) for name in SERVICES}
    return {name: subjects for name, subjects in heard.items() if subjects}
