"""Approval per job: what the client said of each work of an order, the signed link by which the
client says it, and the declined works that stay on a car. Owned by ``services/orders``.

The link
    Quoting makes the order's link, or renews the one there is. Its address is
    ``/e/<token>`` at the gateway, where the token is the link's id, signed with a secret of the
    station that never leaves the database of orders. The token can be made again from the
    link's row at any time, so nothing that is stored or published carries it: whoever writes to
    the client asks ``EstimateLink`` when the text is rendered. A service may (role ``service``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Quantity,
    Question,
    Revision,
    SignedMoney,
    Text,
    View,
)
from shared.contracts.orders import (
    ApprovalState,
    ApprovalWay,
    OrderEvent,
    OrderStatus,
    OrderView,
)

Answer = Literal["approved", "declined"]
SaidToUs = Literal["in_person", "phone"]
"""How a client answers an employee; what comes by link is recorded by the link alone."""
LineIds = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]
ClientStage = Literal[
    "estimate", "accepted", "in_work", "waiting_for_parts", "ready", "given_out", "cancelled"
]
"""How far an order is, as its client sees it. ``given_out``: done, and the car is back with them.
"""
EstimateToken = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_.-]+$")]
EstimateVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


# --- at the counter ------------------------------------------------------------------------------


class QuoteWorks(Command[OrderView]):
    """Tells the client what works cost, and asks for an answer to each: they become ``quoted``,
    and the order's link is made or renewed. Without ``lines``: every work that is ``unasked``,
    or, when there is none, every one that still waits for its answer (the client is told again).

    A work that was approved is asked for anew; one that was declined is offered again, and its
    parts are requested anew.

    Refused: ``line_not_found``, ``nothing_to_quote``, ``invisible_order``, ``order_closed``,
    ``declined_work_closed`` (another order has it already), ``revision_conflict``.
    """

    subject: ClassVar[str] = "cmd.orders.quote_works.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    lines: LineIds | None = None


class AnswerWork(Command[OrderView]):
    """Records what the client said of one work. ``by``: who said it; absent: the client.

    Refused: ``line_not_found``, ``order_closed``, ``work_under_way`` (a work that has begun
    cannot be declined), ``line_issued``, ``declined_work_closed`` (another order has the work
    already), ``revision_conflict``. The answer that stands already changes nothing.
    """

    subject: ClassVar[str] = "cmd.orders.answer_work.v1"

    order_id: UUID
    line_id: UUID
    expected_revision: Revision | None = None
    to: Answer
    how: SaidToUs
    by: Name | None = None


class WorkAnswer(View):
    model_config = {"extra": "forbid"}

    line_id: UUID
    to: Answer


class AnswerWorks(Command[OrderView]):
    """Several answers at once, all or none. Refused as ``AnswerWork``."""

    subject: ClassVar[str] = "cmd.orders.answer_works.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    answers: Annotated[tuple[WorkAnswer, ...], Field(min_length=1, max_length=200)]
    how: SaidToUs
    by: Name | None = None


# --- the link ------------------------------------------------------------------------------------


class EstimateLinkView(View):
    """Whoever has it can answer for the client: it is for the client's own phone or mailbox."""

    path: str
    """At the gateway: ``/e/<token>``."""
    url: str | None
    """The same with the station's public address before it; null where none is configured."""
    expires_at: Instant


class EstimateLink(Question[EstimateLinkView]):
    """The link of an order's estimate, as it can be sent now. Writes nothing.

    Refused: ``order_not_found``, ``estimate_link_not_found`` (never quoted, expired, or revoked).
    """

    subject: ClassVar[str] = "ask.orders.estimate_link.v1"

    order_id: UUID


class RevokeEstimateLink(Command[Done]):
    """The order's link stops working at once; the next quote makes another one.

    Refused: ``order_not_found``, ``estimate_link_not_found``.
    """

    subject: ClassVar[str] = "cmd.orders.revoke_estimate_link.v1"

    order_id: UUID


class EstimateGoods(View):
    """Goods on an estimate. Materials never are."""

    name: str
    quantity: Quantity
    measure: str
    discount: Money
    """Of the line, in roubles."""
    total: Money


class EstimateJob(View):
    """A work with everything that it takes, as the client sees it."""

    line_id: UUID
    name: str
    quantity: Quantity
    work: Money
    """The work with its materials, which are never listed."""
    discount: Money
    """Of the work, in roubles."""
    goods: tuple[EstimateGoods, ...]
    total: Money
    """The work, its materials and its goods: what accepting this job costs."""
    state: ApprovalState
    """``unasked``: it has changed since it was quoted, and a new quote is on its way."""
    may_decline: bool
    """Not any more once it has begun."""


class EstimateView(View):
    """What the client is shown: no materials, no cost."""

    number: str
    station: str
    phone: str | None
    car: str | None
    version: EstimateVersion
    """Of everything that is shown here: an answer names it, so that nobody accepts what they have
    not seen."""
    open: bool
    """False: the order is done or called off, and nothing can be answered any more."""
    jobs: tuple[EstimateJob, ...]
    goods: tuple[EstimateGoods, ...]
    """That belong to no work."""
    discount: Money
    approved_total: Money
    total: Money
    expires_at: Instant
    stage: ClientStage = "accepted"
    paid: SignedMoney = Decimal(0)
    bill: Money | None = None
    """What all of it came to; null until the order is done."""
    due: Money | None = None
    """What of the bill is still to be paid."""


class ShowEstimate(Question[EstimateView]):
    """The estimate behind a link. Asked by the gateway for whoever has the link (role ``client``).

    Refused: ``estimate_link_invalid``: wrong, expired and revoked ones look the same.
    """

    subject: ClassVar[str] = "ask.orders.show_estimate.v1"

    token: EstimateToken = Field(repr=False)


class LinkedOrder(View):
    """The order that a link is of."""

    order_id: UUID
    status: OrderStatus


class OrderOfLink(Question[LinkedOrder]):
    """For services that do something else for whoever has the link. Refused as ``ShowEstimate``."""

    subject: ClassVar[str] = "ask.orders.order_of_link.v1"

    token: EstimateToken = Field(repr=False)


class AnswerEstimate(Command[EstimateView]):
    """The client's own answers, by the link. An answer that stands already changes nothing,
    whatever version it names, so that a repeated one is harmless.

    Refused: ``estimate_link_invalid``, ``estimate_changed`` (the client saw another version),
    ``line_not_found``, and as ``AnswerWork``.
    """

    subject: ClassVar[str] = "cmd.orders.answer_estimate.v1"
    secret_fields: ClassVar[frozenset[str]] = frozenset({"token"})

    token: EstimateToken = Field(repr=False)
    version: EstimateVersion
    lines: LineIds
    to: Answer


# --- declined works stay on the car --------------------------------------------------------------


class DeclinedWorkView(View):
    """A work that the client declined, and that nobody has taken up or dismissed since."""

    id: UUID
    """Of the line on the order where it was declined."""
    order_id: UUID
    number: str
    service_id: UUID | None
    name: str
    quantity: Quantity
    price: Money
    """What the whole job would have cost then."""
    declined_at: Instant
    by: str
    how: ApprovalWay


class ListDeclinedWorks(Question[Page[DeclinedWorkView]]):
    """What a car still needs, newest first, whoever owned it when it was declined. Refused:
    ``vehicle_not_found``."""

    subject: ClassVar[str] = "ask.orders.declined_works.v1"

    vehicle_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class TakeDeclinedWorks(Command[OrderView]):
    """Puts declined works of the order's car on the order, with their parts, at today's prices,
    as ``unasked``. They are no longer offered.

    Refused: ``declined_work_not_found`` (not of this car), ``declined_work_closed`` (taken or
    dismissed meanwhile), ``order_closed``, ``revision_conflict``.
    """

    subject: ClassVar[str] = "cmd.orders.take_declined_works.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    ids: LineIds


class DismissDeclinedWorks(Command[Done]):
    """Declined works of a car are not offered any more. Refused as ``TakeDeclinedWorks``."""

    subject: ClassVar[str] = "cmd.orders.dismiss_declined_works.v1"

    vehicle_id: UUID
    ids: LineIds
    reason: Text | None = None


# --- events --------------------------------------------------------------------------------------


class QuotedWork(View):
    line_id: UUID
    name: str
    price: Money
    """Of the whole job: the work, its materials and its goods."""


class EstimateQuoted(OrderEvent):
    """The client is asked about works; the link is made or renewed until ``link_expires_at``. Its
    address is a secret and not here: ask ``EstimateLink``. Producer: orders. Consumers: documents,
    audit."""

    subject: ClassVar[str] = "evt.orders.estimate_quoted.v1"

    client_id: UUID
    vehicle_id: UUID | None
    lines: tuple[QuotedWork, ...]
    link_id: UUID
    link_expires_at: Instant


class EstimateLinkRevoked(OrderEvent):
    """The link answers no longer. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.estimate_link_revoked.v1"

    link_id: UUID


class WorkAnswered(OrderEvent):
    """What both answers carry. ``by``: who gave it; the actor of the event recorded it."""

    client_id: UUID
    vehicle_id: UUID | None
    line_id: UUID
    name: str
    price: Money
    """Of the whole job: the work, its materials and its goods."""
    by: str
    how: ApprovalWay
    at: Instant


class WorkApproved(WorkAnswered):
    """The client wants the work. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.work_approved.v1"


class WorkDeclined(WorkAnswered):
    """The client does not want the work: it leaves the order's total, its parts are released, and
    it stays on the car. Producer: orders. Consumers: documents, audit."""

    subject: ClassVar[str] = "evt.orders.work_declined.v1"


class ApprovalReset(OrderEvent):
    """What a quoted or approved work costs the client has changed: what was said of it no longer
    counts, and it must be quoted anew. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.approval_reset.v1"

    line_id: UUID
    name: str
    was: ApprovalState
    old_price: Money
    price: Money


class DeclinedWorksTaken(OrderEvent):
    """Works that were declined earlier are on this order now. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.declined_works_taken.v1"

    vehicle_id: UUID
    ids: tuple[UUID, ...]


class DeclinedWorksDismissed(Event):
    """Declined works of a car are not offered any more. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.declined_works_dismissed.v1"

    vehicle_id: UUID
    ids: tuple[UUID, ...]
    reason: str | None = None

    def aggregate_id(self) -> UUID:
        return self.vehicle_id
