"""A cash register that prints what was taken, fails by turns, and is put right by people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

from services.finance.handlers.fiscal_sending import FiscalSender
from services.finance.providers import Passing, Permanent, Unclear
from services.finance.store.schema import payments
from shared.contracts.finance import GetPayment
from shared.contracts.fiscal import (
    CorrectPayment,
    FiscalReceiptView,
    ListFiscalReceipts,
    RetryFiscalReceipt,
)
from shared.service import Running
from tests.finance.at_the_register import Printer
from tests.finance.at_work import rows_of
from tests.flows.histories.visits import Visits
from tests.support.histories import action

BEFORE = (None, None, Passing("бумага"), Permanent("ставка"), Unclear("ReadTimeout"))
AFTER = (None, None, None, Unclear("ReadTimeout"))
ADVANCES = ("advance", "prepayment")


class Register(Visits):
    """In the end it has what the till has kept."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.printer = Printer(knows_ids=self.chance(0.5))
        self.finance = self.business.members["finance"]

    @action(2)
    async def a_register_is_connected(self) -> None:
        """Once; what was taken before has no receipt."""
        self.finance.settings.fiscal_adapter = "file"

    @action(6)
    async def receipts_are_printed(self) -> None:
        self.printer.before, self.printer.after = self.one_of(BEFORE), self.one_of(AFTER)
        await self._prints(self.random.randint(1, 9))
        self.printer.before = self.printer.after = None

    @action(3)
    async def a_receipt_is_tried_again(self) -> None:
        if missing := await self._missing():
            await self.send(RetryFiscalReceipt(receipt_id=self.one_of(missing).id))

    @action(3)
    async def a_payment_is_corrected(self) -> None:
        if payment_id := self.recent(self.payments):
            await self._corrected(payment_id)

    async def differences(self) -> list[str]:
        wrong = await super().differences()
        self.finance.settings.fiscal_adapter = "file"
        await self._prints_to_the_end()
        taken = await rows_of(self.finance.engine, payments)
        for payment in taken if self.chance(0.5) else ():
            await self._corrected(payment.id)
        for receipt in await self._missing():
            await self.send(RetryFiscalReceipt(receipt_id=receipt.id))
        for payment in taken:
            await self._corrected(payment.id)
        await self._prints_to_the_end()
        told, kept = self._told(), await self._kept()
        assert told == kept, (told, kept)
        return wrong

    async def _prints(self, most: int) -> None:
        """Until there is nothing to do now."""
        clock = self.business.clock
        running = cast(Running, self.finance)
        sender = FiscalSender(running, self.printer, lambda: clock.now(UTC))
        for _ in range(most):
            if not await sender.step():
                return

    async def _prints_to_the_end(self) -> None:
        """With what waits for its next attempt, too."""
        while any(one.state in ("queued", "sending") for one in await self._receipts()):
            await self._prints(999)
            self.business.clock.ahead += timedelta(hours=6)

    async def _missing(self) -> list[FiscalReceiptView]:
        """What people find that they may try again: what they see on paper they leave."""
        printed = {one.id for one in self.printer.printed}
        return [
            one
            for one in await self._receipts()
            if one.state in ("failed", "undetermined") and one.id not in printed
        ]

    async def _receipts(self) -> list[FiscalReceiptView]:
        """The oldest first."""
        found: list[FiscalReceiptView] = []
        cursor = None
        while True:
            asked = ListFiscalReceipts(limit=200, cursor=cursor)
            page = await self.business.ask(asked)
            found += page.items
            cursor = page.next
            if cursor is None:
                return sorted(found, key=lambda one: one.id)

    async def _corrected(self, payment_id: UUID) -> None:
        """Nobody corrects what stands on paper. What may be corrected is known before."""
        payment = await self.business.ask(GetPayment(payment_id=payment_id))
        printed = {one.document_id for one in self.printer.printed if one.kind != "refund"}
        if payment.method != "bonus" and (payment.document_id or payment_id) not in printed:
            corrected = await self.send(CorrectPayment(payment_id=payment_id, reason="пропал"))
            assert (corrected is not None) == payment.correctable

    def _told(self) -> dict[str, Decimal]:
        told: defaultdict[str, Decimal] = defaultdict(Decimal)
        for receipt in self.printer.printed:
            sign = -1 if receipt.kind == "refund" else 1
            for tender in receipt.tenders:
                told[tender.method] += sign * tender.amount
            told["advances"] -= sign * receipt.offset
            for line in receipt.lines:
                told["advances" if line.method in ADVANCES else "sold"] += sign * line.total
        return {name: amount for name, amount in told.items() if amount}

    async def _kept(self) -> dict[str, Decimal]:
        kept: defaultdict[str, Decimal] = defaultdict(Decimal)
        for payment in await rows_of(self.finance.engine, payments):
            if payment.method != "bonus":
                left = payment.amount - payment.refunded
                kept[payment.method] += left
                kept["advances"] += payment.held
                kept["sold"] += left - payment.held
        return {name: amount for name, amount in kept.items() if amount}
