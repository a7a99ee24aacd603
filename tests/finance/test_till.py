"""The cashier's day through the running service: payments, refunds, expenses, lists."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.base import Period
from shared.contracts.finance import (
    FinanceCommandRefused,
    GetBalance,
    GetOrderProfit,
    GetPayment,
    IncomeExpenses,
    ListPayments,
    ListRecords,
    OrderProfits,
    PaymentRefunded,
    PaymentTaken,
    PaymentView,
    RecordExpense,
    RecordView,
    RefundPayment,
    TakePayment,
)
from shared.ids import id_of, new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.finance.at_work import check_books, in_turn, ledger, published
from tests.finance.builders import (
    NOON,
    SECTION,
    at,
    client_created,
    money,
    order_completed,
    order_created,
    parts_issued,
    work,
)
from tests.support.day import Station

KASSA = Actor("kassa", "cashier")


async def a_client(station: Station) -> UUID:
    client = new_id()
    await in_turn(station.running["finance"], client_created(client))
    return client


async def an_order(station: Station, client: UUID) -> UUID:
    order = new_id()
    await in_turn(station.running["finance"], order_created(order, client))
    return order


async def a_settled_order(station: Station, client: UUID, total: str, **fields: Any) -> UUID:
    order = await an_order(station, client)
    completed = order_completed(order, client, services=(work(total),), **fields)
    await in_turn(station.running["finance"], completed, parts_issued(order))
    return order


async def pay(
    station: Station, client: UUID, amount: str, order: UUID | None = None, **fields: Any
) -> PaymentView:
    command = TakePayment(
        **{
            "customer_id": client,
            "order_id": order,
            "amount": amount,
            "method": "cash",
            **fields,
        }
    )
    return await station.send(command, actor=KASSA)


async def owes(station: Station, client: UUID) -> str:
    return str((await station.ask(GetBalance(client_id=client), actor=KASSA)).owes)


async def refused(station: Station, command: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await station.send(command, actor=KASSA)
    return refusal.value.code


# --- payments ----------------------------------------------------------------------------------


async def test_a_payment_is_answered_told_and_found_again(station: Station) -> None:
    client = await a_client(station)
    order = await an_order(station, client)

    paid = await pay(station, client, "100", order, method="card", comment="Аванс")

    assert (paid.customer_id, paid.payer_id, paid.order_id) == (client, client, order)
    assert (str(paid.amount), str(paid.refunded), paid.method) == ("100.00", "0.00", "card")
    assert (paid.actor, paid.comment) == ("kassa", "Аванс")
    found = await station.ask(GetPayment(payment_id=paid.id), actor=KASSA)
    assert found.model_dump() == {**paid.model_dump(), "correctable": False}
    (told,) = await published(station.running["finance"], PaymentTaken)
    taken = paid.model_dump(exclude={"fiscal_state", "fiscal_number"})
    assert (told.payment.model_dump(), told.order_id) == (taken, order)


async def test_the_balance_goes_with_every_payment(station: Station) -> None:
    client = await a_client(station)
    assert await owes(station, client) == "0.00"
    order = await a_settled_order(station, client, "100")
    assert await owes(station, client) == "100.00"
    await pay(station, client, "30", order)
    assert await owes(station, client) == "70.00"
    await pay(station, client, "80", order)
    assert await owes(station, client) == "-10.00"
    profit = await station.ask(GetOrderProfit(order_id=order))
    assert (str(profit.paid), str(profit.due)) == ("100.00", "0.00")
    await check_books(station.running["finance"].engine)


async def test_somebody_else_may_pay_and_the_customers_balance_moves(station: Station) -> None:
    client, insurer = await a_client(station), await a_client(station)
    order = await a_settled_order(station, client, "100")

    paid = await pay(station, client, "100", order, payer_id=insurer, method="transfer")

    assert paid.payer_id == insurer
    assert (await owes(station, client), await owes(station, insurer)) == ("0.00", "0.00")


async def test_a_payment_without_an_order_pays_the_oldest_debt_first(station: Station) -> None:
    client = await a_client(station)
    newer = await a_settled_order(station, client, "100", completed_at=at(10))
    older = await a_settled_order(station, client, "100", completed_at=at(0))

    await pay(station, client, "120")

    dues = [
        str((await station.ask(GetOrderProfit(order_id=order))).due) for order in (older, newer)
    ]
    assert dues == ["0.00", "80.00"]
    assert await owes(station, client) == "80.00"
    await check_books(station.running["finance"].engine)


async def test_an_order_of_another_client_takes_no_money(station: Station) -> None:
    client, other = await a_client(station), await a_client(station)
    order = await a_settled_order(station, client, "100")

    command = TakePayment(order_id=order, customer_id=other, amount=money("1"), method="cash")

    assert await refused(station, command) == "order_of_other_client"
    (told,) = await published(station.running["finance"], FinanceCommandRefused)
    assert (told.code, told.order_id) == ("order_of_other_client", order)
    assert await owes(station, other) == "0.00"


async def test_the_same_request_twice_pays_once(station: Station) -> None:
    client = await a_client(station)
    command = TakePayment(customer_id=client, amount=money("100"), method="cash")

    answers = await asyncio.gather(
        *(station.send(command, actor=KASSA, key="double click") for _ in range(5))
    )

    assert len({answer.id for answer in answers}) == 1
    assert await owes(station, client) == "-100.00"


async def test_payments_larger_than_the_books_hold_are_refused(station: Station) -> None:
    client = await a_client(station)
    await pay(station, client, "9999999999.99")
    command = TakePayment(customer_id=client, amount=money("0.01"), method="cash")
    assert await refused(station, command) == "amount_too_large"
    assert await owes(station, client) == "-9999999999.99"


# --- refunds -----------------------------------------------------------------------------------


async def test_a_refund_of_applied_money_makes_the_client_owe_again(station: Station) -> None:
    client = await a_client(station)
    order = await a_settled_order(station, client, "100")
    paid = await pay(station, client, "100", order, method="card")

    after = await station.send(
        RefundPayment(payment_id=paid.id, amount=money("40"), reason="Брак"), actor=KASSA
    )

    assert (str(after.refunded), str(after.amount)) == ("40.00", "100.00")
    assert await owes(station, client) == "40.00"
    (told,) = await published(station.running["finance"], PaymentRefunded)
    shown = after.model_dump(exclude={"fiscal_state", "fiscal_number"})
    assert told.payment.model_dump() == shown
    assert (told.order_id, told.reason) == (order, "Брак")
    assert str(told.amount) == "40.00"
    assert (await ledger(station.running["finance"].engine))[-1] == (
        "refund", "receivable", "card", money("40"),
    )  # fmt: skip
    await check_books(station.running["finance"].engine)


async def test_refunds_in_parts_end_when_nothing_is_left(station: Station) -> None:
    client = await a_client(station)
    paid = await pay(station, client, "100")
    await station.send(RefundPayment(payment_id=paid.id, amount=money("60")), actor=KASSA)
    too_much = RefundPayment(payment_id=paid.id, amount=money("40.01"))
    assert await refused(station, too_much) == "refund_exceeds_payment"

    rest = await station.send(RefundPayment(payment_id=paid.id), actor=KASSA)

    assert str(rest.refunded) == "100.00"
    assert await refused(station, RefundPayment(payment_id=paid.id)) == "refund_exceeds_payment"
    assert await owes(station, client) == "0.00"


async def test_a_payment_that_nobody_knows_is_not_found(station: Station) -> None:
    assert await refused(station, RefundPayment(payment_id=new_id())) == "payment_not_found"
    with pytest.raises(Refused, match="payment_not_found"):
        await station.ask(GetPayment(payment_id=new_id()), actor=KASSA)


# --- expenses ----------------------------------------------------------------------------------


async def test_an_expense_is_a_record_and_no_part_of_the_orders_margin(station: Station) -> None:
    client = await a_client(station)
    order = await a_settled_order(station, client, "100")

    record = await station.send(
        RecordExpense(amount=money("30"), category="Эвакуатор", order_id=order), actor=KASSA
    )

    assert (record.type, str(record.amount), record.category) == ("expense", "30.00", "Эвакуатор")
    assert (record.order_id, record.client_id, record.actor) == (order, client, "kassa")
    profit = await station.ask(GetOrderProfit(order_id=order))
    assert (str(profit.expenses), str(profit.margin)) == ("30.00", "100.00")
    assert await records(station, type="expense") == [record]


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"at": datetime(2100, 1, 1, tzinfo=UTC)}, "expense_in_future"),
        ({"category": "pay"}, "category_reserved"),
        ({"amount": Decimal("0")}, "request_invalid"),
        ({"amount": Decimal("-1")}, "request_invalid"),
        ({"amount": Decimal("1.001")}, "request_invalid"),
        ({"method": "barter"}, "request_invalid"),
        ({"category": " "}, "request_invalid"),
    ],
)
async def test_a_bad_expense_is_refused_and_changes_nothing(
    station: Station, fields: dict[str, Any], code: str
) -> None:
    sent: dict[str, Any] = {"amount": money("10"), "category": "Аренда", **fields}
    command = RecordExpense.model_construct(set(sent), **sent)
    assert await refused(station, command) == code
    assert await records(station) == []


async def test_expenses_as_large_as_can_be_add_up_in_the_report(station: Station) -> None:
    for _ in range(2):
        await station.send(
            RecordExpense(amount=money("9999999999.99"), category="Стройка", at=NOON), actor=KASSA
        )
    (row,) = (await station.ask(IncomeExpenses())).items
    assert (row.day, str(row.amount), row.records) == ("2024-03-04", "19999999999.98", 2)


# --- lists and reports -------------------------------------------------------------------------


async def records(station: Station, **filters: Any) -> list[RecordView]:
    return list((await station.ask(ListRecords(**filters), actor=KASSA)).items)


async def test_income_is_one_record_per_settlement_with_client_and_order(station: Station) -> None:
    client = await a_client(station)
    order = await a_settled_order(station, client, "100")

    (record,) = await records(station, type="income")

    assert (str(record.amount), record.category, record.at) == ("100.00", "orders", NOON)
    assert (record.client_id, record.order_id) == (client, order)


async def test_records_are_filtered_by_what_is_asked(station: Station) -> None:
    client, other = await a_client(station), await a_client(station)
    first = await a_settled_order(station, client, "100", completed_at=at(0))
    second = await a_settled_order(station, other, "200", completed_at=at(60))
    for category, minutes in (("Аренда", 30), ("Вода", 90)):
        await station.send(
            RecordExpense(amount=money("5"), category=category, at=at(minutes)), actor=KASSA
        )

    async def amounts(**filters: Any) -> list[str]:
        return [str(record.amount) for record in await records(station, **filters)]

    assert await amounts() == ["5.00", "200.00", "5.00", "100.00"]
    assert await amounts(type="income") == ["200.00", "100.00"]
    assert await amounts(order_id=first) == ["100.00"]
    assert await amounts(client_id=other) == ["200.00"]
    assert await amounts(category="orders") == ["200.00", "100.00"]
    assert await amounts(category="Вода") == ["5.00"]
    assert await amounts(start=at(30), end=at(90)) == ["200.00", "5.00"]
    assert await amounts(order_id=second, type="expense") == []


async def test_lists_go_on_where_the_cursor_says(station: Station) -> None:
    client = await a_client(station)
    taken = [await pay(station, client, str(amount)) for amount in range(1, 6)]

    seen: list[PaymentView] = []
    cursor = None
    while len(seen) < 5:
        page = await station.ask(
            ListPayments(customer_id=client, limit=2, cursor=cursor), actor=KASSA
        )
        seen += page.items
        cursor = page.next

    assert seen == taken[::-1]
    assert cursor is None


async def test_payments_are_filtered_by_what_is_asked(station: Station) -> None:
    client, other = await a_client(station), await a_client(station)
    order = await an_order(station, client)
    for_order = await pay(station, client, "1", order)
    loose = await pay(station, client, "2")
    of_other = await pay(station, other, "3")

    async def listed(**filters: Any) -> list[PaymentView]:
        return list((await station.ask(ListPayments(**filters), actor=KASSA)).items)

    assert await listed(order_id=order) == [for_order]
    assert await listed(customer_id=client) == [loose, for_order]
    assert await listed(start=loose.at) == [of_other, loose]
    assert await listed(end=loose.at) == [for_order]


@pytest.mark.parametrize("question", [ListPayments, ListRecords])
async def test_a_list_refuses_what_makes_no_sense(station: Station, question: Any) -> None:
    with pytest.raises(Refused, match="cursor_invalid"):
        await station.ask(question(cursor="nonsense"), actor=KASSA)
    with pytest.raises(Refused, match="period_invalid"):
        await station.ask(question(start=at(1), end=at(0)), actor=KASSA)


@pytest.mark.parametrize("question", [IncomeExpenses, OrderProfits])
async def test_a_report_refuses_a_period_that_ends_before_it_starts(
    station: Station, question: Any
) -> None:
    with pytest.raises(Refused, match="period_invalid"):
        await station.ask(question(period=Period(start=at(1), end=at(0))))


async def test_a_day_is_the_stations_own(station: Station) -> None:
    """In Moscow the evening of the 4th ends three hours before it does in Greenwich."""
    midnight = NOON + timedelta(hours=12)
    for minutes, amount in ((-1, "10"), (0, "20"), (1, "30")):
        spent_at = midnight + timedelta(minutes=minutes)
        await station.send(
            RecordExpense(amount=money(amount), category="Вода", at=spent_at), actor=KASSA
        )
    rows = (await station.ask(IncomeExpenses())).items
    assert [(row.day, str(row.amount), row.records) for row in rows] == [
        ("2024-03-04", "10.00", 1),
        ("2024-03-05", "50.00", 2),
    ]


async def test_profits_are_of_the_section_and_station_that_are_asked_for(station: Station) -> None:
    client = await a_client(station)
    order = await a_settled_order(station, client, "100")
    elsewhere = await a_settled_order(station, client, "200", section_id=id_of("body shop"))

    async def settled(**filters: Any) -> list[UUID]:
        return [row.order_id for row in (await station.ask(OrderProfits(**filters))).items]

    assert await settled() == sorted([order, elsewhere])
    assert await settled(section_id=SECTION) == [order]
    assert await settled(station_id=id_of("station:station-1")) == sorted([order, elsewhere])
    assert await settled(station_id=new_id()) == []
    assert await settled(period=Period(start=NOON, end=NOON)) == []
    assert await settled(period=Period(start=NOON, end=at(1))) == sorted([order, elsewhere])


async def test_margins_are_not_for_the_cashier(station: Station) -> None:
    for question in (GetOrderProfit(order_id=new_id()), OrderProfits(), IncomeExpenses()):
        with pytest.raises(Refused, match="forbidden"):
            await station.ask(question, actor=KASSA)
