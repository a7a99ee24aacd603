"""What one transaction of the inventory service reads and writes: a part of the stock book, loaded
once for a batch of messages and written back together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Sequence as Numbers
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.stock import Move
from services.inventory.domain.storekeeping import StoreBook
from services.inventory.store import (
    tables_cells,
    tables_documents,
    tables_offers,
    tables_purchasing,
    tables_reports,
)
from services.inventory.store.loading import load
from services.inventory.store.saving import Documents, save
from services.inventory.store.tables import tables
from shared.contracts.base import Message
from shared.contracts.inventory import ReceiptView, SupplierCharge
from shared.handlers import Store, Work

__all__ = [
    "InventoryStore",
    "tables",
    "tables_cells",
    "tables_documents",
    "tables_offers",
    "tables_purchasing",
    "tables_reports",
]


class InventoryStore(Store):
    """Its book holds what the batch's messages are about, locked. Questions never load it."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.book = StoreBook()
        self._documents = Documents()
        self._documents_before = 0

    async def prefetch(self, messages: Sequence[Message]) -> None:
        await load(self.connection, self.book, messages)

    async def flush(self) -> None:
        """What was flushed before is not written again."""
        save(self.pending, self.book, self._documents)
        self.book.note_flushed()
        self._documents_before += self._documents.rows
        self._documents = Documents()

    def unsaved(self) -> int:
        return self.book.saves + self._documents_before + self._documents.rows

    def record(
        self,
        moves: Iterable[Move],
        work: Work,
        *,
        document_id: UUID | None = None,
        order_id: UUID | None = None,
        reason: str | None = None,
    ) -> None:
        """Notes what happened to stock: who, when, why and by which document. The reason is that
        of ``order_id``; what became of other orders' lines meanwhile has none."""
        self._documents.movements += [
            (
                work.new_id(),
                work.now,
                move.kind,
                move.product_id,
                move.warehouse_id,
                move.quantity,
                move.value,
                move.order_id,
                move.line_id,
                document_id,
                work.actor.login,
                reason if move.order_id == order_id else None,
            )
            for move in moves
        ]

    async def next_number(self, numbers: Numbers, prefix: str) -> str:
        """Of a document: each kind counts for itself."""
        number = await self.connection.scalar(select(numbers.next_value()))
        return f"{prefix}-{number:06d}"

    def add_receipt(self, receipt: ReceiptView, work: Work) -> None:
        """Its lines as they were entered; what they brought are its lots."""
        self._documents.receipts.append(
            (
                receipt.id,
                receipt.number,
                receipt.at,
                receipt.warehouse_id,
                receipt.supplier_id,
                receipt.supplier_document,
                receipt.total_cost,
                work.actor.login,
                receipt.supplier_document_date,
                receipt.purchase_order_id,
                receipt.prices_include_vat,
                receipt.vat_in_cost,
                receipt.extra_spread,
            )
        )
        self._documents.receipt_lines += [
            (
                receipt.id,
                position,
                line.product_id,
                line.quantity,
                line.cost,
                line.measure,
                line.vat_percent,
                line.main_quantity,
                line.total_without_vat,
                line.vat,
                line.extra_cost,
                line.stock_cost,
            )
            for position, line in enumerate(receipt.lines, start=1)
        ]
        self._documents.receipt_extras += [
            (receipt.id, position, each.name, each.amount, each.vat_percent, each.supplier_id)
            for position, each in enumerate(receipt.extra_costs, start=1)
        ]
        self.add_charges(receipt.id, receipt.charges)

    def add_arrivals(self, receipt_id: UUID, taken: Mapping[int, Decimal]) -> None:
        """How much of the receipt came for which line of its purchase order."""
        self._documents.purchase_arrivals += [
            (receipt_id, place, quantity) for place, quantity in taken.items()
        ]

    def add_charges(self, document_id: UUID, charges: Iterable[SupplierCharge]) -> None:
        """What each supplier is owed more for a receipt, or less for a return."""
        self._documents.supplier_charges += [
            (document_id, each.supplier_id, each.cost, each.vat) for each in charges
        ]
