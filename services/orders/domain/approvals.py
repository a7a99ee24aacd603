"""The client is asked about works and answers; what is declined leaves the bill, and stays on the
car."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.orders.domain import approval
from services.orders.domain.approval import Closed, Said
from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    ensure_free_if_invisible,
    naming,
    repriced,
    revised,
)
from services.orders.domain.estimate import Link
from services.orders.domain.order import Order, PartLine, ServiceLine
from services.orders.domain.parts import ensure_not_issued, released_part, requested_part
from shared.contracts.approvals import (
    Answer,
    EstimateQuoted,
    QuotedWork,
    WorkAnswered,
    WorkApproved,
    WorkDeclined,
)
from shared.contracts.base import Event
from shared.contracts.orders import PartsReleased, PartsRequested, ReleasedPart, RequestedPart
from shared.refusals import Refused

_STEPS: dict[Answer, Literal["approve", "decline"]] = {"approved": "approve", "declined": "decline"}
_EVENTS: dict[Answer, type[WorkAnswered]] = {"approved": WorkApproved, "declined": WorkDeclined}


def quote(order: Order, line_ids: Sequence[UUID] | None, link: Link, now: datetime) -> Decision:
    """Asks the client about these works, or about all that nobody has asked about; the link is
    the order's, made or renewed. A declined work is offered again, and wants its parts again."""
    ensure_editable(order)
    if not order.header.visible_to_customer:
        raise Refused("invisible_order")
    chosen = _chosen(order, line_ids)
    services = {
        line.id: replace(line, approval=approval.quoted(line.approval, now)) for line in chosen
    }
    changed, told = _with(order, services, now)
    quoted = EstimateQuoted(
        **naming(changed),
        client_id=order.client_id,
        vehicle_id=order.header.vehicle_id,
        lines=tuple(
            QuotedWork(line_id=line.id, name=line.name, price=order.job_total(line))
            for line in chosen
        ),
        link_id=link.id,
        link_expires_at=link.expires_at,
    )
    return repriced(order, changed, quoted, *told)


def answer(order: Order, answers: Mapping[UUID, Answer], said: Said, now: datetime) -> Decision:
    """What the client said of these works, all of it or nothing. An answer that stands already
    changes nothing."""
    ensure_editable(order)
    by_id = {line.id: line for line in order.services}
    services: dict[UUID, ServiceLine] = {}
    for line_id, to in answers.items():
        if line_id not in by_id:
            raise Refused("line_not_found", id=line_id)
        line = by_id[line_id]
        answered = approval.answered(line.approval, _STEPS[to], said, now)
        if answered != line.approval:
            services[line_id] = replace(line, approval=answered)
    if not services:
        return Decision(order, ())
    changed, told = _with(order, services, now)
    facts = [
        _EVENTS[answers[line.id]](
            **naming(changed),
            client_id=order.client_id,
            vehicle_id=order.header.vehicle_id,
            line_id=line.id,
            name=line.name,
            price=order.job_total(line),
            by=said.by,
            how=said.how,
            at=now,
        )
        for line in services.values()
    ]
    return repriced(order, changed, *facts, *told)


def close_declined(order: Order, line_ids: set[UUID], why: Closed) -> Order:
    """Declined works are not offered on the car any more. To the order itself, which may be done
    since long, nothing happens. Raises ``Refused`` where one is not offered."""
    services = []
    for line in order.services:
        if line.id in line_ids:
            ensure_offered(line)
            line = replace(line, approval=approval.closed(line.approval, why))
        services.append(line)
    return replace(order, services=tuple(services))


def ensure_offered(line: ServiceLine) -> None:
    if not line.approval.offered_again:
        raise Refused("declined_work_closed", name=line.name)


def _chosen(order: Order, line_ids: Sequence[UUID] | None) -> list[ServiceLine]:
    if line_ids is not None:
        by_id = {line.id: line for line in order.services}
        if unknown := [line_id for line_id in line_ids if line_id not in by_id]:
            raise Refused("line_not_found", id=unknown[0])
        return [by_id[line_id] for line_id in dict.fromkeys(line_ids)]
    unasked = [line for line in order.services if line.approval.state == "unasked"]
    chosen = unasked or [line for line in order.services if line.approval.state == "quoted"]
    if not chosen:
        raise Refused("nothing_to_quote")
    return chosen


def _with(
    order: Order, services: Mapping[UUID, ServiceLine], now: datetime
) -> tuple[Order, list[Event]]:
    """The order with those lines in the place of its own: what leaves the bill lets go of its
    parts, what comes back wants them anew."""
    parts: list[PartLine] = []
    released: list[ReleasedPart] = []
    requested: list[RequestedPart] = []
    before = {line.id: line for line in order.services}
    for line_id, line in services.items():
        _ensure_may_be(before[line_id], line)
    for part in order.parts:
        carrier = services.get(part.service_line_id) if part.service_line_id else None
        is_declined = carrier is not None and carrier.is_declined
        if carrier and is_declined and part.state != "released":
            ensure_not_issued(part)
            part, told = released_part(part)
            released.append(told)
        elif carrier and not is_declined and part.state == "released":
            part = replace(part, version=part.version + 1, state="requested")
            requested.append(requested_part(part))
        parts.append(part)
    changed = revised(
        order,
        now,
        services=tuple(services.get(line.id, line) for line in order.services),
        parts=tuple(parts),
    )
    ensure_free_if_invisible(changed)
    events: list[Event] = []
    if released:
        events.append(PartsReleased(**naming(changed), lines=tuple(released)))
    if requested:
        events.append(PartsRequested(**naming(changed), lines=tuple(requested)))
    return changed, events


def _ensure_may_be(old: ServiceLine, new: ServiceLine) -> None:
    if new.is_declined and old.progress != "planned":
        raise Refused("work_under_way", name=old.name)
    if old.approval.closed == "taken":
        # It is on another order now: here as well, it would be done twice.
        raise Refused("declined_work_closed", name=old.name)
