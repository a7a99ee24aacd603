"""Finding a client by whatever reception hears on the phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.handlers.finding import find
from services.clients.store import ClientsStore
from services.clients.store.merging import MOST_OF_ONE, Duplicates
from services.clients.store.tables import clients
from services.clients.store.tables_merging import duplicates
from shared.contracts.clients import (
    ChangeClient,
    ChangeVehicle,
    CheckVehicle,
    ClientView,
    FindClients,
    FoundClient,
    VehicleCheck,
)
from shared.contracts.tags import CreateTag, TagClient, TagVehicle
from shared.database import engine_for
from shared.refusals import Refused
from shared.writing import Pending
from tests.clients.at_work import counted_statements
from tests.support.databases import Databases, as_owner
from tests.support.day import Station


@pytest.fixture
async def people(station: Station) -> dict[str, ClientView]:
    """Four clients of a small station, in the order in which they came."""
    ivanov = await station.a_client(
        last_name="Иванов", first_name="Пётр", middle_name="Семёнович", phones=("8 916 123-45-67",)
    )
    await station.a_vehicle(ivanov.id, vin="XTA210990Y2766389", plate="А123ВС77")
    await station.a_vehicle(ivanov.id, plate="К777КК50", model="Niva")
    kuznetsova = await station.a_client(
        last_name="Кузнецова", first_name="Ольга", phones=("+7 903 555-12-34", "+49 30 123456")
    )
    await station.a_vehicle(kuznetsova.id, vin="JZX100-0123456", plate="B-MW 9876")
    romashka = await station.a_client(
        kind="company",
        company_name="ООО «Ромашка-Авто»",
        last_name="Соловьёв",
        first_name="Артём",
        phones=("8 495 765-43-21 доб. 1204",),
    )
    nobody = await station.a_client(last_name=None, first_name="Ян", phones=())
    return {"ivanov": ivanov, "kuznetsova": kuznetsova, "romashka": romashka, "yan": nobody}


async def found(station: Station, query: str) -> list[str]:
    page = await station.ask(FindClients(q=query))
    assert page.next is None
    return [client.name for client in page.items]


IVANOV, KUZNETSOVA, ROMASHKA, YAN = (
    "Иванов Пётр Семёнович",
    "Кузнецова Ольга",
    "ООО «Ромашка-Авто»",
    "Ян",
)

QUERIES: dict[str, list[str]] = {
    "": [YAN, ROMASHKA, KUZNETSOVA, IVANOV],
    # phones
    "4567": [IVANOV],
    "1234": [KUZNETSOVA, IVANOV],
    "8916": [IVANOV],
    "8 (916) 123-45-67": [IVANOV],
    "+7 916 123 45 67": [IVANOV],
    "9161234567": [IVANOV],
    "89161234567": [IVANOV],
    "3012": [KUZNETSOVA],
    "0049 30 123456": [KUZNETSOVA],
    "+7 495 765-43-21 доб. 1204": [ROMASHKA],
    "8 495 765-43-21 x12": [ROMASHKA],
    "8 495 765-43-21 доб. 13": [],
    "1204": [ROMASHKA],
    "765-43": [ROMASHKA],
    "7654321": [ROMASHKA],
    "7654320": [],
    "соловьев 7654": [ROMASHKA],
    "иванов 7654": [],
    # VIN
    "XTA210990Y2766389": [IVANOV],
    "xta 210990 y2766389": [IVANOV],
    "хта2109": [IVANOV],
    "6389": [IVANOV],
    "0Y27": [IVANOV],
    "jzx100": [KUZNETSOVA],
    "JZX100-0123456": [KUZNETSOVA],
    # plates
    "а123вс77": [IVANOV],
    "A123BC77": [IVANOV],
    "А 123 ВС": [IVANOV],
    "777": [IVANOV],
    "b-mw 98": [KUZNETSOVA],
    "вмw9876": [KUZNETSOVA],
    # names
    "иванов": [IVANOV],
    "ИВАН": [IVANOV],
    "анов": [IVANOV],
    "петр иванов": [IVANOV],
    "Семенович Пётр": [IVANOV],
    "иванов п с": [IVANOV],
    "иванов с п ю": [],
    "ов": [],
    "ро": [ROMASHKA],
    "я": [YAN],
    "ян": [YAN],
    "ромашка": [ROMASHKA],
    "ооо авто": [ROMASHKA],
    "Соловьев Артем": [ROMASHKA],
    # misspelt
    "ивонов": [IVANOV],
    "Ивнаов": [IVANOV],
    "иваноф петр": [IVANOV],
    "кузницова": [KUZNETSOVA],
    "Кузнецовва Ольгга": [KUZNETSOVA],
    "рамашка": [ROMASHKA],
    "саловьев 7654": [ROMASHKA],
    "ромшака": [ROMASHKA],
    "Пертович": [],
    "олга": [KUZNETSOVA],
    "ивонов 7654": [],
    "сидоров": [],
    # nothing that could be found
    "…": [],
    "%": [],
    "____": [],
    "\\": [],
}


async def test_client_is_found_by_whatever_is_known(
    station: Station, people: dict[str, ClientView]
) -> None:
    answers = {query: await found(station, query) for query in QUERIES}
    assert answers == QUERIES


async def test_hit_comes_with_its_cars(station: Station, people: dict[str, ClientView]) -> None:
    page = await station.ask(FindClients(q="иванов"))
    [ivanov] = page.items
    assert ivanov.model_dump(exclude={"vehicles"}) == people["ivanov"].model_dump()
    assert [vehicle.plate for vehicle in ivanov.vehicles] == ["А123ВС77", "К777КК50"]


async def test_changed_card_is_found_by_what_it_says_now(
    station: Station, people: dict[str, ClientView]
) -> None:
    [ivanov] = (await station.ask(FindClients(q="а123вс77"))).items
    await station.send(
        ChangeClient(client_id=ivanov.id, last_name="Сидоров", phones=("8 903 000-00-01",))
    )
    await station.send(ChangeVehicle(vehicle_id=ivanov.vehicles[0].id, plate="В321ОР77", vin=None))
    for gone in ("иванов", "1234567", "а123вс", "XTA2109"):
        assert "Сидоров Пётр Семёнович" not in await found(station, gone), gone
    for new in ("сидоров", "сидороф", "89030000001", "b321op"):
        assert await found(station, new) == ["Сидоров Пётр Семёнович"], new


async def test_car_is_found_with_its_owner_of_today(
    station: Station, people: dict[str, ClientView]
) -> None:
    [ivanov] = (await station.ask(FindClients(q="а123вс77"))).items
    await station.send(
        ChangeVehicle(vehicle_id=ivanov.vehicles[0].id, client_id=people["romashka"].id)
    )
    assert await found(station, "а123вс77") == [ROMASHKA]


# --- page by page ------------------------------------------------------------------------------


async def all_pages(station: Station, query: str, limit: int) -> list[FoundClient]:
    clients: list[FoundClient] = []
    cursor = None
    while True:
        page = await station.ask(FindClients(q=query, limit=limit, cursor=cursor))
        assert len(page.items) <= limit
        clients += page.items
        if page.next is None:
            return clients
        assert len(page.items) == limit
        cursor = page.next


async def test_pages_of_every_kind_show_each_client_once_and_newest_first(
    station: Station,
) -> None:
    made = [
        await station.a_client(first_name=f"А{number}", phones=(f"8 916 123-45-{number:02}",))
        for number in range(7)
    ]
    for client in made:
        # Several cars fit, and still the client is one hit.
        await station.a_vehicle(client.id, plate="А1 8916")
        await station.a_vehicle(client.id, plate="А2 8916")
    newest_first = [client.id for client in reversed(made)]
    for query in ("", "иванов", "8916", "а1 89", "ив", "ивонов", "ивонов 8916"):
        for limit in (1, 3, 7, 50):
            shown = await all_pages(station, query, limit)
            assert [client.id for client in shown] == newest_first, (query, limit)


async def test_the_cars_of_one_fleet_hide_nobody_elses(station: Station) -> None:
    """Found by a common beginning of VINs, and by a part of plates."""
    lonely = await station.a_client(last_name="Одинцов")
    await station.a_vehicle(lonely.id, vin="XTA210990Y1000000", plate="О777ОО50")
    fleet = await station.a_client(last_name="Таксистов")
    for number in range(4):
        await station.a_vehicle(
            fleet.id, vin=f"XTA210990Y200000{number}", plate=f"А777А{'ВЕКМ'[number]}50"
        )
    for query in ("XTA2", "777"):
        page = await station.ask(FindClients(q=query, limit=2))
        assert ([each.id for each in page.items], page.next) == ([fleet.id, lonely.id], None)
        assert [each.id for each in await all_pages(station, query, 1)] == [fleet.id, lonely.id]


async def test_client_who_comes_between_two_pages_shifts_nothing(station: Station) -> None:
    made = [await station.a_client(first_name=f"А{number}") for number in range(4)]
    first = await station.ask(FindClients(q="иванов", limit=2))
    await station.a_client(first_name="Новый")
    second = await station.ask(FindClients(q="иванов", limit=2, cursor=first.next))
    assert [client.id for client in (*first.items, *second.items)] == [
        client.id for client in reversed(made)
    ]


async def test_forged_cursor_is_refused(station: Station) -> None:
    with pytest.raises(Refused) as refused:
        await station.ask(FindClients(q="иванов", cursor="WyJmaXRzIiwxXQ"))
    assert refused.value.code == "cursor_invalid"


# --- many clients ------------------------------------------------------------------------------

MANY = 20_000
FILL = f"""
INSERT INTO clients (id, kind, last_name, phones, revision, created_at, updated_at, name_key,
                     phone_key)
SELECT ('0193564a-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'person',
       name, ARRAY['+' || phone], 1, now(), now(), ' ' || name || ' петр ', ' ' || phone || ' '
FROM generate_series(1, {MANY}) n,
     LATERAL (SELECT substr(md5(n::text), 1, 9) AS name, 79160000000 + n * 7 AS phone) AS made;
INSERT INTO vehicles (id, client_id, vin, plate, plate_key, revision, created_at, updated_at)
SELECT id, id, upper(substr(md5(id::text), 1, 17)), plate, plate, 1, now(), now()
FROM clients, LATERAL (SELECT 'A' || substr(phone_key, 9, 4) || 'BC' AS plate) AS made;
INSERT INTO name_words SELECT DISTINCT last_name FROM clients;
"""


@pytest.fixture(scope="module")
def crowd(databases: Databases) -> Iterator[str]:
    """A database with many clients."""
    url = databases.create("clients")
    asyncio.run(fill(as_owner(url)))
    yield url
    databases.drop(url)


async def fill(url: str) -> None:
    """The indexes are made after the rows: that is faster."""
    connection = await asyncpg.connect(url)
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'"
    )
    assert len(indexes) == 4
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    await connection.execute(FILL)
    for index in indexes:
        await connection.execute(index["indexdef"])
    # As the database does by itself sooner or later.
    await connection.execute("ANALYZE")
    await connection.close()


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("", 50),
        ("8916", 50),  # everybody's phone
        ("1234", 26),  # phones, VINs and plates
        ("79160000700", 1),
        ("петр", 50),  # everybody
        ("п", 50),
        ("йц", 0),
        ("c4ca4238a", 1),
        ("c4ca4328a", 1),  # misspelt
        ("петр c4ca42", 1),
        ("A9000BC", 2),
        ("XTA210990Y2766389", 0),
    ],
)
async def test_no_search_reads_all_clients(crowd: str, plan: str, query: str, hits: int) -> None:
    """Whether or not the database looks at what is searched for before it plans."""
    engine = engine_for(crowd)
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"SET plan_cache_mode = {plan}"))
        before = await rows_read(connection)
        with counted_statements() as statements:
            page = await find(FindClients(q=query), ClientsStore(connection), None)  # type: ignore[arg-type]
        after = await rows_read(connection)
    await engine.dispose()
    assert len(page.items) == hits
    assert after - before < MANY / 4
    is_misspelt = query == "c4ca4328a" or not hits
    assert len(statements) <= (4 if is_misspelt else 1)


YEARS = 400
OF_MANY_YEARS = f"""
INSERT INTO clients (id, kind, last_name, phones, revision, created_at, updated_at, name_key,
                     phone_key)
SELECT ('01' || lpad(to_hex(n / 9), 2, '0') || '0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))
       ::uuid, 'person', 'Эрастов', '{{}}', 1, now(), now(), ' эрастов ', '  '
FROM generate_series(1, {YEARS}) n
"""


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_cards_of_many_years_are_found_page_by_page(crowd: str, plan: str) -> None:
    """Too many to be fetched at once, and none of them new."""
    engine = engine_for(crowd)
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"SET plan_cache_mode = {plan}"))
        await connection.execute(sa.text(OF_MANY_YEARS))
        found: list[UUID] = []
        cursor = None
        while not found or cursor:
            before = await rows_read(connection)
            question = FindClients(q="эрастов", limit=50, cursor=cursor)
            page = await find(question, ClientsStore(connection), None)  # type: ignore[arg-type]
            assert await rows_read(connection) - before < MANY / 4
            found += [client.id for client in page.items]
            cursor = page.next
        await connection.rollback()
    await engine.dispose()
    assert len(found) == YEARS
    assert found == sorted(set(found), reverse=True)


async def rows_read(connection: AsyncConnection) -> int:
    """Rows read in this transaction so far, of whole tables or by an index."""
    result = await connection.execute(
        sa.text("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables")
    )
    return int(result.scalar_one())


ALIKE = f"""
INSERT INTO clients (id, kind, last_name, phones, revision, created_at, updated_at, name_key,
                     phone_key)
SELECT gen_random_uuid(), 'person', 'Иванов', ARRAY['+79990000000'], 1, now(), now(),
       ' иванов иван ', ' 79990000000 '
FROM generate_series(1, {MANY // 4})
"""


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_no_card_is_compared_with_all_others(crowd: str, plan: str) -> None:
    """Neither one that is like hardly any other, nor one of thousands who share name and phone."""
    engine = engine_for(crowd)
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"SET plan_cache_mode = {plan}"))
        # To begin with an index is as dear as it is with fifty times as many clients.
        await connection.execute(sa.text("SET cpu_index_tuple_cost = 0.25"))
        await connection.execute(sa.text(ALIKE))
        is_alike = clients.c.name_key == " иванов иван "
        (alone,) = await connection.scalars(sa.select(clients.c.id).where(~is_alike).limit(1))
        (one,) = await connection.scalars(sa.select(clients.c.id).where(is_alike).limit(1))
        for client_id, pairs in ((alone, 1), (one, MOST_OF_ONE)):
            before = await rows_read(connection)
            pending = Pending()
            Duplicates(connection, pending).look_for([client_id], [])
            await pending.send(connection)
            after = await rows_read(connection)
            mine = sa.or_(duplicates.c.one_id == client_id, duplicates.c.other_id == client_id)
            found = await connection.scalars(sa.select(duplicates.c.reasons).where(mine))
            assert len(found.all()) == pairs
            assert after - before < 100
        await connection.rollback()
    await engine.dispose()


# --- by a tag ----------------------------------------------------------------------------------


async def test_a_tag_of_a_client_or_of_a_car_narrows_every_search(
    station: Station, people: dict[str, ClientView]
) -> None:
    tag = await station.send(CreateTag(name="VIP"))
    other = await station.send(CreateTag(name="Другое"))
    await station.send(TagClient(client_id=people["romashka"].id, tag_id=tag.id))
    (car,) = (await station.ask(FindClients(q="К777КК50"))).items[0].vehicles[1:]
    await station.send(TagVehicle(vehicle_id=car.id, tag_id=tag.id))

    async def tagged(query: str, tag_id: UUID) -> list[str]:
        page = await station.ask(FindClients(q=query, tag_id=tag_id))
        return [client.name for client in page.items]

    assert await tagged("", tag.id) == [ROMASHKA, IVANOV]
    assert await tagged("иванов", tag.id) == [IVANOV]
    assert await tagged("иваонв", tag.id) == [IVANOV]
    assert await tagged("кузнецова", tag.id) == []
    assert await tagged("", other.id) == []
    first = await station.ask(FindClients(tag_id=tag.id, limit=1))
    rest = await station.ask(FindClients(tag_id=tag.id, limit=1, cursor=first.next))
    assert [each.name for each in (*first.items, *rest.items)] == [ROMASHKA, IVANOV]
    assert rest.next is None


# --- a car that is being typed -----------------------------------------------------------------


async def test_whoever_types_a_known_vin_or_plate_is_told_whose_it_is(
    station: Station, people: dict[str, ClientView]
) -> None:
    check = await station.ask(CheckVehicle(vin="хта210990y2766389", plate="b-mw-9876"))
    assert [(each.vehicle.plate, each.owner) for each in check.known] == [
        ("B-MW 9876", KUZNETSOVA),
        ("А123ВС77", IVANOV),
    ]
    assert (check.problems, check.warnings) == ((), ())


async def test_what_is_wrong_with_a_vin_is_told_before_it_is_saved(station: Station) -> None:
    check = await station.ask(CheckVehicle(vin="WAUZZZ8K9AA000001", plate="А001АА77"))
    assert (check.problems, check.warnings, check.known) == ((), ("vin_check_digit",), ())
    assert (await station.ask(CheckVehicle(vin="JZX100-0123456"))).warnings == ("vin_short",)
    check = await station.ask(CheckVehicle(vin="OOO", plate="!"))
    assert check.problems == ("vin_invalid", "plate_invalid")
    assert check.reasons_en[0].startswith("OOO is not a VIN: it is too short (3)")
    assert check.reasons_ru[1] == "! — не госномер"
    assert await station.ask(CheckVehicle()) == VehicleCheck(problems=(), warnings=(), known=())
