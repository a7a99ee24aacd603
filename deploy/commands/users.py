"""``pitlane users``: whom a new station begins with, and a way in for who has lost theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.reach import StationDir, asking_a_database
from deploy.local.processes import CannotStart

if TYPE_CHECKING:
    from services.gateway.operating import Given

app = typer.Typer(
    help="The users that a new station begins with, and passwords that were forgotten.",
    no_args_is_help=True,
)


@app.command("first-admin")
def first_admin() -> None:
    """Makes the first administrator where there is no user yet, and prints the one-time password.

    `PITLANE_GATEWAY_DATABASE_URL` names the gateway's database.
    """
    import asyncio

    from services.gateway.users import ensure_first_admin

    with asking_a_database():
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

    with asking_a_database():
        asyncio.run(ensure_demo_users(_database_url()))


@app.command("password")
def password(
    login: Annotated[str, typer.Argument(metavar="LOGIN")],
    keep_tokens: Annotated[
        bool,
        typer.Option(
            "--keep-tokens", help="It was only forgotten: the user's programs go on with theirs."
        ),
    ] = False,
    without_second_factor: Annotated[
        bool,
        typer.Option("--without-second-factor", help="It is lost too: take it away."),
    ] = False,
    data_dir: StationDir = None,
) -> None:
    """Gives a user a one-time password, and prints it: for an administrator who forgot theirs.

    The user's sessions end and the tokens of their programs are revoked; the
    journal keeps who did so. The station may run or not.
    """
    import asyncio

    from services.gateway.operating import NoSuchUser

    try:
        with asking_a_database():
            given = asyncio.run(_given(login, keep_tokens, not without_second_factor, data_dir))
    except NoSuchUser as error:
        raise CannotStart(
            f"there is no user {login}; who manages users: {', '.join(error.managers) or 'nobody'}"
        ) from error
    typer.echo(given.password)
    revoked = ", ".join(given.tokens) or "none"
    typer.echo(
        f"{given.login} signs in with it once and then chooses another; "
        f"sessions ended: {given.sessions}; tokens revoked: {revoked}",
        err=True,
    )
    if given.totp:
        typer.echo("the second factor is asked for as before", err=True)
    if not given.active:
        typer.echo(f"{given.login} is locked out: somebody has to let them in first", err=True)


async def _given(login: str, keep_tokens: bool, keep_totp: bool, data_dir: Path | None) -> Given:
    from deploy.commands.reach import gateway_database, operator
    from services.gateway.operating import give_password
    from shared.database import engine_for_one_job
    from shared.messaging.envelope import opening

    async with (
        gateway_database(data_dir) as (station, url),
        engine_for_one_job(url) as engine,
        engine.begin() as connection,
    ):
        return await give_password(
            connection,
            login,
            f"/{station}/gateway",
            opening(f"/{station}/ops", "users password", operator()),
            keep_tokens=keep_tokens,
            keep_totp=keep_totp,
        )


def _database_url() -> str:
    import os

    url = os.environ.get("PITLANE_GATEWAY_DATABASE_URL")
    if not url:
        raise CannotStart("PITLANE_GATEWAY_DATABASE_URL is not set")
    return url
