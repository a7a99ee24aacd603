"""A purchase order: what is ordered from a supplier, and what has come of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Literal
from uuid import UUID

from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import ZERO
from services.inventory.domain.units import MAIN, in_main_units
from shared.contracts.base import MAX_MONEY
from shared.contracts.inventory import OverDelivered, ReceivedLine
from shared.contracts.purchase_orders import (
    ProposedLine,
    PurchaseLineView,
    PurchaseOrderView,
    PurchaseState,
)
from shared.refusals import Refused

type Step = Literal["edit", "send", "cancel", "close", "some", "all", "none"]
"""``some``, ``all`` and ``none`` of it has come, after a receipt or the undoing of one."""

PURCHASE_STEPS: dict[tuple[PurchaseState, Step], PurchaseState] = {
    ("draft", "edit"): "draft",
    ("draft", "send"): "sent",
    ("draft", "cancel"): "cancelled",
    ("sent", "cancel"): "cancelled",
    ("sent", "some"): "partly_received",
    ("sent", "all"): "received",
    ("partly_received", "some"): "partly_received",
    ("partly_received", "all"): "received",
    ("partly_received", "close"): "received",
    ("partly_received", "none"): "sent",
    ("received", "some"): "partly_received",
    ("received", "all"): "received",
    ("received", "none"): "sent",
}
"""Every step of a purchase order. All others are refused."""
OPEN: tuple[PurchaseState, ...] = ("sent", "partly_received")
"""What is still to come of these is incoming."""


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """``quantity`` and ``cost`` are of ``measure``, all else is of the product's main unit."""

    product_id: UUID
    quantity: Decimal
    measure: str | None
    cost: Decimal | None
    main_quantity: Decimal
    order_id: UUID | None = None
    line_id: UUID | None = None
    received: Decimal = ZERO

    @property
    def missing(self) -> Decimal:
        return max(ZERO, self.main_quantity - self.received)


def sold_together(line: ProposedLine) -> Decimal:
    """So much of it as is needed, in the numbers in which the supplier sells it."""
    if line.multiplicity is None:
        return line.quantity
    packs = (line.quantity / line.multiplicity).to_integral_value(ROUND_CEILING)
    return packs * line.multiplicity


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A document; its lines are in the order in which they were entered."""

    id: UUID
    number: str
    supplier_id: UUID
    warehouse_id: UUID
    expected_on: date | None
    comment: str | None
    lines: tuple[PurchaseLine, ...]
    created_at: datetime
    state: PurchaseState = "draft"
    sent_at: datetime | None = None
    closed_reason: str | None = None
    prepayment_waiver: str | None = None
    revision: int = 1

    @property
    def total_cost(self) -> Decimal:
        """Refused: ``amount_too_large``."""
        costs = [kopecks(line.quantity * line.cost) for line in self.lines if line.cost is not None]
        total = sum(costs, Decimal("0.00"))
        if total > MAX_MONEY:
            raise Refused("amount_too_large")
        return total

    def view(self) -> PurchaseOrderView:
        is_open = self.state in OPEN
        lines = tuple(
            PurchaseLineView(
                product_id=line.product_id,
                quantity=line.quantity,
                measure=line.measure,
                cost=line.cost,
                order_id=line.order_id,
                line_id=line.line_id,
                main_quantity=line.main_quantity,
                received=line.received,
                incoming=line.missing if is_open else ZERO,
            )
            for line in self.lines
        )
        return PurchaseOrderView(
            id=self.id,
            number=self.number,
            state=self.state,
            supplier_id=self.supplier_id,
            warehouse_id=self.warehouse_id,
            expected_on=self.expected_on,
            comment=self.comment,
            lines=lines,
            total_cost=self.total_cost,
            created_at=self.created_at,
            sent_at=self.sent_at,
            closed_reason=self.closed_reason,
            prepayment_waiver=self.prepayment_waiver,
            revision=self.revision,
        )


def stepped(order: PurchaseOrder, step: Step) -> PurchaseOrder:
    """One revision on, in the state that the step leads to. Refused: ``purchase_order_step``."""
    state = PURCHASE_STEPS.get((order.state, step))
    if state is None:
        raise Refused("purchase_order_step", state=order.state)
    return replace(order, state=state, revision=order.revision + 1)


def arrived(
    order: PurchaseOrder, goods: Iterable[tuple[UUID, Decimal]]
) -> tuple[PurchaseOrder, dict[int, Decimal]]:
    """The order with (product, main quantity) goods that came, and which of its lines, by their
    places, got how much of them. Refused: ``product_not_ordered``, ``purchase_order_step``."""
    taken: dict[int, Decimal] = {}
    for product_id, quantity in goods:
        places = _in_turn(order, product_id)
        if not places:
            raise Refused("product_not_ordered", id=product_id)
        for place in places:
            part = min(quantity, order.lines[place].missing - taken.get(place, ZERO))
            if part > 0:
                taken[place] = taken.get(place, ZERO) + part
                quantity -= part
        if quantity:  # more than was ordered
            taken[places[-1]] = taken.get(places[-1], ZERO) + quantity
    return _counted(order, taken), taken


def over_delivered(after: PurchaseOrder, taken: Mapping[int, Decimal]) -> tuple[OverDelivered, ...]:
    """What of it came beyond what was ordered, by product; ``after`` it has come."""
    beyond: dict[UUID, Decimal] = {}
    for place, quantity in taken.items():
        line = after.lines[place]
        if (over := min(quantity, line.received - line.main_quantity)) > 0:
            beyond[line.product_id] = beyond.get(line.product_id, ZERO) + over
    return tuple(
        OverDelivered(product_id=product_id, quantity=over) for product_id, over in beyond.items()
    )


def undone(order: PurchaseOrder, taken: Mapping[int, Decimal]) -> PurchaseOrder:
    """The order without what a receipt that was a mistake had brought: it is awaited again."""
    order = replace(order, closed_reason=None)
    return _counted(order, {place: -quantity for place, quantity in taken.items()})


def earmarked(order: PurchaseOrder, taken: Mapping[int, Decimal]) -> list[tuple[UUID, Decimal]]:
    """The clients' lines that goods were bought for, and how much came for each."""
    marks = [(order.lines[place].line_id, quantity) for place, quantity in taken.items()]
    return [(line_id, quantity) for line_id, quantity in marks if line_id]


def missing(order: PurchaseOrder) -> tuple[ReceivedLine, ...]:
    """All that is still to come, at the expected costs. Refused: ``cost_missing``,
    ``quantity_not_exact`` (what is left cannot be counted in the unit it was ordered in)."""
    return tuple(
        ReceivedLine(
            product_id=line.product_id,
            quantity=in_main_units(line.quantity * line.missing / line.main_quantity, MAIN),
            cost=_said(line.cost, line.product_id),
            measure=line.measure,
        )
        for line in order.lines
        if line.missing
    )


def as_expected(order: PurchaseOrder, product_id: UUID, measure: str | None) -> Decimal:
    """What one such unit is expected to cost. Refused: ``product_not_ordered``,
    ``cost_missing``."""
    lines = [line for line in order.lines if line.product_id == product_id]
    if not lines:
        raise Refused("product_not_ordered", id=product_id)
    costs = [line.cost for line in lines if line.measure == measure]
    return _said(next((cost for cost in costs if cost is not None), None), product_id)


def _said(cost: Decimal | None, product_id: UUID) -> Decimal:
    if cost is None:
        raise Refused("cost_missing", id=product_id)
    return cost


def _in_turn(order: PurchaseOrder, product_id: UUID) -> list[int]:
    """Places of the product's lines: those that are bought for clients first."""
    places = [place for place, line in enumerate(order.lines) if line.product_id == product_id]
    return sorted(places, key=lambda place: (order.lines[place].line_id is None, place))


def _counted(order: PurchaseOrder, more: Mapping[int, Decimal]) -> PurchaseOrder:
    lines = tuple(
        replace(line, received=line.received + more.get(place, ZERO))
        for place, line in enumerate(order.lines)
    )
    # What comes after the rest was given up is welcome, and changes nothing else.
    return stepped(replace(order, lines=lines), "all" if order.closed_reason else _how_much(lines))


def _how_much(lines: Sequence[PurchaseLine]) -> Step:
    if not any(line.received for line in lines):
        return "none"
    return "some" if any(line.missing for line in lines) else "all"
