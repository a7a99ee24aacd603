"""The stock book: what each message about orders and receipts does to stock, lines and lots.

Pure: it holds the part of the books that was loaded, decides, and remembers what differs. The
rule that everything here keeps: nobody is short of a product while any of it is available. Wishes
and freed stock are therefore one case: change the wish, let go of what is no longer wanted, then
fill the queue, the longest waiting first. A new wish finds stock only where nobody waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import (
    Consumption,
    Handed,
    Lot,
    Shortage,
    handed,
    kopecks,
)
from services.inventory.domain.pages import WrittenOff
from services.inventory.domain.shelves import Correction, Operation, Shelves, move_of
from services.inventory.domain.stock import (
    COMPLETION_STEPS,
    ZERO,
    Ask,
    Hold,
    Line,
    Move,
    TooEarly,
    asked,
    drawn,
    first_of,
    place_in_queue,
    with_holds,
    without_holds,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one message. Every line in it has a new ``answer``."""

    moves: tuple[Move, ...] = ()
    named: tuple[Line, ...] = ()
    """Lines that the message spoke of, and that it changed."""
    filled: tuple[Line, ...] = ()
    """Back-orders that got something of what became free."""
    corrections: tuple[Correction, ...] = ()
    """What was issued short and has come now."""
    written_off: tuple[WrittenOff, ...] = ()


@dataclass(frozen=True, slots=True)
class HandedOver(Decision):
    """What came of a completion or a reopening: also the parts that left or came back."""

    parts: tuple[Handed, ...] = ()

    @property
    def cost(self) -> Decimal:
        """Of all parts: the sum of what each line was booked with."""
        return sum((part.cost for part in self.parts), Decimal("0.00"))


class Book(Shelves):
    """Every step changes the pages and says what it did; nothing is done by halves."""

    # --- what orders tell ----------------------------------------------------------------------

    def request(self, order_id: UUID, asks: Sequence[Ask], requested_at: datetime) -> Decision:
        """Lines want so much from now on. Older wishes, and any of a cancelled order, are void.

        Raises ``LookupError`` for a product that is not in the catalogue, ``TooEarly`` when
        something is written off that has not been brought back yet.
        """
        operation = Operation()
        self._check_brought_back(order_id, asks)
        for ask in asks:
            if ask.product_id not in self.prices:
                raise LookupError(f"no product {ask.product_id} in the catalogue")
            self._write_off(operation, order_id, ask)
            if order_id in self.cancelled:
                continue
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
        operation = Operation()
        self._check_brought_back(order_id, asks)
        for ask in asks:
            self._write_off(operation, order_id, ask)
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
        operation = Operation()
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
        self,
        order_id: UUID,
        completion: int,
        parts: Sequence[tuple[UUID, UUID, Decimal]],
        at: datetime,
        may_be_missing: Collection[UUID] = (),
    ) -> HandedOver | None:
        """A done order takes its (line, product, quantity) parts. ``None``: it was reopened since.

        What a line is short of is issued below zero, where a warehouse allows that, or did when the
        order was done: ``may_be_missing`` are the lines of which it was told so. Raises
        ``TooEarly`` while an earlier completion is not yet undone here, or a part is neither held
        nor may be missing.
        """
        after = COMPLETION_STEPS.get((self.completions.get((order_id, completion)), "completed"))
        if after is None:
            return None
        self._check_ready(order_id, completion, parts, may_be_missing)
        operation = Operation()
        issued = [
            self._issue(operation, self.lines[line_id], completion, quantity, at)
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
        operation = Operation()
        short = [
            shortage
            for shortage in self.shortages.values()
            if (shortage.order_id, shortage.completion) == (order_id, completion)
        ]
        missing = {shortage.line_id: shortage for shortage in short if shortage.missing}
        by_line: defaultdict[UUID, list[Consumption]] = defaultdict(list)
        for consumption in self._consumed(order_id, completion):
            by_line[consumption.line_id].append(consumption)
        # First what never came, so that nothing that comes back is put in its place.
        for shortage in missing.values():
            self._return_missing(operation, shortage)
        # Their last answer says that they are short, whatever has come since.
        operation.named |= {shortage.line_id: None for shortage in short}
        for consumptions in by_line.values():
            for consumption in consumptions:
                self._take_back(operation, consumption)
        decision = self._finish(operation)
        returned = tuple(
            handed(by_line[line_id], missing.get(line_id)) for line_id in {**by_line, **missing}
        )
        return HandedOver(
            decision.moves, decision.named, decision.filled, decision.corrections, parts=returned
        )

    # --- what the storekeeper tells ------------------------------------------------------------

    def receive(self, lots: Sequence[Lot], marks: Sequence[tuple[UUID, Hold]] = ()) -> Decision:
        """Goods came, a lot for each line of the receipt. ``marks``: lines that some of them were
        bought for; as far as these still wait, and nothing is missing there, they are served
        before the queue. What is left of that is for the queue."""
        operation = Operation()
        for lot in lots:
            self._put(operation, "receipt", lot)
        for line_id, hold in marks:
            line = self.lines.get(line_id)
            if line is None:
                continue
            stock = self.stocks[line.product_id, hold.warehouse_id]
            if (quantity := min(line.short, hold.quantity, stock.available)) > 0:
                self._hold(operation, line, (replace(hold, quantity=quantity),))
        return self._finish(operation)

    # --- the steps of which all of the above is made ---------------------------------------------

    def _let_go(self, operation: Operation, line: Line) -> None:
        """Releases what the line holds and no longer wants, the youngest warehouse first."""
        surplus = first_of(line.holds[::-1], line.surplus)
        for hold in surplus:
            self._move(operation, move_of(line, "release", hold.warehouse_id, -hold.quantity))
            self._keep_line(line := without_holds(line, [hold]))
            self._free(operation, line.product_id, hold.warehouse_id)

    def _check_brought_back(self, order_id: UUID, asks: Iterable[Ask]) -> None:
        """Whatever a line writes off was issued, and is here again when its order was reopened."""
        for ask in asks:
            state = self.completions.get((order_id, ask.lost_completion))
            if ask.write_off and state in (None, "issued"):
                raise TooEarly(f"line {ask.line_id} is written off before it was brought back")

    def _write_off(self, operation: Operation, order_id: UUID, ask: Ask) -> None:
        """What was issued and came back is lost instead of free; each version says so once."""
        key = (ask.line_id, ask.version)
        line = self.lines.get(ask.line_id)
        if not ask.write_off or line is None or key in self.written_off:
            return
        lost = first_of(line.holds[::-1], min(ask.write_off, line.held))
        cost = ZERO
        for hold in lost:
            self._move(operation, move_of(line, "release", hold.warehouse_id, -hold.quantity))
            _, value = self._take(line.product_id, hold.warehouse_id, hold.quantity)
            self._move(
                operation,
                move_of(line, "write_off", hold.warehouse_id, -hold.quantity, -value),
            )
            cost += value
        self._keep_line(line := without_holds(line, lost))
        quantity = sum((hold.quantity for hold in lost), ZERO)
        if ask.version <= line.version or order_id in self.cancelled:
            let_go, value = self._lose_what_was_let_go(operation, line, ask, quantity)
            quantity, cost = quantity + let_go, cost + value
        done = WrittenOff(*key, order_id, line.product_id, quantity, kopecks(cost))
        self.written_off.save(key, done)
        operation.written_off.append(done)
        operation.named[line.line_id] = None
        operation.to_fill[line.product_id] = None

    def _lose_what_was_let_go(
        self, operation: Operation, line: Line, ask: Ask, lost: Decimal
    ) -> tuple[Decimal, Decimal]:
        """How much, and what it cost. News that is newer was faster, and what came back is free or
        somebody else's by now: it is missing where it came back to. ``lost`` is already."""
        quantity, cost = ZERO, ZERO
        for back in self._brought_back(line, ask.lost_completion):
            place = line.product_id, back.warehouse_id
            left = ask.write_off - lost - quantity
            part = min(back.quantity, left, self.stocks[place].on_shelves)
            if part > 0:
                self._let_go_of_missing(operation, *place, part)
                _, value = self._take(*place, part)
                self._move(operation, move_of(line, "write_off", place[1], -part, -value))
                quantity, cost = quantity + part, cost + value
        return quantity, cost

    def _fill(self, operation: Operation, product_id: UUID) -> None:
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

    def _hold(self, operation: Operation, line: Line, holds: Sequence[Hold]) -> None:
        for hold in holds:
            self._move(operation, move_of(line, "reserve", hold.warehouse_id, hold.quantity))
        self._keep_line(with_holds(line, *holds))
        operation.filled[line.line_id] = None

    def _check_ready(
        self,
        order_id: UUID,
        completion: int,
        parts: Iterable[tuple[UUID, UUID, Decimal]],
        may_be_missing: Collection[UUID],
    ) -> None:
        for number in self._completions_of_order[order_id]:
            if self.completions[order_id, number] == "issued":
                raise TooEarly(
                    f"completion {completion} came while completion {number} is still issued"
                )
        for line_id, product_id, quantity in parts:
            line = self.lines.get(line_id)
            if line is None or (
                line.held < quantity
                and not self._may_be_missing(line, quantity, line_id in may_be_missing)
            ):
                held = line.held if line else ZERO
                raise TooEarly(f"line {line_id} holds {held} of the {quantity} that it issues")
            if (line.product_id, line.order_id) != (product_id, order_id):
                raise ValueError(f"line {line_id} is of another product or order")

    def _may_be_missing(self, line: Line, quantity: Decimal, was_allowed: bool) -> bool:
        """Only what the line is known to want; and only where a warehouse allows it, or did, or
        what a count has taken of it: the order was done with it, whatever lay on the shelf by
        then."""
        if line.due < quantity:
            return False
        is_lost = quantity - line.held <= line.lost
        return is_lost or was_allowed or self._allows_missing()

    def _issue(
        self,
        operation: Operation,
        line: Line,
        completion: int,
        quantity: Decimal,
        at: datetime,
    ) -> Handed:
        taken = first_of(line.holds, min(quantity, line.held))
        for hold in taken:
            used, cost = self._take(line.product_id, hold.warehouse_id, hold.quantity)
            self._consume(line.order_id, completion, line.line_id, used)
            self._move(operation, move_of(line, "issue", hold.warehouse_id, -hold.quantity, -cost))
        missing = quantity - line.held
        shortage = self._short(line, completion, missing, at) if missing > 0 else None
        if shortage:
            self._issue_short(operation, line, shortage)
        self._keep_line(
            replace(without_holds(line, taken), issued=line.issued + quantity, lost=ZERO)
        )
        return handed(self._consumed(line.order_id, completion, line.line_id), shortage)

    def _short(self, line: Line, completion: int, missing: Decimal, at: datetime) -> Shortage:
        """At what was last paid for it, or else at the average of what lies anywhere, or else for
        nothing: until it comes."""
        warehouse_id = self._warehouse_below_zero(line.product_id)
        unit_cost = self.last_costs.get(line.product_id)
        if unit_cost is None:
            unit_cost = self.unit_cost(line.product_id) or ZERO
        return Shortage(
            line.order_id,
            completion,
            line.line_id,
            line.product_id,
            warehouse_id,
            at,
            missing,
            missing,
            kopecks(unit_cost * missing),
        )

    def _return_missing(self, operation: Operation, shortage: Shortage) -> None:
        """The line is short of it again, and waits where it waited."""
        line = self.lines[shortage.line_id]
        self._take_shortage_back(operation, line, shortage)
        self._keep_line(replace(line, issued=line.issued - shortage.missing))
        operation.to_fill[line.product_id] = None

    def _take_back(self, operation: Operation, consumption: Consumption) -> None:
        line = self.lines[consumption.line_id]
        quantity, warehouse_id = consumption.quantity, consumption.warehouse_id
        self._put_back(consumption)
        self._move(operation, move_of(line, "return", warehouse_id, quantity, consumption.cost))
        line = replace(line, issued=line.issued - quantity)
        again = min(quantity, line.short)
        if again > 0:
            self._move(operation, move_of(line, "reserve", warehouse_id, again))
            line = with_holds(line, Hold(warehouse_id, again))
        self._keep_line(line)
        if again < quantity:
            self._free(operation, line.product_id, warehouse_id)

    def _finish(self, operation: Operation) -> Decision:
        for product_id in operation.to_fill:
            self._fill(operation, product_id)
        filled = [line_id for line_id in operation.filled if line_id not in operation.named]
        return Decision(
            tuple(operation.moves),
            tuple(self._answered(line_id) for line_id in operation.named),
            tuple(self._answered(line_id) for line_id in filled),
            tuple(operation.corrections),
            tuple(operation.written_off),
        )

    def _answered(self, line_id: UUID) -> Line:
        line = self.lines[line_id]
        line = replace(line, answer=line.answer + 1)
        self._keep_line(line)
        return line
