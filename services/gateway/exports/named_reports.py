"""Reports whose rows know sections and clients by their ids alone: tables have names instead."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from services.gateway.exports.lists import MANY, Listing, Teller
from shared.contracts.base import Instant, View
from shared.contracts.finance import OrderProfitRow, OrderProfits
from shared.contracts.orders import EmployeeWorkload, ListSections, Workload


class WorkloadRow(View):
    employee: str
    section: str | None
    orders: int
    planned_minutes: int
    sold_hours: Decimal
    clocked_minutes: int
    labor_total: Decimal


async def _workload(items: Sequence[Workload], teller: Teller) -> list[WorkloadRow]:
    sections = await teller.listed(ListSections(limit=MANY))
    return [
        WorkloadRow(**{**dict(each), "section": sections.get(str(each.section_id))})
        for each in items
    ]


class ProfitRow(View):
    number: str
    client: str | None
    section: str | None
    settled_at: Instant
    revenue: Decimal
    vat: Decimal
    cost: Decimal
    pay: Decimal
    margin: Decimal
    paid: Decimal


async def _profits(items: Sequence[OrderProfitRow], teller: Teller) -> list[ProfitRow]:
    from services.gateway.pages.names import clients_named

    sections = await teller.listed(ListSections(limit=MANY))
    clients = await clients_named(teller, (order.client_id for order in items))
    names = {client_id: client.name for client_id, client in clients.items()}
    return [
        ProfitRow(
            **{
                **dict(order),
                "client": names.get(order.client_id),
                "section": sections.get(str(order.section_id)),
            }
        )
        for order in items
    ]


WORKLOAD = Listing(WorkloadRow, EmployeeWorkload, _workload, of_report=True)
PROFITS = Listing(ProfitRow, OrderProfits, _profits, of_report=True)
