"""A package is put on the order: all of its works and parts, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    ensure_free_if_invisible,
    repriced,
    revised,
)
from services.orders.domain.order import Order, PartLine, ServiceLine
from services.orders.domain.parts import request_parts


def add_package(
    order: Order, services: Sequence[ServiceLine], parts: Sequence[PartLine], now: datetime
) -> Decision:
    """One request to the warehouse and one new total. The caller publishes ``ServiceAdded`` for
    each work, with the line as it is shown."""
    ensure_editable(order)
    carrying = replace(order, services=(*order.services, *services))
    if parts:
        decision = request_parts(carrying, parts, now)
        return repriced(order, decision.order, *decision.events)
    changed = revised(carrying, now)
    ensure_free_if_invisible(changed)
    return repriced(order, changed)
