"""Orders per section, and the workload of employees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    Uuid,
    column,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import employees, orders, sections, service_lines
from shared.contracts.orders import (
    EmployeeWorkload,
    OrdersBySection,
    SectionOrders,
    Workload,
)

_PERFORMER = (
    func.jsonb_to_recordset(service_lines.c.performers)
    .table_valued(column("employee_id", Uuid), column("share", Numeric))
    .render_derived("performer", with_types=True)
)
_DOES_IT = func.coalesce(
    _PERFORMER.c.employee_id,
    service_lines.c.mechanic_id,
    orders.c.mechanic_id,
    orders.c.employee_id,
)
_PART = func.coalesce(_PERFORMER.c.share, 100) / 100


async def orders_by_section(
    connection: AsyncConnection, question: OrdersBySection
) -> list[SectionOrders]:
    """Every section of the station has a row, also one without orders."""
    done = orders.c.status == "done"
    counted = _in_period(
        select(
            orders.c.section_id,
            func.count().label("created"),
            func.count().filter(orders.c.status == "in_progress").label("in_progress"),
            func.count().filter(done).label("done"),
            func.count().filter(orders.c.status == "cancelled").label("cancelled"),
            func.coalesce(func.sum(orders.c.total).filter(done), 0).label("total"),
        ).group_by(orders.c.section_id),
        question,
    ).subquery()
    statement = (
        select(sections.c.id.label("section_id"), sections.c.name.label("section"), counted)
        .outerjoin(counted, counted.c.section_id == sections.c.id)
        .order_by(sections.c.name)
    )
    if question.station_id:
        statement = statement.where(sections.c.station_id == question.station_id)
    if question.section_id:
        statement = statement.where(sections.c.id == question.section_id)
    rows = await connection.execute(statement)
    return [
        SectionOrders(
            section_id=row.section_id,
            section=row.section,
            created=row.created or 0,
            in_progress=row.in_progress or 0,
            done=row.done or 0,
            cancelled=row.cancelled or 0,
            total=row.total or Decimal("0.00"),
        )
        for row in rows
    ]


async def employee_workload(
    connection: AsyncConnection, question: EmployeeWorkload
) -> list[Workload]:
    """A work belongs to its mechanic, or else to the order's, or to whom the order is assigned; to
    several who share it, each share to its own. A declined one is neither planned nor sold; the
    time that was spent on it was spent."""
    billed = service_lines.c.approval_state != "declined"
    statement = (
        _in_period(
            select(
                employees.c.id,
                employees.c.last_name,
                employees.c.first_name,
                employees.c.section_id,
                func.count(orders.c.id.distinct()).label("orders"),
                _sum_of(service_lines.c.estimation_minutes * _PART, billed).label(
                    "planned_minutes"
                ),
                _sum_of(
                    func.coalesce(service_lines.c.labor_hours, 0)
                    * service_lines.c.quantity
                    * _PART,
                    billed,
                ).label("sold_hours"),
                func.sum(service_lines.c.clocked_minutes * _PART).label("clocked_minutes"),
                _sum_of(service_lines.c.total * _PART, billed).label("labor_total"),
            ),
            question,
        )
        .join(service_lines, service_lines.c.order_id == orders.c.id)
        .outerjoin(_PERFORMER, true())
        .join(employees, employees.c.id == _DOES_IT)
        .where(orders.c.status != "cancelled")
        .where(or_(billed, service_lines.c.clocked_minutes > 0))
        .group_by(employees.c.id)
        .order_by(employees.c.last_name, employees.c.first_name, employees.c.id)
    )
    if question.section_id:
        statement = statement.where(orders.c.section_id == question.section_id)
    if question.employee_id:
        statement = statement.where(employees.c.id == question.employee_id)
    rows = await connection.execute(statement)
    return [
        Workload(
            employee_id=row.id,
            employee=f"{row.last_name} {row.first_name}",
            section_id=row.section_id,
            orders=row.orders,
            planned_minutes=round(row.planned_minutes),
            sold_hours=row.sold_hours.quantize(Decimal("0.01")),
            clocked_minutes=round(row.clocked_minutes),
            labor_total=row.labor_total.quantize(Decimal("0.01")),
        )
        for row in rows
    ]


def _sum_of(values: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(values).filter(condition), 0)


def _in_period(statement: Select[Any], question: OrdersBySection | EmployeeWorkload) -> Select[Any]:
    """Orders whose accounting date is in the half-open period, at the named station."""
    if question.period.start:
        statement = statement.where(orders.c.assignment_at >= question.period.start)
    if question.period.end:
        statement = statement.where(orders.c.assignment_at < question.period.end)
    if question.station_id:
        statement = statement.where(orders.c.station_id == question.station_id)
    return statement
