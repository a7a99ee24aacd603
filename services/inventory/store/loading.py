"""The part of the stock book that a batch of messages is about: locked and loaded.

Whoever changes the book holds, for the length of the transaction and in this order, the locks of
the orders, then of documents (purchase orders last), then of the products, then of the stock rows
that it is about, each kind sorted by id. The order's lock keeps two messages of one order apart;
the product's lock keeps everything about one product apart, also a warehouse's first stock row,
which is not there to be locked. As every transaction takes them in the same order, none waits for
another in a circle. What a lock guards is read by a later statement, which sees what its last
holder has committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.costing import Consumption, Lot, Shortage
from services.inventory.domain.needs import Needs
from services.inventory.domain.pages import Rules, WrittenOff
from services.inventory.domain.stock import ZERO, Hold, Line, Stock
from services.inventory.domain.storekeeping import StoreBook
from services.inventory.store.tables import (
    allocations,
    cancelled_orders,
    completions,
    consumptions,
    labels,
    lots,
    products,
    receipt_lines,
    receipts,
    requests,
    shortages,
    stock,
    warehouses,
    written_off,
)
from services.inventory.store.tables_documents import (
    count_lines,
    counts,
    parcels,
    transfers,
    write_off_parts,
    write_offs,
)
from services.inventory.store.tables_offers import barcodes
from services.inventory.store.tables_purchasing import purchase_order_lines, purchase_orders
from shared.contracts.base import Message
from shared.reading import Rows, read_together


async def load(connection: AsyncConnection, book: StoreBook, messages: Sequence[Message]) -> None:
    """Most batches take two statements: one for the locks, one for all that they guard."""
    needs = Needs.of(messages)
    keys = {"keys": sorted(map(_lock_key, needs.orders))}
    if needs.looks_further:
        await read_together(connection, (_LOCK_ORDERS, keys))
        for row in await _rows(connection, _LINES_OF_ORDERS, needs.cancelled | needs.reopened):
            needs.add_line(row.line_id, row.order_id, row.product_id)
        await _find_products(connection, book, needs)
    if not (needs.orders or needs.products):
        return
    products = _sorted(needs.products)
    _, locked = await read_together(connection, (_LOCK_ORDERS, keys), (_LOCK_PRODUCTS, products))
    for row in locked:
        book.prices[row.id] = row.price
        book.last_costs[row.id] = row.last_cost
    await _load_guarded(connection, book, needs)
    await _load_missing(connection, book, needs)
    if needs.receiving:
        book.total_value = await connection.scalar(_TOTAL_VALUE) or ZERO


async def _load_guarded(connection: AsyncConnection, book: StoreBook, needs: Needs) -> None:
    """What is known by the ids of orders, lines and products, and whoever waits for what may
    become free."""
    named = {"line_ids": [*needs.lines], "order_ids": [*needs.lines.values()]}
    freeing = {"ids": [*needs.freeing], "line_ids": [*needs.requested]}
    moved = [*needs.products] if needs.moves_goods else []
    rules, done, stocks, lines, waiting, holding, written, back, free = await read_together(
        connection,
        (_RULES, {}),
        (_COMPLETIONS, _sorted(needs.completing)),
        (_LOCK_STOCK, _sorted(needs.products)),
        (_LINES, named),
        (_WAITING, freeing),
        (_HOLDING, _sorted(needs.held)),
        (_WRITTEN_OFF, _sorted(needs.lost)),
        (_BROUGHT_BACK, {"order_ids": [needs.lines[each] for each in sorted(needs.lost)]}),
        (_LOTS, {"ids": moved, "lot_ids": []}),
    )
    for row in rules:
        book.rules[row.id] = Rules(row.costing, row.may_be_negative)
    for row in done:
        book.load_completion(row.order_id, row.completion, row.state)
    for row in stocks:
        book.load_stock(Stock(**row._mapping))
    _load_lines(book, needs, lines, [*waiting, *holding])
    for row in written:
        book.written_off.load((row.line_id, row.line_version), WrittenOff(**row._mapping))
    for row in back:
        book.load_consumption(Consumption(**row._mapping))
    for row in free:
        book.load_lot(Lot(**row._mapping))


def _load_lines(book: StoreBook, needs: Needs, named: Rows, others: Rows) -> None:
    rows: dict[UUID, Row[Any]] = {}
    for row in named:
        if row.cancelled_at:
            book.cancelled.load(row.named_order_id, row.cancelled_at)
        if row.line_id:
            rows[row.line_id] = row
    needs.freeing.update(rows[line_id].product_id for line_id in needs.requested & rows.keys())
    rows |= {row.line_id: row for row in others}
    for row in rows.values():
        book.load_line(_line_of(row))
    # Nobody waits for what is available: these queues are empty.
    book.queues.update(each for each in needs.products if book.available(each) > 0)
    book.queues.update(needs.freeing)


async def _load_missing(connection: AsyncConnection, book: StoreBook, needs: Needs) -> None:
    """Of what is missing, which is filled with whatever becomes free, and of orders that are
    reopened: what went out, and from which lots. Also other orders' parts are in it; those are the
    products' own, and guarded by their locks."""
    missing = {stock.product_id for stock in book.stocks.values() if stock.missing}
    if not (needs.reopened or missing):
        return
    lines = {"order_ids": list(needs.reopened), "product_ids": list(missing)}
    short, consumed = await read_together(connection, (_SHORTAGES, lines), (_CONSUMED, lines))
    for row in short:
        book.load_shortage(Shortage(**row._mapping))
    for row in consumed:
        book.load_consumption(Consumption(**row._mapping))
    lot_ids = {consumption.lot_id for consumption in book.consumptions.values()}
    of_lots = {"ids": list(missing), "lot_ids": list(lot_ids)}
    for row in (await read_together(connection, (_LOTS, of_lots)))[0]:
        book.load_lot(Lot(**row._mapping))


async def _find_products(connection: AsyncConnection, book: StoreBook, needs: Needs) -> None:
    """Locks the documents, and finds which products they and barcodes are about."""
    for ids, (lock, lines), note in (
        (needs.transfers, _TRANSFERS, needs.bring),
        (needs.write_offs, _WRITE_OFFS, needs.bring),
        (needs.counts, _COUNTS, needs.correct),
    ):
        if ids:
            await _rows(connection, lock, ids)
            note(row.product_id for row in await _rows(connection, lines, ids))
    for row in await _rows(connection, _BY_BARCODE, needs.barcodes):
        book.barcodes[row.code] = (row.product_id, row.measure)
        needs.bring([row.product_id])
    for row in await _rows(connection, _RECEIVED, needs.receipts):
        needs.take([row.product_id])
        if row.purchase_order_id:
            needs.purchases.add(row.purchase_order_id)
    await _rows(connection, _LOCK_PURCHASES, needs.purchases)
    needs.bring(row.product_id for row in await _rows(connection, _ORDERED, needs.arriving))


async def _rows(
    connection: AsyncConnection, statement: Any, ids: Iterable[UUID] | Iterable[str]
) -> Sequence[Row[Any]]:
    """Without a question to the database when there is nothing to ask for."""
    (found,) = await read_together(connection, (statement, _sorted(ids)))
    return found


def _sorted(ids: Iterable[Any]) -> dict[str, list[Any]]:
    return {"ids": sorted(ids)}


def _lock_key(order_id: UUID) -> int:
    """An order has no row of its own here to be locked. Two orders with one key would only wait
    for each other once in a while."""
    return int.from_bytes(order_id.bytes[8:], signed=True)


def _line_of(row: Row[Any]) -> Line:
    holds = (Hold(warehouse_id, reserved) for warehouse_id, reserved in row.holds)
    return Line(
        row.line_id,
        row.order_id,
        row.product_id,
        row.line_version,
        row.wanted,
        row.requested_at,
        row.answer,
        row.issued,
        tuple(sorted(holds, key=lambda hold: hold.warehouse_id)),
        row.lost,
    )


# --- statements ----------------------------------------------------------------------------------


def _array(name: str, item: Any = Uuid) -> Any:
    return bindparam(name, type_=ARRAY(item))


def _ids(name: str = "ids") -> ColumnElement[Any]:
    return any_(_array(name))


_LOCK_ORDERS = select(
    # Null is no answer, and nothing the driver could not read.
    func.pg_advisory_xact_lock(func.unnest(_array("keys", BigInteger), type_=BigInteger)).is_(None)
)


def _document(document: Table, lines: Table, of: str) -> tuple[Select[Any], Select[Any]]:
    """A kind's lock, and the products of its lines."""
    lock = select(document.c.id).where(document.c.id == _ids()).order_by(document.c.id)
    return lock.with_for_update(), select(lines.c.product_id).where(lines.c[of] == _ids())


_TRANSFERS = _document(transfers, parcels, "transfer_id")
_WRITE_OFFS = _document(write_offs, write_off_parts, "write_off_id")
_COUNTS = _document(counts, count_lines, "count_id")
_BY_BARCODE = (
    select(barcodes.c.product_id, barcodes.c.code, labels.c.short_name.label("measure"))
    .outerjoin(labels, labels.c.id == barcodes.c.unit_id)
    .where(barcodes.c.code == any_(_array("ids", Text)))
)
_RECEIVED = (
    select(receipt_lines.c.product_id, receipts.c.purchase_order_id)
    .join(receipts, receipts.c.id == receipt_lines.c.receipt_id)
    .where(receipt_lines.c.receipt_id == _ids())
)
_LOCK_PURCHASES = (
    select(purchase_orders.c.id)
    .where(purchase_orders.c.id == _ids())
    .order_by(purchase_orders.c.id)
    .with_for_update()
)
_ORDERED = select(purchase_order_lines.c.product_id).where(
    purchase_order_lines.c.purchase_order_id == _ids()
)
_LOCK_PRODUCTS = (
    select(products.c.id, products.c.price, products.c.last_cost)
    .where(products.c.id == _ids())
    .order_by(products.c.id)
    .with_for_update()
)
_LOCK_STOCK = (
    select(stock)
    .where(stock.c.product_id == _ids())
    .order_by(stock.c.product_id, stock.c.warehouse_id)
    .with_for_update()
)
_COMPLETIONS = select(completions).where(completions.c.order_id == _ids())
_LINES_OF_ORDERS = select(requests.c.line_id, requests.c.order_id, requests.c.product_id).where(
    requests.c.order_id == _ids()
)
_RULES = select(warehouses.c.id, warehouses.c.costing, warehouses.c.may_be_negative)
_named = (
    func.unnest(_array("line_ids"), _array("order_ids"))
    .table_valued(column("line_id", Uuid), column("order_id", Uuid))
    .render_derived(name="named")
)
_HOLDS = func.array(
    select(func.row(allocations.c.warehouse_id, allocations.c.reserved))
    .where(allocations.c.line_id == requests.c.line_id)
    .correlate(requests)
    .scalar_subquery()
).label("holds")
"""Of a line: what is reserved for it in which warehouse."""
_LINES = select(
    _named.c.order_id.label("named_order_id"), cancelled_orders.c.cancelled_at, *requests.c, _HOLDS
).select_from(
    _named.outerjoin(requests, requests.c.line_id == _named.c.line_id).outerjoin(
        cancelled_orders, cancelled_orders.c.order_id == _named.c.order_id
    )
)
# Written out: with a parameter in its place the partial indexes would not be used.
_NOTHING: ColumnElement[Any] = literal_column("0")
_known = requests.alias()
_WAITING = select(*requests.c, _HOLDS).where(
    or_(
        requests.c.product_id == _ids(),
        # A line that wants less than it did may free the rest for others.
        requests.c.product_id
        == any_(
            func.array(
                select(_known.c.product_id)
                .where(_known.c.line_id == _ids("line_ids"))
                .scalar_subquery()
            )
        ),
    ),
    requests.c.short > _NOTHING,
)
_SHORTAGES = select(shortages).where(
    or_(
        shortages.c.order_id == _ids("order_ids"),
        (shortages.c.product_id == _ids("product_ids")) & (shortages.c.missing > _NOTHING),
    )
)
# Of the reopened orders, and of the lines that something is missing for.
_CONSUMED = select(consumptions).where(
    consumptions.c.returned.is_(False),
    or_(
        consumptions.c.order_id == _ids("order_ids"),
        tuple_(consumptions.c.order_id, consumptions.c.completion, consumptions.c.line_id).in_(
            select(shortages.c.order_id, shortages.c.completion, shortages.c.line_id).where(
                shortages.c.product_id == _ids("product_ids"), shortages.c.missing > _NOTHING
            )
        ),
    ),
)
# Of orders with a line that writes something off.
_BROUGHT_BACK = select(consumptions).where(
    consumptions.c.returned.is_(True), consumptions.c.order_id == _ids("order_ids")
)
_WRITTEN_OFF = select(written_off).where(written_off.c.line_id == _ids())
_HOLDING = select(*requests.c, _HOLDS).where(
    requests.c.product_id == _ids(),
    exists().where(allocations.c.line_id == requests.c.line_id),
)
_LOTS = select(lots).where(
    or_(
        (lots.c.product_id == _ids()) & (lots.c.remaining > _NOTHING),
        lots.c.id == _ids("lot_ids"),
    )
)
_TOTAL_VALUE = select(func.coalesce(func.sum(stock.c.value), 0))
