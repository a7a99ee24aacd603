"""Who pays and who drives is proposed by the links of the car and the client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.contracts.client_links import LinkClient, SuggestParties
from shared.contracts.orders import GetOrder
from shared.messaging.client import ServiceClient
from tests.support.day import Station


async def test_an_order_takes_the_payer_and_the_driver_that_are_linked_unless_told_otherwise(
    station: Station,
) -> None:
    company, lessor, driver = [await station.a_client() for _ in range(3)]
    await station.send(LinkClient(client_id=lessor.id, role="payer", other_id=company.id))
    await station.send(LinkClient(client_id=driver.id, role="driver", other_id=company.id))

    proposed = await station.an_order(client_id=company.id)
    assert (proposed.payer_id, proposed.driver_id) == (lessor.id, driver.id)
    assert (await station.ask(GetOrder(order_id=proposed.id))).payer_id == lessor.id

    alone = await station.an_order(client_id=company.id, payer_id=None, driver_id=None)
    assert (alone.payer_id, alone.driver_id) == (company.id, None)
    named = await station.an_order(client_id=company.id, payer_id=driver.id, driver="Сын")
    assert (named.payer_id, named.driver_id, named.driver) == (driver.id, None, "Сын")


async def test_without_links_the_client_pays_and_nobody_drives(station: Station) -> None:
    order = await station.an_order()
    assert (order.payer_id, order.driver_id, order.driver) == (order.client_id, None, None)


async def test_orders_goes_on_while_it_waits_for_the_links(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await station.a_client()
    await station.an_order(client_id=client.id)  # orders knows all that it names from now on
    ask, asked, answered = ServiceClient.ask, asyncio.Event(), asyncio.Event()

    async def slowly(self: ServiceClient, question: Any, *given: Any, **named: Any) -> Any:
        if isinstance(question, SuggestParties):
            asked.set()
            await answered.wait()
        return await ask(self, question, *given, **named)

    monkeypatch.setattr(ServiceClient, "ask", slowly)
    waiting = asyncio.create_task(station.an_order(client_id=client.id))
    await asked.wait()
    other = await station.an_order(client_id=client.id, payer_id=None, driver_id=None)
    assert not waiting.done()
    answered.set()
    assert (await waiting).id != other.id
