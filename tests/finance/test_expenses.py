"""Categories, the storno of an expense, and expenses that come again and again."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.app import service
from services.finance.domain.expenses import RecurringExpense
from services.finance.store.tables_expenses import expenses
from shared.contracts.base import Period
from shared.contracts.expenses import (
    ChangeExpenseCategory,
    ChangeRecurringExpense,
    CreateExpenseCategory,
    CreateRecurringExpense,
    Every,
    ExpenseReversed,
    ListExpenseCategories,
    ListExpenses,
    ListRecurringExpenses,
    ListUpcomingExpenses,
    PostRecurringExpenses,
    RecurringExpenseView,
    ReverseExpense,
    SkipRecurringExpense,
)
from shared.contracts.finance import GetOrderProfit, IncomeExpenses, ListRecords, RecordExpense
from shared.contracts.till import (
    ChangeTillSettings,
    GetShift,
    ListCashBoxes,
    MoveCash,
    OpenShift,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.finance.at_work import in_one_transaction, in_turn, job, published, rows_of, together
from tests.finance.builders import NOON, client_created, money, order_created
from tests.support.day import Station

KASSA = Actor("kassa", "cashier")


async def refused(station: Station, command: Any, **sent: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await station.send(command, **sent)
    return refusal.value.code


async def posted_by(station: Station, day: str) -> list[tuple[str, Decimal, str]]:
    """What the clockwork has posted until noon of that day: days, amounts, methods."""
    running = station.running["finance"]
    noon = datetime.fromisoformat(f"{day}T09:00:00+00:00")
    await in_one_transaction(
        running.engine, running.settings, job(PostRecurringExpenses(), at=noon)
    )
    found = (await station.ask(ListExpenses(limit=200))).items
    return [(str(one.due_on), one.amount, one.method) for one in reversed(found)]


async def rent(station: Station, **fields: Any) -> RecurringExpenseView:
    named = {
        "name": "Аренда",
        "amount": money(1000),
        "category": "Аренда",
        "every": "month",
        "day": 31,
        "starts_on": date(2099, 1, 1),
    }
    return await station.send(CreateRecurringExpense(**{**named, **fields}))


async def test_unknown_category_is_made_once_and_found_by_id_and_by_name(
    station: Station,
) -> None:
    spent = RecordExpense(amount=money(10), category="Чай", method="card")
    ends = await together(station.running["finance"], *[spent] * 5)
    assert not [end for end in ends if isinstance(end, BaseException)]
    (category,) = (await station.ask(ListExpenseCategories())).items
    assert (category.name, category.kind) == ("Чай", "operating")

    by_id = RecordExpense(amount=money(7), category_id=category.id, method="card")
    record = await station.send(by_id)

    assert record.category == "Чай"
    listed = (await station.ask(ListExpenses(category_id=category.id))).items
    assert len(listed) == 6
    assert (listed[0].id, listed[0].kind, listed[0].method) == (record.id, "operating", "card")


async def test_categories_are_edited_and_refused_by_name(station: Station) -> None:
    rent_, tax = [
        await station.send(CreateExpenseCategory(name=name, kind=kind))
        for name, kind in (("Аренда", "rent"), ("Налоги", "tax"))
    ]
    assert await refused(station, CreateExpenseCategory(name="Аренда")) == "name_taken"
    assert await refused(station, CreateExpenseCategory(name="pay")) == "category_reserved"
    taken = ChangeExpenseCategory(category_id=tax.id, name="Аренда")
    assert await refused(station, taken) == "name_taken"
    stale = ChangeExpenseCategory(category_id=tax.id, expected_revision=9, kind="other")
    assert await refused(station, stale) == "revision_conflict"
    changed = await station.send(ChangeExpenseCategory(category_id=rent_.id, active=False))
    assert (changed.active, changed.revision) == (False, 2)
    spent = RecordExpense(amount=money(1), category="Аренда")
    assert await refused(station, spent) == "expense_category_inactive"
    nothing = RecordExpense(amount=money(1))
    assert await refused(station, nothing) == "field_required"
    unknown = RecordExpense(amount=money(1), category_id=new_id())
    assert await refused(station, unknown) == "expense_category_not_found"
    assert await refused(station, CreateExpenseCategory(name="X"), actor=KASSA) == "forbidden"
    first = await station.ask(ListExpenseCategories(limit=1))
    rest = await station.ask(ListExpenseCategories(limit=1, cursor=first.next))
    assert [one.name for one in (*first.items, *rest.items)] == ["Аренда", "Налоги"]


async def test_storno_takes_an_expense_back_once_and_everywhere(station: Station) -> None:
    running = station.running["finance"]
    client, order = new_id(), new_id()
    await in_turn(running, client_created(client), order_created(order, client))
    (box,) = (await station.ask(ListCashBoxes())).items
    shift = await station.send(OpenShift(cash_box_id=box.id, counted=money(500)))
    spent = await station.send(RecordExpense(amount=money(120), category="Такси", order_id=order))
    assert (await station.ask(GetShift(shift_id=shift.id))).expected == 380

    async with service.running(station.settings("finance")) as second:
        storno = ReverseExpense(expense_id=spent.id, reason="Записан дважды")
        ends = await asyncio.gather(
            together(running, storno, storno), together(second, storno, storno)
        )
    codes = [getattr(end, "code", "done") for some in ends for end in some]

    assert sorted(codes) == ["done", *["expense_reversed"] * 3]
    assert (await station.ask(GetShift(shift_id=shift.id))).expected == 500
    records = (await station.ask(ListRecords(type="expense"))).items
    assert [(one.category, one.amount) for one in records] == [
        ("Такси", money(-120)),
        ("Такси", money(120)),
    ]
    rows = (await station.ask(IncomeExpenses(period=Period()))).items
    assert [(row.category, row.amount, row.records) for row in rows] == [("Такси", money(0), 2)]
    assert (await station.ask(GetOrderProfit(order_id=order))).expenses == 0
    (shown,) = (await station.ask(ListExpenses())).items
    assert shown.reversed
    (event,) = await published(running, ExpenseReversed)
    assert (event.expense_id, event.record.amount) == (spent.id, money(-120))
    assert await refused(station, ReverseExpense(expense_id=new_id())) == "expense_not_found"
    assert await refused(station, storno, actor=KASSA) == "forbidden"


async def test_each_due_day_is_posted_once_and_missed_ones_are_caught_up(
    station: Station,
) -> None:
    expense = await rent(station)
    assert expense.next_on == date(2099, 1, 31)
    assert await posted_by(station, "2099-01-30") == []
    expected = [("2099-01-31", money(1000), "transfer"), ("2099-02-28", money(1000), "transfer")]
    assert await posted_by(station, "2099-03-30") == expected
    assert await posted_by(station, "2099-03-30") == expected
    (row,) = (await station.ask(ListRecurringExpenses())).items
    assert row.next_on == date(2099, 3, 31)
    (first, _) = reversed((await station.ask(ListExpenses(recurring_id=expense.id))).items)
    assert first.at == datetime(2099, 1, 30, 21, tzinfo=UTC)
    assert first.category == "Аренда"
    (category,) = (await station.ask(ListExpenseCategories())).items
    await station.send(ChangeExpenseCategory(category_id=category.id, name="Аренда бокса"))
    await posted_by(station, "2099-04-01")
    newest = (await station.ask(ListExpenses(limit=1))).items[0]
    assert (newest.due_on, newest.category) == (date(2099, 3, 31), "Аренда бокса")
    assert len((await station.ask(ListExpenseCategories())).items) == 1


async def test_two_processes_post_a_day_once(station: Station) -> None:
    for number in range(5):
        await rent(station, name=f"Подписка {number}", starts_on=date(2020, 1, 1), every="quarter")
    post = PostRecurringExpenses()
    async with service.running(station.settings("finance")) as second:
        await asyncio.gather(
            *(together(one, post, post) for one in (station.running["finance"], second) * 2)
        )
        await together(second, post, post)
    found = await rows_of(station.running["finance"].engine, expenses)
    days = [(row.recurring_id, row.due_on) for row in found]
    assert len(days) == len(set(days)) >= 5 * 20


async def test_paused_skipped_and_changed_rows_go_on_as_asked(station: Station) -> None:
    expense = await rent(station, day=10)
    skip = SkipRecurringExpense(recurring_id=expense.id, due_on=date(2099, 1, 10))
    skipped = await station.send(skip)
    assert skipped.next_on == date(2099, 2, 10)
    assert await refused(station, skip) == "not_due"
    paused = await station.send(ChangeRecurringExpense(recurring_id=expense.id, paused=True))
    assert paused.paused
    assert await posted_by(station, "2099-02-20") == []
    change = ChangeRecurringExpense(
        recurring_id=expense.id, paused=False, amount=money(1500), ends_on=date(2099, 3, 31)
    )
    changed = await station.send(change)
    assert (changed.amount, changed.revision) == (money(1500), 4)
    assert await posted_by(station, "2099-12-31") == [
        ("2099-02-10", money(1500), "transfer"),
        ("2099-03-10", money(1500), "transfer"),
    ]
    (ended,) = (await station.ask(ListRecurringExpenses())).items
    assert ended.next_on is None
    wrong = (
        ({"day": 8, "every": "week"}, "day_of_week_invalid"),
        ({"ends_on": date(2098, 12, 31)}, "period_invalid"),
        ({"category": "cost_of_goods"}, "category_reserved"),
    )
    for fields, code in wrong:
        edit = ChangeRecurringExpense.model_validate({"recurring_id": expense.id, **fields})
        assert await refused(station, edit) == code


async def test_upcoming_ones_are_listed_and_cash_waits_for_a_shift(station: Station) -> None:
    await station.send(ChangeTillSettings(shift_required=True))
    expense = await rent(
        station, method="cash", every="week", day=1, starts_on=date(2020, 1, 6),
        ends_on=date(2020, 1, 13),
    )  # fmt: skip
    assert await posted_by(station, "2020-02-01") == []
    upcoming = (await station.ask(ListUpcomingExpenses())).items
    assert [(one.due_on, one.overdue) for one in upcoming] == [
        (date(2020, 1, 6), True),
        (date(2020, 1, 13), True),
    ]
    (box,) = (await station.ask(ListCashBoxes())).items
    shift = await station.send(OpenShift(cash_box_id=box.id, counted=money(1500)))
    assert [day for day, *_ in await posted_by(station, "2020-02-01")] == ["2020-01-06"]
    change = MoveCash(cash_box_id=box.id, direction="in", party="bank", amount=money(500))
    await station.send(change)
    assert len(await posted_by(station, "2020-02-01")) == 2
    assert (await station.ask(GetShift(shift_id=shift.id))).expected == 0
    assert (await station.ask(ListUpcomingExpenses())).items == ()
    assert expense.ends_on == date(2020, 1, 13)


async def test_those_that_wait_for_cash_hold_up_none_behind_them(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.finance.handlers.expenses.POST_AT_ONCE", 2)
    await station.send(ChangeTillSettings(shift_required=True))
    for number in range(3):
        await rent(station, name=f"Вода {number}", method="cash", ends_on=date(2099, 1, 31))
    await rent(station, starts_on=date(2099, 2, 1), ends_on=date(2099, 2, 28))
    assert await posted_by(station, "2099-03-01") == [("2099-02-28", money(1000), "transfer")]


@given(
    every=st.sampled_from(("week", "month", "quarter")),
    day=st.integers(1, 31),
    start=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    later=st.integers(0, 700),
)
def test_days_do_not_depend_on_where_one_begins_to_count(
    every: Every, day: int, start: date, later: int
) -> None:
    expense = RecurringExpense(
        id=UUID(int=1), name="", amount=Decimal(1), category="", method="card", every=every,
        day=min(day, 7) if every == "week" else day, starts_on=start, ends_on=None, next_on=start,
        paused=False, supplier_id=None, comment=None, revision=1, created_at=NOON,
        updated_at=NOON,
    )  # fmt: skip
    days = expense.due_days(start)
    first = [next(days) for _ in range(40)]
    assert first == sorted(set(first))
    assert first[0] >= start
    since = first[later % 39]
    assert expense.next_after(since) == first[later % 39 + 1]
    months = {(one.year, one.month) for one in first}
    assert every == "week" or len(months) == 40
