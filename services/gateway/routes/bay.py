"""At the car: what a technician has to do, and the clock that runs meanwhile."""

from services.gateway.api import Area, get, post
from shared.contracts.bay import GetBay, StartClock, StopClock

_CLOCK = "/orders/{order_id}/lines/{line_id}/clock"

AREA = Area(
    "bay",
    "A technician's own orders, and the clocks of works",
    (
        get("/bay", GetBay, "One's own open orders and works, and the clock that runs"),
        post(f"{_CLOCK}/start", StartClock, "Start the clock of a work", status=200),
        post(f"{_CLOCK}/stop", StopClock, "Stop the clock of a work", status=200),
    ),
)
