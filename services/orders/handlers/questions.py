"""An order to look at, and lists of orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.orders.handlers.costs import shown
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.finding import find_orders
from services.orders.store.queries import (
    OrderFilter,
    list_comments,
    list_price_steps,
    order_names,
    price_step_view,
)
from services.orders.views import summary
from shared.contracts.base import Instant, Page
from shared.contracts.order_reports import NameOrders, OrderName, OrderNames
from shared.contracts.orders import (
    CommentView,
    FindOrders,
    GetOrder,
    ListComments,
    ListPriceSteps,
    OrderSummary,
    OrderView,
    PriceStepView,
)
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.refusals import Refused
from shared.roles import TECHNICIAN


@handlers.question(GetOrder)
async def get_order(question: GetOrder, store: OrdersStore, work: Work) -> OrderView:
    order = await store.shown(question.order_id)
    return await shown(order, store, work, declined_works=await store.declined_works(order))


@handlers.question(NameOrders)
async def name_orders(question: NameOrders, store: OrdersStore, work: Work) -> OrderNames:
    rows = await order_names(store.connection, question.order_ids)
    return OrderNames(orders=tuple(OrderName(**row._mapping) for row in rows))


@handlers.question(FindOrders)
async def find(question: FindOrders, store: OrdersStore, work: Work) -> Page[OrderSummary]:
    own_of: UUID | None = None
    # A technician's list is the technician's own, unless somebody is asked for by name.
    if question.own or (work.actor.role == TECHNICIAN and not question.employee_id):
        own_of = await employee_asking(store, work)
        if own_of is None and question.own:
            return Page(items=())
    filters = OrderFilter(
        status=question.status,
        section_id=question.section_id,
        employee_id=question.employee_id,
        client_id=question.client_id and await store.copies.survivor_of(question.client_id),
        vehicle_id=question.vehicle_id,
        own_of=own_of,
        unbooked=question.unbooked,
        start=question.start,
        end=question.end,
        accounted=question.accounted,
        q=question.q,
    )
    after = keys_of(question.cursor, tuple[Instant, UUID]) if question.cursor else None
    rows: list[Any] = await find_orders(store.connection, filters, question.limit + 1, after)
    return page_of(rows, question.limit, summary, lambda row: (row.created_at, row.id))


async def employee_asking(store: OrdersStore, work: Work) -> UUID | None:
    """Who of the station's people asks: the one with that sign-in, if there is one."""
    employee = await store.places.employee_of(work.actor.login)
    return employee.id if employee else None


@handlers.question(ListComments)
async def comments_of(question: ListComments, store: OrdersStore, work: Work) -> Page[CommentView]:
    await store.shown(question.order_id)
    found = await list_comments(store.connection, question)
    return page_of(found, question.limit, lambda view: view, lambda view: (view.id,))


@handlers.question(ListPriceSteps)
async def price_steps_of(
    question: ListPriceSteps, store: OrdersStore, work: Work
) -> Page[PriceStepView]:
    order = await store.shown(question.order_id)
    after = keys_of(question.cursor, tuple[int])[0] if question.cursor else None
    rows = await list_price_steps(
        store.connection, order.id, question.line_id, question.limit + 1, after
    )
    if not rows and after is None:
        raise Refused("line_not_found", id=question.line_id)
    return page_of(rows, question.limit, price_step_view, lambda row: (row.id,))
