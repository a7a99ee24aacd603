"""A cash register at hand, that prints when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from services.finance.handlers import fiscal
from services.finance.handlers.fiscal_sending import FiscalSender
from services.finance.providers import Permanent
from shared.contracts.finance import RefundPayment, TakePayment
from shared.contracts.fiscal import CorrectPayment, FiscalReceiptView, ListFiscalReceipts
from shared.ids import new_id
from tests.finance.at_work import in_turn
from tests.finance.builders import client_created, money
from tests.support.day import Station


@dataclass
class Printer:
    """A register that prints on a list, and does what a test says before or after. One that knows
    ids refuses nothing that it has printed."""

    knows_ids: bool = False
    name: str = "fake"
    printed: list[FiscalReceiptView] = field(default_factory=list)
    before: BaseException | None = None
    after: BaseException | None = None

    async def register(self, receipt: FiscalReceiptView) -> int:
        known = [one.id for one in self.printed]
        is_known = self.knows_ids and receipt.id in known
        if self.before and not (is_known and isinstance(self.before, Permanent)):
            raise self.before
        if not is_known:
            self.printed.append(receipt)
            known.append(receipt.id)
        if self.after:
            raise self.after
        return known.index(receipt.id) + 1


@dataclass
class AtTheRegister:
    station: Station
    printer: Printer
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def rounds(self, most: int = 50) -> None:
        running = self.station.running["finance"]
        sender = FiscalSender(running, self.printer, lambda: self.now)
        for _ in range(most):
            if not await sender.step():
                return

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def pay(self, amount: str = "100", **fields: Any) -> UUID:
        client = fields.pop("customer_id", None) or await self.client()
        command = TakePayment(
            customer_id=client, amount=money(amount), **{"method": "cash", **fields}
        )
        payment = await self.station.send(command)
        assert payment.fiscal_state == "queued"
        self.now = max(self.now, datetime.now(UTC))
        return payment.id

    async def client(self) -> UUID:
        client = new_id()
        await in_turn(self.station.running["finance"], client_created(client))
        return client

    async def receipt(self, document_id: UUID) -> FiscalReceiptView:
        (found,) = (await self.station.ask(ListFiscalReceipts(document_id=document_id))).items
        return found

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Money that is taken meanwhile gets no receipt, as before there was a register."""
        with pytest.MonkeyPatch.context() as before:
            before.setattr(fiscal, "queue_sale", AsyncMock())
            yield

    async def correct(self, payment_id: UUID) -> FiscalReceiptView:
        command = CorrectPayment(payment_id=payment_id, reason="Чек не напечатан")
        return await self.station.send(command)

    async def give_back(self, payment_id: UUID, amount: str | None = None) -> None:
        """All that is left of it, without an amount."""
        wanted = money(amount) if amount else None
        command = RefundPayment(payment_id=payment_id, amount=wanted, reason="Брак")
        await self.station.send(command)
