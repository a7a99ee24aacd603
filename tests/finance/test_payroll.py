"""Pay in the office: accrued, taken back, corrected, paid out, closed, and shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.finance.app import service
from shared.contracts.base import Command, Event, Period
from shared.contracts.finance import GetOrderProfit, IncomeExpenses
from shared.contracts.pay_rules import ChangePayRule, CreatePayRule, ListPayRules, PayRuleSaved
from shared.contracts.payroll import (
    AccrueSalaries,
    AdjustPay,
    ClosePayroll,
    GetEmployeePay,
    GetPayrollState,
    PayAccrued,
    PayOut,
    PayoutLine,
    PayRecorded,
    PayTakenBack,
    ReopenPayroll,
    ReversePay,
)
from shared.handlers import Work
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.permissions import may
from shared.refusals import Refused
from shared.roles import ADMINISTRATOR, OWNER, ROLES
from tests.finance.at_work import job, ledger
from tests.finance.builders import (
    NOON,
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
)
from tests.finance.pay_work import (
    BODY_SHOP,
    IVANOV,
    PETROV,
    SIDOROV,
    Office,
    check_pay,
    earner,
    employee,
    shared_work,
)


@pytest.fixture
async def office(database: Callable[[str], str]) -> AsyncIterator[Office]:
    office = Office(database("finance"))
    yield office
    await office.engine.dispose()


def done(order: UUID, *works: Any, completion: int = 1, **fields: Any) -> tuple[Event, Event]:
    completed = order_completed(order, new_id(), completion, services=works, **fields)
    return completed, parts_issued(order, completion=completion)


async def refused(office: Office, command: Command[Any]) -> Refused:
    """What the command is refused with; a refusal has published nothing."""
    one = job(command, at=office.now)
    async with office.engine.begin() as connection:
        store = service.handlers.store(connection)
        await store.prefetch([command])
        work = Work(one.envelope, office.now, office.settings, office.client)
        with pytest.raises(Refused) as refusal:
            await one.route.handler(command, store, work)
        assert not work.published
    return refusal.value


def payout(*lines: tuple[UUID, str | None], **fields: Any) -> PayOut:
    asked = [
        PayoutLine(employee_id=employee_id, amount=amount and money(amount))
        for employee_id, amount in lines
    ]
    return PayOut(**{"lines": tuple(asked), "method": "cash", **fields})


def recorded(facts: list[Any]) -> list[tuple[UUID, str, str]]:
    return [
        (fact.entry.employee_id, fact.entry.kind, str(fact.entry.amount))
        for fact in facts
        if isinstance(fact, PayRecorded)
    ]


async def test_an_order_earns_everybody_who_did_it(office: Office) -> None:
    order = new_id()
    await office.do(
        CreatePayRule(
            kind="norm_hour", value=Decimal(300), employee_id=PETROV, service_group="Покраска"
        )
    )
    shared = shared_work(
        "1000", earner(IVANOV, "50", "40"), earner(PETROV, "50", "30"),
        group="Покраска", labor_hours=Decimal(3),
    )  # fmt: skip

    facts = await office.do(*done(order, shared))

    assert await ledger(office.engine, order) == [
        ("settlement", "receivable", "revenue.services", money("1000")),
        ("pay_accrual", "pay.labor", "payroll.payable", money("200")),
        ("pay_accrual", "pay.labor", "payroll.payable", money("450")),
    ]
    (accrued,) = [fact for fact in facts if isinstance(fact, PayAccrued)]
    assert [(line.employee_id, line.kind, str(line.pay)) for line in accrued.lines] == [
        (IVANOV, "labor_percent", "200.00"),
        (PETROV, "norm_hour", "450.00"),
    ]
    profit = await office.ask(GetOrderProfit(order_id=order))
    assert (profit.pay, profit.margin) == (money("650"), money("350"))
    sheet = await office.sheet()
    assert (sheet[IVANOV].labor, sheet[IVANOV].closing) == (money("200"), money("200"))
    assert (sheet[PETROV].hours, sheet[PETROV].closing) == (money("450"), money("450"))
    (item,) = (
        await office.ask(
            GetEmployeePay(employee_id=PETROV),
        )
    ).items
    assert (item.order_id, item.number, item.line_id, item.name) == (
        order, "A-000001", shared.line_id, "Покраска",
    )  # fmt: skip
    assert (item.base, item.value, item.share, item.amount) == (3, 300, 50, money("450"))
    await check_pay(office.engine)


async def test_pay_waits_with_the_order_for_its_parts(office: Office) -> None:
    order = new_id()
    completed, issued = done(order, shared_work("100", earner(IVANOV, percent="40")))

    await office.do(completed)
    assert await office.sheet() == {}
    await office.do(issued)
    await office.do(issued, completed)

    assert (await office.sheet())[IVANOV].closing == money("40")


async def test_a_reopened_order_takes_back_also_what_was_paid_out(office: Office) -> None:
    order = new_id()
    work = shared_work("1000", earner(IVANOV, "60", "40"), earner(PETROV, "40", "40"))
    await office.do(*done(order, work))
    await office.do(payout((IVANOV, None)))

    facts = await office.do(order_reopened(order), order_reopened(order))
    await office.do(order_reopened(order))

    (back,) = [fact for fact in facts if isinstance(fact, PayTakenBack)]
    assert [(line.employee_id, str(line.pay)) for line in back.lines] == [
        (IVANOV, "240.00"),
        (PETROV, "160.00"),
    ]
    sheet = await office.sheet()
    assert (sheet[IVANOV].labor, sheet[IVANOV].paid_out, sheet[IVANOV].closing) == (
        money("0"), money("240"), money("-240"),
    )  # fmt: skip
    assert PETROV not in sheet
    assert (await refused(office, payout((IVANOV, None)))).code == "payout_exceeds_balance"
    # Done again it earns anew, and what was paid too much is carried over.
    await office.do(*done(order, shared_work("1000", earner(IVANOV, percent="40")), completion=2))
    assert (await office.sheet())[IVANOV].closing == money("160")
    await check_pay(office.engine)


async def test_a_changed_rule_never_alters_what_is_accrued(office: Office) -> None:
    (saved,) = await office.do(CreatePayRule(kind="labor_percent", value=Decimal(10)))
    assert isinstance(saved, PayRuleSaved)
    order = new_id()
    await office.do(*done(order, shared_work("100", earner(IVANOV, percent="40"))))

    (changed,) = await office.do(
        ChangePayRule(rule_id=saved.rule.id, value=Decimal(20), expected_revision=1)
    )

    assert (changed.rule.revision, changed.changes[0].field) == (2, "value")
    assert (await office.sheet())[IVANOV].closing == money("10")
    await office.do(order_reopened(order))
    assert await office.sheet() == {}
    assert (await office.ask(ListPayRules(kind="labor_percent"))).items == (changed.rule,)
    stale = ChangePayRule(rule_id=saved.rule.id, value=Decimal(1), expected_revision=1)
    assert (await refused(office, stale)).code == "revision_conflict"
    missing = ChangePayRule(rule_id=new_id(), value=Decimal(1))
    assert (await refused(office, missing)).code == "pay_rule_not_found"
    twice = CreatePayRule(kind="per_work", value=Decimal(5))
    assert (await refused(office, twice)).code == "pay_rule_overlaps"
    stranger = CreatePayRule(kind="per_work", value=Decimal(5), employee_id=new_id())
    assert (await refused(office, stranger)).code == "employee_not_found"
    nowhere = CreatePayRule(kind="per_work", value=Decimal(5), section_id=new_id())
    assert (await refused(office, nowhere)).code == "section_not_found"


async def test_the_office_grants_fines_and_undoes_it(office: Office) -> None:
    facts = await office.do(
        AdjustPay(employee_id=IVANOV, kind="bonus", amount=money("500"), reason="Наставник"),
        AdjustPay(employee_id=IVANOV, kind="fine", amount=money("120"), reason="Брак"),
    )
    assert recorded(facts) == [(IVANOV, "bonus", "500.00"), (IVANOV, "fine", "-120.00")]
    row = (await office.sheet())[IVANOV]
    assert (row.bonuses, row.fines, row.accrued, row.closing) == (
        money("500"), money("-120"), money("380"), money("380"),
    )  # fmt: skip
    undo = ReversePay(entry_id=facts[1].entry.id, reason="Ошибка")

    # Twice at once, and again later: undone once.
    undone = await office.do(undo, undo)
    assert recorded(undone) == [(IVANOV, "fine", "120.00")]
    assert (await refused(office, undo)).code == "pay_entry_reversed"
    again = ReversePay(entry_id=undone[0].entry.id, reason="Ошибка")
    assert (await refused(office, again)).code == "pay_entry_not_found"

    assert (await office.sheet())[IVANOV].closing == money("500")
    rows = await office.ask(IncomeExpenses())
    assert [(row.category, row.amount) for row in rows.items] == [("payroll", money("500"))]
    future = AdjustPay(
        employee_id=IVANOV, kind="bonus", amount=money("1"), reason="?",
        at=NOON + timedelta(seconds=1),
    )  # fmt: skip
    assert (await refused(office, future)).code == "pay_in_future"


async def test_what_an_order_earned_is_undone_by_the_order_alone(office: Office) -> None:
    facts = await office.do(*done(new_id(), shared_work("100", earner(IVANOV, percent="40"))))
    (accrued,) = [fact for fact in facts if isinstance(fact, PayAccrued)]
    undo = ReversePay(entry_id=accrued.entry_id, reason="Ошибка")
    assert (await refused(office, undo)).code == "pay_entry_not_found"


async def test_many_are_paid_at_once_or_nobody(office: Office) -> None:
    await office.do(
        AdjustPay(employee_id=IVANOV, kind="bonus", amount=money("100"), reason="Премия"),
        AdjustPay(employee_id=PETROV, kind="bonus", amount=money("50"), reason="Премия"),
    )
    too_much = await refused(office, payout((IVANOV, "10"), (PETROV, "50.01")))
    assert (too_much.code, too_much.params["balance"]) == ("payout_exceeds_balance", "50.00")
    assert (await office.sheet())[IVANOV].paid_out == 0

    facts = await office.do(payout((IVANOV, "30"), (PETROV, None), method="transfer"))

    assert recorded(facts) == [(IVANOV, "payout", "-30.00"), (PETROV, "payout", "-50.00")]
    assert (await ledger(office.engine))[-2:] == [
        ("payout", "payroll.payable", "bank", money("30")),
        ("payout", "payroll.payable", "bank", money("50")),
    ]
    # The balance counts what the same transaction has paid already.
    both = await office.do(payout((IVANOV, "70")), payout((IVANOV, "70")))
    assert recorded(both) == [(IVANOV, "payout", "-70.00")]
    assert (await refused(office, payout((SIDOROV, "1")))).code == "payout_exceeds_balance"
    assert (await refused(office, payout((new_id(), "1")))).code == "employee_not_found"


async def test_two_cashiers_do_not_pay_the_same_balance(office: Office) -> None:
    await office.do(
        AdjustPay(employee_id=IVANOV, kind="bonus", amount=money("100"), reason="Премия")
    )
    facts = await asyncio.gather(*(office.do(payout((IVANOV, "60"))) for _ in range(4)))

    assert sorted(len(recorded(told)) for told in facts) == [0, 0, 0, 1]
    assert (await office.sheet())[IVANOV].closing == money("40")


async def test_of_two_equal_rules_made_at_once_one_is_kept(office: Office) -> None:
    rule = CreatePayRule(kind="per_work", value=Decimal(5), service_group="Мойка")
    facts = await asyncio.gather(*(office.do(rule) for _ in range(3)))

    assert sorted(map(len, facts)) == [0, 0, 1]


async def test_an_advance_is_earned_later_and_may_be_undone(office: Office) -> None:
    (given,) = await office.do(payout((IVANOV, "1000"), advance=True))
    assert (given.entry.kind, given.entry.method) == ("advance", "cash")
    await office.do(*done(new_id(), shared_work("1000", earner(IVANOV, percent="40"))))
    assert (await office.sheet())[IVANOV].closing == money("-600")

    await office.do(ReversePay(entry_id=given.entry.id, reason="Не брал"))

    row = (await office.sheet())[IVANOV]
    assert (row.paid_out, row.closing) == (money("0"), money("400"))


async def test_the_sheet_of_a_period_opens_with_what_was_owed_before(office: Office) -> None:
    await office.do(*done(new_id(), shared_work("100", earner(PETROV, percent="50"))))
    office.now = NOON + timedelta(days=40)
    await office.do(payout((PETROV, "20")))
    april = Period(start=NOON + timedelta(days=30))

    row = (await office.sheet(period=april))[PETROV]
    assert (row.opening, row.accrued, row.paid_out, row.closing) == (
        money("50"), money("0"), money("20"), money("30"),
    )  # fmt: skip
    before = await office.sheet(period=Period(end=april.start), section_id=BODY_SHOP)
    assert (before[PETROV].closing, before[PETROV].section) == (row.opening, "Кузовной")
    assert await office.sheet(section_id=new_id()) == {}
    view = await office.ask(GetEmployeePay(employee_id=PETROV, start=april.start, limit=1))
    assert (view.opening, view.closing, view.balance) == (money("50"), money("30"), money("30"))
    first = await office.ask(GetEmployeePay(employee_id=PETROV, limit=1))
    rest = await office.ask(GetEmployeePay(employee_id=PETROV, limit=1, cursor=first.next))
    assert [item.kind for item in (*first.items, *rest.items)] == ["payout", "labor_percent"]


async def test_outside_the_office_everybody_sees_oneself(office: Office) -> None:
    work = shared_work("1000", earner(IVANOV, "60", "40"), earner(PETROV, "40", "40"))
    await office.do(*done(new_id(), work))
    technician = Actor("technician", "technician", new_id())

    assert set(await office.sheet(actor=technician)) == {IVANOV}
    assert await office.sheet(actor=Actor("stranger", "cashier", new_id())) == {}
    own = await office.ask(GetEmployeePay(employee_id=IVANOV), actor=technician)
    assert own.balance == money("240")
    for other, code in ((PETROV, "forbidden"), (new_id(), "employee_not_found")):
        with pytest.raises(Refused) as refusal:
            await office.ask(GetEmployeePay(employee_id=other), actor=technician)
        assert refusal.value.code == code


async def test_a_margin_is_not_told_to_whom_it_is_hidden_from(office: Office) -> None:
    office.people.known[SIDOROV] = employee(SIDOROV, "Сидоров", role="advisor", login="anna")
    await office.do(CreatePayRule(kind="margin_percent", value=Decimal(10), role="advisor"))
    await office.do(*done(new_id(), products="300", responsible=earner(SIDOROV, role="advisor")))

    (shown,) = (await office.ask(GetEmployeePay(employee_id=SIDOROV))).items
    assert (shown.amount, shown.base, shown.value) == (money("30"), money("300"), 10)
    (own,) = (
        await office.ask(
            GetEmployeePay(employee_id=SIDOROV), actor=Actor("anna", "advisor", new_id())
        )
    ).items
    assert (own.amount, own.base, own.value) == (money("30"), None, None)


async def test_what_belongs_into_a_closed_period_is_dated_in_the_open_one(office: Office) -> None:
    office.now = datetime(2024, 4, 2, 9, tzinfo=UTC)
    april = date(2024, 4, 1)
    assert (await refused(office, ClosePayroll(until=april))).code == "payroll_period_open"
    await office.do(AccrueSalaries())
    late = order_completed(
        order := new_id(), new_id(), services=(shared_work("100", earner(IVANOV, percent="40")),)
    )
    await office.do(order_created(order, late.client_id), client_created(late.client_id), late)

    await office.do(ClosePayroll(until=april))
    await office.do(parts_issued(order))

    opens = datetime(2024, 3, 31, 21, tzinfo=UTC)
    assert await office.sheet(period=Period(end=opens)) == {}
    (item,) = (await office.ask(GetEmployeePay(employee_id=IVANOV))).items
    assert item.at == opens
    state = await office.ask(GetPayrollState())
    assert (state.closed_until, state.revision) == (april, 2)
    for until, code in (
        (april, "payroll_period_closed"),
        (date(2024, 4, 3), "payroll_period_open"),
    ):
        assert (await refused(office, ClosePayroll(until=until))).code == code
    stale = ClosePayroll(until=date(2024, 4, 2), expected_revision=1)
    assert (await refused(office, stale)).code == "revision_conflict"
    early = AdjustPay(employee_id=IVANOV, kind="bonus", amount=money("1"), reason="?", at=NOON)
    assert (await refused(office, early)).code == "payroll_period_closed"


async def test_what_was_closed_is_opened_again_with_a_reason(office: Office) -> None:
    office.now = datetime(2024, 4, 2, 9, tzinfo=UTC)
    await office.do(AccrueSalaries(), ClosePayroll(until=date(2024, 4, 1)))
    forgotten = AdjustPay(employee_id=IVANOV, kind="bonus", amount=money("1"), reason="?", at=NOON)
    assert (await refused(office, forgotten)).code == "payroll_period_closed"
    opening = ReopenPayroll(since=NOON.date(), reason="Забыли премию", expected_revision=2)

    (fact,) = await office.do(opening)

    assert (fact.closed_until, fact.reason, fact.state.closed_until) == (
        date(2024, 4, 1), "Забыли премию", NOON.date(),
    )  # fmt: skip
    await office.do(forgotten)
    (item,) = (await office.ask(GetEmployeePay(employee_id=IVANOV))).items
    assert item.at == NOON
    assert (await refused(office, opening)).code == "revision_conflict"
    again = ReopenPayroll(since=NOON.date(), reason="Ещё раз")
    assert (await refused(office, again)).code == "payroll_not_closed"
    await office.do(ClosePayroll(until=date(2024, 4, 1)))
    assert [role for role in ROLES if may(role, ReopenPayroll)] == [ADMINISTRATOR, OWNER]


async def test_salaries_are_earned_day_by_day_and_each_day_once(office: Office) -> None:
    office.now = datetime(2024, 4, 1, 9, tzinfo=UTC)
    await office.do(
        CreatePayRule(kind="salary", value=Decimal(30_000), employee_id=SIDOROV, accrued="day"),
        CreatePayRule(kind="salary", value=Decimal(60_000), employee_id=PETROV),
        CreatePayRule(kind="minimum", value=Decimal(45_000), role="technician"),
    )
    await office.do(AccrueSalaries())
    assert await office.sheet() == {}

    office.now = datetime(2024, 4, 3, 9, tzinfo=UTC)
    await office.do(AccrueSalaries(), AccrueSalaries(), AccrueSalaries())
    sheet = await office.sheet()
    assert {who: row.salary for who, row in sheet.items()} == {SIDOROV: money("2000")}

    # He left on the tenth; the month pays for the days until then.
    office.now = datetime(2024, 4, 11, 9, tzinfo=UTC)
    await office.do(*[AccrueSalaries()] * 12)
    office.people.known[PETROV] = employee(PETROV, "Петров", active=False)
    earned_at = datetime(2024, 4, 20, 9, tzinfo=UTC)
    works = shared_work("1000", earner(IVANOV, percent="40"))
    await office.do(*done(new_id(), works, completed_at=earned_at))
    office.now = datetime(2024, 5, 2, 9, tzinfo=UTC)
    for _ in range(30):
        await office.do(AccrueSalaries())

    april = Period(
        start=datetime(2024, 3, 31, 21, tzinfo=UTC), end=datetime(2024, 4, 30, 21, tzinfo=UTC)
    )
    sheet = await office.sheet(period=april)
    assert (sheet[SIDOROV].salary, sheet[PETROV].salary) == (money("30000"), money("20000"))
    assert (sheet[IVANOV].labor, sheet[IVANOV].salary) == (money("400"), money("44600"))
    assert (await office.ask(GetPayrollState())).accrued_through == date(2024, 5, 1)
    await check_pay(office.engine)
