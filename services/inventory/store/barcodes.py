"""All barcodes of all products, each on one product and one of its units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.barcodes import barcode_warnings, own_barcode
from services.inventory.domain.units import MAIN
from services.inventory.store.tables import labels, product_units, products
from services.inventory.store.tables_offers import barcodes, own_barcodes
from shared.contracts.base import Page
from shared.contracts.part_numbers import BarcodeView, ListBarcodes
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_main, _unit = labels.alias("main"), labels.alias("counted")
_BARCODES: Select[Any] = (
    select(
        barcodes.c.code,
        barcodes.c.seq,
        barcodes.c.product_id,
        products.c.name.label("product"),
        func.coalesce(_unit.c.short_name, _main.c.short_name).label("measure"),
        case(
            (func.coalesce(barcodes.c.unit_id, _main.c.id) == _main.c.id, 1),
            else_=func.trim_scale(product_units.c.factor),
        ).label("factor"),
    )
    .join(products, products.c.id == barcodes.c.product_id)
    .join(_main, _main.c.id == products.c.measure_id)
    .outerjoin(_unit, _unit.c.id == barcodes.c.unit_id)
    .outerjoin(
        product_units,
        (product_units.c.product_id == barcodes.c.product_id)
        & (product_units.c.unit_id == barcodes.c.unit_id),
    )
)


def with_barcode(code: str) -> Select[Any]:
    """The id of the product that has this code."""
    return select(barcodes.c.product_id).where(barcodes.c.code == code)


async def find(connection: AsyncConnection, code: str) -> tuple[UUID, str, Decimal]:
    """The product that a scan counts, the short name of the unit, and how many main ones that is.
    Refused: ``barcode_not_found``, ``unit_unknown`` (the product is not counted in it any more: a
    pack is never taken for a piece)."""
    row = (await connection.execute(_BARCODES.where(barcodes.c.code == code))).one_or_none()
    if row is None:
        raise Refused("barcode_not_found", barcode=code)
    if row.factor is None:
        raise Refused("unit_unknown", product=row.product, unit=row.measure)
    return row.product_id, row.measure, row.factor


async def all_of(connection: AsyncConnection, product_id: UUID) -> tuple[BarcodeView, ...]:
    query = _BARCODES.where(barcodes.c.product_id == product_id).order_by(barcodes.c.seq)
    return tuple(map(_view, await connection.execute(query)))


async def listed(connection: AsyncConnection, question: ListBarcodes) -> Page[BarcodeView]:
    query = _BARCODES.where(barcodes.c.product_id == question.product_id)
    if question.cursor:
        (last,) = keys_of(question.cursor, tuple[int])
        query = query.where(barcodes.c.seq > last)
    rows = (
        await connection.execute(query.order_by(barcodes.c.seq).limit(question.limit + 1))
    ).all()
    return page_of(rows, question.limit, _view, lambda row: (row.seq,))


async def refuse_taken(connection: AsyncConnection, code: str, product_id: UUID) -> None:
    """Before anything is written. Refused: ``barcode_taken``."""
    holder = await connection.scalar(with_barcode(code))
    if holder not in (None, product_id):
        raise Refused("barcode_taken", barcode=code)


async def add(
    connection: AsyncConnection, product_id: UUID, code: str, unit_id: UUID | None = None
) -> None:
    """A code that the product has already is put on the unit."""
    known = await connection.execute(
        update(barcodes)
        .where(barcodes.c.code == code, barcodes.c.product_id == product_id)
        .values(unit_id=unit_id)
        .returning(barcodes.c.code)
    )
    if known.scalar_one_or_none() is None:
        await connection.execute(
            insert(barcodes).values(code=code, product_id=product_id, unit_id=unit_id)
        )


async def remove(connection: AsyncConnection, product_id: UUID, code: str) -> None:
    """Refused: ``barcode_not_found``."""
    gone = await connection.execute(
        delete(barcodes)
        .where(barcodes.c.code == code, barcodes.c.product_id == product_id)
        .returning(barcodes.c.code)
    )
    if gone.scalar_one_or_none() is None:
        raise Refused("barcode_not_found", barcode=code)


async def replace_first(
    connection: AsyncConnection, product_id: UUID, before: str | None, after: str | None
) -> None:
    """``products.barcode`` is another one; a code that the product has already keeps its unit."""
    if before and before != after:
        await connection.execute(delete(barcodes).where(barcodes.c.code == before))
    if after and after != before and not await connection.scalar(with_barcode(after)):
        await add(connection, product_id, after)


async def new_own(connection: AsyncConnection) -> str:
    """One that no product has."""
    while True:
        code = own_barcode((await connection.execute(own_barcodes.next_value())).scalar_one())
        taken = await connection.scalar(select(barcodes.c.code).where(barcodes.c.code == code))
        if taken is None:
            return code


def _view(row: Any) -> BarcodeView:
    return BarcodeView(
        code=row.code,
        product_id=row.product_id,
        measure=row.measure,
        factor=row.factor or MAIN,
        dropped=row.factor is None,
        warnings=barcode_warnings(row.code),
    )
