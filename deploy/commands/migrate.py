"""``pitlane migrate``: brings databases to their newest revision."""

from __future__ import annotations

from typing import Annotated

import typer


def migrate(
    services: Annotated[
        list[str] | None, typer.Argument(help="Names of services; without any: all of them.")
    ] = None,
) -> None:
    """Runs migrations on `PITLANE_<SERVICE>_DATABASE_URL`, which must name the owning role."""
    import os

    from deploy.local.migrations import migrate_database
    from deploy.local.processes import CannotStart
    from shared.settings import SERVICES

    for name in services or SERVICES:
        if name not in SERVICES:
            raise typer.BadParameter(f"there is no service {name}; there are {', '.join(SERVICES)}")
        variable = f"PITLANE_{name.upper()}_DATABASE_URL"
        if variable not in os.environ:
            raise CannotStart(f"{variable} is not set")
        migrate_database(name, os.environ[variable])
        typer.echo(f"{name}: at its newest revision")
