"""The cash register's worker: takes the oldest receipt, writes down that it is about to print it,
has it printed, and writes down what came of it.

A crash leaves a receipt queued, or ``sending`` until its claim is over. Then a register that knows
ids is asked again with the same id; of any other only a person can tell whether it has printed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.finance.domain import fiscal as domain
from services.finance.domain.fiscal import FiscalReceipt
from services.finance.domain.fiscal_lines import composed
from services.finance.handlers.fiscal import take_along
from services.finance.handlers.table import handlers
from services.finance.providers import Passing, Permanent, Register
from services.finance.store import FinanceStore
from shared.contracts.fiscal import FiscalReceiptMoved
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.messaging.errand import errand, errand_envelope
from shared.refusals import Refused
from shared.service import Running

log = structlog.get_logger(__name__)

INTERVAL_S = 1.0
"""Between looks for what is due, when nothing was."""
CALL_LIMIT_S = 20.0
"""Of a whole call: less than a claim is believed."""
ORDERS_AWAY = timedelta(seconds=10)

type Clock = Callable[[], datetime]
type Decide = Callable[[FiscalReceipt, datetime], FiscalReceipt]


class FiscalSender:
    """Prints receipts one after the other, in the order in which they were made."""

    def __init__(self, running: Running, register: Register, clock: Clock) -> None:
        self._running = running
        self._register = register
        self._clock = clock

    async def run(self) -> None:
        while True:
            try:
                moved = await self.step()
            except Exception as error:
                log.warning("fiscal_sender_interrupted", error=error)
                moved = False
            if not moved:
                await asyncio.sleep(INTERVAL_S)

    async def step(self) -> bool:
        """One step of the oldest receipt; false: there is nothing to do now."""
        async with handlers.reading(self._running.engine) as store:
            receipt = await store.next_receipt()
        if receipt is None or (receipt.wake_at and receipt.wake_at > self._clock()):
            return False
        if receipt.state == "sending":
            return await self._lost(receipt)
        if not receipt.has_codes and not await self._is_of_older_version(receipt):
            ended = await self._decided(receipt, lambda found, _: domain.unprintable(found))
            return ended is not None
        if receipt.shares and not receipt.lines:
            return await self._compose(receipt)
        claimed = await self._decided(receipt, domain.claimed)
        if claimed is None:
            return False
        await self._print(claimed)
        return True

    async def _lost(self, receipt: FiscalReceipt) -> bool:
        """Nobody will write its end any more."""

        def unclear(found: FiscalReceipt, now: datetime) -> FiscalReceipt:
            knows_ids = self._register.knows_ids
            return domain.unclear(found, "interrupted", now, knows_ids=knows_ids)

        return await self._decided(receipt, unclear) is not None

    async def _is_of_older_version(self, receipt: FiscalReceipt) -> bool:
        """It takes back what one sold without a code, or sells that anew."""
        async with handlers.reading(self._running.engine) as store:
            match receipt.kind:
                case "refund":
                    return domain.takes_back_sold(receipt, await store.printed_before(receipt))
                case "sale":
                    about = await store.receipts_about([receipt.document_id])
                    return domain.sells_anew(receipt, about)
        return False

    async def _compose(self, receipt: FiscalReceipt) -> bool:
        """Orders is asked before the row is locked: nobody waits for it meanwhile."""
        try:
            orders = await self._orders_of(receipt)
        except Refused as refusal:
            code = refusal.code

            def away(found: FiscalReceipt, now: datetime) -> FiscalReceipt:
                return domain.waiting(found, code, now + ORDERS_AWAY)

            await self._decided(receipt, away)
            return False

        def with_lines(found: FiscalReceipt, _: datetime) -> FiscalReceipt:
            return composed(found, orders)

        return await self._decided(receipt, with_lines) is not None

    async def _orders_of(self, receipt: FiscalReceipt) -> dict[UUID, WorkOrder]:
        orders: dict[UUID, WorkOrder] = {}
        for share in receipt.shares:
            if share.is_whole and share.order_id:
                try:
                    question = GetWorkOrder(order_id=share.order_id)
                    orders[share.order_id] = await self._running.client.ask(question)
                except Refused as refusal:
                    if refusal.code != "order_not_found":
                        raise
        return orders

    async def _print(self, claimed: FiscalReceipt) -> None:
        knows_ids = self._register.knows_ids
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                number = await self._register.register(claimed.view())
        except Exception as error:
            detail = str(error)[:500] or type(error).__name__
            log.warning("receipt_not_printed", receipt=str(claimed.id), error=error)
            ends: dict[type[Exception], Decide] = {
                Passing: lambda found, now: domain.put_off(found, detail, now),
                Permanent: lambda found, _: domain.refused(found, detail),
            }
            # Whatever we did not foresee may have happened after it was printed.
            unclear: Decide = lambda found, now: domain.unclear(  # noqa: E731
                found, detail, now, knows_ids=knows_ids
            )
            await self._decided(claimed, ends.get(type(error), unclear))
            return
        await self._decided(claimed, lambda found, now: domain.accepted(found, number, now))

    async def _decided(self, seen: FiscalReceipt, decide: Decide) -> FiscalReceipt | None:
        """The receipt as it is afterwards; none when it has moved on since it was seen."""
        now = self._clock()
        envelope = errand_envelope(self._running, "finance.fiscal_receipt", now)
        async with errand(self._running, handlers, envelope, now) as (store, work):
            found = await _locked(seen, store)
            if found is None:
                return None
            after = decide(found, now)
            await store.save_receipt(after)
            if after.state not in (found.state, "sending"):
                work.publish(FiscalReceiptMoved(receipt=after.view()))
            if after.state == "failed":
                await take_along(after, store, work)
        return after


async def _locked(seen: FiscalReceipt, store: FinanceStore) -> FiscalReceipt | None:
    found = await store.receipt(seen.id, lock=True)
    return found if found and found.revision == seen.revision else None
