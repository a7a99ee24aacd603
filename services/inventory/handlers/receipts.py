"""Goods come in, and whoever waits for them is served first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import KOPECK, Lot, check_books_can_hold, receipt_total
from services.inventory.domain.stock import THOUSANDTH
from services.inventory.domain.units import MAIN, Purchase, bought, unit_named
from services.inventory.handlers.answers import filled
from services.inventory.handlers.markup import follow_matrix
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, prices, queries, references
from services.inventory.store.tables import receipt_numbers
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
    lines, purchases = await _bought(command.lines, store)
    total_cost = receipt_total((line.quantity, line.cost) for line in lines)
    _check(lines, purchases, total_cost, store)
    receipt = ReceiptView(
        id=work.new_id(),
        number=await store.next_number(receipt_numbers, work.settings.order_prefix),
        at=work.now,
        warehouse_id=command.warehouse_id,
        supplier_id=command.supplier_id,
        lines=lines,
        total_cost=total_cost,
    )
    decision = store.book.receive(_lots(receipt, purchases, work))
    store.add_receipt(receipt, command.supplier_document, work)
    store.record(decision.moves, work, document_id=receipt.id)
    costs = {
        line.product_id: purchase.unit_cost for line, purchase in zip(lines, purchases, strict=True)
    }
    await prices.keep_costs(store.connection, costs)
    store.book.last_costs.update(costs)
    repriced = await follow_matrix(costs, store)
    work.publish(StockReceived(receipt=receipt), *repriced, *filled(decision, store.book))
    return receipt


@handlers.question(ListReceipts)
async def list_receipts(
    question: ListReceipts, store: InventoryStore, work: Work
) -> Page[ReceiptView]:
    return await queries.list_receipts(store.connection, question)


async def _bought(
    lines: tuple[ReceiptLine, ...], store: InventoryStore
) -> tuple[tuple[ReceiptLine, ...], list[Purchase]]:
    """The lines with all their digits, and what each brings in main units.

    Refused: ``product_not_found``, ``unit_unknown``, ``quantity_not_exact``.
    """
    for line in lines:
        if line.product_id not in store.book.prices:
            raise Refused("product_not_found", id=line.product_id)
    in_units = {line.product_id for line in lines if line.measure}
    counted = {
        product.id: product
        for product in (
            await references.shown_products(store.connection, in_units) if in_units else ()
        )
    }
    kept: list[ReceiptLine] = []
    purchases: list[Purchase] = []
    for line in lines:
        unit = unit_named(counted[line.product_id], line.measure) if line.measure else None
        line = ReceiptLine(
            product_id=line.product_id,
            quantity=line.quantity.quantize(THOUSANDTH),
            cost=line.cost.quantize(KOPECK),
            measure=unit.short_name if unit else None,
        )
        kept.append(line)
        purchases.append(bought(line.quantity, line.cost, unit.factor if unit else MAIN))
    return tuple(kept), purchases


def _check(
    lines: tuple[ReceiptLine, ...],
    purchases: Sequence[Purchase],
    total_cost: Decimal,
    store: InventoryStore,
) -> None:
    coming: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for line, purchase in zip(lines, purchases, strict=True):
        coming[line.product_id] += purchase.quantity
    check_books_can_hold(
        total_cost,
        store.book.total_value,
        [store.book.on_hand(product_id) + quantity for product_id, quantity in coming.items()],
    )


def _lots(receipt: ReceiptView, purchases: Sequence[Purchase], work: Work) -> list[Lot]:
    return [
        Lot(
            id=work.new_id(),
            product_id=line.product_id,
            warehouse_id=receipt.warehouse_id,
            receipt_id=receipt.id,
            position=position,
            received_at=receipt.at,
            quantity=quantity,
            unit_cost=unit_cost,
            remaining=quantity,
            value=value,
        )
        for position, (line, purchase) in enumerate(
            zip(receipt.lines, purchases, strict=True), start=1
        )
        for (quantity, unit_cost), value in zip(purchase.lots, purchase.values, strict=True)
    ]
