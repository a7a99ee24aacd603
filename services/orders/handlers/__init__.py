"""Every message that comes in, in business order.

``reference``: places, people and works exist. ``reception``: an order is opened and changed.
``work``: works and parts are put on it, done, and the order moves on. ``news``: inventory,
finance and clients tell what happened there. ``questions``: lists and reports.
``work_orders``: whole orders, for documents and formulas. ``approvals``: the client is asked about
works and answers. ``declined``: works that were declined are offered again.
"""

from services.orders.handlers import (
    approvals,
    declined,
    news,
    questions,
    reception,
    reference,
    work,
    work_orders,
)
from services.orders.handlers.table import handlers

__all__ = [
    "approvals",
    "declined",
    "handlers",
    "news",
    "questions",
    "reception",
    "reference",
    "work",
    "work_orders",
]
