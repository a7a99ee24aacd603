"""``pitlane up``: a whole station on this machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.options import DEFAULT_DATA_DIR, DataDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.nursery import Nursery
    from deploy.local.station import Station


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    http_port: Annotated[
        int,
        typer.Option(min=1, max=65535, envvar="PITLANE_HTTP_PORT", help="Of the gateway."),
    ] = 8080,
    demo: Annotated[
        bool, typer.Option("--demo", help="With demo users, and demo data on first start.")
    ] = False,
) -> None:
    """Starts servers, services and gateway, and keeps them running until Ctrl-C."""
    import asyncio

    asyncio.run(_up(data_dir, http_port, demo))


async def _up(data_dir: Path, http_port: int, demo: bool) -> None:
    from deploy.local.nursery import Nursery

    nursery = Nursery()
    try:
        with _told_in_a_line():
            # It loads the services while we load what looks after them.
            await nursery.begin()
            await _station(nursery, data_dir, http_port, demo).run()
    finally:
        await nursery.stop()


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    """What the machine does not let us do, a full disk say: no fault of this program. Raises
    ``CannotStart``."""
    from deploy.local.processes import CannotStart

    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        why = error.strerror or str(error) or type(error).__name__
        raise CannotStart(f"{why}{where}") from error
    except Exception as error:
        import asyncpg  # not earlier: the nursery would begin so much later

        if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
            raise CannotStart(f"PostgreSQL refuses: {error}") from error
        raise


def _station(nursery: Nursery, data_dir: Path, http_port: int, demo: bool) -> Station:
    import os

    from deploy.commands.configuration import checked_messages, checked_services
    from deploy.local.station import Options, Station
    from deploy.local.terminal import Terminal
    from shared.settings import SERVICES

    settings = checked_services()[SERVICES[0]]
    # Where nothing is said of messages, what knows them is not loaded for a look.
    if any(name.startswith("PITLANE_MESSAGES_") for name in os.environ):
        checked_messages()
    # Everybody knows the passwords of a demo: it is for this machine only.
    host = "127.0.0.1" if demo else os.environ.get("PITLANE_HTTP_HOST", "127.0.0.1")
    options = Options(
        data_dir,
        host,
        http_port,
        demo,
        nats_host="127.0.0.1" if demo else os.environ.get("PITLANE_NATS_HOST", "127.0.0.1"),
        nats_port=_port(os.environ.get("PITLANE_NATS_PORT")),
    )
    return Station(options, settings, Terminal(), nursery)


def _port(told: str | None) -> int | None:
    from deploy.local.processes import CannotStart

    if told is None:
        return None
    if not told.isdecimal() or not 0 < int(told) < 65536:
        raise CannotStart(f"PITLANE_NATS_PORT: {told} is no port")
    return int(told)
