"""The command line as an operator uses it, on a station of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from typer.testing import CliRunner

from deploy.cli import app
from deploy.local.processes import CannotStart
from tests.support.day import Station


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    exit_code: int
    stdout: str
    stderr: str


def pitlane(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    typed: str | bytes = "",
) -> Outcome:
    """Runs ``pitlane …`` in this process, and tells its errors as the command line does."""
    result = CliRunner().invoke(app, arguments, input=typed, env=environment)
    if isinstance(result.exception, CannotStart):
        return Outcome(1, result.stdout, f"pitlane: {result.exception}\n")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


async def pitlane_on(station: Station, *arguments: str, typed: str = "") -> Outcome:
    """The same with an environment that leads to a test's station, while its services run."""
    return await asyncio.to_thread(
        pitlane, *arguments, environment=environment_of(station), typed=typed
    )


def environment_of(station: Station) -> dict[str, str]:
    return {
        "PITLANE_NATS_OPS_URL": station.nats.url("ops"),
        "PITLANE_NATS_BOOTSTRAP_URL": station.nats.url("bootstrap"),
        **{
            f"PITLANE_{service.upper()}_DATABASE_URL": url
            for service, url in station.database_urls.items()
        },
    }
