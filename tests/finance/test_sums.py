"""Sums of ledger and sales: what keeping them costs, who waits for whom, and what was there before
they were."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import asyncpg
import pytest

from services.finance.store.schema_reports import EVERYWHERE, sales
from services.finance.store.sums import fold, reckon
from shared.contracts.base import Period
from shared.contracts.finance import IncomeExpenses, OrderProfits, RecordExpense
from shared.contracts.finance_reports import (
    AbcAnalysis,
    CheckReports,
    Margin,
    MarginBy,
    MarginRow,
    ProfitLoss,
)
from shared.database import engine_for, migrate
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.messaging.folding import fold_some, reckon_sums
from shared.refusals import Refused
from shared.settings import ServiceSettings
from tests.finance.at_work import counted, in_turn, rows_of, together
from tests.finance.builders import (
    NOON,
    SECTION,
    STATION,
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.finance.period_reports_at_work import HERE, fold_all, statements_agree, sums_are_right
from tests.support.databases import as_owner
from tests.support.day import Station

HOUR = timedelta(hours=1)
BEFORE = f"""
INSERT INTO entries (id, kind, at, station_id, actor, order_id, client_id) VALUES
    ($1, 'settlement', '2024-03-04 09:00Z', '{STATION}', 'anna', $1, $1);
"""


def sums(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(map(money, amounts))


async def test_thirty_two_settlements_at_once_wait_for_nobody_and_are_all_counted(
    station: Station,
) -> None:
    """Each in a transaction of its own, of one day, station and section, while sums are folded."""
    running = station.running["finance"]
    pairs = [(new_id(), new_id()) for _ in range(32)]
    await together(running, *(client_created(client) for _, client in pairs))
    await together(running, *(order_created(*pair) for pair in pairs))
    await together(running, *(parts_issued(order, "10") for order, _ in pairs))

    async def settle(order: object, client: object) -> None:
        event = order_completed(order, client, services=(work("100", "40"),))  # type: ignore[arg-type]
        await in_turn(running, event)

    await asyncio.gather(
        *(settle(*pair) for pair in pairs), *(fold_some(running, fold) for _ in range(8))
    )

    (row,) = (await station.ask(Margin(by="section"))).items
    assert (row.id, row.orders, row.revenue, row.margin) == (SECTION, 32, *sums(3200, 1600))
    while await fold_some(running, fold):
        pass
    check = await station.ask(CheckReports())
    assert check.items == ()
    assert (await station.ask(Margin(by="section"))).items == (row,)


async def test_counting_is_one_statement_however_many_entries(station: Station) -> None:
    running = station.running["finance"]
    pairs = [(new_id(), new_id()) for _ in range(20)]
    await together(running, *(client_created(client) for _, client in pairs))
    await together(running, *(order_created(*pair) for pair in pairs))
    completed = [order_completed(*pair, services=(work("100"),)) for pair in pairs]

    with counted(running.lane.engine) as statements:
        await together(running, *completed, *(parts_issued(order, "10") for order, _ in pairs))

    assert len([each for each in statements.made if "INSERT INTO unfolded" in each]) == 1
    assert len(await rows_of(running.engine, sales)) == 40


async def test_a_reopened_order_is_taken_off_when_it_is_reopened(station: Station) -> None:
    running = station.running["finance"]
    order, client = new_id(), new_id()
    await in_turn(
        running,
        client_created(client),
        order_created(order, client),
        order_completed(order, client, services=(work("100", "40"),), products="50"),
        parts_issued(order, "10"),
    )
    await station.send(RecordExpense(amount=money(7), category="Аренда", at=NOON))
    await in_turn(running, order_reopened(order))

    day = Period(start=NOON - HOUR, end=NOON + HOUR)
    (then,) = (await station.ask(Margin(period=day))).items
    assert (then.id, then.name) == (order, "A-000001")
    assert (then.orders, then.revenue, then.margin) == (1, *sums(150, 100))
    taken_off, first = (await station.ask(Margin())).items
    assert first == then
    assert (taken_off.orders, taken_off.revenue, taken_off.margin) == (-1, *sums(-150, -100))
    (month, *_) = (await station.ask(ProfitLoss(period=day))).items
    assert (month.day, month.gross_profit, month.pay, month.net_profit) == (
        "2024-03-01",
        *sums(140, 40, 93),
    )
    assert [(each.category, each.amount) for each in month.categories] == [("Аренда", money(7))]
    assert (await station.ask(ProfitLoss(section_id=new_id()))).items == ()


async def test_reports_come_in_pages_that_hold_together(station: Station) -> None:
    running = station.running["finance"]
    client = new_id()
    await in_turn(running, client_created(client))
    orders = [new_id() for _ in range(5)]
    for number, order in enumerate(orders):
        done = order_completed(
            order,
            client,
            services=(work(str(100 + number)),),
            completed_at=NOON + timedelta(days=number),
        )
        await in_turn(running, order_created(order, client), done, parts_issued(order))

    for question in (
        OrderProfits(limit=2),
        IncomeExpenses(limit=2),
        Margin(limit=2),
        Margin(by="service", limit=2),
        ProfitLoss(by="day", limit=2),
    ):
        whole: Any = (await station.ask(question.model_copy(update={"limit": 1000}))).items
        found: list[object] = []
        cursor = None
        while True:
            page = await station.ask(question.model_copy(update={"cursor": cursor}))
            assert len(page.items) <= 2
            found += page.items
            cursor = page.next
            if cursor is None:
                break
        assert found == list(whole)


async def test_what_may_not_be_seen_or_cannot_be_is_refused(station: Station) -> None:
    backwards = Period(start=NOON, end=NOON - HOUR)
    for question in (Margin(period=backwards), ProfitLoss(period=backwards)):
        with pytest.raises(Refused, match="period_invalid"):
            await station.ask(question)
    with pytest.raises(Refused, match="abc_limits_invalid"):
        await station.ask(AbcAnalysis(a_percent=Decimal(90), b_percent=Decimal(80)))
    for role in ("advisor", "technician", "cashier", "storekeeper"):
        with pytest.raises(Refused, match="forbidden"):
            await station.ask(Margin(), actor=Actor("anna", role))


async def test_what_was_posted_before_there_were_sums_is_in_all_reports(bare_database: str) -> None:
    """A settlement of the books as they were, and its reversal."""
    await asyncio.to_thread(migrate, "finance", bare_database, "0002")
    connection = await asyncpg.connect(bare_database)
    order, reversal = new_id(), new_id()
    await connection.execute(BEFORE, order)
    await connection.execute(
        "INSERT INTO entries (id, kind, at, station_id, actor, order_id, client_id, reverses)"
        f" VALUES ($2, 'settlement_reversal', '2024-03-05 09:00Z', '{STATION}', 'anna',"
        " $1, $1, $1)",
        order,
        reversal,
    )
    for entry, debit, credit in (
        (order, "receivable", "revenue.services"),
        (reversal, "revenue.services", "receivable"),
        (order, "cost.goods", "inventory"),
        (reversal, "inventory", "cost.goods"),
    ):
        category = "cost_of_goods" if "inventory" in (debit, credit) else "orders"
        await connection.execute(
            "INSERT INTO postings (entry_id, line, debit, credit, amount, category)"
            " VALUES ($1, (SELECT count(*) FROM postings WHERE entry_id = $1), $2, $3, 100, $4)",
            entry,
            debit,
            credit,
            category,
        )
    await connection.execute(
        "INSERT INTO settlements (order_id, completion, state, number, station_id, section_id,"
        " client_id, completed_at, revenue, products, materials, pay, cost, paid, entry_id)"
        f" VALUES ($1, 1, 'reversed', 'A-1', '{STATION}', '{SECTION}', $1, '2024-03-04 09:00Z',"
        " 100, 0, 0, 0, 100, 0, $1)",
        order,
    )
    await connection.close()

    await asyncio.to_thread(migrate, "finance", bare_database)

    engine = engine_for(bare_database)
    settings = ServiceSettings(service="finance", database_url=bare_database)
    first_day = Period(end=NOON + HOUR)
    for _ in range(2):
        for period in (Period(), first_day):
            await statements_agree(engine, settings, period, **HERE)
            await statements_agree(engine, settings, period, section_id=SECTION)
        await sums_are_right(engine, settings)
        await fold_all(engine, settings)
    await engine.dispose()


async def test_a_sum_that_was_meddled_with_is_found(station: Station) -> None:
    running = station.running["finance"]
    await station.send(RecordExpense(amount=money(7), category="Аренда", at=NOON))
    while await fold_some(running, fold):
        pass
    owner = await asyncpg.connect(as_owner(station.database_urls["finance"]))
    await owner.execute(
        "UPDATE ledger_sums SET amount = amount + 1"
        " WHERE grain = 'day' AND debit <> '' AND section_id = $1",
        EVERYWHERE,
    )
    await owner.close()

    (found,) = (await station.ask(CheckReports())).items

    assert (found.what, found.actual, found.expected) == ("ledger_sums.amount", "8.00", "7.00")
    assert "Аренда" in (found.key or "")


async def test_sums_are_reckoned_anew_while_reports_stay_right(station: Station) -> None:
    running = station.running["finance"]
    order, client = new_id(), new_id()
    done = order_completed(order, client, services=(work("100", "40"),), type="warranty")
    news = (client_created(client), order_created(order, client), done, parts_issued(order, "10"))
    await in_turn(running, *news)
    while await fold_some(running, fold):
        pass
    splits: tuple[MarginBy, ...] = get_args(MarginBy)

    async def answers() -> list[tuple[MarginRow, ...]]:
        return [(await station.ask(Margin(by=by))).items for by in splits]

    before = await answers()
    owner = await asyncpg.connect(as_owner(station.database_urls["finance"]))
    for table in ("ledger_sums", "sales_sums"):
        measure = "amount" if table == "ledger_sums" else "works"
        await owner.execute(f"UPDATE {table} SET {measure} = {measure} + 1")
    await owner.close()
    wrong = await answers()
    assert wrong != before

    async with running.engine.connect() as connection:
        await reckon(connection, running.settings.zone)
        assert await answers() == wrong  # until it is committed, all of it is as it was
    assert await reckon_sums(running.engine, running.settings.zone, reckon) > 0

    assert await answers() == before
    assert (await station.ask(CheckReports())).items == ()
    (by_type,) = before[splits.index("order_type")]
    assert (by_type.id, by_type.name, by_type.revenue) == (None, "warranty", money(100))
