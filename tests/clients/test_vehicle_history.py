"""Whose a car was when, and which plates it had."""

from __future__ import annotations

import pytest

from shared.contracts.clients import ChangeVehicle
from shared.contracts.vehicle_history import GetVehicleHistory
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.support.day import Station


async def test_owners_and_plates_are_told_with_their_dates(station: Station) -> None:
    first = await station.a_client()
    second = await station.a_client(last_name="Петрова", first_name="Анна")
    car = await station.a_vehicle(first.id, vin="XTA210990Y2766389")
    await station.send(ChangeVehicle(vehicle_id=car.id, client_id=second.id, plate="В777ВВ99"))

    page = await station.ask(GetVehicleHistory(vehicle_id=car.id, limit=3))
    rest = await station.ask(GetVehicleHistory(vehicle_id=car.id, cursor=page.next))
    told = [*page.items, *rest.items]
    assert [(fact.kind, fact.value, fact.client_id, fact.until is None) for fact in told] == [
        ("plate", "В777ВВ99", None, True),
        ("owner", "Петрова Анна", second.id, True),
        ("vin", "XTA210990Y2766389", None, True),
        ("plate", "А123ВС77", None, False),
        ("owner", "Иванов Иван", first.id, False),
    ]
    assert told[1].since == told[4].until
    with pytest.raises(Refused, match="vehicle_not_found"):
        await station.ask(GetVehicleHistory(vehicle_id=new_id()))
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(
            GetVehicleHistory(vehicle_id=car.id), actor=Actor("pyotr", "technician", new_id())
        )
