"""Bonuses at the till and in the office: what is given, what is refused, who is faster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.finance.app import service
from services.finance.domain.bonus_rules import BonusRule, Paid, given_by, reckon
from shared.contracts.base import Command
from shared.contracts.bonus_rules import ChangeBonusRule, ListBonusRules, TryBonusRule
from shared.contracts.bonuses import AdjustBonuses, BonusAccrued, GetBonuses
from shared.contracts.finance import IncomeExpenses, OrderPaid, RefundPayment, TakePayment
from shared.contracts.payment_documents import MoveDeposit, PayFromBalance
from shared.database import engine_for
from shared.ids import new_id
from shared.refusals import Refused
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, check_books, in_one_transaction, in_turn, job, together
from tests.finance.bonus_work import Orders, check_bonuses, rule, work_order
from tests.finance.builders import (
    NOON,
    client_created,
    money,
    order_completed,
    order_created,
    parts_issued,
    work,
)
from tests.support.day import Station
from tests.support.silence import NO_WAITING_S, silent
from tests.support.waiting import PATIENCE_S


async def a_settled_order(station: Station, total: str) -> tuple[UUID, UUID]:
    order, client = new_id(), new_id()
    await in_turn(
        station.running["finance"],
        client_created(client),
        order_created(order, client),
        order_completed(order, client, services=(work(total),)),
        parts_issued(order),
    )
    return order, client


async def granted(station: Station, client: UUID, amount: str) -> None:
    command = AdjustBonuses(client_id=client, amount=money(amount), reason="Извинение")
    await station.send(command)


def by_bonuses(order: UUID | None, client: UUID, amount: str, **fields: Any) -> TakePayment:
    return TakePayment(
        order_id=order, customer_id=client, amount=money(amount), method="bonus", **fields
    )


async def refused(station: Station, command: Command[Any]) -> Refused:
    with pytest.raises(Refused) as refusal:
        await station.send(command)
    return refusal.value


async def test_bonuses_pay_a_share_and_are_no_money(station: Station) -> None:
    order, client = await a_settled_order(station, "1000")
    await granted(station, client, "400")

    paid = await station.send(by_bonuses(order, client, "300"))

    assert (paid.method, str(paid.amount)) == ("bonus", "300.00")
    view = await station.ask(GetBonuses(client_id=client))
    assert str(view.balance) == "100.00"
    assert [(one.kind, str(one.amount)) for one in view.items] == [
        ("spent", "-300.00"),
        ("granted", "400.00"),
    ]
    rows = (await station.ask(IncomeExpenses())).items
    assert [(row.type, row.category, str(row.amount)) for row in rows if row.amount] == [
        ("income", "orders", "1000.00"),
        ("expense", "bonuses", "400.00"),
    ]
    await check_books(station.running["finance"].engine)
    await check_bonuses(station.running["finance"].engine)


async def test_what_bonuses_may_not_pay_is_refused_with_its_reason(station: Station) -> None:
    order, client = await a_settled_order(station, "1000")
    waiting = new_id()
    await in_turn(station.running["finance"], order_created(waiting, client))
    await granted(station, client, "250")

    for command, code in (
        (by_bonuses(None, client, "10"), "bonus_needs_order"),
        (by_bonuses(order, client, "10", payer_id=new_id()), "bonus_of_other_client"),
        (by_bonuses(waiting, client, "10"), "bonus_order_not_settled"),
        (by_bonuses(order, client, "300.01"), "bonus_share_exceeded"),
        (by_bonuses(order, client, "250.01"), "bonus_not_enough"),
    ):
        assert (await refused(station, command)).code == code
    write_off = AdjustBonuses(client_id=client, amount=money("-250.01"), reason="Ошибка")
    assert (await refused(station, write_off)).code == "bonus_not_enough"
    assert str((await station.ask(GetBonuses(client_id=client))).balance) == "250.00"


async def test_the_till_goes_on_while_orders_keeps_silent(station: Station) -> None:
    order, client = await a_settled_order(station, "1000")
    await station.send(rule("TotalMoney * 0.05"))
    done = work_order(order, client, money("1000"))
    async with silent(station, "orders", done) as orders:
        paid = await station.send(
            TakePayment(order_id=order, customer_id=client, amount=money("1000"), method="card")
        )
        async with asyncio.timeout(PATIENCE_S):
            await orders.heard.wait()
        async with asyncio.timeout(NO_WAITING_S):
            await station.send(RefundPayment(payment_id=paid.id, amount=money("400")))
        assert (await station.ask(GetBonuses(client_id=client))).items == ()

        orders.may_answer.set()
        await station.settle_down()

    # The answer was late: what was given back meanwhile has earned nothing.
    view = await station.ask(GetBonuses(client_id=client))
    assert str(view.balance) == "30.00"
    await check_bonuses(station.running["finance"].engine)


async def test_two_tills_never_spend_one_bonus_twice(station: Station) -> None:
    first = station.running["finance"]
    order, client = await a_settled_order(station, "10000")
    await granted(station, client, "100")
    async with service.running(station.settings("finance")) as second:
        ends = await asyncio.gather(
            *(
                together(till, by_bonuses(order, client, "30"))
                for _ in range(6)
                for till in (first, second)
            )
        )

    refusals = [end for (end,) in ends if isinstance(end, BaseException)]
    assert [getattr(end, "code", end) for end in refusals] == ["bonus_not_enough"] * 9
    assert str((await station.ask(GetBonuses(client_id=client))).balance) == "10.00"
    await check_bonuses(first.engine)


async def test_a_rule_that_cannot_be_reckoned_is_not_kept(station: Station) -> None:
    wrong = await refused(station, rule("TotalMony * 0.05"))
    assert (wrong.code, wrong.params["field"], wrong.params["nearest"]) == (
        "formula_invalid",
        "amount",
        "TotalMoney",
    )
    assert (wrong.params["line"], wrong.params["column"]) == ("1", "1")
    kept = await station.send(rule(days_to_live=3))
    assert (await refused(station, rule())).code == "name_taken"
    unset = ChangeBonusRule(rule_id=kept.id, name=None)
    assert (await refused(station, unset)).code == "field_required"
    changed = await station.send(
        ChangeBonusRule(rule_id=kept.id, expected_revision=1, days_to_live=None, active=False)
    )
    assert (changed.days_to_live, changed.active, changed.revision) == (None, False, 2)
    stale = ChangeBonusRule(rule_id=kept.id, expected_revision=1, priority=1)
    assert (await refused(station, stale)).code == "revision_conflict"
    assert (await station.ask(ListBonusRules())).items == (changed,)


@dataclass
class Books:
    """Finance without a broker, and orders that answer from memory."""

    url: str
    orders: Orders

    async def do(self, *messages: Any) -> list[Any]:
        engine = engine_for(self.url)
        settings = ServiceSettings(service="finance", database_url=self.url)
        jobs = [job(message, at=NOON) for message in messages]
        facts = await in_one_transaction(engine, settings, *jobs, client=self.orders.client())
        await engine.dispose()
        return facts

    async def balance(self, client: UUID) -> Decimal:
        engine = engine_for(self.url)
        settings = ServiceSettings(service="finance", database_url=self.url)
        view = await answer(engine, settings, GetBonuses(client_id=client), now=NOON)
        await check_books(engine)
        await check_bonuses(engine)
        await engine.dispose()
        return view.balance

    async def tried(self, question: TryBonusRule) -> Any:
        engine = engine_for(self.url)
        settings = ServiceSettings(service="finance", database_url=self.url)
        view = await answer(engine, settings, question, client=self.orders.client(), now=NOON)
        await engine.dispose()
        return view


@pytest.mark.parametrize("names_it", [True, False])
async def test_part_of_the_money_that_comes_after_a_refund_restores_its_part_of_the_bonuses(
    database: Callable[[str], str], names_it: bool
) -> None:
    books = Books(database("finance"), Orders())
    order, client = new_id(), new_id()
    books.orders.known[order] = work_order(order, client, money("1000"), completed_at=NOON)
    balances: list[str] = []

    async def then(message: Any) -> list[Any]:
        facts = await books.do(message)
        balances.append(str(await books.balance(client)))
        return facts

    def pay(amount: str) -> TakePayment:
        named = order if names_it else None
        return TakePayment(order_id=named, customer_id=client, amount=money(amount), method="card")

    await books.do(
        client_created(client),
        order_created(order, client),
        order_completed(order, client, services=(work("1000"),)),
        parts_issued(order),
        rule("TotalMoney * 0.05"),
    )
    whole, news = await books.do(pay("1000"))
    await then(news)
    await then(RefundPayment(payment_id=whole.payment.id))
    part, *_ = await then(pay("400"))
    await then(pay("300"))
    await then(RefundPayment(payment_id=part.payment.id))
    _, news, _ = await then(pay("700"))
    await then(news)

    assert balances == ["50.00", "0.00", "20.00", "35.00", "15.00", "50.00", "50.00"]


@pytest.mark.parametrize("whole_payment", [True, False])
async def test_money_that_waited_on_the_balance_restores_the_bonuses_as_new_money_does(
    database: Callable[[str], str], whole_payment: bool
) -> None:
    books = Books(database("finance"), Orders())
    order, waiting, client = new_id(), new_id(), new_id()
    books.orders.known[order] = work_order(order, client, money("1000"), completed_at=NOON)
    await books.do(
        client_created(client),
        order_created(order, client),
        order_created(waiting, client),
        order_completed(order, client, services=(work("1000"),)),
        parts_issued(order),
        rule("TotalMoney * 0.05"),
    )
    paid = {"customer_id": client, "method": "card"}
    whole, news = await books.do(TakePayment(order_id=order, amount=money("1000"), **paid))
    await books.do(news)
    await books.do(RefundPayment(payment_id=whole.payment.id, amount=money("600")))
    (other,) = await books.do(TakePayment(order_id=waiting, amount=money("600"), **paid))
    assert await books.balance(client) == money("20")

    if whole_payment:
        await books.do(MoveDeposit(payment_id=other.payment.id, order_id=order))
    else:
        await books.do(MoveDeposit(payment_id=other.payment.id))
        await books.do(PayFromBalance(client_id=client, order_id=order))

    assert await books.balance(client) == money("50")


async def test_a_dry_run_says_what_really_accrues(database: Callable[[str], str]) -> None:
    books = Books(database("finance"), Orders())
    client = new_id()
    terms: dict[str, Any] = {
        "condition": "TotalMoney > 200",
        "amount": "TotalMoney * 0.0333 + 100 / (TotalMoney - 500)",
        "cap_per_order": Decimal("20"),
        "cap_per_month": Decimal("45"),
    }
    await books.do(client_created(client), rule(**terms))
    accrued: dict[UUID, Decimal] = {}
    for number, total in enumerate(("150", "333.33", "500", "900", "800", "700")):
        order = new_id()
        books.orders.known[order] = work_order(
            order, client, money(total), completed_at=NOON + timedelta(seconds=number)
        )
        facts = await books.do(
            order_created(order, client),
            order_completed(order, client, services=(work(total),)),
            parts_issued(order),
            TakePayment(order_id=order, customer_id=client, amount=money(total), method="cash"),
        )
        (paid,) = [fact for fact in facts if isinstance(fact, OrderPaid)]
        told = [fact for fact in await books.do(paid, paid) if isinstance(fact, BonusAccrued)]
        accrued[order] = sum((fact.amount for fact in told), Decimal(0))

    trial = await books.tried(TryBonusRule(**terms, start=NOON, end=NOON + timedelta(hours=1)))

    assert {row.order_id: row.amount for row in trial.items} == accrued
    assert [str(row.amount) for row in trial.items] == [
        "0.00", "10.50", "0.00", "20.00", "14.50", "0.00",
    ]  # fmt: skip
    assert (trial.orders, trial.accruing, trial.failing) == (6, 3, 1)
    assert (str(trial.amount), trial.truncated) == ("45.00", False)
    assert [row.problem.code for row in trial.items if row.problem] == ["division_by_zero"]


def a_rule(amount: str, **fields: Any) -> BonusRule:
    command = rule(amount, **fields)
    return BonusRule(**dict(command), id=new_id(), revision=1, created_at=NOON, updated_at=NOON)


def test_priority_decides_and_an_exclusive_rule_ends_the_list() -> None:
    order = work_order(new_id(), new_id(), money("1000"))
    paid = Paid(NOON, money("700"), money("1000"))
    rules = [
        a_rule("1", priority=3),
        a_rule("20", priority=2, exclusive=True),
        a_rule("0 * 2", priority=1, exclusive=True),
        a_rule("TotalMoney * 0.05", priority=1),
        a_rule("99", condition="TotalMoney > 1000"),
        a_rule("98", valid_to=NOON.date()),
    ]

    outcomes = reckon(rules, order, paid, NOON.date(), {})

    # Three tenths were paid by bonuses, and these earn none.
    assert [(one.amount, str(outcome.amount)) for one, outcome in outcomes] == [
        ("0 * 2", "0.00"),
        ("TotalMoney * 0.05", "35.00"),
        ("20", "14.00"),
    ]


def test_a_rule_of_groups_counts_their_lines_alone() -> None:
    order = work_order(new_id(), new_id(), money("1000"))
    group = order.services[0].service.group
    assert group
    paid = Paid(NOON, money("1000"), money("1000"))
    own = a_rule("GroupTotal * 0.1", service_groups=(group,))
    foreign = a_rule("GroupTotal + 5", product_groups=("Масла",))
    assert str(given_by(own, order, paid, Decimal(0)).amount) == "100.00"
    assert given_by(foreign, order, paid, Decimal(0)).amount == 0
