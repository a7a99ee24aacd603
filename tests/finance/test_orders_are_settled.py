"""Orders through the running service: settled, reopened, settled again; goods received."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from services.finance.store.schema import entries
from shared.contracts.base import Event
from shared.contracts.costing import IssueCostCorrected
from shared.contracts.finance import (
    GetBalance,
    GetOrderProfit,
    ListRecords,
    OrderProfitView,
    OrderSettled,
    SettlementReversed,
    TakePayment,
)
from shared.contracts.payment_documents import (
    MoveDeposit,
    OrderShare,
    PaymentPart,
    TakePaymentDocument,
)
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.at_work import check_books, in_turn, job, ledger, published, rows_of
from tests.finance.builders import (
    at,
    client_created,
    money,
    order_cancelled,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    parts_returned,
    stock_received,
    work,
)
from tests.support.day import Station
from tests.support.waiting import eventually


async def profit(station: Station, order_id: UUID) -> OrderProfitView:
    return await station.ask(GetOrderProfit(order_id=order_id))


async def opened(station: Station) -> tuple[UUID, UUID]:
    """An order and its client, both known to finance."""
    order, client = new_id(), new_id()
    await in_turn(station.running["finance"], client_created(client), order_created(order, client))
    return order, client


def a_day(order: UUID, client: UUID) -> list[Event]:
    """Done, reopened for one work more, done again."""
    return [
        order_completed(order, client, services=(work("1000", "40"),), products="500"),
        parts_issued(order, "300"),
        order_reopened(order),
        parts_returned(order, "300"),
        order_completed(
            order, client, 2, services=(work("1000", "40"), work("200", "50")), products="500"
        ),
        parts_issued(order, "310", 2),
    ]


async def test_a_done_order_is_settled_and_tells_what_it_earned(station: Station) -> None:
    order, client = await opened(station)
    completed = order_completed(order, client, services=(work("1000", "40"),), products="500")

    await station.publish(completed, "orders")
    await station.publish(parts_issued(order, "300"), "inventory")

    (settled,) = await eventually(lambda: published(station.running["finance"], OrderSettled))
    assert settled == OrderSettled(
        order_id=order,
        number="A-000001",
        completion=1,
        client_id=client,
        revenue=money("1500"),
        cost=money("300"),
        pay=money("400"),
        margin=money("800"),
        deposits_applied=money("0"),
        section_id=completed.section_id,
        completed_at=completed.completed_at,
    )
    assert await profit(station, order) == OrderProfitView(
        order_id=order,
        settled=True,
        revenue=money("1500"),
        cost=money("300"),
        pay=money("400"),
        expenses=money("0"),
        margin=money("800"),
        paid=money("0"),
        due=money("1500"),
    )
    assert (await station.ask(GetBalance(client_id=client))).owes == money("1500")


async def test_until_both_facts_are_here_nothing_is_settled(station: Station) -> None:
    running = station.running["finance"]
    order, _ = await opened(station)

    await in_turn(running, parts_issued(order, "300"))

    assert not (await profit(station, order)).settled
    assert await ledger(running.engine, order) == []


async def test_the_same_event_and_the_same_fact_twice_settle_once(station: Station) -> None:
    running = station.running["finance"]
    order, client = await opened(station)
    events = [order_completed(order, client, services=(work("100"),)), parts_issued(order)]
    for event, source in zip(events, ("orders", "inventory"), strict=True):
        event_id = await station.publish(event, source)
        await station.publish(event, source)
        await station.publish(event, source, event_id=event_id)

    await station.settle_down()

    assert len(await published(running, OrderSettled)) == 1
    assert await ledger(running.engine) == [
        ("settlement", "receivable", "revenue.services", money("100"))
    ]


async def test_a_reopened_order_is_reversed_by_new_entries_and_settled_anew(
    station: Station,
) -> None:
    running = station.running["finance"]
    order, client = await opened(station)

    await in_turn(running, *a_day(order, client))

    first = [
        ("settlement", "receivable", "revenue.services", money("1000")),
        ("settlement", "receivable", "revenue.products", money("500")),
        ("settlement", "cost.goods", "inventory", money("300")),
        ("pay_accrual", "pay.labor", "payroll.payable", money("400")),
    ]
    undo = {"settlement": "settlement_reversal", "pay_accrual": "pay_reversal"}
    undone = [(undo[kind], credit, debit, amount) for kind, debit, credit, amount in first]
    assert (await ledger(running.engine, order))[:8] == [*first, *undone]
    standing = await profit(station, order)
    assert (standing.revenue, standing.cost, standing.pay) == (
        money("1700"),
        money("310"),
        money("500"),
    )
    (reversal,) = await published(running, SettlementReversed)
    assert (reversal.completion, reversal.revenue) == (1, money("1500"))
    assert (await station.ask(GetBalance(client_id=client))).owes == money("1700")
    await check_books(running.engine)


async def test_whatever_order_the_news_comes_in_the_last_settlement_stands(
    station: Station,
) -> None:
    running = station.running["finance"]
    for number, order_of_news in enumerate(permutations(range(6))):
        if number % 36:
            continue  # twenty of them, spread over all
        order, client = await opened(station)
        events = a_day(order, client)

        await in_turn(running, *(events[place] for place in order_of_news))

        standing = await profit(station, order)
        assert (standing.revenue, standing.margin) == (money("1700"), money("890"))
        assert (await station.ask(GetBalance(client_id=client))).owes == money("1700")
    await check_books(running.engine)


async def test_a_deposit_pays_at_settling_and_is_a_deposit_again_after_reopening(
    station: Station,
) -> None:
    running = station.running["finance"]
    order, client = await opened(station)
    await station.send(
        TakePayment(order_id=order, customer_id=client, amount=money("400"), method="cash")
    )
    assert (await profit(station, order)).paid == money("400")
    completed = order_completed(order, client, services=(work("1000"),))

    await in_turn(running, completed, parts_issued(order))

    settled = await profit(station, order)
    assert (settled.paid, settled.due) == (money("400"), money("600"))
    assert (await published(running, OrderSettled))[0].deposits_applied == money("400")

    await in_turn(running, order_reopened(order))

    reopened = await profit(station, order)
    assert (reopened.paid, reopened.due) == (money("400"), money("0"))
    assert (await station.ask(GetBalance(client_id=client))).owes == money("-400")
    await check_books(running.engine)


async def test_the_deposit_of_a_cancelled_order_pays_the_clients_next_one(
    station: Station,
) -> None:
    running = station.running["finance"]
    order, client = await opened(station)
    await station.send(
        TakePayment(order_id=order, customer_id=client, amount=money("400"), method="cash")
    )
    next_order = new_id()
    done = [order_completed(next_order, client, services=(work("100"),)), parts_issued(next_order)]

    await in_turn(running, order_cancelled(order), *done)

    assert (await profit(station, next_order)).due == money("0")
    await check_books(running.engine)


async def test_no_money_is_kept_for_an_order_that_was_cancelled(station: Station) -> None:
    """It would wait for a settlement that never comes, and pay nothing else."""
    running = station.running["finance"]
    order, client = await opened(station)
    await in_turn(running, order_cancelled(order))
    taken = {"customer_id": client, "amount": money("400"), "method": "cash"}
    for_order = TakePayment(order_id=order, **taken)
    with pytest.raises(Refused, match="order_cancelled"):
        await station.send(for_order)

    payment = await station.send(TakePayment(**taken))
    with pytest.raises(Refused, match="order_cancelled"):
        await station.send(MoveDeposit(payment_id=payment.id, order_id=order))
    share = OrderShare(order_id=order, amount=money("400"))
    document = TakePaymentDocument(
        payer_id=client,
        orders=(share,),
        parts=(PaymentPart(method="cash", amount=money("400")),),
    )
    with pytest.raises(Refused, match="order_cancelled"):
        await station.send(document)
    assert (await station.ask(GetBalance(client_id=client))).free == money("400")
    await check_books(running.engine)


async def test_a_reversal_belongs_to_the_time_of_the_reopening(station: Station) -> None:
    running = station.running["finance"]
    order, client = await opened(station)
    done = [order_completed(order, client, services=(work("100"),)), parts_issued(order)]

    await in_turn(running, *done, job(order_reopened(order), at=at(600)))

    rows = await rows_of(running.engine, entries)
    assert [(row.kind, row.at, row.comment) for row in sorted(rows, key=lambda row: row.id)] == [
        ("settlement", at(0), None),
        ("settlement_reversal", at(600), "Стучит"),
    ]


async def test_a_reversal_has_the_reason_of_its_own_reopening_or_none(station: Station) -> None:
    """What the second completion was reopened for says nothing of the first."""
    order, client = await opened(station)
    done = order_completed(order, client, services=(work("1000"),))
    running = station.running["finance"]
    await in_turn(running, done, parts_issued(order, "0"))

    late = order_reopened(order, 1, reason="Стучит")
    await in_turn(running, order_reopened(order, 2, reason="Скрипит"), late)

    (reversal,) = [row for row in await rows_of(running.engine, entries) if row.reverses]
    assert reversal.comment is None
    # The record says what it takes back all the same.
    back, settled = (await station.ask(ListRecords(order_id=order, type="income"))).items
    assert (back.reverses, back.reversed_at, back.comment) == (settled.id, settled.at, None)
    assert (settled.reverses, settled.reversed_at) == (None, None)
    await check_books(running.engine)


async def test_parts_that_come_back_before_their_correction_are_no_error(
    station: Station,
) -> None:
    """Both are told at once, and either may be heard first: the books come to the same."""
    running = station.running["finance"]
    order, client = await opened(station)
    corrected = IssueCostCorrected(order_id=order, completion=1, lines=(), amount=money("-0.01"))
    with capture_logs() as logs:
        await in_turn(
            running,
            *a_day(order, client)[:3],
            parts_returned(order, "299.99"),
            corrected,
            parts_returned(order, "299.99"),
        )
    assert [line["log_level"] for line in logs if line["event"] == "returned_cost_differs"] == [
        "info"
    ]
    await check_books(running.engine)


async def test_parts_that_come_back_at_another_cost_are_noted(station: Station) -> None:
    running = station.running["finance"]
    order, client = await opened(station)
    await in_turn(running, *a_day(order, client)[:3])

    with capture_logs() as logs:
        await in_turn(running, parts_returned(order, "300"), parts_returned(order, "299.99"))

    (noted,) = [line for line in logs if line["event"] == "returned_cost_differs"]
    assert (noted["issued"], noted["returned"]) == ("300.00", "299.99")


async def test_received_goods_are_in_the_ledger(station: Station) -> None:
    await station.publish(stock_received("10", "60"), "inventory")
    await station.settle_down()

    assert await ledger(station.running["finance"].engine) == [
        ("receipt", "inventory", "payables", Decimal("600.00"))
    ]


async def test_an_unknown_order_is_looked_for_where_orders_are(station: Station) -> None:
    """Only finance runs here: what it does not know it cannot find out now."""
    with pytest.raises(Refused, match="service_unavailable"):
        await profit(station, new_id())
