"""What was true of a car when: owned by ``services/clients``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Cursor, Instant, Limit, Page, Question, View


class VehicleFactView(View):
    """``until`` null: it is so today."""

    kind: Literal["owner", "plate", "vin"]
    value: str
    """The plate or VIN; of an owner, how the client is shown today."""
    client_id: UUID | None
    """Of an owner."""
    since: Instant
    until: Instant | None


class GetVehicleHistory(Question[Page[VehicleFactView]]):
    """Owners, plates and VINs of a car, the latest first. Its orders are found by the car, and
    what was done on it is listed with its warranty, whoever owned it then. Refused:
    ``vehicle_not_found``."""

    subject: ClassVar[str] = "ask.clients.vehicle_history.v1"

    vehicle_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None
