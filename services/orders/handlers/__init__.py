"""Every message that comes in, in business order.

``reference``: places, people and works exist. ``reception``: an order is opened and changed.
``work``: works and parts are put on it, done, and the order moves on. ``news``: inventory,
finance and clients tell what happened there. ``questions``: lists; ``reports``: what came of it.
``work_orders``: whole orders, for documents and formulas. ``approvals``: the client is asked about
works and answers. ``declined``: works that were declined are offered again. ``calendars``: when
the station works; ``bookings``: who holds which post when; ``carry_over``: what was not finished
in its time; ``load``: all of it on one panel. ``bay``: a technician at the car. ``variants``:
prices of works by vehicle, and rounding. ``packages`` and ``bundles``: what is sold together, and
put on an order; ``offers``: works with their prices for its car. ``warranty``: is this under
warranty? ``figures``: what other services must agree with. ``merging``: two clients were one.
``credit``: how much a client may owe. ``board``: what is still to be done. ``erasure``: a person is
forgotten.
"""

from services.orders.handlers import (
    approvals,
    bay,
    board,
    bookings,
    bundles,
    calendars,
    carry_over,
    credit,
    declined,
    erasure,
    figures,
    load,
    merging,
    news,
    offers,
    packages,
    questions,
    reception,
    reference,
    reports,
    variants,
    warranty,
    work,
    work_orders,
)
from services.orders.handlers.table import handlers

__all__ = [
    "approvals",
    "bay",
    "board",
    "bookings",
    "bundles",
    "calendars",
    "carry_over",
    "credit",
    "declined",
    "erasure",
    "figures",
    "handlers",
    "load",
    "merging",
    "news",
    "offers",
    "packages",
    "questions",
    "reception",
    "reference",
    "reports",
    "variants",
    "warranty",
    "work",
    "work_orders",
]
