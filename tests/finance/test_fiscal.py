"""Fiscal receipts: queued with the money, printed once, whatever dies when."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from services.finance.domain import fiscal as domain
from services.finance.domain.fiscal_lines import composed
from services.finance.handlers import fiscal, fiscal_offsets
from services.finance.handlers.fiscal_sending import FiscalSender
from services.finance.providers import FileRegister, Passing, Permanent, Unclear
from shared.contracts.finance import (
    GetBalance,
    GetPayment,
    ListPayments,
    RefundPayment,
)
from shared.contracts.fiscal import (
    FiscalReceiptView,
    GetFiscalReceipt,
    ListFiscalReceipts,
    RetryFiscalReceipt,
)
from shared.contracts.payment_documents import OrderShare, PaymentPart, TakePaymentDocument
from shared.contracts.taxes import SetVatRates, VatRate
from shared.contracts.till import CloseShift, ListCashBoxes, OpenShift
from shared.contracts.work_order import WorkOrder
from shared.formulas.sample import SAMPLE
from shared.ids import new_id
from shared.messaging import outbox
from shared.refusals import Refused
from tests.finance.at_the_register import AtTheRegister
from tests.finance.at_work import in_turn
from tests.finance.builders import (
    NOON,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.support.day import Station


class Killed(BaseException):
    """The process is gone: nothing that would have come after happens."""


async def test_a_rate_that_no_register_prints_is_refused(at_register: AtTheRegister) -> None:
    """It would print such a sale as one without VAT."""
    station = at_register.station
    long_ago = VatRate(since=date(2004, 1, 1), percent=Decimal(18))
    old = VatRate(since=date(2019, 1, 1), percent=Decimal(20))
    await station.send(SetVatRates(regime="vat", rates=(long_ago, old)))
    new = VatRate(since=date(2027, 1, 1), percent=Decimal(23))
    with pytest.raises(Refused, match="vat_rate_not_fiscal"):
        await station.send(SetVatRates(regime="vat", rates=(old, new)))
    none = VatRate(since=date(2027, 1, 1), percent=None)
    saved = await station.send(SetVatRates(regime="vat", rates=(old, none)))
    assert saved.rates == (old, none)


async def test_a_register_without_a_code_for_a_rate_of_the_station_is_not_connected(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = [date(2004, 1, 1), date(2019, 1, 1), date(2127, 1, 1), date(2128, 1, 1)]

    async def rated(*percents: str) -> None:
        rates = (
            VatRate(since=since, percent=Decimal(percent))
            for since, percent in zip(begun, percents, strict=False)
        )
        await station.send(SetVatRates(regime="vat", rates=tuple(rates)))

    await rated("18", "20", "23", "24.5")
    await station.stop("finance")
    monkeypatch.setenv("PITLANE_FISCAL_ADAPTER", "file")
    with pytest.raises(Refused) as refused:
        await station.start("finance")
    assert (refused.value.code, refused.value.params) == (
        "start_at_rate_not_fiscal",
        {"percent": "23, 24.5"},
    )

    monkeypatch.setenv("PITLANE_FISCAL_ADAPTER", "none")
    await station.start("finance")
    await rated("18", "20")
    await station.stop("finance")
    monkeypatch.setenv("PITLANE_FISCAL_ADAPTER", "file")
    await station.start("finance")  # nothing is sold at 18 % any more


async def test_what_was_sold_at_a_rate_without_a_code_is_not_printed_at_another(
    at_register: AtTheRegister,
) -> None:
    station = at_register.station
    old = VatRate(since=date(2004, 1, 1), percent=Decimal(18))
    new = VatRate(since=NOON.date() + timedelta(days=1), percent=Decimal(20))
    await station.send(SetVatRates(regime="vat", rates=(old, new)))
    order, client = new_id(), await at_register.client()
    await in_turn(
        station.running["finance"],
        order_created(order, client),
        order_completed(order, client, services=(work("100"),)),
        parts_issued(order),
    )
    payment_id = await at_register.pay("100", customer_id=client, order_id=order)
    await at_register.rounds()
    await at_register.give_back(payment_id)
    at_register.later(hours=1)
    await at_register.rounds()

    receipts = (await station.ask(ListFiscalReceipts(document_id=payment_id))).items
    assert [(one.kind, one.state, one.detail) for one in receipts] == [
        ("refund", "failed", "sale_not_printed"),
        ("sale", "failed", "vat_rate_not_fiscal"),
    ]
    await station.send(RetryFiscalReceipt(receipt_id=receipts[1].id))
    at_register.later(hours=1)
    await at_register.rounds()
    assert at_register.printer.printed == []
    shown = await station.ask(GetPayment(payment_id=payment_id))
    assert shown.fiscal_state == "failed"


async def test_receipt_goes_from_the_queue_to_its_number(at_register: AtTheRegister) -> None:
    payment_id = await at_register.pay("250.50", method="card")
    await at_register.rounds()

    (printed,) = at_register.printer.printed
    assert (printed.kind, printed.total, printed.cashier) == ("sale", money("250.50"), "admin")
    (line,) = printed.lines
    assert (line.name, line.method, line.subject) == ("Аванс", "advance", "payment")
    payment = await at_register.station.ask(GetPayment(payment_id=payment_id))
    assert (payment.fiscal_state, payment.fiscal_number) == ("sent", 1)
    (listed,) = (await at_register.station.ask(ListPayments())).items
    assert payment.model_dump() == {**listed.model_dump(), "correctable": False}
    refund = RefundPayment(payment_id=payment_id, amount=money(50), reason="Брак")
    await at_register.station.send(refund)
    at_register.later(seconds=5)
    await at_register.rounds()
    assert [(one.kind, one.total, one.reason) for one in at_register.printer.printed][1:] == [
        ("refund", money(50), "Брак")
    ]


async def test_shift_is_opened_and_closed_in_the_register_too(at_register: AtTheRegister) -> None:
    station = at_register.station
    (box,) = (await station.ask(ListCashBoxes())).items
    shift = await station.send(OpenShift(cash_box_id=box.id, counted=money(0)))
    await at_register.pay()
    await station.send(CloseShift(shift_id=shift.id, counted=money(100)))
    at_register.later(seconds=5)
    await at_register.rounds()
    printed = at_register.printer.printed
    assert [one.kind for one in printed] == ["shift_open", "sale", "shift_close"]
    assert {one.shift_id for one in printed} == {shift.id}


async def test_one_document_is_one_receipt_with_a_line_for_each_share(
    at_register: AtTheRegister,
) -> None:
    station, running = at_register.station, at_register.station.running["finance"]
    client = await at_register.client()
    done, waiting = new_id(), new_id()
    for order in (done, waiting):
        await in_turn(running, order_created(order, client, f"A-{order.hex[-4:]}"))
    completed = order_completed(done, client, services=(work("500"),), number="A-77")
    await in_turn(running, completed, parts_issued(done))
    document = await station.send(
        TakePaymentDocument(
            customer_id=client,
            orders=(
                OrderShare(order_id=done, amount=money(300)),
                OrderShare(order_id=waiting, amount=money(100)),
            ),
            parts=(
                PaymentPart(method="cash", amount=money(150)),
                PaymentPart(method="card", amount=money(250)),
            ),
        )
    )
    assert document.fiscal_state == "queued"
    at_register.later(seconds=5)
    await at_register.rounds()

    (printed,) = at_register.printer.printed
    assert [(one.method, one.amount) for one in printed.tenders] == [
        ("cash", money(150)),
        ("card", money(250)),
    ]
    assert [(one.method, one.total) for one in printed.lines] == [
        ("credit_payment", money(300)),
        ("prepayment", money(100)),
    ]


def test_order_that_is_paid_whole_is_printed_line_by_line() -> None:
    order: WorkOrder = SAMPLE
    shares = (domain.Share(order.total, order.id, order.number, is_settled=True, is_whole=True),)
    receipt = domain.FiscalReceipt(
        id=new_id(), kind="sale", state="queued", document_id=new_id(), shift_id=None,
        cash_box_id=None, cashier="kassa", total=order.total, tenders=(), shares=shares,
        created_at=NOON, wake_at=NOON,
    )  # fmt: skip
    lines = composed(receipt, {order.id: order}).lines
    assert sum(line.total for line in lines) == order.total
    assert len(lines) == len(order.services) + len(order.products)
    assert all(line.price * line.quantity == line.total for line in lines)
    # What the order says now is not what was paid: one line says so.
    other = replace(receipt, shares=(replace(shares[0], amount=money(1)),))
    assert len(composed(other, {order.id: order}).lines) == 1


@pytest.mark.parametrize(
    ("percent", "code"), [(None, "none"), ("0", "vat0"), ("20.00", "vat20"), ("22", "vat22")]
)
def test_every_line_of_a_settled_order_has_the_vat_that_it_was_settled_at(
    percent: str | None, code: str
) -> None:
    order: WorkOrder = SAMPLE
    rate = None if percent is None else Decimal(percent)
    whole = domain.Share(order.total, order.id, order.number, True, True, rate)
    part = domain.Share(money(1), new_id(), "A-000002", is_settled=True, vat_percent=rate)
    advance = domain.Share(money(2))
    receipt = domain.FiscalReceipt(
        id=new_id(), kind="sale", state="queued", document_id=new_id(), shift_id=None,
        cash_box_id=None, cashier="kassa", total=order.total + 3, tenders=(),
        shares=(whole, part, advance), created_at=NOON, wake_at=NOON,
    )  # fmt: skip

    *paid, last = composed(receipt, {order.id: order}).lines

    assert len(paid) > 2
    assert {line.vat for line in paid} == {code}
    assert (last.method, last.vat) == ("advance", "none")


async def test_the_register_is_told_the_rate_of_the_order_s_day(
    at_register: AtTheRegister,
) -> None:
    station = at_register.station
    rates = (VatRate(since=date(2020, 1, 1), percent=Decimal(20)),)
    await station.send(SetVatRates(regime="vat", rates=rates))
    order, client = new_id(), await at_register.client()
    await in_turn(
        station.running["finance"],
        order_created(order, client),
        order_completed(order, client, services=(work("600", "40"),)),
        parts_issued(order),
    )

    payment = await at_register.pay("100", customer_id=client, order_id=order)
    await at_register.rounds()

    (line,) = (await at_register.receipt(payment)).lines
    assert (line.method, line.vat) == ("credit_payment", "vat20")


async def test_an_advance_has_its_day_s_calculated_rate_and_is_offset_when_the_order_is_settled(
    at_register: AtTheRegister,
) -> None:
    station, running = at_register.station, at_register.station.running["finance"]
    rates = (
        VatRate(since=date(2020, 1, 1), percent=Decimal(20)),
        VatRate(since=date(2026, 1, 1), percent=Decimal(22)),
    )
    await station.send(SetVatRates(regime="vat", rates=rates))
    order, client = new_id(), await at_register.client()
    await in_turn(running, order_created(order, client))
    await at_register.pay("30", customer_id=client)
    await at_register.pay("70", customer_id=client, order_id=order)
    # It was done in 2024, and so at another rate than that of the day on which it was paid.
    await in_turn(
        running,
        order_completed(order, client, services=(work("600"),), completed_at=NOON),
        parts_issued(order),
        order_reopened(order),
    )
    at_register.now = datetime.now(UTC)
    await at_register.rounds()

    told = [
        (receipt.kind, receipt.total, receipt.offset, line.method, line.vat, line.calculated)
        for receipt in at_register.printer.printed
        for line in receipt.lines
    ]
    nothing, all_of_it = money(0), money(100)
    assert told == [
        ("sale", money(30), nothing, "advance", "vat22", True),
        ("sale", money(70), nothing, "prepayment", "vat22", True),
        ("sale", all_of_it, all_of_it, "credit_payment", "vat20", False),
        ("refund", all_of_it, all_of_it, "credit_payment", "vat20", False),
    ]


HISTORIES = [
    "settle pay reopen refund",
    "pay settle reopen settle refund",
    "pay settle pay reopen refund refund",
    "pay settle refund pay reopen settle reopen refund",
    "settle pay reopen settle pay reopen refund settle reopen refund",
    *(
        " ".join(Random(seed).choices(["settle", "reopen", "pay", "pay", "refund"], k=14))
        for seed in range(6)
    ),
]


def at_the_end_of(printed: list[FiscalReceiptView]) -> dict[str, Decimal]:
    """What the register has by method, as advances, of them offset, and as sold by rate."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in printed:
        sign = -1 if receipt.kind == "refund" else 1
        for tender in receipt.tenders:
            sums[tender.method] += sign * tender.amount
        sums["offset"] += sign * receipt.offset
        for line in receipt.lines:
            before = line.method in ("advance", "prepayment")
            sums["advances" if before else line.vat] += sign * line.total
            assert line.calculated is before
        assert sums["offset"] >= 0, "more went back than was offset"
    return sums


async def test_the_register_has_no_more_and_no_less_than_the_books(
    at_register: AtTheRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody knows the lines of the order: one tells of all.
    monkeypatch.setattr(FiscalSender, "_orders_of", AsyncMock(return_value={}))
    rates = (VatRate(since=date(2020, 1, 1), percent=Decimal(20)),)
    await at_register.station.send(SetVatRates(regime="vat", rates=rates))
    for history in HISTORIES:
        at_register.printer.printed.clear()
        await lived(at_register, history)


async def lived(at_register: AtTheRegister, history: str) -> None:
    station, running = at_register.station, at_register.station.running["finance"]
    order, client = new_id(), await at_register.client()
    await in_turn(running, order_created(order, client))
    completion, is_settled, methods = 0, False, cycle(("cash", "card"))
    payments: list[UUID] = []
    for step in [*history.split(), "reopen", *["refund"] * history.count("pay")]:
        if step == "settle" and not is_settled:
            completion, is_settled = completion + 1, True
            services = (work("250"),)
            await in_turn(
                running,
                order_completed(order, client, completion=completion, services=services),
                parts_issued(order, completion=completion),
            )
        elif step == "reopen" and is_settled:
            is_settled = False
            await in_turn(running, order_reopened(order, completion))
        elif step == "pay":
            paid = {"customer_id": client, "order_id": order, "method": next(methods)}
            payments.append(await at_register.pay("100", **paid))
        elif step == "refund" and payments:
            payment = payments.pop(len(payments) // 2)
            await station.send(RefundPayment(payment_id=payment, reason="Брак"))
        else:
            continue
        at_register.now = datetime.now(UTC)
        await at_register.rounds()
        left, held = 100 * len(payments), (await station.ask(GetBalance(client_id=client))).deposit
        told = at_the_end_of(at_register.printer.printed)
        assert told["advances"] - told["offset"] == held, (history, step, told)
        assert told["vat20"] == left - held, (history, step, told)
        assert told["cash"] + told["card"] == left, (history, step, told)
    assert not any(told.values()), (history, told)


async def test_an_advance_is_given_back_as_it_was_sold(
    at_register: AtTheRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version sold it without VAT; the station has had a rate ever since."""
    client = await at_register.client()
    with monkeypatch.context() as older:
        older.setattr(fiscal, "percent_of", AsyncMock(return_value=None))
        payment = await at_register.pay("100", customer_id=client)
    rates = (VatRate(since=date(2020, 1, 1), percent=Decimal(20)),)
    await at_register.station.send(SetVatRates(regime="vat", rates=rates))
    newer = await at_register.pay("50", customer_id=client)
    for each in (payment, newer):
        await at_register.station.send(RefundPayment(payment_id=each, reason="Передумал"))
    at_register.now = datetime.now(UTC)
    await at_register.rounds()
    assert [
        (receipt.kind, receipt.total, line.method, line.vat, line.calculated)
        for receipt in at_register.printer.printed
        for line in receipt.lines
    ] == [
        ("sale", money(100), "advance", "none", False),
        ("sale", money(50), "advance", "vat20", True),
        ("refund", money(100), "advance", "none", False),
        ("refund", money(50), "advance", "vat20", True),
    ]


async def test_an_advance_is_given_back_as_one_though_an_order_has_taken_it(
    at_register: AtTheRegister,
) -> None:
    station, running = at_register.station, at_register.station.running["finance"]
    rates = (
        VatRate(since=date(2020, 1, 1), percent=Decimal(20)),
        VatRate(since=date(2026, 1, 1), percent=Decimal(22)),
    )
    await station.send(SetVatRates(regime="vat", rates=rates))
    order, client = new_id(), await at_register.client()
    await in_turn(running, order_created(order, client))
    payment = await at_register.pay("100", customer_id=client, order_id=order, method="card")
    await in_turn(
        running,
        order_completed(order, client, services=(work("600"),), completed_at=NOON),
        parts_issued(order),
    )
    later = await at_register.pay("500", customer_id=client, order_id=order)
    for refunded in (payment, later):
        amount = money(40)
        await station.send(RefundPayment(payment_id=refunded, amount=amount, reason="Брак"))
    at_register.now = datetime.now(UTC)
    await at_register.rounds()
    assert [
        (receipt.kind, receipt.total, receipt.offset, line.method, line.vat, line.calculated)
        for receipt in at_register.printer.printed[3:]
        for line in receipt.lines
    ] == [
        ("refund", money(40), money(40), "credit_payment", "vat20", False),
        ("refund", money(40), money(0), "prepayment", "vat22", True),
        ("refund", money(40), money(0), "credit_payment", "vat20", False),
    ]


async def test_what_was_never_offset_does_not_go_back_when_its_order_is_reopened(
    at_register: AtTheRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settled before there were receipts of that."""
    order, client = new_id(), await at_register.client()
    running = at_register.station.running["finance"]
    await in_turn(running, order_created(order, client))
    await at_register.pay("100", customer_id=client, order_id=order)
    with monkeypatch.context() as before:
        before.setattr(fiscal_offsets, "queue_offsets", AsyncMock())
        completed = order_completed(order, client, services=(work("600"),))
        await in_turn(running, completed, parts_issued(order))
    await in_turn(running, order_reopened(order))
    await at_register.rounds()
    assert [one.kind for one in at_register.printer.printed] == ["sale"]


async def test_a_failing_register_is_tried_again_and_then_left_to_people(
    at_register: AtTheRegister,
) -> None:
    first, second = await at_register.pay(), await at_register.pay()
    at_register.printer.before = Passing("нет бумаги")
    await at_register.rounds()
    waiting = await at_register.receipt(first)
    assert (waiting.state, waiting.attempts, waiting.detail) == ("queued", 1, "нет бумаги")
    assert (await at_register.receipt(second)).attempts == 0, "one after the other"
    for _ in range(len(domain.RETRY_DELAYS)):
        at_register.later(hours=2)
        await at_register.rounds()
    assert (await at_register.receipt(first)).state == "failed"
    at_register.printer.before = None
    at_register.later(hours=2)
    await at_register.rounds()
    assert (await at_register.receipt(second)).state == "sent"

    receipt = await at_register.receipt(first)
    again = await at_register.station.send(RetryFiscalReceipt(receipt_id=receipt.id))
    assert (again.state, again.attempts) == ("queued", 0)
    await at_register.rounds()
    assert (await at_register.receipt(first)).number == 2
    with pytest.raises(Refused, match="fiscal_receipt_under_way"):
        await at_register.station.send(RetryFiscalReceipt(receipt_id=receipt.id))


async def test_answer_that_is_lost_leaves_it_undetermined_and_is_never_printed_twice(
    at_register: AtTheRegister,
) -> None:
    payment_id = await at_register.pay()
    at_register.printer.after = Unclear("ReadTimeout")
    await at_register.rounds()
    at_register.later(hours=9)
    await at_register.rounds()
    assert (await at_register.receipt(payment_id)).state == "undetermined"
    assert len(at_register.printer.printed) == 1

    at_register.printer.after = None
    refused = await at_register.pay()
    at_register.printer.before = Permanent("нет такой ставки")
    await at_register.rounds()
    assert (await at_register.receipt(refused)).state == "failed"
    at_register.printer.before = None
    correction = await at_register.correct(refused)
    at_register.later(seconds=5)
    await at_register.rounds()
    shown = await at_register.station.ask(GetFiscalReceipt(receipt_id=correction.id))
    assert (shown.kind, shown.state, shown.reason) == ("correction", "sent", "Чек не напечатан")
    with pytest.raises(Refused, match="fiscal_receipt_exists"):
        await at_register.correct(refused)


@pytest.mark.parametrize("knows_ids", [True, False])
@pytest.mark.parametrize("seed", range(2))
async def test_no_receipt_is_doubled_or_forgotten_however_often_the_sender_is_killed(
    at_register: AtTheRegister, knows_ids: bool, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer, random, deaths = at_register.printer, Random(seed), [0]
    printer.knows_ids = knows_ids
    payments = [await at_register.pay() for _ in range(6)]
    write, register = outbox.write, printer.register

    def may_die() -> None:
        if random.random() < 0.25:
            deaths[0] += 1
            raise Killed

    async def writing(*arguments: Any) -> None:
        may_die()
        await write(*arguments)
        may_die()

    async def registering(receipt: FiscalReceiptView) -> int:
        may_die()
        number = await register(receipt)
        may_die()
        return number

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "write", writing)
        patch.setattr(printer, "register", registering)
        for _ in range(12):
            with contextlib.suppress(Killed):
                await at_register.rounds(6)
            at_register.later(minutes=random.choice([0, 1, 60]))
    assert deaths[0], "nobody was killed: nothing was tried"
    for _ in range(10):
        at_register.later(hours=2)
        await at_register.rounds()

    states = {payment: (await at_register.receipt(payment)).state for payment in payments}
    printed = [receipt.document_id for receipt in printer.printed]
    assert len(printed) == len(set(printed)), "a receipt was printed twice"
    if knows_ids:
        assert set(states.values()) == {"sent"}
        assert set(printed) == set(payments)
    else:
        assert set(states.values()) <= {"sent", "undetermined"}
        assert {one for one, state in states.items() if state == "sent"} <= set(printed)


def a_receipt(**fields: Any) -> FiscalReceiptView:
    return FiscalReceiptView(
        **{
            "id": new_id(), "kind": "sale", "state": "sending", "number": None,
            "document_id": new_id(), "shift_id": None, "cash_box_id": None, "cashier": "kassa",
            "total": money(1), "tenders": (), "lines": (), "reason": None, "attempts": 1,
            "next_at": None, "detail": None, "created_at": NOON, "sent_at": None, "revision": 1,
            **fields,
        }
    )  # fmt: skip


async def test_folder_numbers_each_id_once_and_mends_what_a_crash_left(tmp_path: Path) -> None:
    folder = tmp_path / "fiscal"
    first, second, third = a_receipt(), a_receipt(), a_receipt()
    register = FileRegister(folder)
    assert [await register.register(one) for one in (first, second, first)] == [1, 2, 1]
    # Killed after its line was on disk, before its files were; the next line was cut short.
    (folder / f"{second.id}.json").unlink()
    (folder / f"{second.id}.txt").unlink()
    journal = folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"number":3,"id"')

    assert await FileRegister(folder).register(third) == 3
    assert await FileRegister(folder).register(second) == 2

    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert len(list(folder.glob("*.json"))) == len(list(folder.glob("*.txt"))) == 3
    assert "ПРИХОД № 3" in (folder / f"{third.id}.txt").read_text()
