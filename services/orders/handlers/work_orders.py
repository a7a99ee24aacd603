"""Whole work orders, for documents and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.orders.handlers.table import handlers
from services.orders.order import Order
from services.orders.queries import completed_orders
from services.orders.store import OrdersStore
from services.orders.tables import (
    clients,
    employees,
    posts,
    products,
    sections,
    stations,
    vehicles,
)
from services.orders.work_order import Names, work_order
from shared.contracts.base import Instant, Page
from shared.contracts.work_order import FindWorkOrders, GetWorkOrder, WorkOrder
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.permissions import SERVICE, may_see_cost


@handlers.question(GetWorkOrder)
async def get_work_order(question: GetWorkOrder, store: OrdersStore, work: Work) -> WorkOrder:
    order = await store.shown(question.order_id)
    return (await _whole([order], store, work))[order.id]


@handlers.question(FindWorkOrders)
async def find_work_orders(
    question: FindWorkOrders, store: OrdersStore, work: Work
) -> Page[WorkOrder]:
    after = keys_of(question.cursor, tuple[Instant, UUID]) if question.cursor else None
    found = await completed_orders(store.connection, question, question.limit + 1, after)
    orders = await store.all_shown([row.id for row in found[: question.limit]])
    whole = await _whole(orders, store, work)
    return page_of(
        found, question.limit, lambda row: whole[row.id], lambda row: (row.completed_at, row.id)
    )


async def _whole(orders: Sequence[Order], store: OrdersStore, work: Work) -> dict[UUID, WorkOrder]:
    """One statement for each kind of thing that the orders name, however many they are."""
    headers = [order.header for order in orders]
    services = [line for order in orders for line in order.services]
    people = {header.employee_id for header in headers} | {line.mechanic_id for line in services}
    names = Names(
        stations=await store.places.many(stations, {order.station_id for order in orders}),
        sections=await store.places.many(sections, {header.section_id for header in headers}),
        posts=await store.places.many(posts, {header.post_id for header in headers}),
        employees=await store.places.many(employees, people),
        clients=await store.copies.many(
            clients,
            {order.client_id for order in orders} | {header.payer_id for header in headers},
        ),
        vehicles=await store.copies.many(vehicles, {header.vehicle_id for header in headers}),
        products=await store.copies.many(
            products, {part.product_id for order in orders for part in order.parts}
        ),
    )
    sees_cost = work.actor.role == SERVICE or may_see_cost(work.actor.role)
    return {order.id: work_order(order, names, sees_cost=sees_cost) for order in orders}
