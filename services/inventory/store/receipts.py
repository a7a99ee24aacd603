"""Receipts as they were entered and reckoned, and what of them went back, in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.store.queries import newest_first
from services.inventory.store.tables import receipt_lines, receipts
from services.inventory.store.tables_purchasing import (
    receipt_extras,
    supplier_charges,
    supplier_return_lines,
    supplier_returns,
)
from shared.contracts.base import Page
from shared.contracts.inventory import (
    ExtraCost,
    ListReceipts,
    ReceiptLine,
    ReceiptView,
    SupplierCharge,
)
from shared.contracts.purchasing import ListSupplierReturns, SentBackLine, SupplierReturnView
from shared.pagination import page_of
from shared.refusals import Refused

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
    return [_receipt(row, lines[row.id], extras[row.id], charges[row.id]) for row in rows]


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
    page = newest_first(query, row_id, question.limit, question.cursor)
    rows: Sequence[Row[Any]] = (await connection.execute(page)).all()
    return rows
