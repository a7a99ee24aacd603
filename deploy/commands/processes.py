"""``pitlane service`` and ``pitlane gateway``: one process, configured by its environment."""

from __future__ import annotations

from typing import Annotated

import typer

SERVICES = ("clients", "orders", "inventory", "finance", "documents", "audit")


def service(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
) -> None:
    """Runs one service until SIGTERM. See `pitlane config show` for what it needs to know."""
    from importlib import import_module

    if name not in SERVICES:
        raise typer.BadParameter(f"there is no service {name}; there are {', '.join(SERVICES)}")
    import_module(f"services.{name}.app").service.run()


def gateway() -> None:
    """Runs the HTTP gateway until SIGTERM."""
    from services.gateway.app import run

    run()
