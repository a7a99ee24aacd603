"""What finance hears of orders and their parts: copies, settlements and their reversal."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import structlog

from services.finance.domain import settling, till
from services.finance.domain.lines import corrected_parts, issued_lines
from services.finance.domain.payment import Order
from services.finance.domain.settlement import (
    Completed,
    Issued,
    News,
    Reopened,
    Settlement,
    State,
    learn,
)
from services.finance.handlers import bonuses, fiscal_offsets, payroll
from services.finance.handlers.table import handlers, keep, order_of, stamp
from services.finance.store import FinanceStore
from shared.contracts.clients import ClientCreated
from shared.contracts.costing import IssueCostCorrected, IssuedPartWrittenOff
from shared.contracts.inventory import PartsIssued, PartsReturned
from shared.contracts.orders import (
    GetOrder,
    OrderCancelled,
    OrderCompleted,
    OrderCreated,
    OrderReopened,
)
from shared.contracts.reconciliation import OrderRead, ReadOrderAgain
from shared.handlers import Work
from shared.vat import percent_on

log = structlog.get_logger(__name__)


@handlers.event(ClientCreated)
async def client_created(event: ClientCreated, store: FinanceStore, work: Work) -> None:
    """Opens the client's account."""
    store.open_account(event.client.id)


@handlers.event(OrderCreated)
async def order_created(event: OrderCreated, store: FinanceStore, work: Work) -> None:
    """Remembers whose order it is."""
    store.add_order(Order(event.order_id, event.number, event.client_id))


@handlers.event(OrderCompleted)
async def order_completed(event: OrderCompleted, store: FinanceStore, work: Work) -> None:
    """Settles the order, if the cost of its parts is known; else waits for it."""
    vat = await store.vat(event.station_id)
    day = event.completed_at.astimezone(work.settings.zone).date()
    client_id = await store.survivor_of(event.client_id)
    completed = replace(Completed.of(event, percent_on(vat.counting, day)), client_id=client_id)
    await _hear(event.order_id, event.completion, completed, store, work)


@handlers.event(PartsIssued)
async def parts_issued(event: PartsIssued, store: FinanceStore, work: Work) -> None:
    """Settles the order, if it is known to be done; else remembers the cost."""
    issued = Issued(event.cost, issued_lines(event))
    await _hear(event.order_id, event.completion, issued, store, work)


@handlers.event(OrderReopened)
async def order_reopened(event: OrderReopened, store: FinanceStore, work: Work) -> None:
    """Reverses the settlement, or sees to it that it never comes about."""
    await _hear(event.order_id, event.completion, Reopened(), store, work, event.reason)


@handlers.event(PartsReturned)
async def parts_returned(event: PartsReturned, store: FinanceStore, work: Work) -> None:
    """The reversal has put the cost back already. What came back may know of a correction that is
    still on its way; what differs for good ``pitlane reconcile`` names, as the stock's account."""
    for settlement in await store.history(event.order_id):
        if settlement.completion == event.completion and settlement.cost not in (None, event.cost):
            log.info(
                "returned_cost_differs",
                completion=event.completion,
                issued=str(settlement.cost),
                returned=str(event.cost),
            )


@handlers.event(OrderCancelled)
async def order_cancelled(event: OrderCancelled, store: FinanceStore, work: Work) -> None:
    """Its deposits may pay the client's other orders; giving them back is the cashier's. No more
    is taken for it."""
    await _call_off(await order_of(event.order_id, store, work), store)


@handlers.command(ReadOrderAgain)
async def read_order_again(command: ReadOrderAgain, store: FinanceStore, work: Work) -> OrderRead:
    asked = await work.ask(GetOrder(order_id=command.order_id))
    order = await order_of(command.order_id, store, work)
    cancelled = asked.status == "cancelled"
    if cancelled:
        await _call_off(order, store)
    return OrderRead(order_id=order.id, number=order.number, cancelled=cancelled)


async def _call_off(order: Order, store: FinanceStore) -> None:
    if not order.cancelled:
        store.cancel_order(order)
    await store.keep(settling.release(order.id, await store.payments_of(order.id)))


@handlers.event(IssueCostCorrected)
async def issue_cost_corrected(event: IssueCostCorrected, store: FinanceStore, work: Work) -> None:
    """What was issued before it was there has come: the order's cost follows."""
    known = await store.history(event.order_id)
    settlement = next(
        (each for each in known if each.completion == event.completion),
        Settlement(event.order_id, event.completion),
    )
    at = replace(stamp(work), at=work.envelope.time)
    parts = corrected_parts(event)
    await keep(settling.correct(settlement, event.amount, at, work.new_id(), parts), store, work)


@handlers.event(IssuedPartWrittenOff)
async def issued_part_written_off(
    event: IssuedPartWrittenOff, store: FinanceStore, work: Work
) -> None:
    at = replace(stamp(work), at=work.envelope.time)
    await store.keep(till.write_off_part(event, at, work.new_id()))


async def _hear(
    order_id: UUID,
    completion: int,
    news: News,
    store: FinanceStore,
    work: Work,
    reason: str | None = None,
) -> None:
    """One completion's news, and all that follows from it."""
    changes = learn(await store.history(order_id), order_id, completion, news)
    if not changes:
        log.info("news_ignored", completion=completion, news=type(news).__name__.lower())
    for settlement in changes:
        if settlement.state is State.SETTLED:
            await _settle(settlement, store, work)
        elif settlement.state is State.REVERSED:
            # What an earlier one was reopened for, its own event tells.
            told = reason if settlement.completion == completion else None
            await _reverse(settlement, store, work, told)
        else:
            store.add_settlement(settlement)


async def _settle(settlement: Settlement, store: FinanceStore, work: Work) -> None:
    entry_id, application_id = work.new_id(), work.new_id()
    settlement, pay = await payroll.accrue(settlement, store, work)
    deposits = await store.deposits(settlement.order.client_id)
    decision = settling.settle(settlement, deposits, stamp(work), entry_id, application_id)
    await keep(decision.and_then(pay), store, work)
    await fiscal_offsets.queue_offsets(decision, store, work)


async def _reverse(
    settlement: Settlement, store: FinanceStore, work: Work, reason: str | None
) -> None:
    settlement = await bonuses.undo(settlement, reason, store, work)
    if settlement.entry_id is None:
        raise ValueError(f"order {settlement.order_id} is settled by no entry")
    decision = settling.reverse(
        settlement,
        await store.entry(settlement.entry_id),
        await store.payments_of(settlement.order_id),
        # As a settlement belongs to the time of the work, its reversal does to that of the news.
        replace(stamp(work), at=work.envelope.time),
        work.new_id(),
        work.new_id(),
        reason,
    )
    pay = await payroll.take_back(settlement, reason, store, work)
    await keep(decision.and_then(pay), store, work)
    await fiscal_offsets.queue_offsets(decision, store, work)
