"""A person asked to be forgotten: what their orders show from then on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.domain.decision import revised
from services.orders.domain.order import Order, ServiceLine


def anonymous(
    order: Order,
    aliases: Collection[UUID],
    name: str,
    words: Collection[str],
    vehicle_name: str | None,
    now: datetime,
) -> Order:
    """Works, parts and sums stay. What the person said goes; of what the station says of the car,
    what has one of the ``words`` by which the person was known. ``vehicle_name``: the car's,
    without its plate."""
    if order.client_id not in aliases:
        # Of somebody else, whose payer or driver they were; the copy of their card names them.
        return order
    header = replace(
        order.header,
        driver=None,
        comment=None,
        customer_reason=None,
        recommendation=_unless_named(order.header.recommendation, words),
        vehicle_name=vehicle_name,
    )
    services = tuple(_answered_by(line, name, words) for line in order.services)
    if (header, name, services) == (order.header, order.client_name, order.services):
        return order
    return revised(order, now, client_name=name, header=header, services=services)


def _answered_by(line: ServiceLine, name: str, words: Collection[str]) -> ServiceLine:
    """Who said what the client wants was the client, or somebody near."""
    approval = replace(line.approval, by=name) if line.approval.by else line.approval
    return replace(line, approval=approval, comment=_unless_named(line.comment, words))


def _unless_named(text: str | None, words: Collection[str]) -> str | None:
    return None if text and any(word in text for word in words) else text
