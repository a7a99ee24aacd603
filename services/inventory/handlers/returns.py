"""Goods go back to their supplier; a receipt that was a mistake is undone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from services.inventory.domain.costing import kopecks
from services.inventory.domain.purchase import undone
from services.inventory.domain.receiving import NOTHING
from services.inventory.domain.returning import credit, credited, wanted_back, whole
from services.inventory.handlers.drafting import keep
from services.inventory.handlers.markup import keep_costs
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, prices, purchases, receipts
from services.inventory.store.tables_purchasing import supplier_return_numbers
from shared.contracts.base import Page
from shared.contracts.inventory import ProductSaved, ReceiptView
from shared.contracts.purchasing import (
    CancelReceipt,
    ListSupplierReturns,
    ReturnKind,
    ReturnToSupplier,
    SentBackLine,
    StockSentBack,
    SupplierReturnView,
)
from shared.handlers import Work


@handlers.command(ReturnToSupplier)
async def return_to_supplier(
    command: ReturnToSupplier, store: InventoryStore, work: Work
) -> SupplierReturnView:
    receipt = await receipts.receipt(store.connection, command.receipt_id)
    takes = wanted_back(receipt, command.lines)
    return await _send_back("return", receipt, takes, command.reason, store, work)


@handlers.command(CancelReceipt)
async def cancel_receipt(
    command: CancelReceipt, store: InventoryStore, work: Work
) -> SupplierReturnView:
    receipt = await receipts.receipt(store.connection, command.receipt_id)
    returned = await _send_back("storno", receipt, whole(receipt), command.reason, store, work)
    if receipt.purchase_order_id:
        order = await purchases.purchase_order(store.connection, receipt.purchase_order_id)
        taken = await purchases.arrivals(store.connection, receipt.id)
        await keep(undone(order, taken), store, work)
    work.publish(*await _forget_costs(receipt, store))
    return returned


@handlers.question(ListSupplierReturns)
async def list_supplier_returns(
    question: ListSupplierReturns, store: InventoryStore, work: Work
) -> Page[SupplierReturnView]:
    return await receipts.list_returns(store.connection, question)


async def _forget_costs(receipt: ReceiptView, store: InventoryStore) -> list[ProductSaved]:
    """The last purchase is the one before it again, if there was any; prices by the matrix
    follow."""
    await store.write()  # a receipt that came since in this transaction is the last, then
    costs = await prices.bought_for(store.connection, {line.product_id for line in receipt.lines})
    return await keep_costs(costs, store)


async def _send_back(
    kind: ReturnKind,
    receipt: ReceiptView,
    takes: Mapping[int, Decimal],
    reason: str,
    store: InventoryStore,
    work: Work,
) -> SupplierReturnView:
    """The products are locked, so that two returns of one receipt come one after the other."""
    decision = store.book.send_back(receipt.id, takes)
    credits = {
        position: credit(receipt.lines[position - 1], quantity)
        for position, quantity in takes.items()
    }
    charges = receipt.charges if kind == "storno" else credited(receipt, credits)
    lines = tuple(
        SentBackLine(
            position=position,
            product_id=move.product_id,
            quantity=-move.quantity,
            cost=kopecks(-move.value),
            total_without_vat=credits[position].net,
            vat=credits[position].vat,
        )
        for position, move in zip(sorted(takes), decision.moves, strict=True)
    )
    returned = SupplierReturnView(
        id=work.new_id(),
        number=await store.next_number(supplier_return_numbers, work.settings.order_prefix),
        at=work.now,
        kind=kind,
        receipt_id=receipt.id,
        receipt_number=receipt.number,
        supplier_id=receipt.supplier_id,
        warehouse_id=receipt.warehouse_id,
        reason=reason,
        lines=lines,
        cost=sum((line.cost for line in lines), NOTHING),
        charges=charges,
    )
    await receipts.add_return(store.connection, returned, work.actor.login)
    store.add_charges(returned.id, charges)
    store.record(decision.moves, work, document_id=returned.id)
    work.publish(StockSentBack(returned=returned))
    return returned
