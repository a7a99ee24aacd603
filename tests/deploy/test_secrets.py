"""Secrets made anew from a shell."""

from collections.abc import Callable

from sqlalchemy import select

from services.orders.store.tables import station_secrets
from tests.deploy.operating import Outcome, pitlane_on
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


async def secret_of(station: Station) -> bytes:
    async with station.running["orders"].engine.connect() as connection:
        secret: bytes = (await connection.execute(select(station_secrets.c.value))).scalar_one()
        return secret


async def test_links_are_signed_with_another_secret_once_somebody_says_yes(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    async with running_station(nats_server, database, "orders") as station:
        before = await secret_of(station)
        asked = await pitlane_on(station, "secrets", "rotate", "links", typed="n\n")
        assert asked.exit_code == 1
        assert await secret_of(station) == before
        done = await pitlane_on(station, "secrets", "rotate", "links", "--yes")
        said = "links: a new secret; 0 links that worked are to be sent again\n"
        assert done == Outcome(0, said, "")
        assert await secret_of(station) != before
        await station.stop("orders")
        nobody = await pitlane_on(station, "secrets", "rotate", "links", "--yes")
        assert nobody.exit_code == 1
        assert nobody.stderr.startswith("pitlane: orders: ")
