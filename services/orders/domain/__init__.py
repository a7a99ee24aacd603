"""A work order and everything that may happen to it. Pure: values in, new order and events out.

A command that is not allowed raises ``Refused`` with its reason; news that no longer applies
leaves the order as it is.
"""

from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    ensure_revision,
    naming,
)
from services.orders.domain.header import change_header
from services.orders.domain.life import TRANSITIONS, move, paid, settled
from services.orders.domain.lines import remove_line
from services.orders.domain.parts import (
    change_part_line,
    parts_issued,
    parts_returned,
    request_parts,
    stock_answered,
)
from services.orders.domain.works import add_service, change_service_line

__all__ = [
    "TRANSITIONS",
    "Decision",
    "add_service",
    "change_header",
    "change_part_line",
    "change_service_line",
    "ensure_editable",
    "ensure_revision",
    "move",
    "naming",
    "paid",
    "parts_issued",
    "parts_returned",
    "remove_line",
    "request_parts",
    "settled",
    "stock_answered",
]
