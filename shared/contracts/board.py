"""The board: every order that somebody still has to do something about. Owned by
``services/orders``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Cursor, Instant, Page, Question, ReportLimit, SearchText, View
from shared.contracts.orders import OrderSummary

Lane = Literal[
    "new", "in_progress", "waiting_for_parts", "waiting_for_approval", "ready", "to_pay"
]  # fmt: skip


class BoardPerson(View):
    id: UUID
    name: str


class BoardCard(OrderSummary):
    """An order as its card shows it. It stands in exactly one lane."""

    lane: Lane
    plate: str | None
    car: str | None
    """Vendor and model; null: no car, or nothing more than ``vehicle_name`` is known of it."""
    reason: str | None
    """What the client came for."""
    section: str
    post: str | None
    """The order's own, or else the one that is booked for it last."""
    due_at: Instant | None
    """When the client is to have the car back: as was said, or else when its last booking ends."""
    overdue: bool
    works: int
    """Without the declined ones."""
    works_finished: int
    parts: int
    """Without those of declined works."""
    parts_there: int
    """Held for the order, or given out already."""
    mechanics: tuple[BoardPerson, ...]
    """Everybody who does one of its works; else whom it is assigned to."""


class GetBoard(Question[Page[BoardCard]]):
    """Orders that are not done, and done ones that are not paid; newest first.

    ``employee_id``: whom they are assigned to, or who does one of their works; ``own``: the asking
    person's. ``q`` as in ``FindOrders``."""

    subject: ClassVar[str] = "ask.orders.board.v1"

    section_id: UUID | None = None
    employee_id: UUID | None = None
    own: bool = False
    q: SearchText = ""
    limit: ReportLimit = 500
    cursor: Cursor | None = None
