"""What orders are told of their lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.book import Book, Decision
from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import Line
from shared.contracts.base import MAX_MONEY, Event
from shared.contracts.costing import (
    CorrectedPart,
    IssueCostCorrected,
    IssuedPartWrittenOff,
    WrittenOffPart,
)
from shared.contracts.inventory import (
    PartsReserved,
    PartsUnavailable,
    ReservationReleased,
    StockAnswer,
)


def supplied(lines: Iterable[Line], book: Book, *, returned: bool = False) -> list[Event]:
    """For each order: which of the lines have all that they want, and which are short.
    ``returned``: they were issued, and came back."""
    by_order: dict[UUID, tuple[list[StockAnswer], list[StockAnswer]]] = {}
    for line in lines:
        reserved, short = by_order.setdefault(line.order_id, ([], []))
        (short if line.short else reserved).append(_answer(line, book))
    events: list[Event] = []
    for order_id, (reserved, short) in by_order.items():
        if reserved:
            events.append(
                PartsReserved(order_id=order_id, lines=tuple(reserved), returned=returned)
            )
        if short:
            events.append(PartsUnavailable(order_id=order_id, lines=tuple(short)))
    return events


def filled(decision: Decision, book: Book) -> list[Event]:
    """To the orders whose back-orders got something, the longest waiting first, and to those whose
    parts, issued short, have come."""
    return [*supplied(decision.filled, book), *corrected(decision)]


def corrected(decision: Decision) -> list[Event]:
    """For each completion: what its lines cost more or less than was booked."""
    lines: dict[tuple[UUID, int], list[CorrectedPart]] = {}
    for each in decision.corrections:
        lines.setdefault((each.order_id, each.completion), []).append(
            CorrectedPart(
                line_id=each.line_id,
                product_id=each.product_id,
                quantity=each.quantity,
                amount=each.amount,
                cost=each.cost,
                provisional=each.provisional,
            )
        )
    return [
        IssueCostCorrected(
            order_id=order_id,
            completion=completion,
            lines=tuple(parts),
            amount=sum((part.amount for part in parts), Decimal("0.00")),
        )
        for (order_id, completion), parts in lines.items()
    ]


def lost(order_id: UUID, decision: Decision, reason: str | None) -> list[Event]:
    """What a reopened order has written off."""
    parts = tuple(
        WrittenOffPart(
            line_id=each.line_id,
            product_id=each.product_id,
            quantity=each.quantity,
            cost=each.cost,
        )
        for each in decision.written_off
        if each.quantity
    )
    if not parts:
        return []
    cost = sum((part.cost for part in parts), Decimal("0.00"))
    return [IssuedPartWrittenOff(order_id=order_id, lines=parts, cost=cost, reason=reason)]


def released(order_id: UUID, decision: Decision, book: Book) -> list[Event]:
    """What the order's lines let go of; and to others, what their lines have by now."""
    own = tuple(_answer(line, book) for line in decision.named if line.order_id == order_id)
    others = [line for line in decision.named if line.order_id != order_id]
    events: list[Event] = [ReservationReleased(order_id=order_id, lines=own)] if own else []
    return [*events, *supplied(others, book), *filled(decision, book)]


def _answer(line: Line, book: Book) -> StockAnswer:
    return StockAnswer(
        line_id=line.line_id,
        line_version=line.version,
        answer=line.answer,
        product_id=line.product_id,
        wanted=line.wanted,
        reserved=line.reserved,
        short=line.short,
        price=book.prices[line.product_id],
        cost=_expected_cost(line, book),
    )


def _expected_cost(line: Line, book: Book) -> Decimal | None:
    """At the average of what lies there; a wish beyond what the books can hold has none."""
    unit_cost = book.unit_cost(line.product_id)
    if unit_cost is None:
        return None
    cost = kopecks(unit_cost * line.wanted)
    return cost if cost <= MAX_MONEY else None
