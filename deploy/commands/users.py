"""``pitlane users``: whom a new station begins with."""

from __future__ import annotations

import typer

app = typer.Typer(help="The users that a new station begins with.", no_args_is_help=True)


@app.command("first-admin")
def first_admin() -> None:
    """Makes the first administrator where there is no user yet, and prints the one-time password.

    `PITLANE_GATEWAY_DATABASE_URL` names the gateway's database.
    """
    import asyncio

    from services.gateway.users import ensure_first_admin

    password = asyncio.run(ensure_first_admin(_database_url()))
    if password:
        typer.echo(password)
    else:
        typer.echo("there are users already: nobody was made", err=True)


@app.command("demo")
def demo() -> None:
    """Makes a user of every role, with a password that everybody knows.

    `PITLANE_GATEWAY_DATABASE_URL` names the gateway's database.
    """
    import asyncio

    from services.gateway.users import ensure_demo_users

    asyncio.run(ensure_demo_users(_database_url()))


def _database_url() -> str:
    import os

    from deploy.local.processes import CannotStart

    url = os.environ.get("PITLANE_GATEWAY_DATABASE_URL")
    if not url:
        raise CannotStart("PITLANE_GATEWAY_DATABASE_URL is not set")
    return url
