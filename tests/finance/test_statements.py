"""Statements, debtors and creditors: views of postings that always come to the accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.finance.store.schema import accounts
from shared.contracts.base import Period, Question
from shared.contracts.clients import Cards, ClientView, GetCards, GetClient
from shared.contracts.finance import GetBalance, RefundPayment, TakePayment
from shared.contracts.statements import (
    CheckClients,
    ClientStatement,
    Creditors,
    Debtors,
    StatementView,
)
from shared.database import engine_for
from shared.messaging.client import ServiceClient
from tests.finance.at_work import answer, check_books, rows_of
from tests.finance.builders import NOON, at, money, order_completed, parts_issued
from tests.finance.test_reports_agree import Station, amounts, slots

DAY = timedelta(days=1)


class Directory:
    """Answers for the clients service."""

    async def ask(self, question: Question[Any], **_: Any) -> Any:
        if isinstance(question, GetClient):
            return card(question.client_id)
        assert isinstance(question, GetCards)
        return Cards(clients=tuple(map(card, question.client_ids)), vehicles=())


def card(client_id: UUID) -> ClientView:
    return ClientView(
        id=client_id, name=f"Клиент {client_id}", revision=1, created_at=NOON, updated_at=NOON
    )


async def asked[ReplyT](station: Station, question: Question[ReplyT]) -> ReplyT:
    return await answer(
        station.engine,
        station.settings,
        question,
        client=cast(ServiceClient, Directory()),
        now=station.now,
    )


async def statement(station: Station, client: UUID, **period: datetime) -> StatementView:
    return await asked(station, ClientStatement(client_id=client, period=Period(**period)))


def living(database: Callable[[str], str], story: Any) -> None:
    async def live() -> None:
        url = database("finance")
        engine = engine_for(url)
        try:
            station = Station(engine, url)
            station.open()
            await station.commit()
            await story(station)
        finally:
            await engine.dispose()

    asyncio.run(live())


def test_a_statement_tells_each_document_once(database: Callable[[str], str]) -> None:
    """A deposit that the order takes, an overpayment, a refund, another payer, a hidden order."""

    async def story(station: Station) -> None:
        (client, other), (order, _, hidden, _) = station.clients, station.orders
        station.send(
            TakePayment(customer_id=client, order_id=order, amount=money(300), method="cash")
        )
        await station.commit()
        station.now = at(60)
        await station.finish(0, money(1000), Decimal(0), money(500), money(100))
        station.send(
            order_completed(hidden, client, completed_at=station.now), parts_issued(hidden, "70")
        )
        await station.commit()
        station.now = at(120)
        station.send(
            TakePayment(customer_id=client, payer_id=other, amount=money(1300), method="card")
        )
        await station.commit()
        station.now = at(180)
        await station.commit()
        station.send(RefundPayment(payment_id=station.payments[-1], amount=money(100)))
        await station.commit()

        whole = await statement(station, client)

        assert [
            (row.document, row.debit, row.credit, row.balance, row.payer_id) for row in whole.items
        ] == [
            ("payment", None, money(300), money(-300), None),
            ("order", money(1500), None, money(1200), None),
            ("payment", None, money(1300), money(-100), other),
            ("refund", money(100), None, money(0), other),
        ]
        assert [row.payer for row in whole.items[2:]] == [f"Клиент {other}"] * 2
        assert [row.number for row in whole.items[:2]] == ["A-000001"] * 2
        assert (whole.opening, whole.debit, whole.credit, whole.closing) == (
            money(0), money(1600), money(1600), money(0)
        )  # fmt: skip
        part = await statement(station, client, start=at(60), end=at(180))
        assert (part.opening, part.closing) == (money(-300), money(-100))
        assert part.items == whole.items[1:3]

    living(database, story)


happenings = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.one_of(
            st.tuples(
                st.just(Station.finish), slots, amounts, st.just(Decimal(10)), amounts, amounts
            ),
            st.tuples(st.just(Station.reopen), slots),
            st.tuples(st.just(Station.pay), slots, amounts, st.booleans()),
            st.tuples(st.just(Station.refund), slots, amounts),
        ),
    ),
    max_size=10,
)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happened=happenings)
def test_after_every_step_statements_and_debtors_come_to_the_accounts(
    database: Callable[[str], str], happened: list[tuple[int, tuple[Any, ...]]]
) -> None:
    async def story(station: Station) -> None:
        past: list[tuple[datetime, Decimal, Decimal]] = []
        for hours, (act, *arguments) in happened:
            station.now += timedelta(hours=hours, minutes=1)
            await act(station, *arguments)
            await station.commit()
            past.append((station.now, *await all_agree(station)))
        await check_books(station.engine)
        for moment, owed, held in past:
            assert await totals(station, moment) == (owed, held)
        assert (await asked(station, CheckClients())).items == ()

    living(database, story)


async def all_agree(station: Station) -> tuple[Decimal, Decimal]:
    """What clients owe, and what is held of theirs."""
    middle = station.now - DAY
    for client in station.clients:
        balance = await asked(station, GetBalance(client_id=client))
        whole = await statement(station, client)
        assert whole.closing == balance.owes
        assert whole.closing == whole.opening + whole.debit - whole.credit
        assert all(row.balance is not None for row in whole.items)
        before, after = (
            await statement(station, client, end=middle),
            await statement(station, client, start=middle),
        )
        assert after.opening == before.closing
        assert after.closing == whole.closing
        assert before.items + after.items == whole.items
    found = await rows_of(station.engine, accounts)
    expected = (
        sum((row.receivable for row in found), Decimal(0)),
        sum((row.deposits for row in found), Decimal(0)),
    )
    assert await totals(station, station.now) == expected
    return expected


async def totals(station: Station, moment: datetime) -> tuple[Decimal, Decimal]:
    debtors = await asked(station, Debtors(at=moment))
    assert sum(debtor.owes for debtor in debtors.items) == debtors.totals.owes
    assert all(debtor.owes == sum(order.due for order in debtor.unpaid) for debtor in debtors.items)
    creditors = await asked(station, Creditors(at=moment))
    assert sum(row.deposits for row in creditors.items) == creditors.total
    return debtors.totals.owes, creditors.total


def test_debts_are_told_by_their_age(database: Callable[[str], str]) -> None:
    async def story(station: Station) -> None:
        client = station.clients[0]
        for slot, price in ((0, 100), (2, 200)):
            await station.finish(slot, money(price), Decimal(0), money("0.01"), money(0))
            station.now += 30 * DAY
        station.send(
            TakePayment(
                customer_id=client, order_id=station.orders[0], amount=money(50), method="cash"
            )
        )
        await station.commit()

        (debtor,) = (await asked(station, Debtors())).items

        assert debtor.client == f"Клиент {client}"
        assert [(order.days, order.due) for order in debtor.unpaid] == [
            (60, money("50.01")),
            (30, money("200.01")),
        ]
        assert (debtor.days_31_60, debtor.days_8_30, debtor.owes) == (
            money("50.01"), money("200.01"), money("250.02")
        )  # fmt: skip
        earlier = await asked(station, Debtors(at=NOON + 8 * DAY))
        assert (earlier.totals.days_8_30, earlier.totals.owes) == (money("100.01"),) * 2
        elsewhere = Debtors(section_id=client)
        assert (await asked(station, elsewhere)).items == ()

    living(database, story)


def test_the_check_names_what_is_not_the_sum_of_its_postings(
    database: Callable[[str], str],
) -> None:
    async def story(station: Station) -> None:
        client, order = station.clients[0], station.orders[0]
        await station.finish(0, money(100), Decimal(0), money(20), money(5))
        await station.pay(0, money(50), True)
        await station.commit()
        assert (await asked(station, CheckClients())).items == ()
        spoiled = (
            "UPDATE accounts SET receivable = receivable + 1 WHERE receivable > 0",
            "UPDATE settlements SET paid = paid - 2, cost = 6",
            "UPDATE payments SET refunded = 3",
        )
        async with station.engine.begin() as connection:
            for statement_text in spoiled:
                await connection.execute(text(statement_text))

        found = (await asked(station, CheckClients())).items

        assert [(row.what, row.expected, row.actual) for row in found] == [
            ("account_receivable", "70.00", "71.00"),
            ("account_statement", "70.00", "71.00"),
            ("entry_cost", "5.00", "6.00"),
            ("payment_refunded", "0.00", "3.00"),
            ("settlement_due", "70.00", "72.00"),
            ("settlement_paid", "50.00", "48.00"),
        ]
        assert {row.client_id for row in found} == {client}
        assert {row.order_id for row in found} == {None, order}

    living(database, story)
