"""Several orders and methods in one payment; deposits that go from order to order or back."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from shared.contracts.bonuses import AdjustBonuses, GetBonuses
from shared.contracts.finance import (
    GetBalance,
    GetOrderProfit,
    GetPayment,
    ListPayments,
    OrderDueChanged,
    OrderPaid,
    PaymentTaken,
    RefundPayment,
    TakePayment,
)
from shared.contracts.payment_documents import (
    DepositMoved,
    GetPaymentDocument,
    GiveBackDeposits,
    MoveDeposit,
    OrderShare,
    PayFromBalance,
    PaymentPart,
    TakePaymentDocument,
)
from shared.contracts.till import ChangeTillSettings, CreateCashBox, OpenShift
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.at_work import check_books, in_turn, ledger, published
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    parts_issued,
    work,
)
from tests.support.day import Station

type Method = Literal["cash", "card", "transfer"]


async def a_client(station: Station) -> UUID:
    client = new_id()
    await in_turn(station.running["finance"], client_created(client))
    return client


async def an_order(station: Station, client: UUID, total: str | None = None) -> UUID:
    """Settled, if it has a total."""
    order, running = new_id(), station.running["finance"]
    await in_turn(running, order_created(order, client))
    if total:
        done = order_completed(order, client, services=(work(total),))
        await in_turn(running, done, parts_issued(order))
    return order


def shares(*some: tuple[UUID, str]) -> tuple[OrderShare, ...]:
    return tuple(OrderShare(order_id=order, amount=money(amount)) for order, amount in some)


def parts(**some: str) -> tuple[PaymentPart, ...]:
    return tuple(
        PaymentPart.model_validate({"method": method, "amount": amount})
        for method, amount in some.items()
    )


async def due(station: Station, order: UUID) -> Decimal:
    return (await station.ask(GetOrderProfit(order_id=order))).due


async def refused(station: Station, command: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await station.send(command)
    return refusal.value.code


async def test_one_payment_by_cash_and_card_pays_several_orders(station: Station) -> None:
    client = await a_client(station)
    first, second = await an_order(station, client, "700"), await an_order(station, client, "800")
    command = TakePaymentDocument(
        customer_id=client,
        orders=shares((first, "700"), (second, "800")),
        parts=parts(cash="1000", card="500"),
        tendered=money("2000"),
    )

    document = await station.send(command, key="one click")
    assert await station.send(command, key="one click") == document

    assert (document.amount, document.tendered, document.change) == (
        money(1500),
        money(2000),
        money(1000),
    )
    assert [(one.order_id, one.method, one.amount) for one in document.payments] == [
        (first, "cash", money(700)),
        (second, "cash", money(300)),
        (second, "card", money(500)),
    ]
    assert await station.ask(GetPaymentDocument(document_id=document.id)) == document
    running = station.running["finance"]
    assert len(await published(running, PaymentTaken)) == 3
    assert [event.order_id for event in await published(running, OrderPaid)] == [first, second]
    # The second was paid by two payments, of one moment: what the first of them left nobody hears.
    assert await published(running, OrderDueChanged) == []
    assert (await station.ask(GetBalance(client_id=client))).owes == 0
    listed = await station.ask(ListPayments(document_id=document.id))
    assert Counter(listed.items) == Counter(document.payments)
    await station.send(RefundPayment(payment_id=document.payments[2].id, reason="Не то"))
    assert await due(station, second) == 500
    await check_books(running.engine)


async def test_company_pays_for_its_drivers_and_each_one_s_balance_moves(
    station: Station,
) -> None:
    company, anna, boris = [await a_client(station) for _ in range(3)]
    orders = [await an_order(station, anna, "300"), await an_order(station, boris, "400")]

    document = await station.send(
        TakePaymentDocument(
            payer_id=company,
            orders=shares((orders[0], "300"), (orders[1], "450")),
            parts=parts(transfer="750"),
        )
    )

    assert {one.payer_id for one in document.payments} == {company}
    assert [one.customer_id for one in document.payments] == [anna, boris]
    balances = [
        (await station.ask(GetBalance(client_id=one))).owes for one in (company, anna, boris)
    ]
    assert balances == [0, 0, -50]
    by_payer = await station.ask(ListPayments(payer_id=company))
    assert {one.id for one in by_payer.items} == {one.id for one in document.payments}
    await check_books(station.running["finance"].engine)


async def test_a_document_that_is_not_exact_is_refused_whole(station: Station) -> None:
    client, stranger = await a_client(station), await a_client(station)
    mine, other = await an_order(station, client, "500"), await an_order(station, stranger, "500")
    box = await station.send(CreateCashBox(name="Только карты", methods=("card",)))
    await station.send(OpenShift(cash_box_id=box.id, counted=money(0)))
    right: dict[str, Any] = {
        "customer_id": client,
        "orders": shares((mine, "500")),
        "parts": parts(cash="200", card="300"),
    }
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"parts": parts(cash="200", card="299.99")}, "payment_sum_differs"),
        ({"orders": shares((mine, "250"), (other, "250"))}, "order_of_other_client"),
        ({"orders": shares((mine, "250"), (mine, "250"))}, "order_twice"),
        ({"parts": (*parts(cash="200"), *parts(cash="300"))}, "method_twice"),
        ({"tendered": money("199")}, "tendered_too_little"),
        ({"parts": parts(card="500"), "tendered": money("600")}, "tendered_without_cash"),
        ({"customer_id": None}, "payer_required"),
        ({"cash_box_id": box.id}, "method_not_taken"),
    )
    for change, code in wrong:
        assert await refused(station, TakePaymentDocument(**{**right, **change})) == code
    await station.send(ChangeTillSettings(shift_required=True))
    assert await refused(station, TakePaymentDocument(**right)) == "shift_required"
    assert await ledger(station.running["finance"].engine, mine) == [
        ("settlement", "receivable", "revenue.services", money(500))
    ]
    assert (await station.ask(ListPayments())).items == ()


async def test_bonuses_and_money_pay_together_or_neither_does(station: Station) -> None:
    client, company = await a_client(station), await a_client(station)
    await station.send(AdjustBonuses(client_id=client, amount=money(100), reason="Подарок"))
    first, second = await an_order(station, client, "700"), await an_order(station, client, "800")

    def paying(bonus: str, cash: str, **fields: Any) -> TakePaymentDocument:
        return TakePaymentDocument(
            **{
                "customer_id": client,
                "orders": shares((first, "700"), (second, "800")),
                "parts": parts(bonus=bonus, cash=cash),
                **fields,
            }
        )

    # The money does not fit, the cash is too little, there are not so many bonuses, they are
    # another's: nothing is taken, of either.
    assert await refused(station, paying("100", "1300")) == "payment_sum_differs"
    assert await refused(station, paying("100", "1400", tendered=money(1000))) == (
        "tendered_too_little"
    )
    assert await refused(station, paying("150", "1350")) == "bonus_not_enough"
    assert await refused(station, paying("100", "1400", payer_id=company)) == (
        "bonus_of_other_client"
    )
    assert await due(station, first) + await due(station, second) == money(1500)
    assert (await station.ask(GetBonuses(client_id=client))).balance == money(100)
    assert await published(station.running["finance"], PaymentTaken) == []

    taken = await station.send(paying("100", "1400", tendered=money(2000)))
    paid = [(one.order_id, one.method, one.amount) for one in taken.payments]
    assert paid == [
        (first, "bonus", money(100)),
        (first, "cash", money(600)),
        (second, "cash", money(800)),
    ]
    assert (taken.amount, taken.change) == (money(1500), money(600))
    assert await due(station, first) == await due(station, second) == 0
    assert (await station.ask(GetBonuses(client_id=client))).balance == 0
    await check_books(station.running["finance"].engine)


async def test_change_of_a_single_payment_is_told(station: Station) -> None:
    client = await a_client(station)
    pay = {"customer_id": client, "amount": money("90"), "method": "cash"}
    taken = await station.send(TakePayment(**pay, tendered=money("100")))
    assert (taken.tendered, taken.change) == (money(100), money(10))
    found = await station.ask(GetPayment(payment_id=taken.id))
    assert found.model_dump() == {**taken.model_dump(), "correctable": False}
    short = TakePayment(**pay, tendered=money("80"))
    assert await refused(station, short) == "tendered_too_little"


async def test_deposit_goes_to_another_order_and_pays_it(station: Station) -> None:
    client = await a_client(station)
    waiting, done = await an_order(station, client), await an_order(station, client, "600")
    take = TakePayment(order_id=waiting, customer_id=client, amount=money(1000), method="card")
    payment = await station.send(take)
    over = MoveDeposit(payment_id=payment.id, order_id=done, amount=money(601))
    assert await refused(station, over) == "due_exceeded"

    await station.send(MoveDeposit(payment_id=payment.id, order_id=done))
    assert await due(station, done) == 0
    third = await an_order(station, client)
    part = MoveDeposit(payment_id=payment.id, order_id=third, amount=money(100))
    assert await refused(station, part) == "deposit_moves_whole"
    await station.send(MoveDeposit(payment_id=payment.id, order_id=third))
    assert (await station.ask(GetOrderProfit(order_id=third))).paid == 400
    assert (await station.ask(GetOrderProfit(order_id=waiting))).paid == 0
    more = MoveDeposit(payment_id=payment.id, order_id=done, amount=money("400.01"))
    assert await refused(station, more) == "deposit_exceeded"
    strange = await an_order(station, await a_client(station))
    elsewhere = MoveDeposit(payment_id=payment.id, order_id=strange)
    assert await refused(station, elsewhere) == "order_of_other_client"
    running = station.running["finance"]
    assert [event.amount for event in await published(running, DepositMoved)] == [600, 400]
    assert [event.order_id for event in await published(running, OrderPaid)] == [done]
    await check_books(running.engine)


async def test_payment_that_moves_whole_is_given_for_the_other_order(station: Station) -> None:
    client = await a_client(station)
    wrong, right = await an_order(station, client), await an_order(station, client, "300")
    take = TakePayment(order_id=wrong, customer_id=client, amount=money(300), method="cash")
    payment = await station.send(take)
    moved = await station.send(MoveDeposit(payment_id=payment.id, order_id=right))
    assert moved.order_id == right
    (event,) = await published(station.running["finance"], DepositMoved)
    assert (event.renamed, event.from_order_id, event.order_id) == (True, wrong, right)


async def test_what_is_over_goes_back_each_payment_by_its_own_method(station: Station) -> None:
    client = await a_client(station)
    done, waiting = await an_order(station, client, "500"), await an_order(station, client)
    methods: tuple[tuple[Method, str, UUID | None], ...] = (
        ("card", "600", done),
        ("cash", "70", None),
        ("transfer", "1000", waiting),
    )
    for method, amount, order in methods:
        take = {"order_id": order, "customer_id": client, "amount": money(amount)}
        await station.send(TakePayment(**take, method=method))
    too_much = GiveBackDeposits(client_id=client, amount=money("170.01"))
    assert await refused(station, too_much) == "deposit_exceeded"

    some = await station.send(GiveBackDeposits(client_id=client, amount=money(100)))
    assert [(one.method, one.refunded) for one in some.payments] == [
        ("cash", money(70)),
        ("card", money(30)),
    ]
    rest = await station.send(GiveBackDeposits(client_id=client, reason="Переплата"))
    assert rest.amount == 70
    assert (await station.ask(GetBalance(client_id=client))).owes == -1000
    assert await refused(station, GiveBackDeposits(client_id=client)) == "deposit_exceeded"
    await check_books(station.running["finance"].engine)


async def test_free_money_pays_a_settled_order_and_what_waits_for_another_stays(
    station: Station,
) -> None:
    client = await a_client(station)
    owing, waiting = await an_order(station, client, "500"), await an_order(station, client)
    for amount, order in (("300", waiting), ("50", owing), ("600", waiting)):
        take = TakePayment(order_id=order, customer_id=client, amount=money(amount), method="card")
        payment = await station.send(take)
    # The last one waits for no order from now on, and still no order has it.
    await station.send(MoveDeposit(payment_id=payment.id))
    balance = await station.ask(GetBalance(client_id=client))
    assert (balance.deposit, balance.free, balance.debt) == (money(900), money(600), money(450))
    assert (balance.covers(money(450)), balance.covers(money(700))) == (money(450), money(600))

    pay = PayFromBalance(client_id=client, order_id=owing)
    over = pay.model_copy(update={"amount": money("450.01")})
    assert await refused(station, over) == "due_exceeded"
    part = await station.send(pay.model_copy(update={"amount": money(100)}))
    assert (part.amount, await due(station, owing)) == (money(100), money(350))
    assert [one.id for one in part.payments] == [payment.id]
    assert (await station.send(pay)).amount == money(350)
    assert await due(station, owing) == 0
    assert await refused(station, pay) == "due_exceeded"
    more = await an_order(station, client, "1000")
    assert (await due(station, more), await due(station, waiting)) == (money(850), money(0))
    none_left = PayFromBalance(client_id=client, order_id=more)
    assert await refused(station, none_left) == "deposit_exceeded"
    strange = PayFromBalance(client_id=await a_client(station), order_id=more)
    assert await refused(station, strange) == "order_of_other_client"
    running = station.running["finance"]
    told = await published(running, OrderDueChanged)
    assert [event.due for event in told] == [money(450), money(350)]
    await check_books(running.engine)
