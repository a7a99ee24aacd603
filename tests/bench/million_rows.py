"""A million clients with cars, and what they came for: into the tables, past the services.

Cards come by COPY, with the keys that the service itself would have made of them, and so does
what orders are made of; orders and their lines are made in the database. Names are as common or
rare as names are, a client in ten has two phones, one order in five hundred is still open, and
half a client's orders are younger than the other half by years.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import sqrt
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from services.clients.domain.identifiers import plate_key
from services.clients.domain.search import phone_key, words_of
from tests.bench.business import Business

SURNAMES = (
    "Иванов", "Смирнов", "Кузнецов", "Попов", "Васильев", "Петров", "Соколов", "Михайлов",
    "Новиков", "Фёдоров", "Морозов", "Волков", "Алексеев", "Лебедев", "Семёнов", "Егоров",
    "Павлов", "Козлов", "Степанов", "Николаев", "Орлов", "Андреев", "Макаров", "Никитин",
    "Захаров", "Зайцев", "Соловьёв", "Борисов", "Яковлев", "Григорьев", "Романов", "Воробьёв",
    "Сергеев", "Кузьмин", "Фролов", "Александров", "Дмитриев", "Королёв", "Гусев", "Киселёв",
    "Ильин", "Максимов", "Поляков", "Сорокин", "Виноградов", "Ковалёв", "Белов", "Медведев",
    "Антонов", "Тарасов", "Жуков", "Баранов", "Филиппов", "Комаров", "Давыдов", "Беляев",
    "Герасимов", "Богданов", "Осипов", "Сидоров", "Матвеев", "Титов", "Марков", "Миронов",
    "Крылов", "Куликов", "Карпов", "Власов", "Мельников", "Денисов",
)  # fmt: skip
NAMES = (
    "Александр", "Сергей", "Дмитрий", "Андрей", "Алексей", "Максим", "Евгений", "Иван", "Михаил",
    "Николай", "Олег", "Пётр",
)  # fmt: skip
FATHERS = (
    "Александрович", "Сергеевич", "Дмитриевич", "Андреевич", "Иванович", "Петрович", "Олегович",
)  # fmt: skip
CARS = (
    ("Lada", "Vesta"), ("Lada", "Granta"), ("Kia", "Rio"), ("Hyundai", "Solaris"),
    ("Renault", "Logan"), ("Volkswagen", "Polo"), ("Toyota", "Camry"), ("Skoda", "Octavia"),
)  # fmt: skip
PLATE_LETTERS = "АВЕКМНОРСТУХ"
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
BORN = datetime(2017, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=5)
"""A client came: a million in nine years and a half."""
ORDERED_WITHIN = timedelta(days=3472)
LINES_OF_ORDER = 5
ENDINGS = 4_000
"""Rare surnames are a common one with a syllable more."""
_CLIENTS = (
    "id", "kind", "last_name", "first_name", "middle_name", "phones", "consents", "revision",
    "created_at", "updated_at", "name_key", "phone_key",
)  # fmt: skip
_VEHICLES = (
    "id", "client_id", "vin", "plate", "plate_key", "vendor", "model", "year", "mileage_km",
    "revision", "created_at", "updated_at",
)  # fmt: skip
_AT_ONCE = 50_000


def came_at(number: int) -> datetime:
    return BORN + number * EVERY


def ordered_at(number: int, count: int) -> datetime:
    """Of ``count`` clients, who come to a first order sooner or later."""
    return BORN + sqrt(number / count) * ORDERED_WITHIN


def client_id(number: int) -> UUID:
    return _id_of(came_at(number), number)


def _id_of(at: datetime, number: int) -> UUID:
    """As ids are made: they begin with the time, in milliseconds."""
    time = int(at.timestamp() * 1000)
    return UUID(int=(time << 80) + (7 << 76) + (2 << 62) + number)


def phone(number: int) -> str:
    """Each its own, in no order."""
    return f"+79{number * 7_368_787 % 1_000_000_000:09}"


def surname(number: int) -> str:
    """Squared, so that a few are borne by many."""
    spread = number * 2_654_435_761 % 1_000_003 / 1_000_003
    common = SURNAMES[int(spread * spread * len(SURNAMES))]
    if number % 3:
        return common
    syllable = number * 48_271 % ENDINGS
    letters = "".join("абвгдежзиклмнопрст"[syllable // 18**place % 18] for place in range(3))
    return f"{common[:-2]}{letters}{common[-2:]}"


def names(number: int) -> tuple[str, str, str]:
    """Last, first and middle."""
    first, middle = NAMES[number * 31 % len(NAMES)], FATHERS[number * 17 % len(FATHERS)]
    return surname(number), first, middle


def vin(number: int) -> str:
    random = Random(number)
    return "".join(random.choices(VIN_LETTERS, k=11)) + f"{number:06}"


def plate(number: int) -> str:
    one, two, three = (PLATE_LETTERS[number // 1_000 // 12**place % 12] for place in range(3))
    return f"{one}{number % 1_000:03}{two}{three}{77 + number // 1_728_000}"


async def fill_clients(connection: asyncpg.Connection, count: int) -> None:
    async with _without_indexes(connection, "clients", "vehicles", "name_words"):
        for first in range(0, count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, count))
            for table, columns, rows in (
                ("clients", _CLIENTS, _client_rows(numbers)),
                ("vehicles", _VEHICLES, _vehicle_rows(numbers)),
            ):
                await connection.copy_records_to_table(table, columns=columns, records=rows)
        await connection.execute(
            "INSERT INTO name_words SELECT DISTINCT unnest(string_to_array(trim(name_key), ' '))"
            " FROM clients ON CONFLICT DO NOTHING"
        )


async def fill_orders(connection: asyncpg.Connection, business: Business, count: int) -> None:
    """An order for each client, of the business's own section, technician and goods; its price is
    that of its lines."""
    told = {
        "section": business.section_id,
        "employee": business.employee_id,
        "service": business.service_id,
        "product": business.products[0],
    }
    await connection.execute(_MADE)
    for first in range(0, count, _AT_ONCE):
        rows = _order_rows(range(first, min(first + _AT_ONCE, count)), count)
        await connection.copy_records_to_table("made", records=rows)
    async with _without_indexes(connection, "orders", "service_lines", "part_lines"):
        for statement in _ORDERS:
            for name, value in told.items():
                statement = statement.replace(f"{{{name}}}", value)
            await connection.execute(statement)


_MADE = """CREATE TEMP TABLE made (n bigint, id uuid, client_id uuid, client_name text,
    vehicle_name text, at timestamptz, open boolean)"""
_ORDERS = (
    """INSERT INTO orders (id, number, station_id, client_id, client_name, client_discount, status,
        type, vehicle_name, section_id, employee_id, payer_id, visible_to_customer, assignment_at,
        created_at, updated_at, revision, completed_at, completion, returned_completion, settled,
        paid, paid_completion, total, waits_for_parts, waits_for_approval)
    SELECT id, 'M-' || lpad(n::text, 7, '0'), (SELECT station_id FROM sections LIMIT 1), client_id,
        client_name, 0, CASE WHEN open THEN 'new' ELSE 'done' END, 'repair',
        vehicle_name, '{section}', '{employee}', client_id, true, at, at, at, 1,
        CASE WHEN NOT open THEN at END, CASE WHEN open THEN 0 ELSE 1 END, 0, NOT open,
        CASE WHEN open THEN 0 ELSE 5000 END, CASE WHEN open THEN 0 ELSE 1 END, 5000, false, false
    FROM made""",
    """INSERT INTO service_lines (id, order_id, position, service_id, name, quantity, suggested,
        initial, discount_percent, fixed_discount, quoted, total, estimation_minutes,
        suggested_minutes, progress, clocked_minutes, approval_state)
    SELECT md5('works' || n || line)::uuid, id, line, '{service}', 'Работа', 1, 1000, 1000, 0, 0,
        false, 1000, 60, 60, CASE WHEN open THEN 'planned' ELSE 'finished' END, 0, 'not_needed'
    FROM made, generate_series(1, 3) AS line""",
    """INSERT INTO part_lines (id, order_id, position, kind, product_id, name, measure, quantity,
        suggested, initial, discount_percent, fixed_discount, quoted, total, state, version, answer,
        reserved, short, entered_quantity, entered_measure, entered_short_name, came_back)
    SELECT md5('parts' || n || line)::uuid, id, line, 'product', '{product}', 'Масло', 'шт', 1,
        1000, 1000, 0, 0, false, 1000, CASE WHEN open THEN 'reserved' ELSE 'issued' END, 1, 1,
        1, 0, 1, 'шт', 'шт', 0
    FROM made, generate_series(4, 5) AS line""",
)


def _client_rows(numbers: range) -> Iterator[Sequence[Any]]:
    for number in numbers:
        last, first, middle = names(number)
        phones = [phone(number)] + ([f"+7495{number % 10_000_000:07}"] if number % 10 == 0 else [])
        at = came_at(number)
        key = f" {' '.join(words_of(f'{last} {first} {middle}'))} "
        yield (
            client_id(number), "person", last, first, middle, phones, "{}", 1, at, at, key,
            phone_key(phones),
        )  # fmt: skip


def _order_rows(numbers: range, count: int) -> Iterator[Sequence[Any]]:
    """With the names of client and car as orders have them."""
    for number in numbers:
        at = ordered_at(number, count)
        client = " ".join(names(number))
        car = " ".join((*CARS[number * 7 % len(CARS)], plate(number)))
        is_open = number % 500 == 0
        yield number, _id_of(at, number), client_id(number), client, car, at, is_open


def _vehicle_rows(numbers: range) -> Iterator[Sequence[Any]]:
    for number in numbers:
        vendor, model = CARS[number * 7 % len(CARS)]
        at, own = came_at(number), plate(number)
        yield (
            UUID(int=client_id(number).int + (1 << 90)), client_id(number), vin(number), own,
            plate_key(own), vendor, model, 2005 + number % 20, number % 250_000, 1, at, at,
        )  # fmt: skip


@asynccontextmanager
async def _without_indexes(connection: asyncpg.Connection, *tables: str) -> AsyncIterator[None]:
    """To build an index once costs less than to let it grow; what rows refer to is known to be
    there. Both as before when it is over."""
    found = await connection.fetch(
        "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made_by"
        " FROM pg_index WHERE indrelid = ANY($1::text[]::regclass[]) AND NOT indisprimary"
        " AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)",
        list(tables),
    )
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET maintenance_work_mem = '256MB'")
    for index in found:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    for index in found:
        await connection.execute(index["made_by"])
    await connection.execute("RESET session_replication_role")
    for table in tables:
        await connection.execute(f"VACUUM ANALYZE {table}")
