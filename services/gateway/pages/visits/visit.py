"""One form that stands for a client, a car and an order: each made once, however often the form is
sent, and none of them again when a later one was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.gateway.pages.forms import Form
from services.gateway.pages.request import PageRequest
from services.gateway.problems import field_invalid
from services.gateway.reading import parsed
from shared.contracts.base import Instant
from shared.contracts.clients import AddVehicle, CreateClient, VehicleFields, VehicleView
from shared.contracts.orders import BookingRequest, CreateOrder, OrderView
from shared.refusals import Refused

NEW, NONE = "new", "none"
"""Of the car: one that is typed here, and no car at all."""
UNKNOWN = UUID(int=0)
"""Stands in a command for what the step before it is going to make."""


class Slot(BaseModel):
    """A free time as the form's button says it."""

    model_config = ConfigDict(frozen=True)

    post_id: UUID
    start: Instant
    minutes: int
    technician_id: UUID | None = None

    def booking(self) -> BookingRequest:
        return BookingRequest(
            post_id=self.post_id,
            technician_id=self.technician_id,
            start=self.start,
            end=self.start + timedelta(minutes=self.minutes),
        )


@dataclass
class Visit:
    """Every command is read before the first one is sent: what is typed wrong makes nothing.
    ``client_id`` and ``vehicle_id`` are of what there is already."""

    client_id: UUID | None
    vehicle_id: UUID | None
    client: CreateClient | None
    car: AddVehicle | None
    order: CreateOrder
    warnings: tuple[str, ...] = ()
    """Of the car that was made."""

    @classmethod
    def of(cls, form: Form) -> Visit:
        """Raises ``request_invalid``."""
        client_id, vehicle_id = _known(form, "client_id"), _known(form, "vehicle_id")
        if client_id is None and form.get("client") != NEW:
            raise field_invalid("q", "client_missing")
        booking = slot(form.get("slot"))
        fixed: dict[str, Any] = {"client_id": client_id or UNKNOWN, "vehicle_id": vehicle_id}
        if booking:
            fixed["booking"] = booking.booking()
        # Who pays and drives was chosen, if it was to be chosen: also nobody is somebody's choice.
        asked = {name for name, _ in form.pairs} & {"payer_id", "driver_id"}
        fixed |= {name: _known(form, name) for name in asked}
        return cls(
            client_id,
            vehicle_id,
            None if client_id else form.message(CreateClient),
            None if vehicle_id else _typed_car(form, client_id),
            form.message(CreateOrder, **fixed),
        )

    async def opened(self, request: PageRequest) -> OrderView:
        """Raises ``Refused``; what was made until then is known by its id."""
        if self.client:
            self.client_id = (await request.send(self.client, "client")).id
        assert self.client_id
        if self.car and self.vehicle_id is None:
            car = await self._entered(request, self.car)
            self.vehicle_id, self.warnings = car.id, car.warnings
        whose = {"client_id": self.client_id, "vehicle_id": self.vehicle_id}
        return await request.send(self.order.model_copy(update=whose), "order")

    async def _entered(self, request: PageRequest, car: AddVehicle) -> VehicleView:
        return await request.send(car.model_copy(update={"client_id": self.client_id}), "car")


def slot(said: str) -> Slot | None:
    """``post|start|minutes|technician`` of a button; raises ``request_invalid``."""
    if not said:
        return None
    names = ("post_id", "start", "minutes", "technician_id")
    parts = zip(names, said.split("|"), strict=False)
    return parsed(Slot, {name: part for name, part in parts if part})


def slot_text(post_id: UUID, start: datetime, minutes: int, technician_id: UUID | None) -> str:
    return f"{post_id}|{start.isoformat()}|{minutes}|{technician_id or ''}"


def _typed_car(form: Form, client_id: UUID | None) -> AddVehicle | None:
    """None where nothing was typed of it: the order is then without a car. The mileage alone is
    none, either: it stands on the order."""
    typed = [form.get(name).strip() for name in VehicleFields.model_fields if name != "mileage_km"]
    if form.get("vehicle_id") == NONE or not any(typed):
        return None
    return form.message(AddVehicle, client_id=client_id or UNKNOWN)


def _known(form: Form, name: str) -> UUID | None:
    said = form.get(name)
    if said in ("", NEW, NONE):
        return None
    try:
        return UUID(said)
    except ValueError:
        raise Refused("not_found") from None
