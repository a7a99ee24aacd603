"""Goods that are lost, put back and found, in the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from services.finance.domain.ledger import Account
from services.finance.store.schema import postings
from shared.contracts.base import Event, Period
from shared.contracts.finance import IncomeExpenses, ListRecords
from shared.contracts.purchasing import StockSentBack
from shared.contracts.stock_counts import Difference, StockCorrected
from shared.contracts.stock_documents import (
    StockWrittenOff,
    WriteOffCancelled,
    WriteOffLine,
    WriteOffView,
)
from shared.database import engine_for
from shared.ids import new_id
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, check_books, in_one_transaction, job
from tests.finance.builders import NOON
from tests.finance.test_suppliers import a_return

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVENING = datetime(2026, 3, 3, 18, tzinfo=UTC)


def a_write_off(value: str) -> WriteOffView:
    line = WriteOffLine(
        position=1,
        product_id=new_id(),
        product="Масло",
        quantity=Decimal(2),
        value=Decimal(value),
    )
    return WriteOffView(
        id=new_id(),
        number="R-000001",
        at=MORNING,
        warehouse_id=new_id(),
        state="posted",
        reason="бой",
        lines=(line,),
        value=Decimal(value),
        actor="kladov",
        revision=1,
    )


def a_correction(surplus: str, shortage: str) -> StockCorrected:
    values = (Decimal(surplus), -Decimal(shortage))
    return StockCorrected(
        count_id=new_id(),
        number="R-000002",
        warehouse_id=new_id(),
        at=EVENING,
        part=1,
        differences=tuple(
            Difference(product_id=new_id(), quantity=value, value=value) for value in values
        ),
        surplus=Decimal(surplus),
        shortage=Decimal(shortage),
    )


async def test_losses_are_expenses_and_finds_make_them_less(
    database: Callable[[str], str],
) -> None:
    url = database("finance")
    engine = engine_for(url)
    settings = ServiceSettings(service="finance", database_url=url)
    kept, lost = a_write_off("120.50"), a_write_off("0.00")
    back = kept.model_copy(
        update={"state": "cancelled", "cancelled_at": EVENING, "cancel_reason": "нашлось"}
    )
    events: tuple[Event, ...] = (
        StockWrittenOff(write_off=kept),
        StockWrittenOff(write_off=lost),
        StockWrittenOff(write_off=a_write_off("10.00")),
        WriteOffCancelled(write_off=back),
        a_correction("45.00", "210.00"),
    )
    for event in events:
        await in_one_transaction(engine, settings, job(event))
    await check_books(engine)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(postings))).all()
    inventory = sum(
        row.amount * ((row.debit == Account.INVENTORY) - (row.credit == Account.INVENTORY))
        for row in rows
    )
    assert inventory == Decimal("-175.00")
    report = await answer(engine, settings, IncomeExpenses(period=Period()))
    assert [(row.day, row.category, row.amount) for row in report.items] == [
        ("2026-03-02", "write_off", Decimal("130.50")),
        ("2026-03-03", "count_difference", Decimal("165.00")),
        ("2026-03-03", "write_off", Decimal("-120.50")),
    ]
    records = await answer(engine, settings, ListRecords())
    assert sorted((row.category, row.amount) for row in records.items) == [
        ("count_difference", Decimal("165.00")),
        ("write_off", Decimal("-120.50")),
        ("write_off", Decimal("10.00")),
        ("write_off", Decimal("120.50")),
    ]
    await engine.dispose()


async def test_what_returns_to_suppliers_lose_and_gain_is_recorded(
    database: Callable[[str], str],
) -> None:
    url = database("finance")
    engine = engine_for(url)
    settings = ServiceSettings(service="finance", database_url=url)
    lost, gained, even = a_return("110", "100"), a_return("90", "95"), a_return("40", "40")
    for returned in (lost, gained, even):
        await in_one_transaction(engine, settings, job(StockSentBack(returned=returned)))
    records = (await answer(engine, settings, ListRecords(type="expense"))).items
    report = (await answer(engine, settings, IncomeExpenses(period=Period()))).items
    await engine.dispose()

    assert {(row.document_id, row.amount) for row in records} == {
        (lost.receipt_id, Decimal("10.00")),
        (gained.receipt_id, Decimal("-5.00")),
    }
    assert {(row.category, row.comment, row.at, row.station_id) for row in records} == {
        ("purchases", lost.number, NOON, settings.station_id)
    }
    assert [(row.category, row.amount, row.records) for row in report] == [
        ("purchases", Decimal("5.00"), 2)
    ]
