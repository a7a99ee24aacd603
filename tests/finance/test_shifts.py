"""The cashier's shift through the running service: opened, paid into, counted, closed, reported."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.finance.app import service
from shared.contracts.finance import (
    IncomeExpenses,
    ListRecords,
    PaymentView,
    RecordExpense,
    RefundPayment,
    TakePayment,
)
from shared.contracts.till import (
    Banknotes,
    ChangeCashBox,
    ChangeTillSettings,
    CloseShift,
    CreateCashBox,
    GetShift,
    GetTillSettings,
    GetXReport,
    GetZReport,
    ListCashBoxes,
    ListCashDocuments,
    ListShifts,
    MoveCash,
    OpenShift,
    ShiftClosed,
    ShiftOpened,
    ShiftView,
)
from shared.contracts.till_summary import GetTillSummary
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.finance.at_work import check_books, in_turn, ledger, published, together
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    parts_issued,
    work,
)
from tests.support.day import Station

KASSA = Actor("kassa", "cashier")
SECOND = Actor("kassa-2", "cashier")


async def main_box(station: Station) -> UUID:
    return (await station.ask(ListCashBoxes())).items[0].id


async def opened(station: Station, counted: str = "0", **fields: Any) -> ShiftView:
    box = fields.pop("cash_box_id", None) or await main_box(station)
    return await station.send(
        OpenShift(cash_box_id=box, counted=money(counted), **fields), actor=KASSA
    )


async def paid(
    station: Station, amount: str, method: str = "cash", actor: Actor = KASSA, **fields: Any
) -> PaymentView:
    client = new_id()
    await in_turn(station.running["finance"], client_created(client))
    command = TakePayment(customer_id=client, amount=money(amount), method=method, **fields)
    return await station.send(command, actor=actor)


async def refused(station: Station, command: Any, actor: Actor = KASSA) -> str:
    with pytest.raises(Refused) as refusal:
        await station.send(command, actor=actor)
    return refusal.value.code


async def test_station_has_a_main_box_and_needs_no_shift(station: Station) -> None:
    (box,) = (await station.ask(ListCashBoxes())).items
    assert (box.name, box.methods) == ("Основная касса", ("cash", "card", "transfer"))
    assert not (await station.ask(GetTillSettings())).shift_required

    payment = await paid(station, "100")

    assert (payment.shift_id, payment.cash_box_id) == (None, None)


async def test_day_at_the_till_is_reported_to_the_kopeck(station: Station) -> None:
    shift = await opened(station, "2000")
    assert (shift.number, shift.expected, shift.opening_difference) == (1, money(2000), money(2000))
    first = await paid(station, "1500.50")
    assert (first.shift_id, first.cash_box_id) == (shift.id, shift.cash_box_id)
    card = await paid(station, "700", "card")
    await station.send(RefundPayment(payment_id=first.id, amount=money("300")), actor=KASSA)
    await station.send(RefundPayment(payment_id=card.id, amount=money("50")), actor=KASSA)
    await station.send(RecordExpense(amount=money("120"), category="чай"), actor=KASSA)
    where = {"cash_box_id": shift.cash_box_id}
    brought = MoveCash(**where, direction="in", party="owner", amount=money("500"))
    await station.send(brought, actor=KASSA)
    collected = MoveCash(**where, direction="out", party="bank", amount=money("3000"))
    document = await station.send(collected, actor=KASSA)
    assert (document.direction, document.party, document.amount) == ("out", "bank", money(3000))

    x = await station.ask(GetXReport(shift_id=shift.id))
    assert [(one.method, one.amount, one.documents) for one in x.receipts] == [
        ("cash", Decimal("1500.50"), 1),
        ("card", Decimal("700.00"), 1),
    ]
    assert [(one.method, one.amount) for one in x.refunds] == [
        ("cash", money(300)),
        ("card", money(50)),
    ]
    assert [(one.method, one.amount) for one in x.expenses] == [("cash", money(120))]
    assert (x.kind, x.cash_in, x.cash_out, x.documents) == ("x", money(500), money(3000), 7)
    assert (x.opening, x.movements, x.expected) == (money(2000), money("-1419.50"), money("580.50"))

    z = await station.send(
        CloseShift(
            shift_id=shift.id,
            banknotes=(
                Banknotes(value=money(500), pieces=1),
                Banknotes(value=money("0.50"), pieces=100),
            ),
        ),
        actor=KASSA,
    )

    assert (z.kind, z.expected, z.counted, z.difference) == (
        "z",
        x.expected,
        money(550),
        money("-30.50"),
    )
    assert await station.ask(GetZReport(shift_id=shift.id)) == z
    again = await station.ask(GetXReport(shift_id=shift.id))
    unprinted = z.model_copy(update={"kind": "x", "banknotes": ()})
    assert again.model_dump() == unprinted.model_dump()
    assert (await station.ask(GetShift(shift_id=shift.id))).difference == money("-30.50")
    listed = await station.ask(ListCashDocuments(shift_id=shift.id))
    assert [(one.direction, one.party) for one in listed.items] == [
        ("out", "bank"),
        ("in", "owner"),
    ]
    running = station.running["finance"]
    assert ("cash_shortage", "expense", "cash", money("30.50")) in await ledger(running.engine)
    assert [event.report for event in await published(running, ShiftClosed)] == [z]
    assert len(await published(running, ShiftOpened)) == 1
    await check_books(running.engine)


async def test_difference_is_income_or_expense_in_records_and_report(station: Station) -> None:
    shift = await opened(station)
    await station.send(CloseShift(shift_id=shift.id, counted=money("40")), actor=KASSA)
    second = await opened(station, "25")
    assert second.opening_difference == -15
    await station.send(CloseShift(shift_id=second.id, counted=money("25")), actor=KASSA)

    records = (await station.ask(ListRecords())).items
    assert [(one.type, one.category, one.amount) for one in records] == [
        ("expense", "cash_shortage", money(15)),
        ("income", "cash_surplus", money(40)),
    ]
    rows = (await station.ask(IncomeExpenses())).items
    assert [(row.type, row.category, row.amount, row.records) for row in rows] == [
        ("income", "cash_surplus", money(40), 1),
        ("expense", "cash_shortage", money(15), 1),
    ]


async def test_cash_taken_outside_of_shifts_is_taken_over_and_is_no_surplus(
    station: Station,
) -> None:
    await paid(station, "800")

    shift = await opened(station, "1000")
    await station.send(CloseShift(shift_id=shift.id, counted=money("1000")), actor=KASSA)
    await paid(station, "50")
    await opened(station, "1050")

    assert (await station.ask(ListRecords())).items == ()
    postings = await ledger(station.running["finance"].engine)
    assert [line for line in postings if line[0] == "cash_opening"] == [
        ("cash_opening", "cash", "cash.transit", money("800")),
        ("cash_opening", "cash.transit", "cash", money("800")),
        ("cash_opening", "cash", "owner", money("200")),
        ("cash_opening", "cash", "cash.transit", money("50")),
        ("cash_opening", "cash.transit", "cash", money("50")),
    ]


async def test_numbers_have_no_gaps_in_a_box_and_boxes_do_not_mix(station: Station) -> None:
    other = await station.send(CreateCashBox(name="Магазин", methods=("cash",)))
    numbers = []
    for _ in range(3):
        shift = await opened(station)
        numbers.append(shift.number)
        await station.send(CloseShift(shift_id=shift.id, counted=money("0")), actor=KASSA)
    shop = await opened(station, cash_box_id=other.id)
    assert (numbers, shop.number) == ([1, 2, 3], 1)
    page = await station.ask(ListShifts(cash_box_id=shop.cash_box_id, open=True))
    assert [one.model_dump() for one in page.items] == [shop.model_dump()]
    first = await station.ask(ListShifts(limit=3))
    rest = await station.ask(ListShifts(limit=3, cursor=first.next))
    assert [one.number for one in (*first.items, *rest.items)] == [1, 3, 2, 1]


async def test_many_open_at_once_and_one_wins(station: Station) -> None:
    box = await main_box(station)
    command = OpenShift(cash_box_id=box, counted=money("10"))
    async with service.running(station.settings("finance")) as second:
        first = station.running["finance"]
        ends = await asyncio.gather(
            *(together(one, command, command, command) for one in (first, second, first, second))
        )
    codes = [getattr(end, "code", "opened") for some in ends for end in some]
    assert sorted(codes) == ["opened", *["shift_is_open"] * 11]


async def test_shift_is_closed_once(station: Station) -> None:
    shift = await opened(station)
    close = CloseShift(shift_id=shift.id, counted=money("7"))
    async with service.running(station.settings("finance")) as second:
        ends = await asyncio.gather(
            together(station.running["finance"], close, close), together(second, close, close)
        )
    codes = [getattr(end, "code", "closed") for some in ends for end in some]
    assert sorted(codes) == ["closed", *["shift_closed"] * 3]
    assert len((await station.ask(ListRecords())).items) == 1


async def test_what_stands_in_the_way_is_told_and_changes_nothing(station: Station) -> None:
    box = await main_box(station)
    close = CloseShift(shift_id=new_id(), counted=money("1"))
    assert await refused(station, close) == "shift_not_found"
    nowhere = MoveCash(cash_box_id=box, direction="in", party="bank", amount=money("1"))
    assert await refused(station, nowhere) == "shift_not_open"
    shift = await opened(station, "100")
    assert await refused(station, OpenShift(cash_box_id=box, counted=money(0))) == "shift_is_open"
    unknown = OpenShift(cash_box_id=new_id(), counted=money(0))
    assert await refused(station, unknown) == "cash_box_not_found"
    out = MoveCash(cash_box_id=box, direction="out", party="bank", amount=money("100.01"))
    assert await refused(station, out) == "not_enough_cash"
    spent = RecordExpense(amount=money("101"), category="чай")
    assert await refused(station, spent) == "not_enough_cash"
    assert await refused(station, CloseShift(shift_id=shift.id)) == "count_missing"
    notes = (Banknotes(value=money(100), pieces=1),)
    differs = CloseShift(shift_id=shift.id, banknotes=notes, counted=money(99))
    assert await refused(station, differs) == "count_differs"
    with pytest.raises(Refused) as refusal:
        await station.ask(GetZReport(shift_id=shift.id))
    assert refusal.value.code == "shift_is_open"
    off = ChangeCashBox(cash_box_id=box, active=False)
    assert await refused(station, off, Actor("a", "administrator")) == "shift_is_open"
    assert await refused(station, CreateCashBox(name="Ещё"), KASSA) == "forbidden"
    assert (await station.ask(GetShift(shift_id=shift.id))).expected == 100


async def test_where_a_shift_is_required_cash_waits_for_it_and_cards_do_not(
    station: Station,
) -> None:
    before = await paid(station, "100")
    await station.send(ChangeTillSettings(shift_required=True))

    with pytest.raises(Refused) as refusal:
        await paid(station, "100")
    assert refusal.value.code == "shift_required"
    spent = RecordExpense(amount=money("10"), category="чай")
    assert await refused(station, spent) == "shift_required"
    assert await refused(station, RefundPayment(payment_id=before.id)) == "shift_required"
    assert (await paid(station, "10", "card")).shift_id is None
    shift = await opened(station, "100")
    assert (await paid(station, "100")).shift_id == shift.id


async def test_each_cashier_s_money_goes_to_the_box_that_cashier_has_opened(
    station: Station,
) -> None:
    other = await station.send(CreateCashBox(name="Магазин", methods=("cash", "card")))
    main = await opened(station)
    shop = await station.send(OpenShift(cash_box_id=other.id, counted=money(0)), actor=SECOND)

    assert (await paid(station, "1")).shift_id == main.id
    assert (await paid(station, "1", actor=SECOND)).shift_id == shop.id
    assert (await paid(station, "1", "transfer", actor=SECOND)).shift_id == main.id
    assert (await paid(station, "1", cash_box_id=other.id)).shift_id == shop.id
    assert (await paid(station, "1", shift_id=shop.id)).cash_box_id == other.id
    wrong: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"cash_box_id": other.id}, "transfer", "method_not_taken"),
        ({"shift_id": new_id()}, "cash", "shift_closed"),
        ({"shift_id": shop.id, "cash_box_id": main.cash_box_id}, "cash", "shift_of_other_box"),
    )
    for fields, method, code in wrong:
        with pytest.raises(Refused) as refusal:
            await paid(station, "1", method, **fields)
        assert refusal.value.code == code


async def test_summary_shows_shift_orders_to_pay_and_today_s_documents(station: Station) -> None:
    running = station.running["finance"]
    client, order = new_id(), new_id()
    completed = order_completed(order, client, services=(work("900"),))
    await in_turn(
        running, client_created(client), order_created(order, client), completed,
        parts_issued(order),
    )  # fmt: skip
    shift = await opened(station, "500")
    part = TakePayment(order_id=order, customer_id=client, amount=money("400"), method="cash")
    payment = await station.send(part, actor=KASSA)
    await station.send(RefundPayment(payment_id=payment.id, amount=money("100")), actor=KASSA)

    summary = await station.ask(GetTillSummary(), actor=KASSA)

    assert [(one.id, one.expected) for one in summary.shifts] == [(shift.id, money(800))]
    (to_pay,) = summary.orders_to_pay
    assert (to_pay.order_id, to_pay.total, to_pay.due) == (order, money(900), money(600))
    assert (summary.orders_to_pay_count, summary.due) == (1, money(600))
    assert [(one.kind, one.amount) for one in summary.documents] == [
        ("refund", money(-100)),
        ("payment", money(400)),
        ("cash_opening", money(500)),
    ]
    assert [(one.method, one.amount) for one in summary.receipts] == [("cash", money(300))]


# --- amounts that somebody mistyped --------------------------------------------------------------

SLIP = "9999999999.99"
ROUGHLY = "200000000"


async def test_more_cash_than_any_drawer_holds_is_refused_and_changes_nothing(
    station: Station,
) -> None:
    finance = station.running["finance"]
    box = await main_box(station)
    assert await refused(station, OpenShift(cash_box_id=box, counted=money(SLIP))) == (
        "cash_too_much"
    )
    shift = await opened(station, "5000")
    client = new_id()
    await in_turn(finance, client_created(client))
    slip = TakePayment(customer_id=client, amount=money(SLIP), method="cash")
    assert await refused(station, slip) == "cash_too_much"
    for _ in range(4):
        await paid(station, ROUGHLY)
    assert await refused(station, slip.model_copy(update={"amount": money(ROUGHLY)})) == (
        "cash_too_much"
    )
    brought = MoveCash(cash_box_id=box, direction="in", party="bank", amount=money(ROUGHLY))
    assert await refused(station, brought) == "cash_too_much"
    notes = (Banknotes(value=money("10000"), pieces=1_000_000),)
    assert await refused(station, CloseShift(shift_id=shift.id, banknotes=notes)) == (
        "cash_too_much"
    )
    assert await refused(station, CloseShift(shift_id=shift.id, counted=money(SLIP))) == (
        "cash_too_much"
    )
    await station.send(slip.model_copy(update={"method": "card"}), actor=KASSA)
    shown = await station.ask(GetShift(shift_id=shift.id))
    assert (shown.expected, shown.closed_at) == (money("800005000.00"), None)
    await check_books(finance.engine)


async def test_a_drawer_that_holds_more_from_before_is_shown_until_it_is_put_right(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = await opened(station, "5000")
    with monkeypatch.context() as before:
        before.setattr("services.finance.handlers.table.MUCH_CASH", money("1000000000000"))
        slips = [await paid(station, SLIP) for _ in range(2)]
    known = money("20000004999.98")
    assert (await station.ask(GetShift(shift_id=shift.id))).expected == known
    assert (await station.ask(ListShifts())).items[0].expected == known
    assert (await station.ask(GetXReport(shift_id=shift.id))).expected == known
    assert (await station.ask(GetTillSummary())).shifts[0].expected == known
    closing = CloseShift(shift_id=shift.id, counted=money("5000"))
    assert await refused(station, closing) == "cash_too_much"
    for slip in slips:
        await station.send(RefundPayment(payment_id=slip.id), actor=KASSA)
    assert (await station.send(closing, actor=KASSA)).difference == 0
    await check_books(station.running["finance"].engine)
