"""Goods are written off, and put back if that was a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.inventory.domain.stock import ZERO
from services.inventory.domain.storekeeping import worth
from services.inventory.domain.write_offs import WriteOff
from services.inventory.handlers.answers import filled
from services.inventory.handlers.goods import goods_of, names_in, new_ids
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, references
from services.inventory.store import write_offs as stored
from services.inventory.store.tables_documents import write_off_numbers
from shared.contracts.base import Page
from shared.contracts.stock_documents import (
    CancelWriteOff,
    GetWriteOff,
    ListWriteOffs,
    StockWrittenOff,
    WriteOffCancelled,
    WriteOffLine,
    WriteOffStock,
    WriteOffView,
)
from shared.handlers import Work
from shared.pagination import page_of


@handlers.command(WriteOffStock)
async def write_off_stock(
    command: WriteOffStock, store: InventoryStore, work: Work
) -> WriteOffView:
    await references.place(store.connection, "warehouse", command.warehouse_id)
    goods, names = await goods_of(command.lines, store)
    taken = store.book.take_out("write_off", command.warehouse_id, goods)
    write_off = WriteOff(
        id=work.new_id(),
        number=await store.next_number(write_off_numbers, work.settings.order_prefix),
        at=work.now,
        warehouse_id=command.warehouse_id,
        reason=command.reason,
        actor=work.actor.login,
        lines=tuple(
            (each.product_id, part) for each, part in zip(goods, taken.portions, strict=True)
        ),
    )
    store.record(taken.moves, work, document_id=write_off.id, reason=command.reason)
    await stored.add(store.connection, write_off)
    work.publish(StockWrittenOff(write_off=_view(write_off, names)))
    return _view(write_off, names)


@handlers.command(CancelWriteOff)
async def cancel_write_off(
    command: CancelWriteOff, store: InventoryStore, work: Work
) -> WriteOffView:
    before = await stored.write_off(store.connection, command.write_off_id)
    write_off = before.cancelled(work.now, command.reason)
    decision = store.book.bring_in(
        "write_off", write_off.warehouse_id, write_off.lines, work.now, new_ids(work)
    )
    store.record(decision.moves, work, document_id=write_off.id, reason=command.reason)
    await stored.save(store.connection, write_off)
    view = _view(write_off, await names_in([write_off], store))
    work.publish(WriteOffCancelled(write_off=view), *filled(decision, store.book))
    return view


@handlers.question(GetWriteOff)
async def get_write_off(question: GetWriteOff, store: InventoryStore, work: Work) -> WriteOffView:
    write_off = await stored.write_off(store.connection, question.write_off_id)
    return _view(write_off, await names_in([write_off], store))


@handlers.question(ListWriteOffs)
async def list_write_offs(
    question: ListWriteOffs, store: InventoryStore, work: Work
) -> Page[WriteOffView]:
    rows = await stored.listed(store.connection, question)
    names = await names_in(rows, store)
    return page_of(rows, question.limit, lambda row: _view(row, names), lambda row: (row.id,))


def _view(write_off: WriteOff, names: Mapping[UUID, str]) -> WriteOffView:
    return WriteOffView(
        id=write_off.id,
        number=write_off.number,
        at=write_off.at,
        warehouse_id=write_off.warehouse_id,
        state=write_off.state,
        reason=write_off.reason,
        lines=tuple(
            WriteOffLine(
                position=position,
                product_id=product_id,
                product=names[product_id],
                quantity=sum((portion.quantity for portion in portions), ZERO),
                value=worth(portions),
            )
            for position, (product_id, portions) in enumerate(write_off.lines, start=1)
        ),
        value=write_off.value,
        actor=write_off.actor,
        cancelled_at=write_off.cancelled_at,
        cancel_reason=write_off.cancel_reason,
        revision=write_off.revision,
    )
