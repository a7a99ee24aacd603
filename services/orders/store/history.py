"""What was done on a car, whoever owned it then: read for its warranties."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import orders, part_lines, service_lines
from shared.contracts.works import VehicleWarranty

_DONE_AT = func.greatest(orders.c.completed_at, orders.c.vehicle_out_at)
"""The warranty begins when the car is given back, and never before the work was done."""
_OF_ORDER = (
    orders.c.id.label("order_id"),
    orders.c.number.label("order_number"),
    orders.c.mileage_km.label("done_mileage_km"),
    _DONE_AT.label("done_at"),
)
_IS_DONE = orders.c.status == "done"
"""A reopened order is not done any more, a cancelled one never was."""


async def done_on_car(connection: AsyncConnection, question: VehicleWarranty, after: Any) -> Any:
    """Works and parts of the car's done orders, the latest first; one more than ``limit``. What
    the client declined was not done."""
    declined = service_lines.c.approval_state == "declined"
    works = (
        select(
            service_lines.c.id.label("line_id"),
            literal("service", Text).label("kind"),
            service_lines.c.name,
            null().cast(Text).label("oem"),
            service_lines.c.warranty_days,
            service_lines.c.warranty_km,
            *_OF_ORDER,
        )
        .join(orders, orders.c.id == service_lines.c.order_id)
        .where(orders.c.vehicle_id == question.vehicle_id, _IS_DONE, ~declined)
    )
    parts = (
        select(
            part_lines.c.id.label("line_id"),
            part_lines.c.kind,
            part_lines.c.name,
            part_lines.c.oem,
            part_lines.c.warranty_days,
            part_lines.c.warranty_km,
            *_OF_ORDER,
        )
        .join(orders, orders.c.id == part_lines.c.order_id)
        .outerjoin(service_lines, service_lines.c.id == part_lines.c.service_line_id)
        .where(
            orders.c.vehicle_id == question.vehicle_id,
            _IS_DONE,
            or_(service_lines.c.id.is_(None), ~declined),
        )
    )
    if question.q:
        works = works.where(_has(service_lines.c.name, question.q))
        parts = parts.where(
            or_(_has(part_lines.c.name, question.q), _has(part_lines.c.oem, question.q))
        )
    done = union_all(works, parts).subquery()
    query: Select[Any] = select(done).order_by(done.c.done_at.desc(), done.c.line_id.desc())
    if after:
        at, line_id = after
        query = query.where(tuple_(done.c.done_at, done.c.line_id) < tuple_(at, line_id))
    return (await connection.execute(query.limit(question.limit + 1))).all()


async def last_mileage(connection: AsyncConnection, vehicle_id: UUID) -> int | None:
    """The most kilometres that any order of the car has noted."""
    read: int | None = await connection.scalar(
        select(func.max(orders.c.mileage_km)).where(
            and_(orders.c.vehicle_id == vehicle_id, orders.c.status != "cancelled")
        )
    )
    return read


def _has(column: ColumnElement[str | None], fragment: str) -> ColumnElement[bool]:
    return func.lower(column).contains(fragment.lower(), autoescape=True)
