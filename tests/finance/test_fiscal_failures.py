"""Receipts that fail: whatever is given back, settled, reopened, tried again or corrected
meanwhile, the register has in the end what the till has kept."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from services.finance.domain.fiscal import FiscalReceipt
from services.finance.domain.ledger import Entry
from services.finance.domain.settlement import Settlement
from services.finance.handlers import fiscal, fiscal_offsets, vat
from services.finance.handlers.fiscal_offsets import Part
from services.finance.handlers.fiscal_sending import FiscalSender
from services.finance.providers import Passing, Permanent, Unclear
from services.finance.store import FinanceStore
from shared.contracts.bonuses import AdjustBonuses
from shared.contracts.finance import GetBalance, GetPayment, TakePayment
from shared.contracts.fiscal import (
    FiscalReceiptView,
    ListFiscalReceipts,
    LookUpFiscalReceipt,
    RetryFiscalReceipt,
)
from shared.contracts.payment_documents import OrderShare, PaymentPart, TakePaymentDocument
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


@pytest.mark.parametrize("is_there", [True, False])
async def test_what_is_perhaps_printed_is_corrected_only_after_somebody_has_looked(
    till: AtTheRegister, is_there: bool
) -> None:
    """Of a register that knows ids, whose answers are lost: a correction has another id."""
    till.printer.knows_ids = True
    if is_there:
        till.printer.after = Unclear("ReadTimeout")
    else:
        till.printer.before = Unclear("ReadTimeout")
    payment_id = await till.pay("100")
    await till.rounds()
    lost = await till.receipt(payment_id)
    till.printer.before, till.printer.after = Passing("нет связи"), None
    for _ in range(6):
        till.later(hours=2)
        await till.rounds()
    assert (lost.state, lost.perhaps_printed) == ("queued", True)
    sale = await till.receipt(payment_id)
    assert (sale.state, sale.perhaps_printed, sale.attempts) == ("undetermined", True, 7)
    payment = await till.station.ask(GetPayment(payment_id=payment_id))
    assert not payment.correctable
    with pytest.raises(Refused, match="fiscal_receipt_undetermined"):
        await till.correct(payment_id)
    with pytest.raises(Refused, match="field_required"):
        await till.station.send(LookUpFiscalReceipt(receipt_id=sale.id, printed=True))

    till.printer.before = None
    number = 1 if is_there else None
    looked = LookUpFiscalReceipt(receipt_id=sale.id, printed=is_there, number=number)
    seen = await till.station.send(looked)
    assert (seen.state, seen.number, seen.perhaps_printed) == (
        ("sent", 1, False) if is_there else ("failed", None, False)
    )
    with contextlib.nullcontext() if not is_there else pytest.raises(Refused, match="exists"):
        await till.correct(payment_id)
    with pytest.raises(Refused, match="fiscal_receipt_known"):
        await till.station.send(looked)
    till.later(hours=2)
    await till.rounds()
    assert told(till) == [("sale" if is_there else "correction", money(100))]


async def test_what_a_register_that_knows_ids_refuses_it_has_not_printed(
    till: AtTheRegister,
) -> None:
    till.printer.knows_ids = True
    till.printer.before = Unclear("ReadTimeout")
    payment_id = await till.pay("100")
    await till.rounds()
    till.printer.before = Permanent("нет такой ставки")
    till.later(hours=2)
    await till.rounds()
    sale = await till.receipt(payment_id)
    assert (sale.state, sale.perhaps_printed) == ("failed", False)


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


async def at_a_rate_without_a_code(till: AtTheRegister) -> None:
    """The station is set up so before it has a register."""
    rates = (VatRate(since=date(2020, 1, 1), percent=Decimal(18)),)
    with pytest.MonkeyPatch.context() as before:
        before.setattr(vat, "not_printable", lambda *_: "")
        await till.station.send(SetVatRates(regime="vat", rates=rates))


@contextlib.contextmanager
def older_version() -> Iterator[None]:
    """It printed a rate without a code as "without VAT"."""
    with pytest.MonkeyPatch.context() as before:
        before.setattr(FiscalReceipt, "has_codes", True)
        yield


async def a_settled_order(till: AtTheRegister, client: UUID, order: UUID | None = None) -> UUID:
    order = order or new_id()
    await in_turn(
        till.station.running["finance"],
        order_created(order, client),
        order_completed(order, client, services=(work("100"),)),
        parts_issued(order),
    )
    return order


async def test_what_an_older_version_sold_at_a_rate_without_a_code_is_taken_back_as_it_was_sold(
    till: AtTheRegister,
) -> None:
    await at_a_rate_without_a_code(till)
    client = await till.client()
    order = await a_settled_order(till, client)
    with older_version():
        paid = await till.pay("100", customer_id=client, order_id=order)
        advance = await till.pay("50")
        await till.rounds()
    await till.give_back(paid)
    await till.give_back(advance, "20")
    till.later(hours=1)
    await till.rounds()

    assert told(till) == [
        ("sale", money(100)),
        ("sale", money(50)),
        ("refund", money(100)),
        ("refund", money(20)),
    ]
    assert {line.vat for receipt in till.printer.printed for line in receipt.lines} == {"none"}


@pytest.mark.parametrize("is_for_order", [False, True])
async def test_an_offset_at_a_rate_without_a_code_goes_back_only_if_it_was_printed(
    till: AtTheRegister, is_for_order: bool
) -> None:
    await at_a_rate_without_a_code(till)
    client = await till.client()
    orders = []
    for version in (older_version(), contextlib.nullcontext()):
        order = new_id()
        await in_turn(till.station.running["finance"], order_created(order, client))
        with older_version():
            for_order = {"order_id": order} if is_for_order else {}
            await till.pay("100", customer_id=client, **for_order)
            await till.rounds()
        with version:
            orders.append(await a_settled_order(till, client, order))
            till.later(hours=1)
            await till.rounds()
    till.printer.printed.clear()
    finance = till.station.running["finance"]
    for order in orders:
        await in_turn(finance, order_reopened(order, 1))
    till.later(hours=1)
    await till.rounds()

    assert told(till) == [("refund", money(100))]
    (refund,) = [one for one in await receipts(till) if one.kind == "refund" and not one.number]
    assert (refund.state, refund.detail) == ("failed", "vat_rate_not_fiscal")


async def test_what_an_older_version_sold_of_a_reopened_order_is_sold_anew_as_an_advance(
    till: AtTheRegister,
) -> None:
    await at_a_rate_without_a_code(till)
    client = await till.client()
    order = await a_settled_order(till, client)
    with older_version():
        await till.pay("100", customer_id=client, order_id=order)
        await till.rounds()
    await in_turn(till.station.running["finance"], order_reopened(order, 1))
    till.later(hours=1)
    await till.rounds()

    assert told(till) == [("sale", money(100)), ("refund", money(100)), ("sale", money(100))]
    assert {line.vat for receipt in till.printer.printed for line in receipt.lines} == {"none"}


async def test_nobody_corrects_what_would_fail_as_its_sale_has(till: AtTheRegister) -> None:
    await at_a_rate_without_a_code(till)
    payment_id = await till.pay("100")
    await till.rounds()
    with till.silent():
        command = TakePayment(customer_id=await till.client(), amount=money("100"), method="cash")
        untold = await till.station.send(command)
    before = await receipts(till)

    assert not (await till.station.ask(GetPayment(payment_id=payment_id))).correctable
    for each in (payment_id, untold.id):
        with pytest.raises(Refused) as refused:
            await till.correct(each)
        assert (refused.value.code, refused.value.params) == (
            "correction_not_fiscal",
            {"percent": "18"},
        )
    assert await receipts(till) == before


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


async def offset_all(
    entry: Entry, settled: Settlement, parts: list[Part], store: FinanceStore, work: Work
) -> None:
    """An older version did, also those that came before there was a register."""
    share = fiscal.share_of(
        settled, sum((part for _, part in parts), Decimal(0)), settled.order.number
    )
    receipt = fiscal_offsets._receipt("sale", entry.id, (share,), (), work)
    await fiscal.queue(receipt, store, work)


async def test_an_offset_of_what_was_never_sold_goes_back_with_it(
    till: AtTheRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
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


async def test_bonuses_beside_money_are_none_of_what_receipts_sold(
    till: AtTheRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, order, client = till.station.running["finance"], new_id(), await till.client()
    await in_turn(running, order_created(order, client))
    await till.station.send(
        AdjustBonuses(client_id=client, amount=money("200"), reason="Извинение")
    )
    with till.silent():
        held = TakePayment(customer_id=client, order_id=order, amount=money(100), method="cash")
        silent = await till.station.send(held)
    with monkeypatch.context() as older:
        older.setattr(fiscal_offsets, "_take", offset_all)
        completed = order_completed(order, client, services=(work("1000"),))
        await in_turn(running, completed, parts_issued(order))
    await till.station.send(
        TakePaymentDocument(
            customer_id=client,
            orders=(OrderShare(order_id=order, amount=money(300)),),
            parts=(
                PaymentPart(method="card", amount=money(100)),
                PaymentPart(method="bonus", amount=money(200)),
            ),
        )
    )
    await till.give_back(silent.id, "40")
    till.now = datetime.now(UTC)
    await till.rounds()

    assert [(one.kind, one.total, one.offset) for one in till.printer.printed] == [
        ("sale", money(100), money(100)),
        ("sale", money(100), money(0)),
        ("refund", money(40), money(40)),
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
