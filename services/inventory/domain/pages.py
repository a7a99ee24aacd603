"""The part of the stock book that is loaded: what it says now, and where that differs from what
was loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.inventory.domain.costing import Consumption, Lot, Shortage
from services.inventory.domain.stock import ZERO, CompletionState, Line, Stock
from shared.contracts.costing import CostingMethod


@dataclass(frozen=True, slots=True)
class Rules:
    """How a warehouse keeps its books."""

    costing: CostingMethod = "fifo"
    may_be_negative: bool = False


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """What a version of a line has written off of what it held; done once."""

    line_id: UUID
    line_version: int
    order_id: UUID
    product_id: UUID
    quantity: Decimal
    cost: Decimal


class Pages:
    """A loaded part of the books, and every change to it. ``prices`` knows each loaded product."""

    def __init__(self) -> None:
        self.prices: dict[UUID, Decimal] = {}
        self.last_costs: dict[UUID, Decimal | None] = {}
        """Of each loaded product; none of what was never bought."""
        self.rules: dict[UUID, Rules] = {}
        """Of every warehouse, where anything is taken or comes; else of none."""
        self.barcodes: dict[str, tuple[UUID, str | None]] = {}
        """Products by the barcodes that the messages name, and the unit that such a code counts;
        none: the main one."""
        self.total_value = ZERO
        """Of all warehouses at cost; loaded for receipts only."""
        self.stocks: Rows[tuple[UUID, UUID], Stock] = Rows()
        self.lines: Rows[UUID, Line] = Rows()
        self.lots: Rows[UUID, Lot] = Rows()
        self.consumptions: Rows[tuple[UUID, int, UUID, UUID], Consumption] = Rows()
        self.shortages: Rows[tuple[UUID, int, UUID], Shortage] = Rows()
        self.written_off: Rows[tuple[UUID, int], WrittenOff] = Rows()
        self.completions: Rows[tuple[UUID, int], CompletionState] = Rows()
        self.cancelled: Rows[UUID, datetime] = Rows()
        self.queues: set[UUID] = set()
        """Products of which every waiting line is loaded."""
        self._warehouses: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self._waiting: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self._lines_of_order: defaultdict[UUID, dict[UUID, None]] = defaultdict(dict)
        self._lots: defaultdict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
        self._completions_of_order: defaultdict[UUID, set[int]] = defaultdict(set)

    @property
    def saves(self) -> int:
        """How often anything in the book was changed; only grows."""
        return sum(rows.saves for rows in self._all_rows())

    def note_flushed(self) -> None:
        """The database will have all of it, as it is now."""
        for rows in self._all_rows():
            rows.note_flushed()

    def _all_rows(self) -> list[Rows[Any, Any]]:
        return [rows for rows in vars(self).values() if isinstance(rows, Rows)]

    def stocks_of(self, product_id: UUID) -> list[Stock]:
        """The oldest warehouse first: ids of warehouses grow with time."""
        return [
            self.stocks[product_id, warehouse_id]
            for warehouse_id in sorted(self._warehouses[product_id])
        ]

    def available(self, product_id: UUID) -> Decimal:
        """What may be promised: what is missing in one warehouse takes nothing of another's."""
        return sum((max(ZERO, stock.available) for stock in self.stocks_of(product_id)), ZERO)

    def on_hand(self, product_id: UUID) -> Decimal:
        return sum((stock.on_hand for stock in self.stocks_of(product_id)), ZERO)

    def unit_cost(self, product_id: UUID) -> Decimal | None:
        """What lies in the warehouses cost on average, exactly; ``None``: nothing lies there."""
        stocks = [stock for stock in self.stocks_of(product_id) if not stock.missing]
        on_hand = sum((stock.on_hand for stock in stocks), ZERO)
        value = sum((stock.value for stock in stocks), ZERO)
        return value / on_hand if on_hand else None

    def load_stock(self, stock: Stock) -> None:
        self.stocks.load((stock.product_id, stock.warehouse_id), stock)
        self._warehouses[stock.product_id].add(stock.warehouse_id)

    def load_line(self, line: Line) -> None:
        self.lines.load(line.line_id, line)
        self._index(line)

    def load_lot(self, lot: Lot) -> None:
        self.lots.load(lot.id, lot)
        self._lots[lot.product_id, lot.warehouse_id].add(lot.id)

    def load_completion(self, order_id: UUID, completion: int, state: CompletionState) -> None:
        self.completions.load((order_id, completion), state)
        self._completions_of_order[order_id].add(completion)

    def load_consumption(self, consumption: Consumption) -> None:
        self.consumptions.load(consumption.key, consumption)

    def load_shortage(self, shortage: Shortage) -> None:
        self.shortages.load(shortage.key, shortage)

    def _keep_stock(self, stock: Stock) -> None:
        self.stocks.save((stock.product_id, stock.warehouse_id), stock)
        self._warehouses[stock.product_id].add(stock.warehouse_id)

    def _keep_line(self, line: Line) -> None:
        self.lines.save(line.line_id, line)
        self._index(line)

    def _index(self, line: Line) -> None:
        self._lines_of_order[line.order_id][line.line_id] = None
        if line.short > 0:
            self._waiting[line.product_id].add(line.line_id)
        else:
            self._waiting[line.product_id].discard(line.line_id)

    def _keep_lot(self, lot: Lot) -> None:
        self.lots.save(lot.id, lot)
        self._lots[lot.product_id, lot.warehouse_id].add(lot.id)

    def _consumed(
        self, order_id: UUID, completion: int, line_id: UUID | None = None
    ) -> list[Consumption]:
        """What a completion has taken and not brought back, for one line or for all."""
        return [
            each
            for each in self.consumptions.values()
            if (each.order_id, each.completion) == (order_id, completion)
            and line_id in (None, each.line_id)
            and not each.returned
        ]

    def _brought_back(self, line: Line, completion: int) -> list[Consumption]:
        """What a completion of its order had taken for the line, and what was put back."""
        return [
            each
            for each in self.consumptions.values()
            if (each.line_id, each.completion) == (line.line_id, completion) and each.returned
        ]

    def _missing_in(self, product_id: UUID, warehouse_id: UUID) -> list[Shortage]:
        """The oldest first."""
        missing = [
            each
            for each in self.shortages.values()
            if (each.product_id, each.warehouse_id) == (product_id, warehouse_id) and each.missing
        ]
        return sorted(missing, key=lambda each: (each.since, each.line_id))

    def _keep_consumption(self, consumption: Consumption) -> None:
        self.consumptions.save(consumption.key, consumption)

    def _keep_shortage(self, shortage: Shortage) -> None:
        self.shortages.save(shortage.key, shortage)

    def _lots_of(self, product_id: UUID, warehouse_id: UUID) -> list[Lot]:
        return [self.lots[lot_id] for lot_id in self._lots[product_id, warehouse_id]]

    def _keep_completion(self, order_id: UUID, completion: int, state: CompletionState) -> None:
        self.completions.save((order_id, completion), state)
        self._completions_of_order[order_id].add(completion)


class Rows[KeyT, ValueT]:
    """An identity map of frozen values: a key has one value, the newest."""

    def __init__(self) -> None:
        self.saves = 0
        self._loaded: dict[KeyT, ValueT] = {}
        self._values: dict[KeyT, ValueT] = {}

    def load(self, key: KeyT, value: ValueT) -> None:
        """Takes a value from the database. What is here already is newer and stays."""
        if key not in self._values:
            self._loaded[key] = self._values[key] = value

    def save(self, key: KeyT, value: ValueT) -> None:
        self.saves += 1
        self._values[key] = value

    def get(self, key: KeyT) -> ValueT | None:
        return self._values.get(key)

    def __getitem__(self, key: KeyT) -> ValueT:
        return self._values[key]

    def __contains__(self, key: KeyT) -> bool:
        return key in self._values

    def items(self) -> Iterator[tuple[KeyT, ValueT]]:
        return iter(list(self._values.items()))

    def values(self) -> Iterator[ValueT]:
        return iter(list(self._values.values()))

    def changes(self) -> list[tuple[KeyT, ValueT | None, ValueT]]:
        """Every (key, loaded, now) that the database does not have like this yet."""
        return [
            (key, self._loaded.get(key), value)
            for key, value in self._values.items()
            if self._loaded.get(key) != value
        ]

    def note_flushed(self) -> None:
        self._loaded = dict(self._values)
