"""Receipts as they were entered and reckoned, and what of them went back, in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.store.tables import receipt_lines, receipts
from services.inventory.store.tables_purchasing import (
    purchase_arrivals,
    purchase_order_lines,
    receipt_extras,
    supplier_charges,
    supplier_return_lines,
    supplier_returns,
)
from shared.contracts.base import Page, Period
from shared.contracts.inventory import (
    ExtraCost,
    ListReceipts,
    OverDelivered,
    ReceiptLine,
    ReceiptView,
    SupplierCharge,
)
from shared.contracts.purchasing import ListSupplierReturns, SentBackLine, SupplierReturnView
from shared.pagination import newest_first, page_of
from shared.refusals import Refused
from shared.rollups import within

type Charges = dict[UUID, list[SupplierCharge]]

_IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))
_storno = supplier_returns.alias("storno")
_RECEIPTS = select(*receipts.c, _storno.c.at.label("cancelled_at")).outerjoin(
    _storno, (_storno.c.receipt_id == receipts.c.id) & (_storno.c.kind == "storno")
)
_sent_back = (
    select(
        supplier_returns.c.receipt_id,
        supplier_return_lines.c.position,
        func.sum(supplier_return_lines.c.quantity).label("sent_back"),
    )
    .join(supplier_returns, supplier_returns.c.id == supplier_return_lines.c.return_id)
    .where(supplier_returns.c.receipt_id == _IDS)
    .group_by(supplier_returns.c.receipt_id, supplier_return_lines.c.position)
    .subquery()
)
_LINES = (
    select(*receipt_lines.c, func.coalesce(_sent_back.c.sent_back, 0).label("sent_back"))
    .outerjoin(
        _sent_back,
        (_sent_back.c.receipt_id == receipt_lines.c.receipt_id)
        & (_sent_back.c.position == receipt_lines.c.position),
    )
    .where(receipt_lines.c.receipt_id == _IDS)
    .order_by(receipt_lines.c.receipt_id, receipt_lines.c.position)
)
_LINE_FIELDS = tuple(ReceiptLine.model_fields.keys() & _LINES.selected_columns.keys())
_EXTRAS = (
    select(receipt_extras)
    .where(receipt_extras.c.receipt_id == _IDS)
    .order_by(receipt_extras.c.receipt_id, receipt_extras.c.position)
)
_CHARGES = (
    select(supplier_charges)
    .where(supplier_charges.c.document_id == _IDS)
    .order_by(supplier_charges.c.document_id, supplier_charges.c.supplier_id)
)
_arrivals = purchase_arrivals.alias("arrivals")
_arrived = receipts.alias("arrived")
_undone = supplier_returns.alias("undone")
_ARRIVALS = (
    select(
        _arrivals.c.receipt_id,
        purchase_order_lines.c.place,
        purchase_order_lines.c.product_id,
        _arrivals.c.quantity,
        (
            func.sum(_arrivals.c.quantity).over(
                partition_by=(
                    purchase_order_lines.c.purchase_order_id,
                    purchase_order_lines.c.place,
                ),
                order_by=_arrivals.c.receipt_id,
            )
            - purchase_order_lines.c.main_quantity
        ).label("beyond"),
    )
    .join(_arrived, _arrived.c.id == _arrivals.c.receipt_id)
    .join(
        purchase_order_lines,
        (purchase_order_lines.c.purchase_order_id == _arrived.c.purchase_order_id)
        & (purchase_order_lines.c.place == _arrivals.c.place),
    )
    .outerjoin(
        _undone, (_undone.c.receipt_id == _arrivals.c.receipt_id) & (_undone.c.kind == "storno")
    )
    .where(
        _undone.c.id.is_(None),
        _arrived.c.purchase_order_id == any_(bindparam("orders", type_=ARRAY(Uuid))),
    )
    .subquery()
)
"""What receipts brought that stand, and by how much that line of the purchase order was beyond what
is ordered then."""
_OVER_DELIVERED = (
    select(
        _ARRIVALS.c.receipt_id,
        _ARRIVALS.c.product_id,
        func.sum(func.least(_ARRIVALS.c.quantity, _ARRIVALS.c.beyond)).label("quantity"),
    )
    .where(_ARRIVALS.c.receipt_id == _IDS, _ARRIVALS.c.beyond > 0)
    .group_by(_ARRIVALS.c.receipt_id, _ARRIVALS.c.product_id)
    .order_by(_ARRIVALS.c.receipt_id, func.min(_ARRIVALS.c.place))
)
_RETURNS = select(
    *supplier_returns.c,
    receipts.c.number.label("receipt_number"),
    receipts.c.supplier_id,
    receipts.c.warehouse_id,
).join(receipts, receipts.c.id == supplier_returns.c.receipt_id)
_RETURN_LINES = (
    select(supplier_return_lines)
    .where(supplier_return_lines.c.return_id == _IDS)
    .order_by(supplier_return_lines.c.return_id, supplier_return_lines.c.position)
)


async def receipt(connection: AsyncConnection, receipt_id: UUID) -> ReceiptView:
    """Refused: ``receipt_not_found``."""
    query: Select[Any] = _RECEIPTS.where(receipts.c.id == receipt_id)
    rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
    if not rows:
        raise Refused("receipt_not_found", id=receipt_id)
    (found,) = await _with_lines(connection, rows)
    return found


async def list_receipts(connection: AsyncConnection, question: ListReceipts) -> Page[ReceiptView]:
    """Newest first."""
    query = _RECEIPTS
    if question.supplier_id:
        query = query.where(receipts.c.supplier_id == question.supplier_id)
    query = query.where(within(receipts.c.at, Period(start=question.start, end=question.end)))
    rows = await _page(connection, query, receipts.c.id, question)
    views = {view.id: view for view in await _with_lines(connection, rows)}
    return page_of(rows, question.limit, lambda row: views[row.id], lambda row: (row.id,))


async def _with_lines(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[ReceiptView]:
    ids = {"ids": [row.id for row in rows]}
    lines: defaultdict[UUID, list[ReceiptLine]] = defaultdict(list)
    for line in await connection.execute(_LINES, ids):
        lines[line.receipt_id].append(
            ReceiptLine(
                **{name: line._mapping[name] for name in _LINE_FIELDS},
                total_with_vat=line.total_without_vat + line.vat,
            )
        )
    extras: defaultdict[UUID, list[ExtraCost]] = defaultdict(list)
    for extra in await connection.execute(_EXTRAS, ids):
        extras[extra.receipt_id].append(
            ExtraCost(
                name=extra.name,
                amount=extra.amount,
                vat_percent=extra.vat_percent,
                supplier_id=extra.supplier_id,
            )
        )
    charges = await _charges(connection, ids)
    over = await _over_delivered(connection, rows)
    return [
        _receipt(row, lines[row.id], extras[row.id], charges[row.id]).model_copy(
            update={"over_delivered": tuple(over[row.id])}
        )
        for row in rows
    ]


async def _over_delivered(
    connection: AsyncConnection, rows: Sequence[Row[Any]]
) -> dict[UUID, list[OverDelivered]]:
    over: defaultdict[UUID, list[OverDelivered]] = defaultdict(list)
    orders = {row.purchase_order_id for row in rows if row.purchase_order_id}
    if orders:
        asked = {"ids": [row.id for row in rows], "orders": list(orders)}
        for each in await connection.execute(_OVER_DELIVERED, asked):
            goods = OverDelivered(product_id=each.product_id, quantity=each.quantity)
            over[each.receipt_id].append(goods)
    return over


def _receipt(
    row: Row[Any],
    lines: Sequence[ReceiptLine],
    extras: Sequence[ExtraCost],
    charges: Sequence[SupplierCharge],
) -> ReceiptView:
    net = sum(line.total_without_vat or 0 for line in lines)
    vat = sum(line.vat for line in lines)
    return ReceiptView.model_validate(
        {
            **row._mapping,
            "lines": tuple(lines),
            "total_without_vat": net,
            "vat": vat,
            "total_with_vat": net + vat,
            "extra_costs": tuple(extras),
            "charges": tuple(sorted(charges, key=lambda each: each.supplier_id != row.supplier_id)),
        }
    )


# --- returns -------------------------------------------------------------------------------------


async def add_return(connection: AsyncConnection, view: SupplierReturnView, actor: str) -> None:
    """Written at once: what goes back next in the same transaction counts it."""
    await connection.execute(
        insert(supplier_returns).values(
            id=view.id,
            number=view.number,
            at=view.at,
            kind=view.kind,
            receipt_id=view.receipt_id,
            reason=view.reason,
            cost=view.cost,
            actor=actor,
        )
    )
    await connection.execute(
        insert(supplier_return_lines),
        [{"return_id": view.id, **line.model_dump()} for line in view.lines],
    )


async def list_returns(
    connection: AsyncConnection, question: ListSupplierReturns
) -> Page[SupplierReturnView]:
    """Newest first."""
    query = _RETURNS
    if question.receipt_id:
        query = query.where(supplier_returns.c.receipt_id == question.receipt_id)
    if question.supplier_id:
        query = query.where(receipts.c.supplier_id == question.supplier_id)
    rows = await _page(connection, query, supplier_returns.c.id, question)
    ids = {"ids": [row.id for row in rows]}
    lines: defaultdict[UUID, list[SentBackLine]] = defaultdict(list)
    for line in await connection.execute(_RETURN_LINES, ids):
        lines[line.return_id].append(SentBackLine(**line._mapping))
    charges = await _charges(connection, ids)
    return page_of(
        rows,
        question.limit,
        lambda row: SupplierReturnView(
            **row._mapping, lines=tuple(lines[row.id]), charges=tuple(charges[row.id])
        ),
        lambda row: (row.id,),
    )


async def _charges(connection: AsyncConnection, ids: dict[str, list[UUID]]) -> Charges:
    charges: defaultdict[UUID, list[SupplierCharge]] = defaultdict(list)
    for row in await connection.execute(_CHARGES, ids):
        charges[row.document_id].append(SupplierCharge(**row._mapping))
    return charges


async def _page(
    connection: AsyncConnection,
    query: Select[Any],
    row_id: Any,
    question: ListReceipts | ListSupplierReturns,
) -> Sequence[Row[Any]]:
    page = newest_first(query, row_id, question.cursor, question.limit)
    rows: Sequence[Row[Any]] = (await connection.execute(page)).all()
    return rows
