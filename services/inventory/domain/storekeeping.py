"""The storekeeper's part of the stock book: goods leave and come without a client.

What leaves is taken of the lots in the order in which they came; it is told in portions, which
carry their cost and their age, so that whatever comes back or arrives elsewhere is worth the same
and is no younger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.book import Book, Decision
from services.inventory.domain.costing import Lot, kopecks
from services.inventory.domain.shelves import Operation
from services.inventory.domain.stock import (
    ZERO,
    Move,
    Stock,
)
from shared.contracts.inventory import MovementKind
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Goods:
    """So much of one product, in main units."""

    product_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Portion:
    """Goods of one lot: what they are worth together, and their age. ``unit_cost`` is what one
    main unit was bought for."""

    quantity: Decimal
    unit_cost: Decimal
    value: Decimal
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Taken(Decision):
    """What left the shelves: for each of the goods that were named, its portions."""

    portions: tuple[tuple[Portion, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Corrected(Decision):
    """What a count put right: (product, quantity, value in whole kopecks), each signed."""

    differences: tuple[tuple[UUID, Decimal, Decimal], ...] = ()


def worth(portions: Iterable[Portion]) -> Decimal:
    """At cost: summed exactly, rounded once."""
    return kopecks(sum((portion.value for portion in portions), ZERO))


class StoreBook(Book):
    """All that happens to stock."""

    def take_out(self, kind: MovementKind, warehouse_id: UUID, goods: Sequence[Goods]) -> Taken:
        """Available goods leave a warehouse. Refused: ``stock_lacking``."""
        for product_id, quantity in _sums(goods).items():
            available = self._stock(product_id, warehouse_id).available
            if available < quantity:
                raise Refused(
                    "stock_lacking",
                    id=product_id,
                    available=available,
                    short=quantity - available,
                )
        operation = Operation()
        portions = tuple(self._take_portions(operation, kind, warehouse_id, each) for each in goods)
        return Taken(tuple(operation.moves), portions=portions)

    def send_back(self, receipt_id: UUID, takes: Mapping[int, Decimal]) -> Decision:
        """Goods of a receipt's lines, by their positions, leave the lot that each line brought; a
        move for each, in the order of the positions. Refused: ``return_not_there``."""
        taken: list[tuple[Decimal, list[Lot]]] = []
        free = {key: max(ZERO, stock.available) for key, stock in self.stocks.items()}
        # All of it is looked at before any of it goes.
        for position, quantity in sorted(takes.items()):
            lots = self._brought_by(receipt_id, position)
            key = (lots[0].product_id, lots[0].warehouse_id) if lots else None
            there = min(sum((lot.remaining for lot in lots), ZERO), free[key] if key else ZERO)
            if key is None or there < quantity:
                raise Refused("return_not_there", position=position, there=there)
            free[key] -= quantity
            taken.append((quantity, lots))
        operation = Operation()
        for quantity, lots in taken:
            place = lots[0].product_id, lots[0].warehouse_id
            _, cost = self._take(*place, quantity, [self.lots[lot.id] for lot in lots])
            self._move(operation, Move("supplier_return", *place, -quantity, -cost))
        return Decision(tuple(operation.moves))

    def bring_in(
        self,
        kind: MovementKind,
        warehouse_id: UUID,
        goods: Iterable[tuple[UUID, Sequence[Portion]]],
        at: datetime,
        ids: Iterator[UUID],
    ) -> Decision:
        """Portions of products lie in the warehouse; who waits for them is served. ``ids``: of
        new lots."""
        operation = Operation()
        for position, (product_id, portions) in enumerate(goods, start=1):
            for portion in portions:
                self._put_at(
                    operation,
                    kind,
                    Lot(
                        id=next(ids),
                        product_id=product_id,
                        warehouse_id=warehouse_id,
                        receipt_id=None,
                        position=position,
                        received_at=portion.received_at,
                        quantity=portion.quantity,
                        unit_cost=portion.unit_cost,
                        remaining=portion.quantity,
                        value=portion.value,
                    ),
                    at,
                )
        return self._finish(operation)

    def correct(
        self,
        warehouse_id: UUID,
        differences: Iterable[Goods],
        costs: Mapping[UUID, Decimal],
        at: datetime,
        ids: Iterator[UUID],
    ) -> Corrected:
        """What a count found: more than there was (above zero) or less. Orders that held what is
        missing are short of it, the youngest first. ``costs``: what one unit of a product is worth
        of which nothing lies anywhere.

        Refused: ``count_moved``, where less lies there than is missing.
        """
        differences = tuple(differences)
        for each in differences:
            if self._stock(each.product_id, warehouse_id).on_shelves + each.quantity < 0:
                raise Refused("count_moved", id=each.product_id)
        operation = Operation()
        values: list[tuple[UUID, Decimal, Decimal]] = []
        for each in differences:
            if each.quantity > 0:
                cost = self.unit_cost(each.product_id)
                unit_cost = kopecks(costs[each.product_id] if cost is None else cost)
                lot = _found(each, unit_cost, warehouse_id, at, next(ids))
                self._put_at(operation, "count_difference", lot, at)
                value = lot.value
            else:
                missing = Goods(each.product_id, -each.quantity)
                self._let_go_of_missing(
                    operation, missing.product_id, warehouse_id, missing.quantity
                )
                taken = self._take_portions(operation, "count_difference", warehouse_id, missing)
                self._free(operation, each.product_id, warehouse_id)
                value = -worth(taken)
            values.append((each.product_id, each.quantity, value))
        decision = self._finish(operation)
        return Corrected(
            decision.moves,
            decision.named,
            decision.filled,
            decision.corrections,
            differences=tuple(values),
        )

    # --- how -------------------------------------------------------------------------------------

    def _stock(self, product_id: UUID, warehouse_id: UUID) -> Stock:
        """With nothing in it, where nothing ever lay."""
        nothing = Stock(product_id, warehouse_id, datetime.max.replace(tzinfo=UTC))
        return self.stocks.get((product_id, warehouse_id)) or nothing

    def _brought_by(self, receipt_id: UUID, position: int) -> list[Lot]:
        """One lot; two, where an earlier version could not divide what the line cost."""
        line = receipt_id, position
        return [lot for lot in self.lots.values() if (lot.receipt_id, lot.position) == line]

    def _take_portions(
        self, operation: Operation, kind: MovementKind, warehouse_id: UUID, goods: Goods
    ) -> tuple[Portion, ...]:
        used, cost = self._take(goods.product_id, warehouse_id, goods.quantity)
        self._move(operation, Move(kind, goods.product_id, warehouse_id, -goods.quantity, -cost))
        return tuple(
            Portion(each.quantity, each.lot.unit_cost, each.cost, each.lot.received_at)
            for each in used
        )

    def _put_at(self, operation: Operation, kind: MovementKind, lot: Lot, at: datetime) -> None:
        """A lot that is older than it lies there."""
        self._open_stock(Stock(lot.product_id, lot.warehouse_id, at))
        self._put(operation, kind, lot)


def _sums(goods: Iterable[Goods]) -> dict[UUID, Decimal]:
    sums: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for each in goods:
        sums[each.product_id] += each.quantity
    return dict(sums)


def _found(goods: Goods, unit_cost: Decimal, warehouse_id: UUID, at: datetime, lot_id: UUID) -> Lot:
    return Lot(
        id=lot_id,
        product_id=goods.product_id,
        warehouse_id=warehouse_id,
        receipt_id=None,
        position=1,
        received_at=at,
        quantity=goods.quantity,
        unit_cost=unit_cost,
        remaining=goods.quantity,
        value=kopecks(goods.quantity * unit_cost),
    )
