"""Stock, the order lines that hold it or wait for it, and what a movement does: pure rules.

A movement is the only thing that changes stock, so that the sums of the movements and the stock
can never disagree:

======================  ============  =============  ======================================
kind                    ``quantity``  changes        when
======================  ============  =============  ======================================
receipt                 above zero    on hand        goods came from a supplier
reserve                 above zero    reserved       a line got what it wants
release                 below zero    reserved       a line let go of what it held
issue                   below zero    both           a done order took what it held
issue_short             below zero    on hand        a done order took what was not there
return                  above zero    on hand        a reopened order brought it back; a
                                                     ``reserve`` beside it holds it again
write_off               below zero    on hand        it is lost; a part of a reopened order
                                                     was released beside it
correction              zero          the value      what was issued short has come, and
                                                     cost something else
supplier_return         below zero    on hand        goods went back to their supplier
======================  ============  =============  ======================================

Where a warehouse allows it, more is issued than is there. ``missing`` of the stock counts that, so
that ``on_hand + missing`` is what lies on the shelves: reservations are always of that, and never
of what is only hoped for. What lies free on the shelves is no more than a mistake while anything is
missing, so that ``available`` is then what is missing, below zero.

On hand is the sum over the first column's kinds that change it, reserved likewise, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.inventory import MovementKind

ZERO = Decimal("0.000")
THOUSANDTH = Decimal("0.001")

CHANGES_ON_HAND: frozenset[MovementKind] = frozenset(
    {
        "receipt",
        "issue",
        "issue_short",
        "return",
        "write_off",
        "transfer_out",
        "transfer_in",
        "count_difference",
        "supplier_return",
    }
)
CHANGES_VALUE = CHANGES_ON_HAND | {"correction"}
"""What is worth something comes, goes, or turns out to have cost something else."""
ISSUES: tuple[MovementKind, ...] = ("issue", "issue_short")
"""An order took it."""
CHANGES_RESERVED: frozenset[MovementKind] = frozenset({"reserve", "release", "issue"})


class TooEarly(Exception):
    """What this event builds on has not come yet; it is handled when it is delivered again."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What one warehouse has of one product. ``value`` is at cost, exact, in roubles."""

    product_id: UUID
    warehouse_id: UUID
    since: datetime
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    value: Decimal = ZERO
    missing: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        """Below zero: so much is missing."""
        return self.on_hand - self.reserved

    @property
    def on_shelves(self) -> Decimal:
        return self.on_hand + self.missing


@dataclass(frozen=True, slots=True)
class Move:
    """One change of stock; see the table above for its signs. ``value`` is at cost, exact."""

    kind: MovementKind
    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    value: Decimal = ZERO
    order_id: UUID | None = None
    line_id: UUID | None = None


def moved(stock: Stock, move: Move) -> Stock:
    """The stock after the movement. Raises ``ArithmeticError`` where it would lie."""
    after = replace(
        stock,
        on_hand=stock.on_hand + (move.quantity if move.kind in CHANGES_ON_HAND else ZERO),
        reserved=stock.reserved + (move.quantity if move.kind in CHANGES_RESERVED else ZERO),
        value=stock.value + move.value,
    )
    if not ZERO <= after.reserved <= after.on_shelves or after.missing < 0:
        raise ArithmeticError(f"{move} cannot happen to {stock}")
    return after


# --- what a line wants and holds ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hold:
    """A part of one warehouse's stock that is reserved for one line."""

    warehouse_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Ask:
    """What an order says that a line wants now; the newest version counts. ``write_off``: so much
    of what ``lost_completion`` issued comes back to nobody, whichever version is the newest."""

    line_id: UUID
    version: int
    product_id: UUID
    wanted: Decimal
    write_off: Decimal = ZERO
    lost_completion: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """An order line as the warehouse knows it. ``requested_at`` is its place in the queue.

    ``holds`` are in the order of the warehouses' age. What is issued was held before and is held
    again when the order is reopened, unless the line wants less by then. ``lost``: what a count
    took of it and it has not been given since; an order that was done by then has used it all the
    same.
    """

    line_id: UUID
    order_id: UUID
    product_id: UUID
    version: int
    wanted: Decimal
    requested_at: datetime
    answer: int = 0
    issued: Decimal = ZERO
    holds: tuple[Hold, ...] = ()
    lost: Decimal = ZERO

    @property
    def held(self) -> Decimal:
        return sum((hold.quantity for hold in self.holds), ZERO)

    @property
    def due(self) -> Decimal:
        """What it should hold: what it wants beyond what was issued to it."""
        return max(ZERO, self.wanted - self.issued)

    @property
    def short(self) -> Decimal:
        return self.due - self.held

    @property
    def surplus(self) -> Decimal:
        return max(ZERO, self.held - self.due)

    @property
    def reserved(self) -> Decimal:
        """What it has of what it wants, as its order is told."""
        return self.wanted - self.short


def asked(line: Line | None, ask: Ask, order_id: UUID, requested_at: datetime) -> Line | None:
    """The line with its new wish, not yet supplied. ``None``: the wish is older than the known one.

    A line keeps its place in the queue while anything of it is short; one that had all it wanted
    and is raised queues anew, behind those who wait already.
    """
    if line is None:
        return Line(ask.line_id, order_id, ask.product_id, ask.version, ask.wanted, requested_at)
    if ask.version <= line.version:
        return None
    if (line.product_id, line.order_id) != (ask.product_id, order_id):
        raise ValueError(f"line {line.line_id} is of another product or order")
    raised = ask.wanted > line.wanted and line.short == 0
    return replace(
        line,
        version=ask.version,
        wanted=ask.wanted,
        requested_at=requested_at if raised else line.requested_at,
    )


def place_in_queue(line: Line) -> tuple[datetime, UUID]:
    return line.requested_at, line.line_id


def drawn(stocks: Sequence[Stock], quantity: Decimal) -> tuple[Hold, ...]:
    """As much of the quantity as is available, the oldest warehouse first."""
    holds: list[Hold] = []
    for stock in stocks:
        part = min(stock.available, quantity)
        if part > 0:
            holds.append(Hold(stock.warehouse_id, part))
            quantity -= part
    return tuple(holds)


def first_of(holds: Sequence[Hold], quantity: Decimal) -> tuple[Hold, ...]:
    """The quantity out of the holds, in their order. Raises ``ArithmeticError`` beyond them."""
    parts: list[Hold] = []
    for hold in holds:
        part = min(hold.quantity, quantity)
        if part > 0:
            parts.append(Hold(hold.warehouse_id, part))
            quantity -= part
    if quantity:
        raise ArithmeticError(f"{quantity} more than is held")
    return tuple(parts)


def with_holds(line: Line, *more: Hold) -> Line:
    """The line holding so much more, or with negative quantities less, of each warehouse."""
    held = {hold.warehouse_id: hold.quantity for hold in line.holds}
    for hold in more:
        held[hold.warehouse_id] = held.get(hold.warehouse_id, ZERO) + hold.quantity
    holds = tuple(Hold(*item) for item in sorted(held.items()) if item[1] != 0)
    now = replace(line, holds=holds)
    return replace(now, lost=min(now.lost, max(ZERO, now.short)))


def without_holds(line: Line, holds: Sequence[Hold]) -> Line:
    return with_holds(line, *(Hold(hold.warehouse_id, -hold.quantity) for hold in holds))


# --- completions -------------------------------------------------------------------------------

CompletionState = Literal["issued", "returned", "void"]

COMPLETION_STEPS: dict[tuple[CompletionState | None, str], CompletionState] = {
    (None, "completed"): "issued",
    ("issued", "reopened"): "returned",
    # The reopening overtook its completion, which is then not worth doing.
    (None, "reopened"): "void",
}
"""What becomes of an order's n-th completion. Any other pair comes too late to matter."""
