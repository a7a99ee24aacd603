"""Many messages in one transaction: as cheap as one, and with the same outcome as one by one."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from services.finance.app import service
from services.finance.store.schema import settlements
from shared.contracts.base import Command, Event
from shared.contracts.finance import (
    GetBalance,
    ListPayments,
    OrderSettled,
    RefundPayment,
    TakePayment,
)
from shared.contracts.payment_documents import PayFromBalance
from shared.contracts.till import CloseShift, GetZReport, ListCashBoxes, OpenShift
from shared.ids import new_id
from shared.service import Running
from tests.finance.at_work import check_books, counted, in_turn, published, rows_of, together
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.support.day import Station


def opened(order_id: UUID, client_id: UUID) -> list[Event]:
    return [client_created(client_id), order_created(order_id, client_id)]


def done(order_id: UUID, client_id: UUID) -> list[Event]:
    event = order_completed(order_id, client_id, services=(work("1000", "40"),), products="500")
    return [event, parts_issued(order_id, "300")]


async def statements_for(running: Running, messages: list[Event]) -> list[str]:
    with counted(running.lane.engine) as statements:
        ends = await together(running, *messages)
    assert not [end for end in ends if isinstance(end, BaseException)]
    assert statements.made
    return statements.made


async def a_settled_day(running: Running, orders: int) -> tuple[list[str], list[str], list[str]]:
    """The statements of opening so many orders with a deposit each, settling and reopening them,
    each step in one transaction."""
    pairs = [(new_id(), new_id()) for _ in range(orders)]
    opening = await statements_for(running, [event for pair in pairs for event in opened(*pair)])
    await together(
        running,
        *(
            TakePayment(order_id=order, customer_id=client, amount=money("200"), method="cash")
            for order, client in pairs
        ),
    )
    settling = await statements_for(running, [event for pair in pairs for event in done(*pair)])
    reopening = await statements_for(running, [order_reopened(order) for order, _ in pairs])
    return opening, settling, reopening


async def test_forty_orders_cost_as_many_statements_as_one(station: Station) -> None:
    running = station.running["finance"]

    await a_settled_day(running, 1)  # a new connection asks for more

    one = await a_settled_day(running, 1)
    forty = await a_settled_day(running, 40)

    assert [len(step) for step in forty] == [len(step) for step in one]
    assert forty == one
    await check_books(running.engine)


async def test_an_order_lives_its_whole_life_within_one_transaction(station: Station) -> None:
    running = station.running["finance"]
    order, client = new_id(), new_id()

    ends = await together(
        running,
        *opened(order, client),
        *done(order, client),
        order_reopened(order),
        order_completed(order, client, 2, services=(work("900"),)),
        parts_issued(order, completion=2),
        order_reopened(order, 2),
        order_completed(order, client, 3, services=(work("800"),)),
        parts_issued(order, completion=3),
    )

    assert not [end for end in ends if isinstance(end, BaseException)]
    rows = sorted((row.completion, row.state) for row in await rows_of(running.engine, settlements))
    assert rows == [(1, "reversed"), (2, "reversed"), (3, "settled")]
    events = await published(running, OrderSettled)
    assert [event.revenue for event in events] == [money("1500"), money("900"), money("800")]
    await check_books(running.engine)


async def test_a_bad_message_in_a_batch_harms_only_itself(station: Station) -> None:
    running = station.running["finance"]
    pairs = [(new_id(), new_id()) for _ in range(5)]
    events = [event for pair in pairs for event in done(*pair)]
    events[4] = order_completed(*pairs[2], products="500", total=money("400"))

    ends = await together(running, *events)

    assert [isinstance(end, ValueError) for end in ends] == [number == 4 for number in range(10)]
    assert len(await published(running, OrderSettled)) == 4
    await check_books(running.engine)


async def test_refunds_that_race_in_one_process_never_exceed_the_payment(
    station: Station,
) -> None:
    running = station.running["finance"]
    client = new_id()
    await in_turn(running, client_created(client))
    paid = await station.send(TakePayment(customer_id=client, amount=money("100"), method="card"))

    ends = await together(
        running, *(RefundPayment(payment_id=paid.id, amount=money("30")) for _ in range(8))
    )

    refused = [end for end in ends if isinstance(end, BaseException)]
    assert [getattr(end, "code", end) for end in refused] == ["refund_exceeds_payment"] * 5
    await check_books(running.engine)


async def test_two_processes_that_race_settle_and_refund_once(station: Station) -> None:
    """Both take from the same queue and the same durable, as two replicas do."""
    first = station.running["finance"]
    async with service.running(station.settings("finance")) as second:
        order, client = new_id(), new_id()
        await in_turn(first, *opened(order, client))
        paid = await station.send(
            TakePayment(order_id=order, customer_id=client, amount=money("100"), method="card")
        )

        completed, issued = done(order, client)
        await asyncio.gather(together(first, completed), together(second, issued))
        refunds = [RefundPayment(payment_id=paid.id, amount=money("30")) for _ in range(8)]
        ends = await asyncio.gather(
            *(together(running, refund) for refund in refunds for running in (first, second))
        )

        assert sum(not isinstance(end, BaseException) for (end,) in ends) == 3
        assert len(await published(first, OrderSettled)) == 1
        await check_books(first.engine)


async def test_two_processes_never_settle_one_order_twice(station: Station) -> None:
    """The two facts of many orders, one at each process, at the same moment."""
    first = station.running["finance"]
    async with service.running(station.settings("finance")) as second:
        pairs = [(new_id(), new_id()) for _ in range(30)]
        facts = [done(*pair) for pair in pairs]

        ends = await asyncio.gather(
            *(together(first, completed) for completed, _ in facts),
            *(together(second, issued) for _, issued in facts),
        )

        assert not [end for (end,) in ends if isinstance(end, BaseException)]
        assert len(await published(first, OrderSettled)) == 30
        await check_books(first.engine)


async def test_two_processes_that_take_money_for_one_order_keep_what_is_over(
    station: Station,
) -> None:
    """And close the shift in which they take it, and pay another order from what is over."""
    first = station.running["finance"]
    order, other, client = new_id(), new_id(), new_id()
    await in_turn(first, *opened(order, client), order_created(other, client), *done(order, client))
    await in_turn(first, *done(other, client))
    (box,) = (await station.ask(ListCashBoxes())).items
    shift = await station.send(OpenShift(cash_box_id=box.id, counted=money(0)))
    pay = TakePayment(
        order_id=order, customer_id=client, amount=money("700"), method="cash", shift_id=shift.id
    )
    from_balance = PayFromBalance(client_id=client, order_id=other)
    close = CloseShift(shift_id=shift.id, counted=money(0))
    commands: list[Command[Any]] = [*[pay] * 10, from_balance, *[pay] * 10, close, *[pay] * 10]
    async with service.running(station.settings("finance")) as second:
        await asyncio.gather(*(together(process, pay) for process in (first, second)))
        ends = await asyncio.gather(
            *(together(process, command) for command in commands for process in (first, second))
        )

    codes = Counter(getattr(end, "code", "done") for (end,) in ends)
    assert codes.keys() <= {"done", "shift_closed", "due_exceeded", "deposit_exceeded"}, codes
    report = await station.ask(GetZReport(shift_id=shift.id))
    (taken,) = report.receipts
    paid = (await station.ask(ListPayments(customer_id=client, limit=200))).items
    assert (taken.documents, taken.amount) == (len(paid), money(700 * len(paid)))
    balance = await station.ask(GetBalance(client_id=client))
    assert balance.owes == 2 * 1500 - taken.amount
    await check_books(first.engine)
