"""``pitlane``: the one command line. Each command is a module of ``deploy.commands``.

Modules of commands import at their top what takes no time; everything else inside the function,
so that ``pitlane service orders`` loads that service and nothing more.
"""

from __future__ import annotations

import sys

import typer

from deploy.commands import (
    audit,
    backup,
    configuration,
    dead_letters,
    events,
    logs,
    migrate,
    processes,
    reconcile,
    reports,
    secrets,
    status,
    topology,
    up,
    users,
)
from deploy.local.processes import CannotStart

app = typer.Typer(
    name="pitlane",
    help="Car-service stations: orders, parts, money and audit as message-driven services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Run a station, or one of its processes.
app.command("up")(up.up)
app.command("service")(processes.service)
app.command("gateway")(processes.gateway)
# Set it up.
app.command("migrate")(migrate.migrate)
app.add_typer(topology.app, name="topology")
app.add_typer(users.app, name="users")
app.add_typer(configuration.app, name="config")
# Look after it.
app.command("status")(status.status)
app.command("logs")(logs.logs)
app.command("reconcile")(reconcile.reconcile)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(reports.app, name="reports")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(audit.app, name="audit")
app.add_typer(events.app, name="events")
app.add_typer(secrets.app, name="secrets")


def main() -> None:
    """Entry point of ``pitlane``. What cannot be done is told in one line."""
    try:
        app()
    except CannotStart as error:
        print(f"pitlane: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
