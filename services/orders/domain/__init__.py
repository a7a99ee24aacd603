"""A work order and everything that may happen to it. Pure: values in, new order and events out.

A command that is not allowed raises ``Refused`` with its reason; news that no longer applies
leaves the order as it is.
"""

from services.orders.domain.approval import Closed
from services.orders.domain.approvals import answer, close_declined, ensure_offered, quote
from services.orders.domain.clocks import clock_started, clock_stopped
from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    naming,
)
from services.orders.domain.header import change_header, ensure_in_turn
from services.orders.domain.life import (
    OF_RECEPTION,
    TRANSITIONS,
    DueTold,
    due_told,
    move,
    paid,
    settled,
)
from services.orders.domain.lines import remove_line
from services.orders.domain.packages import add_package
from services.orders.domain.parts import (
    Issue,
    Removal,
    change_part_line,
    cost_corrected,
    parts_issued,
    parts_returned,
    request_parts,
    stock_answered,
)
from services.orders.domain.works import add_service, change_service_line

__all__ = [
    "OF_RECEPTION",
    "TRANSITIONS",
    "Closed",
    "Decision",
    "DueTold",
    "Issue",
    "Removal",
    "add_package",
    "add_service",
    "answer",
    "change_header",
    "change_part_line",
    "change_service_line",
    "clock_started",
    "clock_stopped",
    "close_declined",
    "cost_corrected",
    "due_told",
    "ensure_editable",
    "ensure_in_turn",
    "ensure_offered",
    "move",
    "naming",
    "paid",
    "parts_issued",
    "parts_returned",
    "quote",
    "remove_line",
    "request_parts",
    "settled",
    "stock_answered",
]
