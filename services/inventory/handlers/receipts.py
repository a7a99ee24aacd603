"""Goods come in, and whoever waits for them is served first."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from uuid import UUID

from services.inventory import queries, references
from services.inventory.costing import KOPECK, Lot, check_books_can_hold, receipt_total
from services.inventory.domain import THOUSANDTH
from services.inventory.handlers.answers import filled
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore
from shared.contracts.base import Page
from shared.contracts.inventory import (
    ListReceipts,
    ReceiptLine,
    ReceiptView,
    ReceiveStock,
    StockReceived,
)
from shared.handlers import Work
from shared.refusals import Refused


@handlers.command(ReceiveStock)
async def receive_stock(command: ReceiveStock, store: InventoryStore, work: Work) -> ReceiptView:
    await references.place(store.connection, "warehouse", command.warehouse_id)
    await references.place(store.connection, "supplier", command.supplier_id)
    lines = tuple(map(_with_all_digits, command.lines))
    total_cost = receipt_total((line.quantity, line.cost) for line in lines)
    _check(lines, total_cost, store)
    receipt = ReceiptView(
        id=work.new_id(),
        number=await store.next_receipt_number(work.settings.order_prefix),
        at=work.now,
        warehouse_id=command.warehouse_id,
        supplier_id=command.supplier_id,
        lines=lines,
        total_cost=total_cost,
    )
    decision = store.book.receive(_lots(receipt, work))
    store.add_receipt(receipt, command.supplier_document, work)
    store.record(decision.moves, work, document_id=receipt.id)
    work.publish(StockReceived(receipt=receipt), *filled(decision, store.book))
    return receipt


@handlers.question(ListReceipts)
async def list_receipts(
    question: ListReceipts, store: InventoryStore, work: Work
) -> Page[ReceiptView]:
    return await queries.list_receipts(store.connection, question)


def _check(lines: tuple[ReceiptLine, ...], total_cost: Decimal, store: InventoryStore) -> None:
    coming: Counter[UUID] = Counter()
    for line in lines:
        if line.product_id not in store.book.prices:
            raise Refused("product_not_found", id=line.product_id)
        coming[line.product_id] += line.quantity  # type: ignore[assignment]
    check_books_can_hold(
        total_cost,
        store.book.total_value,
        [store.book.on_hand(product_id) + quantity for product_id, quantity in coming.items()],
    )


def _lots(receipt: ReceiptView, work: Work) -> list[Lot]:
    return [
        Lot(
            id=work.new_id(),
            product_id=line.product_id,
            warehouse_id=receipt.warehouse_id,
            receipt_id=receipt.id,
            position=position,
            received_at=receipt.at,
            quantity=line.quantity,
            unit_cost=line.cost,
            remaining=line.quantity,
        )
        for position, line in enumerate(receipt.lines, start=1)
    ]


def _with_all_digits(line: ReceiptLine) -> ReceiptLine:
    return ReceiptLine(
        product_id=line.product_id,
        quantity=line.quantity.quantize(THOUSANDTH),
        cost=line.cost.quantize(KOPECK),
    )
