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
from shared.refusals import Refused

_OF_CAR = frozenset({"vehicle_in_at", "vehicle_out_at"})


def ensure_in_turn(taken_in: datetime | None, given_back: datetime | None) -> None:
    """Refused: ``car_out_before_in``."""
    if taken_in and given_back and given_back < taken_in:
        raise Refused("car_out_before_in")


def change_header(order: Order, header: Header, now: datetime) -> Decision:
    """Of an order that is closed, when its car came and went: most cars leave after that."""
    changes = changes_between(order.header, header)
    named = {change.field for change in changes}
    if not named or named - _OF_CAR:
        ensure_editable(order)
    if not changes:
        return Decision(order, ())
    if named & _OF_CAR:
        ensure_in_turn(header.vehicle_in_at, header.vehicle_out_at)
    changed = revised(order, now, header=header)
    ensure_free_if_invisible(changed)
    told = OrderChanged(
        **naming(changed),
        vehicle_id=header.vehicle_id,
        mileage_km=header.mileage_km,
        changes=changes,
    )
    return Decision(changed, (told,))
