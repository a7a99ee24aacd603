"""The command line as an operator uses it, on a station of a test."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg
import structlog
from typer.testing import CliRunner

from deploy.cli import app
from deploy.local.processes import CannotStart
from shared.contracts.finance import PaymentTaken, PaymentView
from shared.ids import new_id
from tests.support.databases import as_owner
from tests.support.day import Station
from tests.support.waiting import eventually


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
        return Outcome(result.exception.exit_code, result.stdout, f"pitlane: {result.exception}\n")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


async def pitlane_beside(
    *arguments: str, environment: Mapping[str, str] | None = None, typed: str = ""
) -> Outcome:
    """The same while services run in this process."""
    before = structlog.get_config()
    # They share our standard output, which is the command's for the moment.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        return await asyncio.to_thread(pitlane, *arguments, environment=environment, typed=typed)
    finally:
        structlog.configure(**before)


async def pitlane_on(station: Station, *arguments: str, typed: str = "") -> Outcome:
    """The same with an environment that leads to a test's station."""
    return await pitlane_beside(*arguments, environment=environment_of(station), typed=typed)


def environment_of(station: Station) -> dict[str, str]:
    return {
        "PITLANE_NATS_OPS_URL": station.nats.url("ops"),
        "PITLANE_NATS_BOOTSTRAP_URL": station.nats.url("bootstrap"),
        **{
            f"PITLANE_{service.upper()}_DATABASE_URL": url
            for service, url in station.database_urls.items()
        },
    }


async def reconnected(station: Station) -> None:
    """When all services have found their way back to NATS."""

    async def all_are() -> bool:
        return all(running.connection.is_connected for running in station.running.values())

    await eventually(all_are)


# --- dead letters ------------------------------------------------------------------------------


async def a_dead_letter(station: Station) -> UUID:
    """A payment of an order that nobody made."""
    event_id = await station.publish(a_payment(new_id()), "finance")
    await eventually(lambda: is_parked(station, event_id))
    return event_id


def a_payment(order_id: UUID) -> PaymentTaken:
    payment = PaymentView(
        id=new_id(),
        at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        order_id=order_id,
        customer_id=new_id(),
        payer_id=new_id(),
        amount=Decimal(100),
        method="cash",
        refunded=Decimal(0),
        comment=None,
        actor="cashier",
    )
    return PaymentTaken(payment=payment, order_id=order_id)


async def is_parked(station: Station, event_id: UUID) -> bool:
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    query = "SELECT true FROM dead_letters WHERE event_id = $1 AND parked_at IS NOT NULL"
    found = await owner.fetchval(query, event_id)
    await owner.close()
    return bool(found)


async def all_is_summed(station: Station) -> None:
    """Sums are folded some seconds after a commit."""

    async def nothing_waits() -> bool:
        for service, table in (("inventory", "unfolded"), ("orders", "order_changes")):
            owner = await asyncpg.connect(as_owner(station.database_urls[service]))
            left = await owner.fetchval(f"SELECT count(*) FROM {table}")
            await owner.close()
            if left:
                return False
        return True

    await eventually(nothing_waits, every_s=0.5)
