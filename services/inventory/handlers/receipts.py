"""Goods come in, and whoever waits for them is served first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import Lot, check_books_can_hold
from services.inventory.domain.purchase import PurchaseOrder, arrived, earmarked, over_delivered
from services.inventory.domain.receiving import Reckoned, Terms, reckoned
from services.inventory.domain.stock import ZERO, Hold
from services.inventory.handlers.answers import filled
from services.inventory.handlers.drafting import keep
from services.inventory.handlers.markup import keep_costs
from services.inventory.handlers.table import check_period, handlers
from services.inventory.store import InventoryStore, receipts, references
from services.inventory.store.tables import receipt_numbers
from shared.contracts.base import Page, Period
from shared.contracts.inventory import (
    ListReceipts,
    ProductView,
    ReceiptView,
    ReceivedLine,
    ReceiveStock,
    StockReceived,
)
from shared.contracts.purchase_orders import ArrivedLine
from shared.contracts.purchasing import GetReceipt
from shared.handlers import Work
from shared.refusals import Refused


@handlers.command(ReceiveStock)
async def receive_stock(command: ReceiveStock, store: InventoryStore, work: Work) -> ReceiptView:
    return await take_in(command, store, work)


async def take_in(
    command: ReceiveStock, store: InventoryStore, work: Work, order: PurchaseOrder | None = None
) -> ReceiptView:
    """``order``: the purchase order that the goods are of, locked."""
    await references.place(store.connection, "warehouse", command.warehouse_id)
    for supplier_id in _suppliers(command):
        await references.place(store.connection, "supplier", supplier_id)
    entered = await _entered(command.lines, store)
    came = reckoned(entered, Terms(**{name: getattr(command, name) for name in _TERMS}))
    _check(came, store)
    receipt = ReceiptView(
        id=work.new_id(),
        number=await store.next_number(receipt_numbers, work.settings.order_prefix),
        at=work.now,
        warehouse_id=command.warehouse_id,
        lines=came.lines,
        total_cost=came.total_cost,
        supplier_document=command.supplier_document,
        supplier_document_date=command.supplier_document_date,
        total_without_vat=came.net,
        vat=came.vat,
        total_with_vat=came.net + came.vat,
        charges=came.charges,
        purchase_order_id=order and order.id,
        **{name: getattr(command, name) for name in _TERMS},
    )
    marks: list[tuple[UUID, Hold]] = []
    if order:
        goods = [(line.product_id, line.main_quantity or ZERO) for line in receipt.lines]
        after, taken = arrived(order, goods)
        over = over_delivered(after, taken)
        receipt = receipt.model_copy(update={"over_delivered": over})
        marks = [(line, Hold(receipt.warehouse_id, q)) for line, q in earmarked(after, taken)]
        await keep(after, store, work)
        store.add_arrivals(receipt.id, taken)
    decision = store.book.receive(_lots(receipt, came, work), marks)
    store.add_receipt(receipt, work)
    store.record(decision.moves, work, document_id=receipt.id)
    costs = {
        line.product_id: purchase.unit_cost
        for line, purchase in zip(came.lines, came.purchases, strict=True)
    }
    repriced = await keep_costs(costs, store)
    work.publish(StockReceived(receipt=receipt), *repriced, *filled(decision, store.book))
    return receipt


@handlers.question(GetReceipt)
async def get_receipt(question: GetReceipt, store: InventoryStore, work: Work) -> ReceiptView:
    return await receipts.receipt(store.connection, question.receipt_id)


@handlers.question(ListReceipts)
async def list_receipts(
    question: ListReceipts, store: InventoryStore, work: Work
) -> Page[ReceiptView]:
    check_period(Period(start=question.start, end=question.end))
    return await receipts.list_receipts(store.connection, question)


_TERMS = tuple(Terms.__dataclass_fields__)


def _suppliers(command: ReceiveStock) -> list[UUID]:
    extras = (extra.supplier_id for extra in command.extra_costs if extra.supplier_id)
    return list(dict.fromkeys((command.supplier_id, *extras)))


async def _entered(
    lines: Sequence[ReceivedLine], store: InventoryStore
) -> list[tuple[ReceivedLine, ProductView]]:
    """Each line in its unit, with its product.
    Refused: ``product_not_named``, ``product_not_found``, ``barcode_not_found``."""
    ids = [product_of(line, store) for line in lines]
    found = await references.shown_products(store.connection, set(ids))
    products = {product.id: product for product in found}
    return [
        (counted(line, store), products[product_id])
        for line, product_id in zip(lines, ids, strict=True)
    ]


def counted[LineT: (ReceivedLine, ArrivedLine)](line: LineT, store: InventoryStore) -> LineT:
    """A pack's barcode counts packs, unless the line says otherwise."""
    if line.barcode is None or line.measure is not None:
        return line
    _, measure = store.book.barcodes[line.barcode]
    return line.model_copy(update={"measure": measure})


def product_of(line: ReceivedLine | ArrivedLine, store: InventoryStore) -> UUID:
    """Refused: ``product_not_named``, ``product_not_found``, ``barcode_not_found``."""
    match line.product_id, line.barcode:
        case UUID() as product_id, None:
            if product_id not in store.book.prices:
                raise Refused("product_not_found", id=product_id)
            return product_id
        case None, str() as barcode:
            if barcode not in store.book.barcodes:
                raise Refused("barcode_not_found", barcode=barcode)
            product_id, _ = store.book.barcodes[barcode]
            return product_id
        case _:
            raise Refused("product_not_named")


def _check(came: Reckoned, store: InventoryStore) -> None:
    coming: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for line, purchase in zip(came.lines, came.purchases, strict=True):
        coming[line.product_id] += purchase.quantity
    check_books_can_hold(
        came.total_cost,
        store.book.total_value,
        [store.book.on_hand(product_id) + quantity for product_id, quantity in coming.items()],
    )


def _lots(receipt: ReceiptView, came: Reckoned, work: Work) -> list[Lot]:
    return [
        Lot(
            id=work.new_id(),
            product_id=line.product_id,
            warehouse_id=receipt.warehouse_id,
            receipt_id=receipt.id,
            position=position,
            received_at=receipt.at,
            quantity=purchase.quantity,
            unit_cost=purchase.unit_cost,
            remaining=purchase.quantity,
            value=purchase.total,
        )
        for position, (line, purchase) in enumerate(
            zip(came.lines, came.purchases, strict=True), start=1
        )
    ]
