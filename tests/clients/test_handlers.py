"""The clients service on its own database and broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.clients.domain.cards import new_client
from services.clients.domain.vehicles import changed_vehicle, new_facts, new_vehicle
from services.clients.store import ClientsStore
from services.clients.store.tables import tables, vehicle_facts
from shared.contracts.base import Change, Event
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    ClientChanged,
    ClientCreated,
    ClientsCommandRefused,
    CreateClient,
    FindClients,
    GetClient,
    GetVehicle,
    ListVehicles,
    VehicleAdded,
    VehicleChanged,
)
from shared.database import delivery, engine_for, outbox
from shared.ids import new_id
from shared.imports.tables import staging
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.clients.at_work import counted_statements
from tests.support.databases import as_owner
from tests.support.day import Station
from tests.support.waiting import eventually

TECHNICIAN = Actor("technician", "technician", new_id())


async def published[EventT: Event](station: Station, event_type: type[EventT]) -> list[EventT]:
    """What left through the outbox, oldest first."""
    async with station.running["clients"].engine.connect() as connection:
        rows = await connection.execute(
            sa.select(outbox.c.body)
            .where(outbox.c.subject == event_type.subject)
            .order_by(outbox.c.seq)
        )
        return [event_type.model_validate_json(row.body) for row in rows]


async def facts_of(station: Station, vehicle_id: UUID) -> list[tuple[str, str, bool]]:
    """Kind, value, and whether it is so today; in the order in which they became true."""
    async with station.running["clients"].engine.connect() as connection:
        rows = await connection.execute(
            sa.select(vehicle_facts)
            .where(vehicle_facts.c.vehicle_id == vehicle_id)
            .order_by(vehicle_facts.c.since, vehicle_facts.c.id)
        )
        return [(row.kind, row.value, row.until is None) for row in rows]


async def test_the_migrated_schema_is_the_one_the_store_uses(
    database: Callable[[str], str],
) -> None:
    engine = engine_for(as_owner(database("clients")))
    expected = sa.MetaData()
    for metadata in (tables, delivery, staging):
        for table in metadata.tables.values():
            table.to_metadata(expected)

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, expected))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


# --- cards -------------------------------------------------------------------------------------


async def test_new_card_is_answered_kept_and_told(station: Station) -> None:
    before = datetime.now(UTC)
    client = await station.send(
        CreateClient(
            last_name="Иванов",
            first_name="Иван",
            phones=("8 916 123-45-67",),
            email="ivan@example.ru",
            discount_percent=Decimal("5"),
        )
    )
    assert client.name == "Иванов Иван"
    assert client.phones == ("+79161234567",)
    assert client.revision == 1
    assert before <= client.created_at == client.updated_at <= datetime.now(UTC)
    details = await station.ask(GetClient(client_id=client.id))
    assert details.model_dump(exclude={"vehicles"}) == client.model_dump()
    assert details.vehicles == ()
    assert await published(station, ClientCreated) == [ClientCreated(client=client)]


async def test_same_key_makes_one_client(station: Station) -> None:
    command = CreateClient(last_name="Иванов", phones=("8 916 123-45-67",))
    first = await station.send(command, key="once")
    assert await station.send(command, key="once") == first
    assert len((await station.ask(FindClients())).items) == 1


async def test_edit_is_kept_and_told_with_old_and_new(station: Station) -> None:
    client = await station.a_client()
    edited = await station.send(
        ChangeClient(
            client_id=client.id, expected_revision=1, last_name="Петров", comment="Постоянный"
        )
    )
    assert (edited.name, edited.comment, edited.revision) == ("Петров Иван", "Постоянный", 2)
    details = await station.ask(GetClient(client_id=client.id))
    assert details.model_dump(exclude={"vehicles"}) == edited.model_dump()
    assert await published(station, ClientChanged) == [
        ClientChanged(
            client=edited,
            changes=(
                Change(field="last_name", old="Иванов", new="Петров"),
                Change(field="comment", old=None, new="Постоянный"),
            ),
        )
    ]


async def test_edit_that_changes_nothing_is_not_told(station: Station) -> None:
    client = await station.a_client()
    assert await station.send(ChangeClient(client_id=client.id, last_name="Иванов")) == client
    assert await published(station, ClientChanged) == []


async def test_second_of_two_edits_of_one_revision_is_refused(station: Station) -> None:
    client = await station.a_client()
    edits = [
        ChangeClient(client_id=client.id, expected_revision=1, comment=f"Правка {number}")
        for number in range(2)
    ]
    ends = await asyncio.gather(*map(station.send, edits), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, Refused)]
    assert [(refusal.code, refusal.params) for refusal in refused] == [
        ("revision_conflict", {"expected": "1", "actual": "2"})
    ]
    assert (await station.ask(GetClient(client_id=client.id))).revision == 2


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateClient(), "client_name_missing"),
        (CreateClient(last_name="Иванов", phones=("12345",)), "phone_invalid"),
        (ChangeClient(client_id=UUID(int=7), comment="?"), "client_not_found"),
        (AddVehicle(client_id=UUID(int=7), model="Vesta"), "client_not_found"),
        (ChangeVehicle(vehicle_id=UUID(int=7), model="Vesta"), "vehicle_not_found"),
    ],
)
async def test_refused_command_changes_nothing_and_is_told(
    station: Station, command: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await station.send(command)
    assert refused.value.code == code
    assert (await station.ask(FindClients())).items == ()
    [told] = await published(station, ClientsCommandRefused)
    assert (told.command, told.code) == (type(command).subject, code)


async def test_technician_enters_a_mileage_and_no_client(station: Station) -> None:
    client = await station.a_client()
    vehicle = await station.a_vehicle(client.id)
    command = ChangeVehicle(vehicle_id=vehicle.id, mileage_km=70_000)
    assert (await station.send(command, actor=TECHNICIAN)).mileage_km == 70_000
    with pytest.raises(Refused) as refused:
        await station.send(CreateClient(last_name="Иванов"), actor=TECHNICIAN)
    assert refused.value.code == "forbidden"


# --- cars --------------------------------------------------------------------------------------


async def test_new_car_is_answered_kept_and_told(station: Station) -> None:
    client = await station.a_client()
    vehicle = await station.a_vehicle(client.id, vin="хта 210990у2766388", plate="а 123 вс 77")
    assert (vehicle.vin, vehicle.plate) == ("XTA210990Y2766388", "А 123 ВС 77")
    assert vehicle.warnings == ("vin_check_digit",)
    assert vehicle.client_id == client.id
    assert await station.ask(GetVehicle(vehicle_id=vehicle.id)) == vehicle
    assert (await station.ask(ListVehicles(client_id=client.id))).items == (vehicle,)
    assert (await station.ask(GetClient(client_id=client.id))).vehicles == (vehicle,)
    assert await published(station, VehicleAdded) == [VehicleAdded(vehicle=vehicle)]
    assert await facts_of(station, vehicle.id) == [
        ("owner", str(client.id), True),
        ("plate", "А 123 ВС 77", True),
        ("vin", "XTA210990Y2766388", True),
    ]


@pytest.mark.parametrize("question", [GetClient, ListVehicles])
async def test_unknown_client_is_said_to_be_unknown(station: Station, question: type[Any]) -> None:
    with pytest.raises(Refused) as refused:
        await station.ask(question(client_id=UUID(int=7)))
    assert refused.value.code == "client_not_found"
    with pytest.raises(Refused) as refused:
        await station.ask(GetVehicle(vehicle_id=UUID(int=7)))
    assert refused.value.code == "vehicle_not_found"


async def test_that_a_car_was_sold_is_the_counters_to_say(station: Station) -> None:
    seller = await station.a_client()
    buyer = await station.a_client(last_name="Петров")
    vehicle = await station.a_vehicle(seller.id)
    sold = ChangeVehicle(vehicle_id=vehicle.id, client_id=buyer.id)
    with pytest.raises(Refused) as refused:
        await station.send(sold, actor=TECHNICIAN)
    assert refused.value.code == "forbidden"
    assert (await station.ask(ListVehicles(client_id=seller.id))).items == (vehicle,)
    # The owner that it has anyway may stand there.
    same = ChangeVehicle(vehicle_id=vehicle.id, client_id=seller.id, mileage_km=70_000)
    assert (await station.send(same, actor=TECHNICIAN)).mileage_km == 70_000


async def test_sold_car_keeps_its_identity_and_its_history(station: Station) -> None:
    seller = await station.a_client()
    buyer = await station.a_client(last_name="Петров")
    vehicle = await station.a_vehicle(seller.id, vin="XTA210990Y2766389")
    sold = await station.send(
        ChangeVehicle(vehicle_id=vehicle.id, client_id=buyer.id, plate="В777ОР77")
    )
    assert (sold.id, sold.client_id, sold.revision) == (vehicle.id, buyer.id, 2)
    assert (await station.ask(ListVehicles(client_id=seller.id))).items == ()
    assert (await station.ask(ListVehicles(client_id=buyer.id))).items == (sold,)
    [told] = await published(station, VehicleChanged)
    assert told.vehicle == sold
    assert told.changes == (
        Change(field="plate", old="А123ВС77", new="В777ОР77"),
        Change(field="client_id", old=str(seller.id), new=str(buyer.id)),
    )
    assert await facts_of(station, vehicle.id) == [
        ("owner", str(seller.id), False),
        ("plate", "А123ВС77", False),
        ("vin", "XTA210990Y2766389", True),
        ("owner", str(buyer.id), True),
        ("plate", "В777ОР77", True),
    ]


async def test_car_is_not_sold_to_nobody(station: Station) -> None:
    client = await station.a_client()
    vehicle = await station.a_vehicle(client.id)
    with pytest.raises(Refused) as refused:
        await station.send(ChangeVehicle(vehicle_id=vehicle.id, client_id=UUID(int=7)))
    assert (refused.value.code, refused.value.params["id"]) == (
        "client_not_found",
        str(UUID(int=7)),
    )


async def test_plate_that_was_taken_off_ends(station: Station) -> None:
    client = await station.a_client()
    vehicle = await station.a_vehicle(client.id)
    await station.send(ChangeVehicle(vehicle_id=vehicle.id, plate=None))
    await station.send(ChangeVehicle(vehicle_id=vehicle.id, plate="А123ВС77"))
    plates = [fact for fact in await facts_of(station, vehicle.id) if fact[0] == "plate"]
    assert plates == [("plate", "А123ВС77", False), ("plate", "А123ВС77", True)]


async def test_known_vin_is_refused_with_the_car_that_has_it(station: Station) -> None:
    client = await station.a_client()
    first = await station.a_vehicle(client.id, vin="XTA210990Y2766389")
    second = await station.a_vehicle(client.id, vin="JZX100-0123456")
    commands = (
        AddVehicle(client_id=client.id, vin="хта-210990у2766389"),
        ChangeVehicle(vehicle_id=second.id, vin="XTA210990Y2766389"),
    )
    for command in commands:
        with pytest.raises(Refused) as refused:
            await station.send(command)
        assert (refused.value.code, refused.value.params["id"]) == ("vehicle_exists", str(first.id))


async def test_of_many_who_enter_one_vin_at_once_one_makes_the_car(station: Station) -> None:
    client = await station.a_client()
    command = AddVehicle(client_id=client.id, vin="XTA210990Y2766389")
    ends = await asyncio.gather(*(station.send(command) for _ in range(16)), return_exceptions=True)
    made = [end for end in ends if not isinstance(end, BaseException)]
    assert len(made) == 1
    refused = [end for end in ends if isinstance(end, Refused)]
    assert len(refused) == 15
    assert {(end.code, end.params["id"]) for end in refused} == {
        ("vehicle_exists", str(made[0].id))
    }


async def test_vin_that_another_process_has_just_written_is_found(station: Station) -> None:
    """The first one's commit lies between the second one's look and its write."""
    client = await station.a_client()
    running = station.running["clients"]
    vehicle = await station.a_vehicle(client.id, plate="А123ВС77")
    async with running.engine.begin() as other:
        await other.execute(
            sa.text("UPDATE vehicles SET vin = 'XTA210990Y2766389' WHERE id = :id"),
            {"id": vehicle.id},
        )
        adding = asyncio.create_task(
            station.send(AddVehicle(client_id=client.id, vin="XTA210990Y2766389"))
        )
        await _somebody_waits_for_a_lock(running.engine)
    with pytest.raises(Refused) as refused:
        await adding
    assert (refused.value.code, refused.value.params["id"]) == ("vehicle_exists", str(vehicle.id))


async def _somebody_waits_for_a_lock(engine: Any) -> None:
    async def waits() -> bool:
        async with engine.connect() as connection:
            waiting = await connection.execute(
                sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            )
            return bool(waiting.scalar_one())

    await eventually(waits)


async def test_two_cars_may_swap_their_plates(station: Station) -> None:
    client = await station.a_client()
    one = await station.a_vehicle(client.id, plate="А111АА77")
    other = await station.a_vehicle(client.id, plate="В222ВВ77")
    await station.send(ChangeVehicle(vehicle_id=one.id, plate="В222ВВ77"))
    await station.send(ChangeVehicle(vehicle_id=other.id, plate="А111АА77"))
    page = await station.ask(FindClients(q="в222вв77"))
    assert [vehicle.plate for vehicle in page.items[0].vehicles] == ["В222ВВ77", "А111АА77"]


# --- batches -----------------------------------------------------------------------------------


async def test_edits_that_share_a_transaction_see_each_other(station: Station) -> None:
    client = await station.a_client()
    vehicle = await station.a_vehicle(client.id, vin="XTA210990Y2766389")
    plates = [f"А{number:03}ВС77" for number in range(40)]
    await asyncio.gather(
        *(station.send(ChangeVehicle(vehicle_id=vehicle.id, plate=plate)) for plate in plates),
        *(
            station.send(ChangeClient(client_id=client.id, comment=f"Правка {number}"))
            for number in range(40)
        ),
    )
    assert (await station.ask(GetVehicle(vehicle_id=vehicle.id))).revision == 41
    assert (await station.ask(GetClient(client_id=client.id))).revision == 41
    facts = [fact for fact in await facts_of(station, vehicle.id) if fact[0] == "plate"]
    assert {plate for _, plate, _ in facts} == {"А123ВС77", *plates}
    assert [today for *_, today in facts].count(True) == 1
    told = await published(station, VehicleChanged)
    assert [event.vehicle.revision for event in told] == list(range(2, 42))


@pytest.mark.parametrize("size", [1, 100])
async def test_a_batch_costs_as_many_statements_as_one_message(
    database: Callable[[str], str], size: int
) -> None:
    now = datetime.now(UTC)
    engine = engine_for(database("clients"))
    async with engine.begin() as connection:
        store = ClientsStore(connection)
        cars = []
        for number in range(size):
            client = new_client(CreateClient(last_name=f"Иванов{number}"), new_id(), now)
            store.save_client(client)
            added = AddVehicle(client_id=client.id, vin=f"XTA21099000{number:06}")
            cars.append(new_vehicle(added, new_id(), now))
            store.save_vehicle(cars[-1], new_facts(None, cars[-1], now))
        await store.write()
    edits = [
        ChangeVehicle(
            vehicle_id=car.id,
            client_id=car.client_id,
            vin=f"Z94{(car.vin or '')[3:]}",
            plate=f"А{number:03}ВС77",
        )
        for number, car in enumerate(cars)
    ]
    async with engine.begin() as connection:
        with counted_statements() as statements:
            store = ClientsStore(connection)
            await store.prefetch(edits)
            for edit in edits:
                before = await store.vehicle(edit.vehicle_id)
                await store.client(before.client_id)
                car, _ = changed_vehicle(before, edit, now)
                assert await store.holder_of(car.vin) is None
                store.save_vehicle(car, new_facts(before, car, now))
            await store.write()
    # One load; ended facts, all that is saved; duplicates.
    assert len(statements) == 4, statements
    await engine.dispose()
