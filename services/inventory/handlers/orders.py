"""What orders want, let go of, take and bring back.

Orders' events may come late, twice or in any order; what no longer applies is logged and changes
nothing. The rules are in ``book``.
"""

from __future__ import annotations

from dataclasses import asdict

import structlog

from services.inventory.domain.stock import THOUSANDTH, ZERO, Ask
from services.inventory.handlers.answers import corrected, filled, lost, released, supplied
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore
from shared.contracts.inventory import IssuedPart, PartsIssued, PartsReturned
from shared.contracts.orders import (
    OrderCancelled,
    OrderCompleted,
    OrderReopened,
    PartsReleased,
    PartsRequested,
)
from shared.handlers import Work

log = structlog.get_logger(__name__)


@handlers.event(PartsRequested)
async def parts_requested(event: PartsRequested, store: InventoryStore, work: Work) -> None:
    """Reserves what is there; the rest is back-ordered. A lowered line frees its surplus."""
    asks = [
        Ask(
            line.line_id,
            line.line_version,
            line.product_id,
            line.quantity.quantize(THOUSANDTH),
            line.write_off.quantize(THOUSANDTH),
            line.lost_completion,
        )
        for line in event.lines
    ]
    decision = store.book.request(event.order_id, asks, work.envelope.time)
    if not decision.named:
        log.info("late_request_ignored", number=event.number)
    store.record(decision.moves, work, order_id=event.order_id, reason=event.reason)
    work.publish(
        *lost(event.order_id, decision, event.reason),
        *supplied((*decision.named, *decision.filled), store.book),
        *corrected(decision),
    )


@handlers.event(PartsReleased)
async def parts_released(event: PartsReleased, store: InventoryStore, work: Work) -> None:
    asks = [
        Ask(
            line.line_id,
            line.line_version,
            line.product_id,
            ZERO,
            line.write_off.quantize(THOUSANDTH),
            line.lost_completion,
        )
        for line in event.lines
    ]
    decision = store.book.release(event.order_id, asks, work.envelope.time)
    if not decision.named:
        log.info("late_release_ignored", number=event.number)
    store.record(decision.moves, work, order_id=event.order_id, reason=event.reason)
    work.publish(
        *lost(event.order_id, decision, event.reason),
        *released(event.order_id, decision, store.book),
    )


@handlers.event(OrderCancelled)
async def order_cancelled(event: OrderCancelled, store: InventoryStore, work: Work) -> None:
    decision = store.book.cancel(event.order_id, work.now)
    store.record(decision.moves, work, order_id=event.order_id, reason=event.reason)
    work.publish(*released(event.order_id, decision, store.book))


@handlers.event(OrderCompleted)
async def order_completed(event: OrderCompleted, store: InventoryStore, work: Work) -> None:
    """The parts leave at the cost of the lots they came from, frozen here."""
    parts = [
        (part.line_id, part.product_id, part.quantity.quantize(THOUSANDTH)) for part in event.parts
    ]
    issued = store.book.complete(
        event.order_id,
        event.completion,
        parts,
        work.envelope.time,
        may_be_missing={part.line_id for part in event.parts if part.may_be_missing},
    )
    if issued is None:
        log.info("late_completion_ignored", number=event.number, completion=event.completion)
        return
    store.record(issued.moves, work)
    lines = tuple(IssuedPart(**asdict(part)) for part in issued.parts)
    work.publish(
        PartsIssued(
            order_id=event.order_id, completion=event.completion, lines=lines, cost=issued.cost
        )
    )


@handlers.event(OrderReopened)
async def order_reopened(event: OrderReopened, store: InventoryStore, work: Work) -> None:
    returned = store.book.reopen(event.order_id, event.completion)
    if returned is None:
        log.info("nothing_to_return", number=event.number, completion=event.completion)
        return
    store.record(returned.moves, work, order_id=event.order_id, reason=event.reason)
    lines = tuple(IssuedPart(**asdict(part)) for part in returned.parts)
    work.publish(
        PartsReturned(
            order_id=event.order_id, completion=event.completion, lines=lines, cost=returned.cost
        )
    )
    work.publish(
        *supplied(returned.named, store.book, returned=True), *filled(returned, store.book)
    )
