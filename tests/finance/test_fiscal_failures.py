"""Receipts that fail: whatever is given back, settled, reopened, tried again or corrected
meanwhile, the register has in the end what the till has kept."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from services.finance.domain.ledger import Entry
from services.finance.domain.settlement import Settlement
from services.finance.handlers import fiscal, fiscal_offsets
from services.finance.handlers.fiscal_offsets import Part
from services.finance.handlers.fiscal_sending import FiscalSender
from services.finance.providers import Permanent, Unclear
from services.finance.store import FinanceStore
from shared.contracts.finance import GetBalance, GetPayment, TakePayment
from shared.contracts.fiscal import (
    FiscalReceiptView,
    ListFiscalReceipts,
    RetryFiscalReceipt,
)
from shared.contracts.taxes import SetVatRates, VatRate
from shared.handlers import Work
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.at_the_register import AtTheRegister, Printer
from tests.finance.at_work import in_turn
from tests.finance.builders import (
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)


@pytest.fixture
async def till(at_register: AtTheRegister, monkeypatch: pytest.MonkeyPatch) -> AtTheRegister:
    """At 20 %, each receipt as one line."""
    monkeypatch.setattr(FiscalSender, "_orders_of", AsyncMock(return_value={}))
    rates = (VatRate(since=date(2020, 1, 1), percent=Decimal(20)),)
    await at_register.station.send(SetVatRates(regime="vat", rates=rates))
    return at_register


async def receipts(till: AtTheRegister) -> list[FiscalReceiptView]:
    """The oldest first."""
    return sorted(
        (await till.station.ask(ListFiscalReceipts(limit=200))).items, key=lambda one: one.id
    )


async def refused_and_given_back(till: AtTheRegister) -> UUID:
    payment_id = await till.pay("100")
    till.printer.before = Permanent("нет такой ставки")
    await till.rounds()
    till.printer.before = None
    await till.give_back(payment_id, "40")
    await till.rounds()
    assert till.printer.printed == [], "nothing can be given back of what was never sold"
    return payment_id


def told(till: AtTheRegister) -> list[tuple[str, Decimal]]:
    return [(receipt.kind, receipt.total) for receipt in till.printer.printed]


async def test_refund_waits_for_its_sale_and_follows_it_when_that_is_tried_again(
    till: AtTheRegister,
) -> None:
    await refused_and_given_back(till)
    sale, refund = await receipts(till)
    assert (refund.state, refund.detail) == ("failed", "sale_not_printed")
    with pytest.raises(Refused, match="fiscal_sale_not_printed"):
        await till.station.send(RetryFiscalReceipt(receipt_id=refund.id))

    await till.station.send(RetryFiscalReceipt(receipt_id=sale.id))
    till.now = datetime.now(UTC)
    await till.rounds()

    assert told(till) == [("sale", money(100)), ("refund", money(40))]


async def test_refund_follows_the_correction_and_neither_is_told_twice(
    till: AtTheRegister,
) -> None:
    payment_id = await refused_and_given_back(till)
    sale, refund = await receipts(till)

    await till.correct(payment_id)
    for receipt in (sale, refund):
        with pytest.raises(Refused, match="fiscal_receipt_exists"):
            await till.station.send(RetryFiscalReceipt(receipt_id=receipt.id))
    till.now = datetime.now(UTC)
    await till.rounds()
    await till.give_back(payment_id, "10")
    till.now = datetime.now(UTC)
    await till.rounds()

    assert told(till) == [
        ("correction", money(100)),
        ("refund", money(40)),
        ("refund", money(10)),
    ]


async def test_refund_that_was_on_its_way_waits_when_its_sale_is_refused(
    till: AtTheRegister,
) -> None:
    payment_id = await till.pay("100")
    await till.give_back(payment_id, "100")
    till.printer.before = Permanent("нет такой ставки")
    till.now = datetime.now(UTC)
    await till.rounds()
    assert [one.detail for one in await receipts(till)] == ["нет такой ставки", "sale_not_printed"]
    with pytest.raises(Refused, match="nothing_to_correct"):
        await till.correct(payment_id)


async def test_money_without_a_receipt_is_given_back_without_one(
    till: AtTheRegister,
) -> None:
    with till.silent():
        command = TakePayment(customer_id=await till.client(), amount=money(100), method="cash")
        payment_id = (await till.station.send(command)).id
    await till.give_back(payment_id, "40")
    assert await receipts(till) == []
    await till.correct(payment_id)
    await till.give_back(payment_id, "10")
    till.now = datetime.now(UTC)
    await till.rounds()
    assert told(till) == [("correction", money(60)), ("refund", money(10))]


async def test_an_offset_of_what_was_never_sold_goes_back_with_it(
    till: AtTheRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version offset all deposits, also those that came before there was a register."""

    async def offset_all(
        entry: Entry, settled: Settlement, parts: list[Part], store: FinanceStore, work: Work
    ) -> None:
        share = fiscal.share_of(
            settled, sum((part for _, part in parts), Decimal(0)), settled.order.number
        )
        receipt = fiscal_offsets._receipt("sale", entry.id, (share,), (), work)
        await fiscal.queue(receipt, store, work)

    order, client = new_id(), await till.client()
    running = till.station.running["finance"]
    await in_turn(running, order_created(order, client))
    paid = {"customer_id": client, "order_id": order, "method": "cash"}
    with monkeypatch.context() as before:
        before.setattr(fiscal, "queue_sale", AsyncMock())
        silent = await till.station.send(TakePayment(amount=money(100), **paid))
    advance = await till.pay("50", **paid)
    with monkeypatch.context() as older:
        older.setattr(fiscal_offsets, "_take", offset_all)
        completed = order_completed(order, client, services=(work("600"),))
        await in_turn(running, completed, parts_issued(order))
    await till.give_back(silent.id, "40")
    await till.give_back(advance)
    await till.give_back(silent.id)
    till.now = datetime.now(UTC)
    await till.rounds()

    assert [(one.kind, one.total, one.offset) for one in till.printer.printed] == [
        ("sale", money(50), money(0)),
        ("sale", money(150), money(150)),
        ("refund", money(40), money(40)),
        ("refund", money(50), money(50)),
        ("refund", money(50), money(0)),
        ("refund", money(60), money(60)),
    ]


STEPS = (
    "settle", "reopen", "pay", "pay", "silent", "refund", "refund",
    "refuse", "refuse", "unsure", "printed_unsure", "mend", "mend", "retry", "correct",
)  # fmt: skip
PRINTER = {
    "refuse": (Permanent("нет такой ставки"), None),
    "unsure": (Unclear("ReadTimeout"), None),
    "printed_unsure": (None, Unclear("ReadTimeout")),
    "mend": (None, None),
}
"""What happens before and after it prints."""
LIVES = 4


@dataclass
class Lives:
    """A client's order, the payments for it, and a register that fails by turns."""

    till: AtTheRegister
    random: Random
    order_id: UUID = field(default_factory=new_id)
    completion: int = 0
    is_settled: bool = False
    payments: list[UUID] = field(default_factory=list)

    async def begin(self) -> None:
        self.till.printer = Printer()
        self.client_id = await self.till.client()
        await self.hear(order_created(self.order_id, self.client_id))

    async def hear(self, *events: object) -> None:
        await in_turn(self.till.station.running["finance"], *events)  # type: ignore[arg-type]

    async def do(self, step: str) -> None:
        printer = self.till.printer
        match step:
            case "settle" if not self.is_settled:
                self.completion += 1
                done = order_completed(
                    self.order_id, self.client_id, self.completion, services=(work("250"),)
                )
                await self.hear(done, parts_issued(self.order_id, completion=self.completion))
                self.is_settled = True
            case "reopen" if self.is_settled:
                await self.hear(order_reopened(self.order_id, self.completion))
                self.is_settled = False
            case "pay":
                self.payments.append(await self.pay())
            case "silent":
                with self.till.silent():
                    self.payments.append(await self.pay())
            case "refund" if self.payments:
                amount = self.random.choice(["30", "100"])
                with contextlib.suppress(Refused):
                    await self.till.give_back(self.random.choice(self.payments), amount)
            case "refuse" | "unsure" | "printed_unsure" | "mend":
                printer.before, printer.after = PRINTER[step]
            case "retry":
                await self.resolve(self.random.sample(await self.missing(), 1))
            case "correct" if self.payments:
                await self.corrected(self.random.choice(self.payments))
        self.till.now = datetime.now(UTC)
        # Some of it waits for the register to be asked later.
        if self.random.random() < 0.7:
            await self.till.rounds()

    async def pay(self) -> UUID:
        method = self.random.choice(["cash", "card"])
        command = TakePayment.model_validate(
            {
                "customer_id": self.client_id,
                "order_id": self.order_id,
                "amount": money(100),
                "method": method,
            }
        )
        return (await self.till.station.send(command)).id

    async def missing(self) -> list[FiscalReceiptView]:
        """What people find that they may try again: what they see on the paper they leave."""
        printed = {one.id for one in self.till.printer.printed}
        found = [
            one
            for one in await receipts(self.till)
            if one.id > self.order_id
            and one.state in ("failed", "undetermined")
            and one.id not in printed
        ]
        return found or [None]  # type: ignore[list-item]

    async def resolve(self, some: list[FiscalReceiptView]) -> None:
        for one in some:
            if one:
                with contextlib.suppress(Refused):
                    await self.till.station.send(RetryFiscalReceipt(receipt_id=one.id))

    async def corrected(self, payment_id: UUID) -> None:
        """Nobody corrects what stands on paper."""
        printed = {one.document_id for one in self.till.printer.printed if one.kind != "refund"}
        if payment_id not in printed:
            payment = await self.till.station.ask(GetPayment(payment_id=payment_id))
            with contextlib.nullcontext() if payment.correctable else pytest.raises(Refused):
                await self.till.correct(payment_id)

    async def put_right(self) -> None:
        """Each payment without a receipt gets one, by trying again or by a correction."""
        self.till.printer.before = self.till.printer.after = None
        await self.till.rounds()
        by_corrections = self.random.random() < 0.5
        for payment_id in self.payments if by_corrections else ():
            await self.corrected(payment_id)
        await self.resolve(await self.missing())
        for payment_id in self.payments:
            await self.corrected(payment_id)
        self.till.now = datetime.now(UTC)
        await self.till.rounds(200)

    async def agree(self) -> None:
        kept: dict[str, Decimal] = defaultdict(Decimal)
        for payment_id in self.payments:
            payment = await self.till.station.ask(GetPayment(payment_id=payment_id))
            kept[payment.method] += payment.amount - payment.refunded
        held = (await self.till.station.ask(GetBalance(client_id=self.client_id))).deposit
        told: dict[str, Decimal] = defaultdict(Decimal)
        for receipt in self.till.printer.printed:
            sign = -1 if receipt.kind == "refund" else 1
            for tender in receipt.tenders:
                told[tender.method] += sign * tender.amount
            told["advances"] -= sign * receipt.offset
            for line in receipt.lines:
                told["advances" if line.calculated else line.vat] += sign * line.total
        assert told["cash"] == kept["cash"]
        assert told["card"] == kept["card"]
        assert told["advances"] == held
        assert told["vat20"] == kept["cash"] + kept["card"] - held


async def test_register_has_in_the_end_what_was_kept_whatever_failed(
    till: AtTheRegister,
) -> None:
    for seed in range(LIVES):
        lives = Lives(till, Random(seed))
        await lives.begin()
        steps = lives.random.choices(STEPS, k=16)
        for step in steps:
            await lives.do(step)
        await lives.put_right()
        try:
            await lives.agree()
        except AssertionError as error:
            error.add_note(f"life {seed}: {' '.join(steps)}")
            raise
