"""Who was paid by an expense is one of the station's suppliers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest

from shared.contracts.expenses import ChangeRecurringExpense, CreateRecurringExpense, ListExpenses
from shared.contracts.finance import RecordExpense
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.builders import money
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, "finance", "inventory") as station:
        yield station


def spent(**fields: Any) -> RecordExpense:
    return RecordExpense(amount=money(7), category="Чай", method="card", **fields)


def rent(**fields: Any) -> CreateRecurringExpense:
    named = {"name": "Аренда", "amount": money(1), "category": "Аренда", "day": 31}
    return CreateRecurringExpense(**named, starts_on=date(2099, 1, 1), **fields)


async def test_an_expense_is_found_by_its_supplier(station: Station) -> None:
    supplier = await station.a_supplier()
    record = await station.send(spent(supplier_id=supplier.id))
    await station.send(spent())

    (only,) = (await station.ask(ListExpenses(supplier_id=supplier.id))).items

    assert (only.id, only.supplier_id) == (record.id, supplier.id)


async def test_nobody_s_expense_is_refused_and_nothing_is_written(station: Station) -> None:
    regular = await station.send(rent(supplier_id=(await station.a_supplier()).id))
    change = ChangeRecurringExpense(recurring_id=regular.id, supplier_id=new_id())
    for command in (spent(supplier_id=new_id()), rent(supplier_id=new_id()), change):
        with pytest.raises(Refused, match="supplier_not_found"):
            await station.send(command)

    assert (await station.ask(ListExpenses())).items == ()
    nobody = ChangeRecurringExpense(recurring_id=regular.id, supplier_id=None)
    assert (await station.send(nobody)).supplier_id is None
