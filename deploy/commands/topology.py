"""``pitlane topology``: what NATS keeps, who reads it, and who may say what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Streams, consumers and users of the station.", no_args_is_help=True)


@app.command("apply")
def apply() -> None:
    """Makes streams and consumers, or brings them up to date; deletes nothing.

    `PITLANE_NATS_URL` must name the user who may: `bootstrap`.
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
    except (nats.errors.Error, OSError, TimeoutError, ValueError) as error:
        raise CannotStart(f"NATS refuses: {error!r}") from error
    typer.echo(f"streams: {', '.join(str(stream.name) for stream in topology.STREAMS)}")
    typer.echo(f"consumers: {', '.join(consumers)}")


@app.command("users")
def users(
    keys: Annotated[
        Path | None,
        typer.Option(
            help="For a nats-server of your own: the folder of the users' keys. Those that are "
            "not there yet are made, and its configuration's `authorization` is printed."
        ),
    ] = None,
) -> None:
    """Shows what each of NATS's users may publish and hear; everything else is refused."""
    import json

    from deploy import topology

    asked = requests()
    if keys is None:
        _show(asked)
        return
    from deploy.local.keys import ensure_keys, public_key

    files = ensure_keys(keys, topology.USERS)
    logins = {user: {"nkey": public_key(file)} for user, file in files.items()}
    # nats-server reads JSON values as its own.
    typer.echo(f"authorization {json.dumps({'users': topology.users(logins, asked)}, indent=2)}")


@app.command("requests", hidden=True)
def show_requests() -> None:
    """Tells the runner what each user sends; it does not load the services itself."""
    import json

    typer.echo(json.dumps(requests()))


def _show(asked: dict[str, list[str]]) -> None:
    from deploy import topology

    for user in topology.USERS:
        allowed = topology.permissions(user, asked)
        typer.echo(user)
        for verb in ("publish", "subscribe"):
            for subject in allowed[verb]["allow"]:
                typer.echo(f"  {verb:<9}  {subject}")
        if "allow_responses" in allowed:
            typer.echo("  publish    one answer to each request")


def requests() -> dict[str, list[str]]:
    """User → the subjects of the commands and questions that it sends."""
    from deploy.topology import OPERATORS, SERVICES
    from shared.contracts.operations import addressed_to
    from shared.permissions import sent_by
    from shared.roles import OPERATOR
    from shared.service import asked_subjects
    from shared.settings import SERVICES as EVERY_SERVICE

    operators = {
        addressed_to(message, name) for message in sent_by(OPERATOR) for name in EVERY_SERVICE
    }
    return {**{name: asked_subjects(name) for name in SERVICES}, OPERATORS: sorted(operators)}


def consumed() -> dict[str, list[str]]:
    """Service → the subjects of the events it hears."""
    from deploy.topology import SERVICES
    from shared.service import consumed_subjects

    heard = {name: consumed_subjects(name) for name in SERVICES}
    return {name: subjects for name, subjects in heard.items() if subjects}
