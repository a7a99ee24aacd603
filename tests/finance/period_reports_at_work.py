"""Of one period, every report of money against every other, and against the ledger itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

from sqlalchemy.ext.asyncio import AsyncEngine

from services.finance.store.sums import fold
from shared.contracts.base import Period
from shared.contracts.finance import IncomeExpenses
from shared.contracts.finance_reports import (
    AbcAnalysis,
    CashFlow,
    CheckReports,
    Margin,
    MarginBy,
    MarginRow,
    ProfitLoss,
)
from shared.messaging.client import ServiceClient
from shared.refusals import Refused
from shared.settings import ServiceSettings
from tests.finance.at_work import answer
from tests.finance.builders import SECTION, STATION

OF_ORDERS = frozenset(
    {("income", "orders")} | {("expense", each) for each in ("cost_of_goods", "pay", "vat")}
)
SPLITS = get_args(MarginBy)
ADDED = ("jobs", "works", "goods", "materials", "revenue", "vat", "cost", "pay", "margin")


class Alone(ServiceClient):
    """Nobody else is at work: reports do without names."""

    def __init__(self) -> None: ...

    async def ask(self, question: Any, **_: Any) -> Any:
        raise Refused("service_unavailable", service=type(question).__name__)


async def fold_all(engine: AsyncEngine, settings: ServiceSettings, limit: int = 1000) -> None:
    """What the service does in the background; ``limit``: leaves the rest unfolded."""
    async with engine.begin() as connection:
        await fold(connection, settings.zone, limit)


async def statements_agree(
    engine: AsyncEngine, settings: ServiceSettings, period: Period, **where: Any
) -> None:
    """Margin by anything, profit and loss by anything, income and expenses: one sum. Money that
    was there, came and went is what there is."""

    async def ask(question: Any) -> list[Any]:
        return list((await answer(engine, settings, question, client=Alone())).items)

    margins = {each: await ask(Margin(by=each, period=period, **where)) for each in SPLITS}
    by = {each: total(rows) for each, rows in margins.items()}
    assert [split for split in SPLITS if by[split] != by["order"]] == []
    orders = [sum(row.orders for row in margins[each]) for each in ("order", "section", "client")]
    assert orders == [orders[0]] * 3
    books = await ask(IncomeExpenses(period=period, **where))
    signed = {
        (row.day, row.type, row.category): row.amount if row.type == "income" else -row.amount
        for row in books
    }
    earned = sum(amount for (_, *kind), amount in signed.items() if tuple(kind) in OF_ORDERS)
    assert by["order"]["margin"] == earned
    charged = sum(amount for (_, *kind), amount in signed.items() if kind == ["income", "orders"])
    assert by["order"]["revenue"] == charged
    for stretch in ("day", "week", "month"):
        rows = await ask(ProfitLoss(by=stretch, period=period, **where))
        assert sum(row.net_profit for row in rows) == sum(signed.values())
        assert sum(row.gross_profit - row.pay for row in rows) == earned
        for row in rows:
            assert sum(each.amount for each in row.categories) == row.expenses
    for row in await ask(CashFlow(period=period)):
        came = row.opening + row.payments + row.deposits + row.other_in + row.transfers
        went = row.refunds + row.suppliers + row.payroll + row.expenses + row.other_out
        assert came - went == row.closing


async def places_agree(engine: AsyncEngine, settings: ServiceSettings, period: Period) -> None:
    """Pages that are read from the beginning of an index are those that are reckoned from every
    row, which they are where a station is named."""

    async def ask(question: Any, **where: Any) -> list[Any]:
        asked = question.model_copy(update=where)
        return list((await answer(engine, settings, asked, client=Alone())).items)

    async def in_pages(question: Any) -> list[Any]:
        found: list[Any] = []
        cursor = None
        while True:
            asked = question.model_copy(update={"limit": 2, "cursor": cursor})
            page = await answer(engine, settings, asked, client=Alone())
            found += page.items
            cursor = page.next
            if cursor is None:
                return found

    for section in (None, SECTION):
        for question in (
            Margin(by="client", period=period, section_id=section),
            Margin(by="product", period=period, section_id=section),
            AbcAnalysis(by="margin", period=period, section_id=section),
        ):
            assert await in_pages(question) == await ask(question, **HERE)


async def sums_are_right(engine: AsyncEngine, settings: ServiceSettings) -> None:
    check = await answer(engine, settings, CheckReports())
    assert check.items == ()


def total(rows: list[MarginRow]) -> dict[str, Decimal]:
    return {name: sum((getattr(row, name) for row in rows), Decimal(0)) for name in ADDED}


HERE = {"station_id": STATION}
