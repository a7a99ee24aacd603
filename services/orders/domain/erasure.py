"""A person asked to be forgotten: what their orders show from then on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.domain.decision import revised
from services.orders.domain.order import Order, ServiceLine


def anonymous(
    order: Order, aliases: Collection[UUID], name: str, vehicle_name: str | None, now: datetime
) -> Order:
    """Works, parts and sums stay. ``vehicle_name``: the car's, without its plate."""
    if order.client_id not in aliases:
        # Of somebody else, whose payer or driver they were; the copy of their card names them.
        return order
    header = replace(order.header, driver=None, comment=None, vehicle_name=vehicle_name)
    services = tuple(_answered_by(line, name) for line in order.services)
    if (header, name, services) == (order.header, order.client_name, order.services):
        return order
    return revised(order, now, client_name=name, header=header, services=services)


def _answered_by(line: ServiceLine, name: str) -> ServiceLine:
    """Who said what the client wants was the client, or somebody near."""
    approval = line.approval
    return replace(line, approval=replace(approval, by=name)) if approval.by else line
