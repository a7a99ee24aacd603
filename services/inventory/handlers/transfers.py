"""Goods go from one warehouse to another, and are in neither while they are on their way."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from services.inventory.domain import transfers
from services.inventory.domain.transfers import Arrival, Transfer, parcels_of
from services.inventory.handlers.answers import filled
from services.inventory.handlers.goods import goods_of, names_in, new_ids
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, references
from services.inventory.store import transfers as stored
from services.inventory.store.tables_documents import transfer_numbers
from shared.contracts.base import Page
from shared.contracts.stock_documents import (
    ArrivedLine,
    CancelTransfer,
    GetTransfer,
    ListTransfers,
    ReceiveTransfer,
    SendTransfer,
    TransferCancelled,
    TransferLine,
    TransferReceived,
    TransferSent,
    TransferView,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused


@handlers.command(SendTransfer)
async def send_transfer(command: SendTransfer, store: InventoryStore, work: Work) -> TransferView:
    if command.from_warehouse_id == command.to_warehouse_id:
        raise Refused("transfer_to_itself")
    for warehouse_id in (command.from_warehouse_id, command.to_warehouse_id):
        await references.place(store.connection, "warehouse", warehouse_id)
    goods, names = await goods_of(command.lines, store)
    taken = store.book.take_out("transfer_out", command.from_warehouse_id, goods)
    transfer = Transfer(
        id=work.new_id(),
        number=await store.next_number(transfer_numbers, work.settings.order_prefix),
        at=work.now,
        from_warehouse_id=command.from_warehouse_id,
        to_warehouse_id=command.to_warehouse_id,
        comment=command.comment,
        actor=work.actor.login,
        parcels=parcels_of(
            [(each.product_id, part) for each, part in zip(goods, taken.portions, strict=True)]
        ),
    )
    store.record(taken.moves, work, document_id=transfer.id)
    await stored.save(store.connection, transfer)
    work.publish(TransferSent(transfer=_view(transfer, names)))
    return _view(transfer, names)


@handlers.command(ReceiveTransfer)
async def receive_transfer(
    command: ReceiveTransfer, store: InventoryStore, work: Work
) -> TransferView:
    before = await stored.transfer(store.connection, command.transfer_id)
    transfer, arrival = transfers.arrive(before, command.lines, work.now)
    view = await _bring(transfer, before.to_warehouse_id, arrival, store, work)
    arrived = command.lines or tuple(
        ArrivedLine(position=position, quantity=quantity)
        for position, quantity in before.in_transit.items()
        if quantity
    )
    work.publish(TransferReceived(transfer=view, arrived=arrived))
    return view


@handlers.command(CancelTransfer)
async def cancel_transfer(
    command: CancelTransfer, store: InventoryStore, work: Work
) -> TransferView:
    before = await stored.transfer(store.connection, command.transfer_id)
    transfer, arrival = transfers.call_back(before, work.now)
    view = await _bring(transfer, before.from_warehouse_id, arrival, store, work)
    work.publish(TransferCancelled(transfer=view, reason=command.reason))
    return view


@handlers.question(GetTransfer)
async def get_transfer(question: GetTransfer, store: InventoryStore, work: Work) -> TransferView:
    transfer = await stored.transfer(store.connection, question.transfer_id)
    return _view(transfer, await names_in([transfer], store))


@handlers.question(ListTransfers)
async def list_transfers(
    question: ListTransfers, store: InventoryStore, work: Work
) -> Page[TransferView]:
    rows = await stored.listed(store.connection, question)
    names = await names_in(rows, store)
    return page_of(rows, question.limit, lambda row: _view(row, names), lambda row: (row.id,))


async def _bring(
    transfer: Transfer, warehouse_id: UUID, arrival: Arrival, store: InventoryStore, work: Work
) -> TransferView:
    """Goods that were on their way lie in a warehouse, and the transfer knows it."""
    decision = store.book.bring_in("transfer_in", warehouse_id, arrival, work.now, new_ids(work))
    store.record(decision.moves, work, document_id=transfer.id)
    await stored.save(store.connection, transfer)
    work.publish(*filled(decision, store.book))
    return _view(transfer, await names_in([transfer], store))


def _view(transfer: Transfer, names: Mapping[UUID, str]) -> TransferView:
    return TransferView(
        id=transfer.id,
        number=transfer.number,
        at=transfer.at,
        from_warehouse_id=transfer.from_warehouse_id,
        to_warehouse_id=transfer.to_warehouse_id,
        state=transfer.state,
        comment=transfer.comment,
        lines=tuple(_line(transfer, position, names) for position in transfer.in_transit),
        actor=transfer.actor,
        closed_at=transfer.closed_at,
        revision=transfer.revision,
    )


def _line(transfer: Transfer, position: int, names: Mapping[UUID, str]) -> TransferLine:
    parcels = [parcel for parcel in transfer.parcels if parcel.position == position]
    nothing = Decimal("0.000")
    return TransferLine(
        position=position,
        product_id=parcels[0].product_id,
        product=names[parcels[0].product_id],
        quantity=sum((parcel.portion.quantity for parcel in parcels), nothing),
        received=sum((parcel.received for parcel in parcels), nothing),
        returned=sum((parcel.returned for parcel in parcels), nothing),
        value=transfers.value_of(transfer, position),
    )
