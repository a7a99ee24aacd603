"""Pay that is given in cash leaves a box: its reports and its balance know of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.finance.app import service
from shared.contracts.payroll import AdjustPay, PayOut, PayoutLine, PayRecorded, ReversePay
from shared.contracts.till import (
    ChangeTillSettings,
    GetXReport,
    ListCashBoxes,
    ListShifts,
    OpenShift,
    ShiftReport,
    ShiftView,
)
from shared.handlers import Work
from shared.refusals import Refused
from tests.finance.at_work import job
from tests.finance.builders import money
from tests.finance.pay_work import PETROV, SIDOROV, Office, check_pay


@pytest.fixture
async def office(database: Callable[[str], str]) -> AsyncIterator[Office]:
    """Two employees are owed 500 roubles each."""
    office = Office(database("finance"))
    for employee_id in (PETROV, SIDOROV):
        await office.do(
            AdjustPay(employee_id=employee_id, kind="bonus", amount=money("500"), reason="Премия")
        )
    yield office
    await office.engine.dispose()


async def open_shift(office: Office, counted: str) -> ShiftView:
    box = (await office.ask(ListCashBoxes())).items[0]
    await office.do(OpenShift(cash_box_id=box.id, counted=money(counted)))
    shift: ShiftView = (await office.ask(ListShifts(open=True))).items[0]
    return shift


async def x_report(office: Office, shift: ShiftView) -> ShiftReport:
    report: ShiftReport = await office.ask(GetXReport(shift_id=shift.id))
    return report


def payout(amount: str, *, method: Any = "cash", **fields: Any) -> PayOut:
    lines = tuple(
        PayoutLine(employee_id=employee_id, amount=money(amount))
        for employee_id in (PETROV, SIDOROV)
    )
    return PayOut(lines=lines, method=method, **fields)


async def code_of(office: Office, command: Any) -> str:
    one = job(command, at=office.now)
    async with office.engine.connect() as connection:
        store = service.handlers.store(connection)
        work = Work(one.envelope, office.now, office.settings, office.client)
        with pytest.raises(Refused) as refusal:
            await one.route.handler(command, store, work)
    return refusal.value.code


async def test_cash_for_employees_is_in_the_shift_s_report(office: Office) -> None:
    shift = await open_shift(office, "2000")

    facts = await office.do(payout("300"))
    await office.do(payout("50", method="transfer"))

    report = await x_report(office, shift)
    assert [(one.method, one.amount, one.documents) for one in report.payroll] == [
        ("cash", money(600), 2),
        ("transfer", money(100), 2),
    ]
    assert (report.movements, report.expected) == (money(-600), money(1400))
    (first, _) = [fact.entry for fact in facts if isinstance(fact, PayRecorded)]

    await office.do(ReversePay(entry_id=first.id, reason="Не брал"))

    report = await x_report(office, shift)
    assert report.payroll[0].amount == money(300)
    assert report.expected == money(1700)
    await check_pay(office.engine)


async def test_more_than_lies_in_the_box_is_not_given(office: Office) -> None:
    shift = await open_shift(office, "599.99")

    assert await code_of(office, payout("300")) == "not_enough_cash"
    assert await code_of(office, payout("300", cash_box_id=PETROV)) == "cash_box_not_found"

    assert (await x_report(office, shift)).payroll == ()
    # The bank has its own money.
    await office.do(payout("300", method="transfer"))
    assert (await x_report(office, shift)).expected == money("599.99")


async def test_a_station_that_wants_a_shift_for_cash_wants_it_for_pay_too(office: Office) -> None:
    before = await office.do(payout("10"))
    await office.do(ChangeTillSettings(shift_required=True))

    assert await code_of(office, payout("10")) == "shift_required"
    entry = next(fact.entry for fact in before if isinstance(fact, PayRecorded))
    assert await code_of(office, ReversePay(entry_id=entry.id, reason="?")) == "shift_required"


async def test_a_bonus_that_is_undone_moves_no_money(office: Office) -> None:
    await office.do(ChangeTillSettings(shift_required=True))
    (fact,) = [
        fact
        for fact in await office.do(
            AdjustPay(employee_id=PETROV, kind="fine", amount=money("5"), reason="Опоздание")
        )
        if isinstance(fact, PayRecorded)
    ]

    assert await office.do(ReversePay(entry_id=fact.entry.id, reason="Ошибка"))
