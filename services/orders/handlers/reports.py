"""The two reports that orders can answer; what each figure is stands in ``order_reports``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore, sums
from services.orders.store.reports import employee_workload, orders_by_section
from shared.contracts.base import Page
from shared.contracts.order_reports import CheckOrderReports
from shared.contracts.orders import EmployeeWorkload, OrdersBySection, SectionOrders, Workload
from shared.contracts.reconciliation import Difference
from shared.handlers import Work
from shared.pagination import page_of
from shared.rollups import DIFFERENCES_SHOWN, page_of_differences

_HUNDREDTH = Decimal("0.01")


@handlers.question(OrdersBySection, report=True)
async def by_section(
    question: OrdersBySection, store: OrdersStore, work: Work
) -> Page[SectionOrders]:
    return page_of(
        await orders_by_section(store.connection, question, work.settings.zone),
        question.limit,
        _section_orders,
        lambda row: (row.section, row.section_id),
    )


@handlers.question(EmployeeWorkload, report=True)
async def workload(question: EmployeeWorkload, store: OrdersStore, work: Work) -> Page[Workload]:
    return page_of(
        await employee_workload(store.connection, question, work.settings.zone),
        question.limit,
        _workload,
        lambda row: (row.last_name, row.first_name, row.id),
    )


@handlers.question(CheckOrderReports, report=True)
async def check_reports(
    question: CheckOrderReports, store: OrdersStore, work: Work
) -> Page[Difference]:
    found = await sums.differences(store.connection, work.settings.zone, DIFFERENCES_SHOWN)
    return page_of_differences(found)


def _section_orders(row: Any) -> SectionOrders:
    # Sums are kept finer than money, for the sake of works that several share.
    return SectionOrders(**{**row._mapping, "total": row.total.quantize(_HUNDREDTH)})


def _workload(row: Any) -> Workload:
    return Workload(
        employee_id=row.id,
        employee=f"{row.last_name} {row.first_name}",
        section_id=row.section_id,
        orders=row.orders,
        planned_minutes=round(row.planned_minutes),
        sold_hours=row.sold_hours.quantize(_HUNDREDTH),
        clocked_minutes=round(row.clocked_minutes),
        labor_total=row.total.quantize(_HUNDREDTH),
    )
