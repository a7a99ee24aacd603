"""What finance has not been told yet it asks of those who know, while it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from services.finance.domain.payment import Order
from services.finance.store import FinanceStore
from shared.contracts.base import Command, Question
from shared.contracts.finance import (
    FinanceCommandRefused,
    GetBalance,
    GetOrderProfit,
    RecordExpense,
    TakePayment,
)
from shared.ids import new_id
from shared.refusals import Refused
from shared.service import consumed_subjects
from tests.finance.at_work import ledger, published
from tests.finance.builders import money
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def deaf_station(
    nats_server: TestNats, database: Callable[[str], str]
) -> AsyncIterator[Station]:
    """Clients and orders are there too, but finance hears nothing of what they tell."""
    async with running_station(nats_server, database, "clients", "orders", "finance") as station:
        heard = [subject for subject in consumed_subjects("finance") if ".inventory." in subject]
        await nats_server.apply_topology({"finance": heard})
        yield station


async def test_a_payment_may_come_before_the_news_of_its_order(deaf_station: Station) -> None:
    order = await deaf_station.an_order()
    command = TakePayment(
        order_id=order.id, customer_id=order.client_id, amount=money("100"), method="cash"
    )

    paid = await deaf_station.send(command)

    assert paid.order_id == order.id
    assert (await deaf_station.ask(GetBalance(client_id=order.client_id))).owes == money("-100")
    assert (await deaf_station.ask(GetOrderProfit(order_id=order.id))).paid == money("100")


async def test_an_order_of_somebody_else_is_seen_without_news_of_it(deaf_station: Station) -> None:
    order, other = await deaf_station.an_order(), await deaf_station.a_client()
    command = TakePayment(
        order_id=order.id, customer_id=other.id, amount=money("100"), method="cash"
    )
    with pytest.raises(Refused, match="order_of_other_client"):
        await deaf_station.send(command)


async def test_a_client_without_money_has_a_balance_of_nothing(deaf_station: Station) -> None:
    client = await deaf_station.a_client()
    assert (await deaf_station.ask(GetBalance(client_id=client.id))).owes == money("0")
    order = await deaf_station.an_order(client_id=client.id)
    assert not (await deaf_station.ask(GetOrderProfit(order_id=order.id))).settled


async def test_what_nobody_knows_is_refused_and_nothing_is_written(deaf_station: Station) -> None:
    client, unknown = await deaf_station.a_client(), new_id()
    cases: list[tuple[Command[Any], str]] = [
        (
            TakePayment(order_id=unknown, customer_id=client.id, amount=money("1"), method="cash"),
            "order_not_found",
        ),
        (TakePayment(customer_id=unknown, amount=money("1"), method="cash"), "client_not_found"),
        (
            TakePayment(customer_id=client.id, payer_id=unknown, amount=money("1"), method="cash"),
            "client_not_found",
        ),
        (
            RecordExpense(amount=money("1"), category="Аренда", order_id=unknown),
            "order_not_found",
        ),
    ]
    for command, code in cases:
        with pytest.raises(Refused) as refusal:
            await deaf_station.send(command)
        assert refusal.value.code == code
    questions: list[tuple[Question[Any], str]] = [
        (GetBalance(client_id=unknown), "client_not_found"),
        (GetOrderProfit(order_id=unknown), "order_not_found"),
    ]
    for question, code in questions:
        with pytest.raises(Refused) as refusal:
            await deaf_station.ask(question)
        assert refusal.value.code == code

    running = deaf_station.running["finance"]
    assert await ledger(running.engine) == []
    told = await published(running, FinanceCommandRefused)
    assert [event.code for event in told] == [code for _, code in cases]


async def test_an_order_that_was_cancelled_is_so_whoever_heard_of_it_at_that_moment(
    station: Station,
) -> None:
    """Two processes: one is told of the order, the other asked and knows of its end."""
    engine, order = station.running["finance"].engine, Order(new_id(), "A-000001", new_id())
    async with engine.begin() as asking, engine.begin() as told:
        stores = FinanceStore(asking), FinanceStore(told)
        assert [await store.order(order.id) for store in stores] == [None, None]
        stores[1].add_order(order)
        await stores[1].write()
        await told.commit()
        stores[0].add_order(replace(order, cancelled=True))
        await stores[0].write()
    async with engine.connect() as connection:
        known = await FinanceStore(connection).order(order.id)
    assert known
    assert known.cancelled


async def test_whoever_merges_a_client_of_whom_nothing_was_known_waits_for_the_order_of_that_one(
    station: Station,
) -> None:
    """Two processes: one is told that an order is done, the other that its client was merged. One
    of them begins anew, and finds what the other has written."""
    engine, client_id = station.running["finance"].engine, new_id()
    async with engine.begin() as done, engine.connect() as merging:
        books, others = FinanceStore(done), FinanceStore(merging)
        assert await others.account(client_id) is None
        assert await books.survivor_of(client_id) == client_id
        await books.write()
        await done.commit()
        others.add_client(client_id)
        with pytest.raises(IntegrityError):
            await others.write()
