"""What happened with a client, told by all services in one line of time. Owned by
``services/clients``, which asks the others."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Cursor, Instant, Question, View
from shared.contracts.finance import PaymentView
from shared.contracts.messages import MessageView
from shared.contracts.orders import OrderSummary

HistoryLimit = Annotated[int, Field(ge=1, le=100)]


class HistoryItem(View):
    """One of the three is there, as ``kind`` says. ``at``: when the order was opened, the payment
    taken, the message made."""

    at: Instant
    kind: Literal["order", "payment", "message"]
    order: OrderSummary | None = None
    payment: PaymentView | None = None
    message: MessageView | None = None


class ClientHistory(View):
    items: tuple[HistoryItem, ...]
    next: str | None
    missing: tuple[str, ...]
    """Services that did not answer: what they know is not in this list, nor on its next pages."""


class GetClientHistory(Question[ClientHistory]):
    """Newest first; of cards that were merged into this one too. Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.clients.client_history.v1"

    client_id: UUID
    limit: HistoryLimit = 50
    cursor: Cursor | None = None
