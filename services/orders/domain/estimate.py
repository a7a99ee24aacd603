"""The estimate as the client sees it by the link: no materials, no cost; what may be answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from services.orders.domain.order import EDITABLE, Order, PartLine, ServiceLine
from services.orders.domain.pricing import NOTHING
from shared.contracts.approvals import ClientStage, EstimateGoods, EstimateJob, EstimateView
from shared.promises import has_gone
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Link:
    """One order's link. It lasts from quote to quote, so that what was sent first still opens."""

    id: UUID
    order_id: UUID
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def revoked(self, now: datetime) -> Link:
        return replace(self, revoked_at=now)


def renewed(
    link: Link | None, order_id: UUID, new_id: UUID, now: datetime, lasts: timedelta
) -> Link:
    """The order's link for another while; ``new_id`` is for an order that has none."""
    if link is None or link.revoked_at is not None:
        return Link(new_id, order_id, made_at=now, expires_at=now + lasts)
    return replace(link, expires_at=now + lasts)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose estimate it is: the station's name and phone."""

    station: str
    phone: str | None


def estimate_view(order: Order, link: Link, sender: Sender, now: datetime) -> EstimateView:
    """What the client was asked about, with all that belongs to it. Works that nobody quoted are
    no part of an estimate."""
    jobs = tuple(_job(order, line) for line in order.services if _is_offered(line))
    goods = tuple(
        _goods(part)
        for part in order.parts
        if part.kind == "product" and part.service_line_id is None
    )
    # What has changed since has no price yet that anybody stands by.
    priced = [job for job in jobs if job.state != "unasked"]
    approved = [job for job in priced if job.state == "approved"]
    view = EstimateView(
        number=order.number,
        station=sender.station,
        phone=sender.phone,
        car=order.header.vehicle_name,
        version="0" * 32,
        open=order.status in EDITABLE,
        jobs=jobs,
        goods=goods,
        discount=_sum(
            *(job.discount for job in priced),
            *(each.discount for job in priced for each in job.goods),
            *(each.discount for each in goods),
        ),
        approved_total=_sum(*(job.total for job in approved), *(each.total for each in goods)),
        total=_sum(*(job.total for job in priced), *(each.total for each in goods)),
        expires_at=link.expires_at,
        stage=_stage(order, now),
        paid=order.paid,
        bill=order.total if order.status == "done" else None,
        # The books may have money of the client's that names no order: until they say, nothing is.
        due=order.due if order.settled else None,
    )
    return view.model_copy(update={"version": _version(view)})


def ensure_seen(view: EstimateView, version: str, line_ids: Sequence[UUID]) -> None:
    """An answer is to works of the estimate, and to what the client has seen of them."""
    answerable = {job.line_id for job in view.jobs if job.state != "unasked"}
    if view.version != version:
        raise Refused("estimate_changed")
    for line_id in line_ids:
        if line_id not in answerable:
            raise Refused("line_not_found", id=line_id)


def _stage(order: Order, now: datetime) -> ClientStage:
    match order.status:
        case "draft":
            return "estimate"
        case "cancelled":
            return "cancelled"
        case "done":
            is_back = has_gone(order.header.vehicle_out_at, order.completed_at, now)
            return "given_out" if is_back else "ready"
    if "waiting_for_parts" in order.flags:
        return "waiting_for_parts"
    return "in_work" if order.status == "in_progress" else "accepted"


def _is_offered(line: ServiceLine) -> bool:
    return line.approval.asked_at is not None


def _job(order: Order, line: ServiceLine) -> EstimateJob:
    parts = order.parts_of(line.id)
    materials = [part.total for part in parts if part.kind == "material"]
    return EstimateJob(
        line_id=line.id,
        name=line.name,
        quantity=line.quantity,
        work=_sum(line.total, *materials),
        discount=line.discount,
        goods=tuple(_goods(part) for part in parts if part.kind == "product"),
        total=order.job_total(line),
        state=line.approval.state,
        may_decline=line.progress == "planned",
    )


def _goods(part: PartLine) -> EstimateGoods:
    return EstimateGoods(
        name=part.name,
        quantity=part.quantity,
        measure=part.measure,
        discount=part.discount,
        total=part.total,
    )


def _sum(*amounts: Decimal) -> Decimal:
    return sum(amounts, NOTHING)


def _version(view: EstimateView) -> str:
    """The same as long as the client would be asked the same; a link that was only renewed, a
    phone number of the station, how far the work is and what was paid change nothing."""
    beside = {"version", "expires_at", "station", "phone", "stage", "paid", "bill", "due"}
    seen = view.model_dump_json(exclude=beside)
    return sha256(seen.encode()).hexdigest()[:32]
