"""Receipts for money that was taken without one."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.contracts.bonuses import AdjustBonuses
from shared.contracts.finance import GetPayment, TakePayment
from shared.contracts.payment_documents import OrderShare, PaymentPart, TakePaymentDocument
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.at_the_register import AtTheRegister
from tests.finance.at_work import in_turn
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    parts_issued,
    work,
)


async def is_correctable(at_register: AtTheRegister, payment_id: UUID) -> bool:
    return (await at_register.station.ask(GetPayment(payment_id=payment_id))).correctable


async def test_a_correction_tells_of_money_that_is_still_there_and_of_no_bonuses(
    at_register: AtTheRegister,
) -> None:
    station = at_register.station
    order, client = new_id(), new_id()
    await in_turn(
        station.running["finance"],
        client_created(client),
        order_created(order, client),
        order_completed(order, client, services=(work("1000"),)),
        parts_issued(order),
    )
    await station.send(AdjustBonuses(client_id=client, amount=money("200"), reason="Извинение"))
    with at_register.silent():
        document = await station.send(
            TakePaymentDocument(
                customer_id=client,
                orders=(OrderShare(order_id=order, amount=money("1000")),),
                parts=(
                    PaymentPart(method="bonus", amount=money("200")),
                    PaymentPart(method="cash", amount=money("300")),
                    PaymentPart(method="card", amount=money("500")),
                ),
            )
        )
    by_bonuses, cash, card = (one.id for one in document.payments)
    await at_register.give_back(cash)
    await at_register.give_back(card, "150")

    assert [await is_correctable(at_register, one) for one in (by_bonuses, cash, card)] == [
        False,
        True,
        True,
    ]
    correction = await at_register.correct(cash)

    assert correction.total == money("350")
    assert [(one.method, one.amount) for one in correction.tenders] == [("card", money("350"))]
    assert not await is_correctable(at_register, card)
    with pytest.raises(Refused, match="fiscal_receipt_exists"):
        await at_register.correct(card)
    with pytest.raises(Refused, match="payment_not_found"):
        await at_register.correct(by_bonuses)


async def test_what_was_given_back_whole_needs_no_correction(
    at_register: AtTheRegister,
) -> None:
    station = at_register.station
    client = await at_register.client()
    with at_register.silent():
        command = TakePayment(customer_id=client, amount=money("100"), method="cash")
        payment = await station.send(command)
    assert await is_correctable(at_register, payment.id)
    await at_register.give_back(payment.id)
    assert not await is_correctable(at_register, payment.id)
    with pytest.raises(Refused, match="nothing_to_correct"):
        await at_register.correct(payment.id)
