"""Whole work orders, for documents and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.orders.domain.order import Order
from services.orders.handlers.costs import booked, vat_percent
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.places import EMPLOYEES_OF_ORDER
from services.orders.store.queries import completed_orders
from services.orders.store.tables import employees, posts, sections, stations
from services.orders.work_order import Names, work_order
from shared.contracts.base import Instant, Page
from shared.contracts.work_order import FindWorkOrders, GetWorkOrder, WorkOrder
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.roles import sees_all_costs


@handlers.question(GetWorkOrder)
async def get_work_order(question: GetWorkOrder, store: OrdersStore, work: Work) -> WorkOrder:
    order = await store.shown(question.order_id)
    return (await whole([order], store, work))[order.id]


@handlers.question(FindWorkOrders)
async def find_work_orders(
    question: FindWorkOrders, store: OrdersStore, work: Work
) -> Page[WorkOrder]:
    after = keys_of(question.cursor, tuple[Instant, UUID]) if question.cursor else None
    if question.client_id:
        survivor_id = await store.copies.survivor_of(question.client_id)
        question = question.model_copy(update={"client_id": survivor_id})
    found = await completed_orders(store.connection, question, question.limit + 1, after)
    orders = await store.all_shown([row.id for row in found[: question.limit]])
    documents = await whole(orders, store, work)
    return page_of(
        found, question.limit, lambda row: documents[row.id], lambda row: (row.completed_at, row.id)
    )


async def whole(orders: Sequence[Order], store: OrdersStore, work: Work) -> dict[UUID, WorkOrder]:
    """The orders as documents show them, by id: one statement for each kind of thing that they
    name, however many they are. What owners had to be asked for is written, and known from now on.
    """
    headers = [order.header for order in orders]
    services = [line for order in orders for line in order.services]
    people = {getattr(header, name) for header in headers for name in EMPLOYEES_OF_ORDER}
    people |= {one.employee_id for line in services for one in line.performers}
    known = await store.copies.many(
        work,
        client_ids={order.client_id for order in orders}
        | {header.payer_id for header in headers}
        | {header.driver_id for header in headers},
        vehicle_ids={header.vehicle_id for header in headers},
        product_ids={part.product_id for order in orders for part in order.parts},
    )
    await store.write()
    names = Names(
        stations=await store.places.many(stations, {order.station_id for order in orders}),
        sections=await store.places.many(sections, {header.section_id for header in headers}),
        posts=await store.places.many(posts, {header.post_id for header in headers}),
        employees=await store.places.many(
            employees, people | {line.mechanic_id for line in services}
        ),
        types=await store.places.types({header.type for header in headers}),
        clients=known.clients,
        vehicles=known.vehicles,
        products=known.products,
    )
    costs = await booked(orders, work) if sees_all_costs(work.actor.role) else {}
    return {
        order.id: work_order(
            order, names, costs.get(order.id), await vat_percent(order, store, work)
        )
        for order in orders
    }
