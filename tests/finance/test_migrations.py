"""A database of the version before: its expenses find their categories, its money no shift."""

from __future__ import annotations

import asyncio

import asyncpg

from shared.database import migrate
from shared.ids import new_id
from tests.finance.builders import NOON

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
