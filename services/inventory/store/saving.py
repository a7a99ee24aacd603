"""What a batch of messages has changed in the stock book, written back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from services.inventory.domain.book import Book
from services.inventory.domain.stock import Line
from services.inventory.store.tables import (
    allocations,
    cancelled_orders,
    completions,
    consumptions,
    lots,
    movements,
    receipt_lines,
    receipts,
    requests,
    shortages,
    stock,
    written_off,
)
from services.inventory.store.tables_purchasing import (
    purchase_arrivals,
    receipt_extras,
    supplier_charges,
)
from services.inventory.store.tables_reports import unfolded
from shared.writing import Pending, inserting, merging, removing

type Rows = Sequence[Sequence[Any]]


@dataclass(slots=True)
class Documents:
    """Rows that are only ever added, in the order of their tables' columns."""

    movements: list[Sequence[Any]] = field(default_factory=list)
    receipts: list[Sequence[Any]] = field(default_factory=list)
    receipt_lines: list[Sequence[Any]] = field(default_factory=list)
    receipt_extras: list[Sequence[Any]] = field(default_factory=list)
    supplier_charges: list[Sequence[Any]] = field(default_factory=list)
    purchase_arrivals: list[Sequence[Any]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(len(getattr(self, table.name)) for table in fields(self))


def save(pending: Pending, book: Book, documents: Documents) -> None:
    """All that a batch has changed."""
    lines = [(before, now) for _, before, now in book.lines.changes()]
    stocks = [_stock_row(now) for _, _, now in book.stocks.changes()]
    cancelled = [(order_id, at) for order_id, _, at in book.cancelled.changes()]
    done = [(*key, state) for key, _, state in book.completions.changes()]
    consumed = [_consumption_row(now) for _, _, now in book.consumptions.changes()]
    for how, rows in (
        (_SAVE_RECEIPTS, documents.receipts),
        (_SAVE_RECEIPT_LINES, documents.receipt_lines),
        (_SAVE_EXTRAS, documents.receipt_extras),
        (_SAVE_CHARGES, documents.supplier_charges),
        (_SAVE_ARRIVALS, documents.purchase_arrivals),
        (_SAVE_LOTS, [_lot_row(now) for _, _, now in book.lots.changes()]),
        (_SAVE_CONSUMPTIONS, consumed),
        (_SAVE_SHORTAGES, [_shortage_row(now) for _, _, now in book.shortages.changes()]),
        (_SAVE_WRITTEN_OFF, [_written_off_row(now) for _, _, now in book.written_off.changes()]),
        (_SAVE_COMPLETIONS, done),
        (_SAVE_CANCELLED, cancelled),
        (_DROP_HOLDS, _dropped_holds(lines)),
        (_SAVE_MOVEMENTS, documents.movements),
        # The first column is the id.
        (_SAVE_UNFOLDED, [movement[:1] for movement in documents.movements]),
        (_SAVE_STOCK, stocks),
        (_SAVE_REQUESTS, [_line_row(line) for _, line in lines]),
        (_SAVE_HOLDS, _changed_holds(lines)),
    ):
        pending.add(how, rows)


_SAVE_MOVEMENTS = inserting(movements)
_SAVE_UNFOLDED = inserting(unfolded)
_SAVE_STOCK = merging(stock, "on_hand", "reserved", "value", "missing")
_SAVE_REQUESTS = merging(
    requests, "line_version", "wanted", "requested_at", "answer", "issued", "short", "lost"
)
_SAVE_HOLDS = merging(allocations, "reserved")
_DROP_HOLDS = removing(allocations)
_SAVE_RECEIPTS = inserting(receipts)
_SAVE_RECEIPT_LINES = inserting(receipt_lines)
_SAVE_EXTRAS = inserting(receipt_extras)
_SAVE_CHARGES = inserting(supplier_charges)
_SAVE_ARRIVALS = inserting(purchase_arrivals)
_SAVE_LOTS = merging(lots, "remaining", "value")
_SAVE_CONSUMPTIONS = merging(consumptions, "quantity", "cost", "returned")
_SAVE_SHORTAGES = merging(shortages, "missing", "value")
_SAVE_WRITTEN_OFF = inserting(written_off)
_SAVE_COMPLETIONS = merging(completions, "state")
_SAVE_CANCELLED = merging(cancelled_orders, "cancelled_at")


# --- rows, in the order of their tables' columns -------------------------------------------------

_stock_row = attrgetter(*stock.columns.keys())
_lot_row = attrgetter(*lots.columns.keys())
_consumption_row = attrgetter(*consumptions.columns.keys())
_shortage_row = attrgetter(*shortages.columns.keys())
_written_off_row = attrgetter(*written_off.columns.keys())


def _line_row(line: Line) -> Sequence[Any]:
    return (
        line.line_id,
        line.order_id,
        line.product_id,
        line.version,
        line.wanted,
        line.requested_at,
        line.answer,
        line.issued,
        line.short,
        line.lost,
    )


def _changed_holds(lines: Iterable[tuple[Line | None, Line]]) -> Rows:
    return [
        (now.line_id, hold.warehouse_id, hold.quantity)
        for before, now in lines
        for hold in now.holds
        if before is None or hold not in before.holds
    ]


def _dropped_holds(lines: Iterable[tuple[Line | None, Line]]) -> Rows:
    return [
        (now.line_id, hold.warehouse_id)
        for before, now in lines
        if before
        for hold in before.holds
        if hold.warehouse_id not in {kept.warehouse_id for kept in now.holds}
    ]
