"""What lies on the shelves: goods are taken at their cost, put, freed, and fill what is missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import (
    Consumption,
    Lot,
    Shortage,
    Used,
    kopecks,
    left_after,
    pooled,
    share,
    take,
)
from services.inventory.domain.pages import Pages, Rules, WrittenOff
from services.inventory.domain.stock import (
    ZERO,
    Hold,
    Line,
    Move,
    Stock,
    moved,
    place_in_queue,
    without_holds,
)
from shared.contracts.inventory import MovementKind


@dataclass(frozen=True, slots=True)
class Correction:
    """So much of what a line of a completion was issued short has come. ``amount`` is what the
    line cost more (below zero: less) than was booked, in whole kopecks; ``cost`` is of all of it,
    as it is now; ``provisional`` of it is still missing."""

    order_id: UUID
    completion: int
    line_id: UUID
    product_id: UUID
    quantity: Decimal
    amount: Decimal
    cost: Decimal
    provisional: Decimal


@dataclass(slots=True)
class Operation:
    """One message while it is worked on."""

    moves: list[Move] = field(default_factory=list)
    named: dict[UUID, None] = field(default_factory=dict)
    filled: dict[UUID, None] = field(default_factory=dict)
    to_fill: dict[UUID, None] = field(default_factory=dict)
    freed: set[UUID] = field(default_factory=set)
    corrections: list[Correction] = field(default_factory=list)
    written_off: list[WrittenOff] = field(default_factory=list)


class Shelves(Pages):
    """The steps of which all that happens to goods is made."""

    def rules_of(self, warehouse_id: UUID) -> Rules:
        return self.rules.get(warehouse_id, Rules())

    def _take(
        self,
        product_id: UUID,
        warehouse_id: UUID,
        quantity: Decimal,
        just: Collection[Lot] = (),
    ) -> tuple[tuple[Used, ...], Decimal]:
        """Takes goods out of their lots, or out of ``just`` some of them: which they were, and
        what they cost together. The movement is the caller's. Raises ``ArithmeticError`` beyond
        what lies there."""
        lots = self._lots_of(product_id, warehouse_id)
        method = self.rules_of(warehouse_id).costing
        used = take(lots, quantity, method, just)
        for lot in left_after(lots, used, method):
            self._keep_lot(lot)
        return used, sum((each.cost for each in used), ZERO)

    def _put(self, operation: Operation, kind: MovementKind, lot: Lot) -> None:
        """A new lot lies there. It fills what is missing; the rest is free."""
        self._open_stock(Stock(lot.product_id, lot.warehouse_id, lot.received_at))
        self._keep_lot(lot)
        self._move(operation, Move(kind, lot.product_id, lot.warehouse_id, lot.quantity, lot.value))
        self._level(lot.product_id, lot.warehouse_id)
        self._free(operation, lot.product_id, lot.warehouse_id)

    def _put_back(self, consumption: Consumption) -> None:
        """What was taken of a lot lies in it again, worth what it was issued at."""
        lot = self.lots[consumption.lot_id]
        self._keep_lot(
            replace(
                lot,
                remaining=lot.remaining + consumption.quantity,
                value=lot.value + consumption.cost,
            )
        )
        self._level(lot.product_id, lot.warehouse_id)
        self._keep_consumption(replace(consumption, returned=True))

    def _level(self, product_id: UUID, warehouse_id: UUID) -> None:
        """What has come is part of the pool, where there is one."""
        if self.rules_of(warehouse_id).costing == "average":
            for lot in pooled(self._lots_of(product_id, warehouse_id)):
                self._keep_lot(lot)

    def _free(self, operation: Operation, product_id: UUID, warehouse_id: UUID) -> None:
        """Something is available: what is missing there comes first, then whoever waits."""
        operation.freed.add(product_id)
        operation.to_fill[product_id] = None
        stock = self.stocks[product_id, warehouse_id]
        free = stock.on_shelves - stock.reserved
        if not (stock.missing and free):
            return
        for shortage in self._missing_in(product_id, warehouse_id):
            part = min(shortage.missing, free)
            if part > 0:
                self._fill_shortage(operation, shortage, part)
                free -= part

    def _let_go_of_missing(
        self, operation: Operation, product_id: UUID, warehouse_id: UUID, missing: Decimal
    ) -> None:
        """Reservations give way, the youngest first, so that what is left is enough for those
        that stay."""
        stock = self.stocks[product_id, warehouse_id]
        beyond = missing - (stock.on_shelves - stock.reserved)
        holders = [line for line in self.lines.values() if line.product_id == product_id]
        for line in sorted(holders, key=place_in_queue, reverse=True):
            part = min(beyond, _held_in(line, warehouse_id))
            if part > 0:
                self._move(operation, move_of(line, "release", warehouse_id, -part))
                left = without_holds(line, [Hold(warehouse_id, part)])
                self._keep_line(replace(left, lost=left.lost + part))
                operation.named[line.line_id] = None
                beyond -= part

    # --- what is not there -----------------------------------------------------------------------

    def _allows_missing(self) -> bool:
        """Whether more of a product may be issued somewhere than is there."""
        return any(rules.may_be_negative for rules in self.rules.values())

    def _warehouse_below_zero(self, product_id: UUID) -> UUID:
        """Where more of a product is issued than is there: where that is allowed rather than
        elsewhere, then where it has ever lain, then in the oldest warehouse."""
        return min(
            {*self.rules, *self._warehouses[product_id]},
            key=lambda each: (
                not self.rules_of(each).may_be_negative,
                (product_id, each) not in self.stocks,
                each,
            ),
        )

    def _issue_short(self, operation: Operation, line: Line, shortage: Shortage) -> None:
        """A line takes what is not there."""
        self._open_stock(Stock(line.product_id, shortage.warehouse_id, shortage.since))
        self._keep_shortage(shortage)
        self._add_missing(shortage, shortage.missing)
        self._move(
            operation,
            move_of(line, "issue_short", shortage.warehouse_id, -shortage.missing, -shortage.value),
        )

    def _take_shortage_back(self, operation: Operation, line: Line, shortage: Shortage) -> None:
        """What never came need not come any more."""
        self._keep_shortage(replace(shortage, missing=ZERO, value=ZERO))
        self._move(
            operation,
            move_of(line, "return", shortage.warehouse_id, shortage.missing, shortage.value),
        )
        self._add_missing(shortage, -shortage.missing)

    def _fill_shortage(self, operation: Operation, shortage: Shortage, quantity: Decimal) -> None:
        """A part of what was issued short is there now, and costs what it costs."""
        before = self._issued_cost(shortage)
        provisional = share(shortage.value, quantity, shortage.missing)
        used, cost = self._take(shortage.product_id, shortage.warehouse_id, quantity)
        self._consume(*shortage.key, used)
        shortage = replace(
            shortage, missing=shortage.missing - quantity, value=shortage.value - provisional
        )
        self._keep_shortage(shortage)
        self._add_missing(shortage, -quantity)
        if cost != provisional:
            self._move(operation, _correction_of(shortage, provisional - cost))
        now = kopecks(self._issued_cost(shortage))
        operation.corrections.append(
            Correction(
                *shortage.key,
                shortage.product_id,
                quantity,
                now - kopecks(before),
                now,
                shortage.missing,
            )
        )

    def _issued_cost(self, shortage: Shortage) -> Decimal:
        """Of all that the completion issued to the line, exactly."""
        taken = self._consumed(*shortage.key)
        return sum((part.cost for part in taken), shortage.value)

    def _consume(
        self, order_id: UUID, completion: int, line_id: UUID, used: tuple[Used, ...]
    ) -> None:
        """Notes what was taken for a line; of a lot that it took from before, the more."""
        for each in used:
            taken = Consumption(
                order_id,
                completion,
                line_id,
                each.lot.id,
                each.lot.product_id,
                each.lot.warehouse_id,
                each.quantity,
                each.cost,
            )
            if before := self.consumptions.get(taken.key):
                taken = replace(
                    taken,
                    quantity=before.quantity + taken.quantity,
                    cost=before.cost + taken.cost,
                )
            self._keep_consumption(taken)

    def _add_missing(self, shortage: Shortage, quantity: Decimal) -> None:
        stock = self.stocks[shortage.product_id, shortage.warehouse_id]
        self._keep_stock(replace(stock, missing=stock.missing + quantity))

    # --- movements -------------------------------------------------------------------------------

    def _open_stock(self, stock: Stock) -> None:
        if (stock.product_id, stock.warehouse_id) not in self.stocks:
            self._keep_stock(stock)

    def _move(self, operation: Operation, move: Move) -> None:
        self._keep_stock(moved(self.stocks[move.product_id, move.warehouse_id], move))
        self.total_value += move.value
        operation.moves.append(move)


def _held_in(line: Line, warehouse_id: UUID) -> Decimal:
    return sum((hold.quantity for hold in line.holds if hold.warehouse_id == warehouse_id), ZERO)


def move_of(
    line: Line,
    kind: MovementKind,
    warehouse_id: UUID,
    quantity: Decimal,
    value: Decimal = ZERO,
) -> Move:
    return Move(kind, line.product_id, warehouse_id, quantity, value, line.order_id, line.line_id)


def _correction_of(shortage: Shortage, value: Decimal) -> Move:
    return Move(
        "correction",
        shortage.product_id,
        shortage.warehouse_id,
        ZERO,
        value,
        shortage.order_id,
        shortage.line_id,
    )
