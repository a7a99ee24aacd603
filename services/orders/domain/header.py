"""What is edited on the order as a whole."""

from __future__ import annotations

from datetime import datetime

from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    ensure_free_if_invisible,
    naming,
    revised,
)
from services.orders.domain.order import Header, Order, changes_between
from shared.contracts.orders import OrderChanged


def change_header(order: Order, header: Header, now: datetime) -> Decision:
    ensure_editable(order)
    changes = changes_between(order.header, header)
    if not changes:
        return Decision(order, ())
    changed = revised(order, now, header=header)
    ensure_free_if_invisible(changed)
    return Decision(changed, (OrderChanged(**naming(changed), changes=changes),))
