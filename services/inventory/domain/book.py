"""The stock book: what each message about orders and receipts does to stock, lines and lots.

Pure: it holds the part of the books that was loaded, decides, and remembers what differs. The
rule that everything here keeps: nobody is short of a product while any of it is available. Wishes
and freed stock are therefore one case: change the wish, let go of what is no longer wanted, then
fill the queue, the longest waiting first. A new wish finds stock only where nobody waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import Consumption, Handed, Lot, handed, less, used_up
from services.inventory.domain.pages import Pages
from services.inventory.domain.stock import (
    COMPLETION_STEPS,
    ZERO,
    Ask,
    Hold,
    Line,
    Move,
    Stock,
    TooEarly,
    asked,
    drawn,
    first_of,
    moved,
    place_in_queue,
    with_holds,
    without_holds,
)
from shared.contracts.inventory import MovementKind
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one message. Every line in it has a new ``answer``."""

    moves: tuple[Move, ...] = ()
    named: tuple[Line, ...] = ()
    """Lines that the message spoke of, and that it changed."""
    filled: tuple[Line, ...] = ()
    """Back-orders that got something of what became free."""


@dataclass(frozen=True, slots=True)
class HandedOver(Decision):
    """What came of a completion or a reopening: also the parts that left or came back."""

    parts: tuple[Handed, ...] = ()

    @property
    def cost(self) -> Decimal:
        """Of all parts: the sum of what each line was booked with."""
        return sum((part.cost for part in self.parts), Decimal("0.00"))


@dataclass(slots=True)
class _Operation:
    """One message while it is worked on."""

    moves: list[Move] = field(default_factory=list)
    named: dict[UUID, None] = field(default_factory=dict)
    filled: dict[UUID, None] = field(default_factory=dict)
    to_fill: dict[UUID, None] = field(default_factory=dict)
    freed: set[UUID] = field(default_factory=set)


class Book(Pages):
    """Every step changes the pages and says what it did; nothing is done by halves."""

    # --- what orders tell ----------------------------------------------------------------------

    def request(self, order_id: UUID, asks: Sequence[Ask], requested_at: datetime) -> Decision:
        """Lines want so much from now on. Older wishes, and any of a cancelled order, are void.

        Raises ``LookupError`` for a product that is not in the catalogue.
        """
        operation = _Operation()
        if order_id in self.cancelled:
            return Decision()
        for ask in asks:
            if ask.product_id not in self.prices:
                raise LookupError(f"no product {ask.product_id} in the catalogue")
            line = asked(self.lines.get(ask.line_id), ask, order_id, requested_at)
            if line is None:
                continue
            self._keep_line(line)
            operation.named[line.line_id] = None
            operation.to_fill[line.product_id] = None
            self._let_go(operation, line)
        return self._finish(operation)

    def release(self, order_id: UUID, asks: Sequence[Ask], at: datetime) -> Decision:
        """Lines want nothing any more. An unknown line is noted, so that its late request,
        which is older, reserves nothing."""
        operation = _Operation()
        for ask in asks:
            before = self.lines.get(ask.line_id)
            line = asked(before, replace(ask, wanted=ZERO), order_id, at)
            if line is None:
                continue
            self._keep_line(line)
            if before is not None and before.wanted > 0:
                operation.named[line.line_id] = None
                self._let_go(operation, line)
        return self._finish(operation)

    def cancel(self, order_id: UUID, at: datetime) -> Decision:
        """Everything that the order holds is free, and it will not hold anything again."""
        operation = _Operation()
        self.cancelled.save(order_id, at)
        for line_id in self._lines_of_order[order_id]:
            line = self.lines[line_id]
            if line.wanted > 0:
                line = replace(line, wanted=ZERO)
                self._keep_line(line)
                operation.named[line_id] = None
                self._let_go(operation, line)
        return self._finish(operation)

    def complete(
        self, order_id: UUID, completion: int, parts: Sequence[tuple[UUID, UUID, Decimal]]
    ) -> HandedOver | None:
        """A done order takes its (line, product, quantity) parts. ``None``: it was reopened since.

        Raises ``TooEarly`` while an earlier completion is not yet undone here, or a part is not
        yet fully held.
        """
        after = COMPLETION_STEPS.get((self.completions.get((order_id, completion)), "completed"))
        if after is None:
            return None
        self._check_ready(order_id, completion, parts)
        operation = _Operation()
        issued = [
            self._issue(operation, self.lines[line_id], completion, quantity)
            for line_id, _, quantity in parts
        ]
        self._keep_completion(order_id, completion, after)
        return HandedOver(tuple(operation.moves), parts=tuple(issued))

    def reopen(self, order_id: UUID, completion: int) -> HandedOver | None:
        """What the completion took is back in its lots and held by its lines again, as far as
        they still want it. ``None``: there was nothing to undo, now or ever."""
        before = self.completions.get((order_id, completion))
        after = COMPLETION_STEPS.get((before, "reopened"))
        if after is None:
            return None
        self._keep_completion(order_id, completion, after)
        if before is None:
            return None
        operation = _Operation()
        by_line: defaultdict[UUID, list[Consumption]] = defaultdict(list)
        for consumption in self._consumed.pop((order_id, completion), []):
            by_line[consumption.line_id].append(consumption)
            self._take_back(operation, consumption)
        decision = self._finish(operation)
        returned = tuple(handed(consumptions) for consumptions in by_line.values())
        return HandedOver(decision.moves, decision.named, decision.filled, returned)

    # --- what the storekeeper tells ------------------------------------------------------------

    def receive(self, lots: Sequence[Lot], marks: Sequence[tuple[UUID, Hold]] = ()) -> Decision:
        """Goods came. ``marks``: lines that some of them were bought for; as far as these still
        wait, they are served before the queue. What is left of that is for the queue."""
        operation = _Operation()
        for lot in lots:
            if (lot.product_id, lot.warehouse_id) not in self.stocks:
                self._keep_stock(Stock(lot.product_id, lot.warehouse_id, lot.received_at))
            value = lot.quantity * lot.unit_cost
            self._move(
                operation,
                Move("receipt", lot.product_id, lot.warehouse_id, lot.quantity, value),
            )
            self._keep_lot(lot)
            self._free(operation, lot.product_id)
        for line_id, hold in marks:
            line = self.lines.get(line_id)
            if line and (quantity := min(line.short, hold.quantity)):
                self._hold(operation, line, (replace(hold, quantity=quantity),))
        return self._finish(operation)

    def send_back(self, receipt_id: UUID, takes: Mapping[int, Decimal]) -> Decision:
        """Goods of a receipt's lines, by their positions, leave its own lots; a move for each, in
        the order of the positions. Refused: ``return_not_there``."""
        operation = _Operation()
        taken: list[tuple[Decimal, Sequence[tuple[Lot, Decimal]]]] = []
        free = {key: stock.available for key, stock in self.stocks.items()}
        # All of it is looked at before any of it goes.
        for position, quantity in sorted(takes.items()):
            lots = self._lots_of(receipt_id, position)
            key = (lots[0].product_id, lots[0].warehouse_id) if lots else None
            there = min(sum((lot.remaining for lot in lots), ZERO), free[key] if key else ZERO)
            if key is None or there < quantity:
                raise Refused("return_not_there", position=position, there=there)
            free[key] -= quantity
            taken.append((quantity, used_up(lots, quantity)))
        for quantity, used in taken:
            for lot, part in used:
                self._keep_lot(less(lot, part))
            value = sum((part * lot.unit_cost for lot, part in used), ZERO)
            lot, _ = used[0]
            self._move(
                operation,
                Move("supplier_return", lot.product_id, lot.warehouse_id, -quantity, -value),
            )
        return self._finish(operation)

    def _lots_of(self, receipt_id: UUID, position: int) -> list[Lot]:
        place = (receipt_id, position)
        return [lot for lot in self.lots.values() if (lot.receipt_id, lot.position) == place]

    # --- the steps of which all of the above is made ---------------------------------------------

    def _let_go(self, operation: _Operation, line: Line) -> None:
        """Releases what the line holds and no longer wants, the youngest warehouse first."""
        surplus = first_of(line.holds[::-1], line.surplus)
        for hold in surplus:
            self._move(operation, _move_of(line, "release", hold.warehouse_id, -hold.quantity))
            self._free(operation, line.product_id)
        if surplus:
            self._keep_line(without_holds(line, surplus))

    def _fill(self, operation: _Operation, product_id: UUID) -> None:
        """Gives what is available to those who are short, the longest waiting first."""
        if not self.available(product_id):
            return
        if product_id in operation.freed and product_id not in self.queues:
            raise RuntimeError(f"stock of {product_id} became free and its queue is not loaded")
        waiting = [self.lines[line_id] for line_id in self._waiting[product_id]]
        for line in sorted(waiting, key=place_in_queue):
            holds = drawn(self.stocks_of(product_id), line.short)
            if not holds:
                return
            self._hold(operation, line, holds)

    def _hold(self, operation: _Operation, line: Line, holds: Sequence[Hold]) -> None:
        for hold in holds:
            self._move(operation, _move_of(line, "reserve", hold.warehouse_id, hold.quantity))
        self._keep_line(with_holds(line, *holds))
        operation.filled[line.line_id] = None

    def _check_ready(
        self, order_id: UUID, completion: int, parts: Iterable[tuple[UUID, UUID, Decimal]]
    ) -> None:
        for number in self._completions_of_order[order_id]:
            if self.completions[order_id, number] == "issued":
                raise TooEarly(
                    f"completion {completion} came while completion {number} is still issued"
                )
        for line_id, product_id, quantity in parts:
            line = self.lines.get(line_id)
            if line is None or line.held < quantity:
                held = line.held if line else ZERO
                raise TooEarly(f"line {line_id} holds {held} of the {quantity} that it issues")
            if (line.product_id, line.order_id) != (product_id, order_id):
                raise ValueError(f"line {line_id} is of another product or order")

    def _issue(
        self, operation: _Operation, line: Line, completion: int, quantity: Decimal
    ) -> Handed:
        consumptions: list[Consumption] = []
        taken = first_of(line.holds, quantity)
        for hold in taken:
            lot_ids = self._lots[line.product_id, hold.warehouse_id]
            used = used_up([self.lots[lot_id] for lot_id in lot_ids], hold.quantity)
            for lot, part in used:
                self._keep_lot(less(lot, part))
                consumptions.append(_consumed(line, completion, lot, part))
            value = sum((part * lot.unit_cost for lot, part in used), ZERO)
            self._move(
                operation, _move_of(line, "issue", hold.warehouse_id, -hold.quantity, -value)
            )
        for consumption in consumptions:
            self.consumptions.save(consumption.key, consumption)
        self._consumed[line.order_id, completion] += consumptions
        self._keep_line(replace(without_holds(line, taken), issued=line.issued + quantity))
        return handed(consumptions)

    def _take_back(self, operation: _Operation, consumption: Consumption) -> None:
        lot, line = self.lots[consumption.lot_id], self.lines[consumption.line_id]
        quantity, warehouse_id = consumption.quantity, lot.warehouse_id
        self._keep_lot(less(lot, -quantity))
        self.consumptions.save(consumption.key, replace(consumption, returned=True))
        self._move(operation, _move_of(line, "return", warehouse_id, quantity, consumption.cost))
        line = replace(line, issued=line.issued - quantity)
        again = min(quantity, line.short)
        if again > 0:
            self._move(operation, _move_of(line, "reserve", warehouse_id, again))
            line = with_holds(line, Hold(warehouse_id, again))
        self._keep_line(line)
        if again < quantity:
            self._free(operation, line.product_id)

    def _free(self, operation: _Operation, product_id: UUID) -> None:
        operation.freed.add(product_id)
        operation.to_fill[product_id] = None

    def _finish(self, operation: _Operation) -> Decision:
        for product_id in operation.to_fill:
            self._fill(operation, product_id)
        filled = [line_id for line_id in operation.filled if line_id not in operation.named]
        return Decision(
            tuple(operation.moves),
            tuple(self._answered(line_id) for line_id in operation.named),
            tuple(self._answered(line_id) for line_id in filled),
        )

    def _answered(self, line_id: UUID) -> Line:
        line = self.lines[line_id]
        line = replace(line, answer=line.answer + 1)
        self._keep_line(line)
        return line

    def _move(self, operation: _Operation, move: Move) -> None:
        self._keep_stock(moved(self.stocks[move.product_id, move.warehouse_id], move))
        self.total_value += move.value
        operation.moves.append(move)


def _move_of(
    line: Line,
    kind: MovementKind,
    warehouse_id: UUID,
    quantity: Decimal,
    value: Decimal = ZERO,
) -> Move:
    return Move(kind, line.product_id, warehouse_id, quantity, value, line.order_id, line.line_id)


def _consumed(line: Line, completion: int, lot: Lot, quantity: Decimal) -> Consumption:
    return Consumption(
        line.order_id,
        completion,
        line.line_id,
        lot.id,
        lot.product_id,
        lot.warehouse_id,
        quantity,
        lot.unit_cost,
    )
