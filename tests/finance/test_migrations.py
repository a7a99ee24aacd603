"""A database of the version before: its expenses find their categories, its money no shift."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import asyncpg
from sqlalchemy import select

from services.finance.domain.lines import issued_lines
from services.finance.domain.settlement import Completed, Settlement, State
from services.finance.store.rows import settlement_of, settlement_row
from services.finance.store.schema import settlements
from services.finance.store.schema_reports import NOBODY
from shared.contracts.finance_reports import Margin
from shared.database import engine_for, migrate
from shared.ids import new_id
from shared.packing import unpack
from shared.settings import ServiceSettings
from tests.finance.at_work import answer
from tests.finance.builders import NOON, order_completed, parts_issued, work
from tests.finance.period_reports_at_work import Alone, sums_are_right

ENTRY = "INSERT INTO entries (id, kind, at, station_id, actor) VALUES ($1, $2, $3, $1, 'kassa')"
POSTING = """
    INSERT INTO postings (entry_id, line, debit, credit, amount, category)
    VALUES ($1, 0, $2, $3, 10, $4)
"""


async def test_expenses_of_before_are_in_the_list_of_categories(
    bare_database: str,
) -> None:
    url = bare_database
    await asyncio.to_thread(migrate, "finance", url, "0002")
    connection = await asyncpg.connect(url)
    spent = [(new_id(), category) for category in ("Аренда", "Чай", "Аренда")]
    for entry_id, category in spent:
        await connection.execute(ENTRY, entry_id, "expense", NOON)
        await connection.execute(POSTING, entry_id, "expense", "cash", category)
    taken = new_id()
    await connection.execute(ENTRY, taken, "payment", NOON)
    await connection.execute(POSTING, taken, "cash", "deposits", None)

    await asyncio.to_thread(migrate, "finance", url)

    found = await connection.fetch(
        "SELECT expenses.id, name, kind FROM expenses"
        " JOIN expense_categories ON expense_categories.id = category_id ORDER BY expenses.id"
    )
    assert [tuple(row) for row in found] == [
        (entry_id, category, "operating") for entry_id, category in sorted(spent)
    ]
    assert await connection.fetchval("SELECT count(*) FROM expense_categories") == 2
    assert await connection.fetchval("SELECT count(*) FROM entries WHERE shift_id IS NULL") == 4
    boxes = await connection.fetch("SELECT name, active FROM cash_boxes")
    assert [tuple(row) for row in boxes] == [("Основная касса", True)]
    await connection.close()


SUMMED = """
INSERT INTO entries (id, kind, at, station_id, actor) VALUES ($1, 'expense', $2, $1, 'kassa');
INSERT INTO postings (entry_id, line, debit, credit, amount, category)
    VALUES ($1, 0, 'expense', 'cash', 10, 'Аренда');
INSERT INTO sales (entry_id, position, at, station_id, employee_id, client_id, product_id, name,
    orders, jobs, quantity, works, goods, materials, vat, cost, pay)
    VALUES ($1, 0, $2, $1, $1, $1, $1, '', 1, 0, 3, 0, 100, 0, 20, 70, 5);
INSERT INTO ledger_sums
    SELECT grain, day, $1, $3, 'expense', debit, credit, category, amount, 1
    FROM (VALUES ('day', date '2024-03-04'), ('month', date '2024-03-01')) AS grains (grain, day),
        (VALUES ('expense', 'cash', 'Аренда', 10), ('', '', '', 0))
            AS posted (debit, credit, category, amount);
INSERT INTO sales_sums
    SELECT grain, by, day, $1, $3, CASE by WHEN 'service' THEN $3 ELSE $1 END, '',
        1, 0, 3, 0, 100, 0, 20, 70, 5
    FROM (VALUES ('day', date '2024-03-04'), ('month', date '2024-03-01')) AS grains (grain, day),
        unnest(array['service', 'technician', 'client', 'product']) AS by;
"""


async def test_sums_of_before_are_those_that_are_kept_now(bare_database: str) -> None:
    """Nothing is folded again: years and the rest follow from what had been summed."""
    await asyncio.to_thread(migrate, "finance", bare_database, "0012")
    connection = await asyncpg.connect(bare_database)
    parameters = {
        "$1": f"uuid '{new_id()}'",
        "$2": f"timestamptz '{NOON}'",
        "$3": f"uuid '{NOBODY}'",
    }
    script = SUMMED
    for name, value in parameters.items():
        script = script.replace(name, value)
    await connection.execute(script)
    await connection.close()

    await asyncio.to_thread(migrate, "finance", bare_database)

    engine = engine_for(bare_database)
    settings = ServiceSettings(service="finance", database_url=bare_database)
    await sums_are_right(engine, settings)
    (row,) = (await answer(engine, settings, Margin(by="client"), client=Alone())).items
    assert (row.revenue, row.margin) == (Decimal(120), Decimal(25))
    await engine.dispose()


async def test_a_settlement_of_before_has_its_lines(bare_database: str) -> None:
    """It waits for the cost of its parts: what orders said is needed when that comes."""
    order_id = new_id()
    done = order_completed(order_id, new_id(), services=(work("1500", "40"),), products="200")
    waiting = Settlement(
        order_id,
        1,
        State.AWAITING_PARTS,
        Completed.of(done),
        issued=issued_lines(parts_issued(order_id, "60")),
    )
    row = {
        name: unpack(value).decode() if isinstance(value, bytes) else value
        for name, value in settlement_row(waiting).items()
        if name != "word"  # newer than that
    }
    # What a settlement that waits for nothing any more had there.
    nothing = dict.fromkeys(("labor", "sold_lines", "issued_lines"), "null")
    settled = {**row, **nothing, "order_id": new_id(), "state": State.SETTLED}
    await asyncio.to_thread(migrate, "finance", bare_database, "0020")
    connection = await asyncpg.connect(bare_database)
    values = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    for one in (row, settled):
        await connection.execute(
            f"INSERT INTO settlements ({', '.join(row)}) VALUES ({values})", *one.values()
        )
    await connection.close()

    await asyncio.to_thread(migrate, "finance", bare_database)

    engine = engine_for(bare_database)
    async with engine.connect() as reading:
        found = (await reading.execute(select(settlements))).all()
    kept = {row.order_id: settlement_of(row) for row in found}
    assert kept.pop(order_id) == waiting
    (over,) = kept.values()
    assert over.order
    assert (over.order.labor, over.order.lines, over.issued) == (None, (), ())
    await engine.dispose()
