"""What was true of a car when: owned by ``services/clients``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Cursor, Instant, Limit, Money, Quantity, Question, View
from shared.contracts.orders import OrderSummary


class DoneLine(View):
    """A work that was not declined, or a part; ``total`` is what the client was charged."""

    kind: Literal["service", "product", "material"]
    name: str
    oem: str | None
    quantity: Quantity
    total: Money


class VehicleOrder(OrderSummary):
    mileage_km: int | None = None
    """As it was noted on the order."""
    lines: tuple[DoneLine, ...] = ()


class VehicleFactView(View):
    """``until`` null: it is so today. Of an order: when it was opened and when it was done."""

    kind: Literal["owner", "plate", "vin", "mileage", "order"]
    value: str
    """The plate, VIN, kilometres or the order's number; of an owner, how the client is shown
    today."""
    client_id: UUID | None
    """Of an owner; of an order, its client."""
    since: Instant
    until: Instant | None
    order: VehicleOrder | None = None


class VehicleHistory(View):
    items: tuple[VehicleFactView, ...]
    next: str | None = None
    missing: tuple[str, ...] = ()
    """Services that did not answer: what they know is not in this list, nor on its next pages."""


class GetVehicleHistory(Question[VehicleHistory]):
    """Owners, plates, VINs and mileages of a car, and its orders with the works and parts on them,
    whoever owned it then; the latest first. Refused: ``vehicle_not_found``."""

    subject: ClassVar[str] = "ask.clients.vehicle_history.v1"

    vehicle_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None
