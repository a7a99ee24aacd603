"""Stocktaking: a count is started, scanned, compared and posted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import batched
from typing import Any
from uuid import UUID

from services.inventory.domain.stock import THOUSANDTH, ZERO
from services.inventory.domain.storekeeping import Corrected, Goods
from services.inventory.domain.units import MAIN, in_main_units
from services.inventory.handlers.answers import corrected, supplied
from services.inventory.handlers.goods import new_ids, products_of
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, barcodes, counts, references
from services.inventory.store.counts import Counted
from services.inventory.store.tables_documents import count_numbers
from shared.contracts.base import Change, Page
from shared.contracts.stock_counts import (
    CancelCount,
    CountCancelled,
    CountLine,
    CountPosted,
    CountStarted,
    CountView,
    Difference,
    GetCount,
    ListCountLines,
    ListCounts,
    OfProduct,
    PostCount,
    ProductCounted,
    ScanCount,
    SetCounted,
    StartCount,
    StockCorrected,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision

DIFFERENCES_AT_ONCE = 500
"""That one event tells: a message has a largest size."""
NOTHING = Decimal("0.00")


@handlers.command(StartCount, reads_tables=True)
async def start_count(command: StartCount, store: InventoryStore, work: Work) -> CountView:
    await references.place(store.connection, "warehouse", command.warehouse_id)
    known = await products_of(command.product_ids or (), store)
    for product_id in command.product_ids or ():
        if product_id not in known:
            raise Refused("product_not_found", id=product_id)
    count_id = work.new_id()
    count: dict[str, Any] = {
        "id": count_id,
        "number": await store.next_number(count_numbers, work.settings.order_prefix),
        "warehouse_id": command.warehouse_id,
        "state": "open",
        "started_at": work.now,
        "comment": command.comment,
        "actor": work.actor.login,
        "revision": 1,
    }
    await counts.add(store.connection, count, command)
    view = await counts.shown(store.connection, count_id)
    work.publish(CountStarted(count=view))
    return view


@handlers.command(ScanCount, reads_tables=True)
async def scan_count(command: ScanCount, store: InventoryStore, work: Work) -> CountLine:
    return await _count(command, store, work, adding=True)


@handlers.command(SetCounted, reads_tables=True)
async def set_counted(command: SetCounted, store: InventoryStore, work: Work) -> CountLine:
    return await _count(command, store, work, adding=False)


@handlers.command(PostCount)
async def post_count(command: PostCount, store: InventoryStore, work: Work) -> CountView:
    count = await counts.locked(store.connection, command.count_id)
    ensure_revision(command.expected_revision, count.revision)
    zeroing = command.uncounted == "zero"
    found = await counts.differing(store.connection, count.id, with_uncounted=zeroing)
    if any(line.product_id not in store.book.prices for line in found):
        # Scanned since the batch was loaded.
        await store.prefetch([command])
    put_right = await _corrected(found, count, store, work)
    if zeroing:
        await counts.zero_uncounted(store.connection, count.id)
    surplus = sum((value for _, _, value in put_right.differences if value > 0), NOTHING)
    shortage = -sum((value for _, _, value in put_right.differences if value < 0), NOTHING)
    await counts.close(
        store.connection, count.id, "posted", work.now, surplus=surplus, shortage=shortage
    )
    view = await counts.shown(store.connection, count.id)
    work.publish(CountPosted(count=view), *_corrections(view, put_right, work))
    work.publish(
        *supplied((*put_right.named, *put_right.filled), store.book), *corrected(put_right)
    )
    return view


@handlers.command(CancelCount)
async def cancel_count(command: CancelCount, store: InventoryStore, work: Work) -> CountView:
    await counts.locked(store.connection, command.count_id)
    await counts.close(store.connection, command.count_id, "cancelled", work.now)
    view = await counts.shown(store.connection, command.count_id)
    work.publish(CountCancelled(count=view))
    return view


@handlers.question(GetCount)
async def get_count(question: GetCount, store: InventoryStore, work: Work) -> CountView:
    return await counts.shown(store.connection, question.count_id)


@handlers.question(ListCounts)
async def list_counts(question: ListCounts, store: InventoryStore, work: Work) -> Page[CountView]:
    rows = await counts.listed(store.connection, question)
    return page_of(
        rows, question.limit, lambda row: CountView(**row._mapping), lambda row: (row.id,)
    )


@handlers.question(ListCountLines)
async def list_count_lines(
    question: ListCountLines, store: InventoryStore, work: Work
) -> Page[CountLine]:
    """Refused: ``count_not_found``."""
    await counts.shown(store.connection, question.count_id)
    rows = await counts.line_rows(store.connection, question)
    return page_of(
        rows,
        question.limit,
        lambda row: CountLine(**row._mapping),
        lambda row: (row.search_name, row.product_id),
    )


# --- how -----------------------------------------------------------------------------------------


async def _count(
    command: ScanCount | SetCounted, store: InventoryStore, work: Work, *, adding: bool
) -> CountLine:
    """A first look at a product notes what the books say at that moment."""
    count = await counts.locked(store.connection, command.count_id)
    product_id, counted = await _named(command, store)
    known = await counts.line(store.connection, count.id, product_id)
    on_hand = await counts.on_hand(store.connection, product_id, count.warehouse_id)
    before = known.counted if known else None
    quantity = in_main_units(command.quantity.quantize(THOUSANDTH), counted)
    if adding and known and before is not None:
        if known.expected != on_hand:
            raise Refused("count_moved", id=product_id)
        quantity += before
    await counts.save_line(store.connection, count.id, Counted(product_id, on_hand, quantity))
    line = await counts.shown_line(store.connection, count.id, product_id)
    changes = (
        Change(field="counted", old=None if before is None else str(before), new=str(quantity)),
    )
    work.publish(ProductCounted(count_id=count.id, line=line, changes=changes))
    return line


async def _named(command: OfProduct, store: InventoryStore) -> tuple[UUID, Decimal]:
    """The product, and how many main units one of what was counted is: a pack's barcode counts
    packs. Refused: ``product_not_found``, ``barcode_not_found``, ``unit_unknown``."""
    if command.barcode is not None:
        product_id, _, factor = await barcodes.find(store.connection, command.barcode)
        return product_id, factor
    assert command.product_id is not None
    await references.shown_product(store.connection, command.product_id)
    return command.product_id, MAIN


async def _corrected(
    found: Sequence[Counted], count: Any, store: InventoryStore, work: Work
) -> Corrected:
    differences = [Goods(line.product_id, (line.counted or ZERO) - line.expected) for line in found]
    costs = await counts.last_costs(
        store.connection, [each.product_id for each in differences if each.quantity > 0]
    )
    corrected = store.book.correct(count.warehouse_id, differences, costs, work.now, new_ids(work))
    store.record(corrected.moves, work, document_id=count.id, reason=count.comment)
    return corrected


def _corrections(view: CountView, corrected: Corrected, work: Work) -> list[StockCorrected]:
    events = []
    parts = batched(corrected.differences, DIFFERENCES_AT_ONCE)
    for part, differences in enumerate(parts, start=1):
        values = [value for _, _, value in differences]
        events.append(
            StockCorrected(
                count_id=view.id,
                number=view.number,
                warehouse_id=view.warehouse_id,
                at=work.now,
                part=part,
                differences=tuple(
                    Difference(product_id=product_id, quantity=quantity, value=value)
                    for product_id, quantity, value in differences
                ),
                surplus=sum((value for value in values if value > 0), NOTHING),
                shortage=-sum((value for value in values if value < 0), NOTHING),
            )
        )
    return events
