"""What orders says of each order, and its copies of others' things, for whoever compares it with
what other services say."""

from __future__ import annotations

from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.figures import order_figures
from services.orders.store.told import told_by_orders
from shared.contracts.base import Page
from shared.contracts.copies import ListToldByOrders, Told
from shared.contracts.reconciliation import GetOrderFigures, OrderFigures
from shared.handlers import Work
from shared.pagination import page_of


@handlers.question(GetOrderFigures)
async def get_order_figures(
    question: GetOrderFigures, store: OrdersStore, work: Work
) -> Page[OrderFigures]:
    rows = await order_figures(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.order_id,))


@handlers.question(ListToldByOrders)
async def list_told(question: ListToldByOrders, store: OrdersStore, work: Work) -> Page[Told]:
    rows = await told_by_orders(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.id,))
