"""Orders per section, and the workload of employees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String, Uuid, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.sums import MEASURES, counts_of
from services.orders.store.tables import employees, sections
from shared.contracts.orders import EmployeeWorkload, OrdersBySection
from shared.pagination import keys_of
from shared.rollups import spans


async def orders_by_section(
    connection: AsyncConnection, asked: OrdersBySection, zone: ZoneInfo
) -> Sequence[Any]:
    """Every section of the station has a row, also one without orders; one more than a page."""
    parts = spans(asked.period, zone)
    rows = counts_of(
        "order",
        asked.period,
        zone,
        parts,
        station_id=asked.station_id,
        section_id=asked.section_id,
        employee_id=asked.employee_id,
    ).c
    counted = (
        select(
            rows.section_id,
            func.sum(rows.orders).label("created"),
            *(
                func.sum(rows.orders).filter(rows.status == status).label(status)
                for status in ("in_progress", "done", "cancelled")
            ),
            func.sum(rows.total).filter(rows.status == "done").label("total"),
        )
        .group_by(rows.section_id)
        .subquery()
    )
    order = (sections.c.name, sections.c.id)
    figures = ("created", "in_progress", "done", "cancelled", "total")
    statement = (
        select(
            sections.c.id.label("section_id"),
            sections.c.name.label("section"),
            *(func.coalesce(counted.c[name], 0).label(name) for name in figures),
        )
        .outerjoin(counted, counted.c.section_id == sections.c.id)
        .order_by(*order)
        .limit(asked.limit + 1)
    )
    if asked.station_id:
        statement = statement.where(sections.c.station_id == asked.station_id)
    if asked.section_id:
        statement = statement.where(sections.c.id == asked.section_id)
    if asked.cursor:
        name, section_id = keys_of(asked.cursor, tuple[str, UUID])
        after = tuple_(literal(name, String), literal(section_id, Uuid))
        statement = statement.where(tuple_(*order) > after)
    return (await connection.execute(statement)).all()


async def employee_workload(
    connection: AsyncConnection, asked: EmployeeWorkload, zone: ZoneInfo
) -> Sequence[Any]:
    """Everybody who does a work, by name; one more than a page."""
    parts = spans(asked.period, zone)
    rows = counts_of(
        "works",
        asked.period,
        zone,
        parts,
        station_id=asked.station_id,
        section_id=asked.section_id,
        employee_id=asked.employee_id,
    ).c
    counted = (
        select(rows.employee_id, *(func.sum(rows[name]).label(name) for name in MEASURES))
        .group_by(rows.employee_id)
        # Whose works have all been taken away again does none.
        .having(func.sum(rows.orders) > 0)
        .subquery()
    )
    order = (employees.c.last_name, employees.c.first_name, employees.c.id)
    statement = (
        select(
            employees.c.id,
            employees.c.last_name,
            employees.c.first_name,
            employees.c.section_id,
            *(counted.c[name] for name in MEASURES),
        )
        .join(counted, counted.c.employee_id == employees.c.id)
        .order_by(*order)
        .limit(asked.limit + 1)
    )
    if asked.cursor:
        last, first, employee_id = keys_of(asked.cursor, tuple[str, str, UUID])
        after = (literal(last, String), literal(first, String), literal(employee_id, Uuid))
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return (await connection.execute(statement)).all()
