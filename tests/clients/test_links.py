"""Family, a company's people, drivers and payers."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.client_links import (
    ClientLinked,
    ClientUnlinked,
    LinkClient,
    LinkView,
    ListLinks,
    SuggestParties,
    UnlinkClient,
)
from shared.contracts.client_merge import MergeClients
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.settings import ServiceSettings
from tests.clients.test_handlers import published
from tests.support.day import Station


def today() -> date:
    """By the station's clock."""
    return datetime.now(ServiceSettings(service="clients", database_url="").zone).date()


TODAY = today()
"""Or yesterday, where midnight has come since."""
LONG_AGO = TODAY - timedelta(days=400)


async def shown(station: Station, client_id: UUID, **fields: Any) -> list[tuple[str, str, bool]]:
    page = await station.ask(ListLinks(client_id=client_id, **fields))
    return [(row.role, row.other or row.vehicle or "", row.until is None) for row in page.items]


async def test_links_are_made_listed_from_both_sides_and_ended(station: Station) -> None:
    man = await station.a_client()
    wife = await station.a_client(first_name="Анна")
    car = await station.a_vehicle(man.id)
    family = await station.send(LinkClient(client_id=man.id, role="family", other_id=wife.id))
    await station.send(
        LinkClient(client_id=wife.id, role="driver", vehicle_id=car.id, since=LONG_AGO)
    )
    assert await shown(station, man.id) == [("family", "Иванов Анна", True)]
    assert await shown(station, wife.id) == [
        ("driver", "Lada Vesta А123ВС77", True),
        ("family", "Иванов Анна", True),
    ]
    page = await station.ask(ListLinks(client_id=wife.id, limit=1))
    rest = await station.ask(ListLinks(client_id=wife.id, limit=1, cursor=page.next))
    driver, seen = page.items[0], rest.items[0]
    assert (seen.id, seen.client, rest.next) == (family.id, "Иванов Иван", None)

    # What was never true goes; what was is known as past.
    await station.send(UnlinkClient(client_id=wife.id, link_id=family.id))
    await station.send(UnlinkClient(client_id=wife.id, link_id=driver.id))
    await station.send(UnlinkClient(client_id=wife.id, link_id=driver.id))
    assert await shown(station, wife.id) == [("driver", "Lada Vesta А123ВС77", False)]
    assert await shown(station, wife.id, current=True) == []
    assert [event.link.role for event in await published(station, ClientLinked)] == [
        "family",
        "driver",
    ]
    told = await published(station, ClientUnlinked)
    assert [event.link.until for event in told] == [None, today()]
    with pytest.raises(Refused, match="link_not_found"):
        await station.send(UnlinkClient(client_id=man.id, link_id=driver.id))


async def test_payers_and_drivers_of_the_car_are_proposed_first(station: Station) -> None:
    company = await station.a_client(kind="company", company_name="Вектор")
    lessor = await station.a_client(kind="company", company_name="Лизинг")
    old, new = await station.a_client(last_name="Старый"), await station.a_client(last_name="Новый")
    car = await station.a_vehicle(company.id)
    other_car = await station.a_vehicle(company.id, plate="В777ВВ99")
    for fields in (
        {"client_id": lessor.id, "role": "payer", "vehicle_id": car.id},
        {"client_id": old.id, "role": "driver", "other_id": company.id, "since": LONG_AGO},
        {"client_id": new.id, "role": "driver", "vehicle_id": car.id},
        {"client_id": old.id, "role": "driver", "vehicle_id": other_car.id},
        {"client_id": new.id, "role": "employee", "other_id": company.id},
        {
            "client_id": old.id,
            "role": "payer",
            "other_id": company.id,
            "since": LONG_AGO,
            "until": TODAY,
        },
    ):
        await station.send(LinkClient(**fields))
    parties = await station.ask(SuggestParties(client_id=company.id, vehicle_id=car.id))
    assert [payer.name for payer in parties.payers] == ["Лизинг"]
    assert [(driver.name, driver.phone) for driver in parties.drivers] == [
        ("Новый Иван", "+79161234567"),
        ("Старый Иван", "+79161234567"),
    ]
    parties = await station.ask(SuggestParties(client_id=company.id))
    assert ([each.client_id for each in parties.drivers], parties.payers) == ([old.id], ())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"role": "family", "vehicle_id": True}, "link_invalid"),
        ({"role": "payer"}, "link_invalid"),
        ({"role": "payer", "vehicle_id": True, "other_id": True}, "link_invalid"),
        ({"role": "family", "other_id": False}, "link_invalid"),
        ({"role": "payer", "vehicle_id": True, "until": TODAY, "since": TODAY}, "period_invalid"),
        ({"role": "employee", "other_id": True, "since": LONG_AGO}, "link_exists"),
        ({"role": "payer", "vehicle_id": new_id()}, "vehicle_not_found"),
        ({"role": "payer", "other_id": new_id()}, "client_not_found"),
    ],
)
async def test_a_link_that_cannot_be_is_refused(
    station: Station, fields: dict[str, Any], code: str
) -> None:
    client, other = await station.a_client(), await station.a_client()
    car = await station.a_vehicle(client.id)
    await station.send(LinkClient(client_id=client.id, role="employee", other_id=other.id))
    ids = {"vehicle_id": {True: car.id}, "other_id": {True: other.id, False: client.id}}
    named = {name: ids.get(name, {}).get(value, value) for name, value in fields.items()}
    with pytest.raises(Refused, match=code):
        await station.send(LinkClient(client_id=client.id, **named))
    with pytest.raises(Refused, match="forbidden"):
        await station.send(
            LinkClient(client_id=client.id, role="family", other_id=other.id),
            actor=Actor("pyotr", "technician", new_id()),
        )
    assert len((await station.ask(ListLinks(client_id=client.id))).items) == 1


async def test_of_two_who_say_the_same_at_once_one_is_refused(station: Station) -> None:
    one, other = await station.a_client(), await station.a_client()
    ends = await asyncio.gather(
        station.send(LinkClient(client_id=one.id, role="family", other_id=other.id)),
        station.send(LinkClient(client_id=other.id, role="family", other_id=one.id)),
        return_exceptions=True,
    )
    refused = [end.code for end in ends if isinstance(end, Refused)]
    assert refused == ["link_exists"]


async def test_a_merger_leads_links_on_and_drops_what_says_nothing_new(station: Station) -> None:
    client, twin, boss = [await station.a_client() for _ in range(3)]

    async def link(client_id: UUID, role: Any, other_id: UUID, since: date) -> LinkView:
        return await station.send(
            LinkClient(client_id=client_id, role=role, other_id=other_id, since=since)
        )

    kept = await link(client.id, "employee", boss.id, LONG_AGO)
    await link(twin.id, "employee", boss.id, TODAY)
    await link(client.id, "family", twin.id, TODAY)
    await link(boss.id, "family", client.id, TODAY)
    await link(twin.id, "family", boss.id, LONG_AGO)
    moved = await link(boss.id, "payer", twin.id, TODAY)
    await station.send(MergeClients(client_id=client.id, other_id=twin.id))
    page = await station.ask(ListLinks(client_id=twin.id))
    assert [(row.role, row.client_id, row.other_id) for row in page.items] == [
        ("payer", boss.id, client.id),
        ("family", client.id, boss.id),
        ("employee", client.id, boss.id),
    ]
    assert (page.items[0].id, page.items[2].id) == (moved.id, kept.id)
