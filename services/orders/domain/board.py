"""Where an order stands on the board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.board import Lane
from shared.contracts.orders import OrderStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """What a lane depends on; works without the declined ones."""

    status: OrderStatus
    waits_for_parts: bool = False
    waits_for_approval: bool = False
    works: int = 0
    works_finished: int = 0


def lane_of(order: Standing) -> Lane:
    """The one lane: whatever keeps an order from going on comes first, and of that the client's
    answer, on which its parts may depend."""
    if order.status == "done":
        return "to_pay"
    if order.waits_for_approval:
        return "waiting_for_approval"
    if order.waits_for_parts:
        return "waiting_for_parts"
    if order.status != "in_progress":
        return "new"
    return "ready" if 0 < order.works == order.works_finished else "in_progress"


def is_overdue(status: OrderStatus, due_at: datetime | None, now: datetime) -> bool:
    """A car that should be back with its client, and is not done."""
    return status != "done" and due_at is not None and due_at < now
