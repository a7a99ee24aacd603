"""An order's client, payer or driver was found to be one with another client."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.domain.decision import revised
from services.orders.domain.order import Order


def of_survivor(
    order: Order, merged_id: UUID, survivor_id: UUID, name: str, now: datetime
) -> Order:
    """Whatever names the merged client on it names the one that remains. The discount that the
    order was opened with stays: prices were promised."""

    def now_called(client_id: UUID) -> UUID:
        return survivor_id if client_id == merged_id else client_id

    header = replace(
        order.header,
        payer_id=now_called(order.header.payer_id),
        driver_id=order.header.driver_id and now_called(order.header.driver_id),
    )
    if order.client_id == merged_id:
        return revised(order, now, client_id=survivor_id, client_name=name, header=header)
    return order if header == order.header else revised(order, now, header=header)
