"""What an order adds to the reports: once under its section and status, once under everybody who
does a work on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.orders.domain.order import Order, ServiceLine

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is counted. ``what``: the order, under its status and whom it is assigned to,
    or its works, under who does them. ``at`` is the accounting date."""

    at: datetime
    station_id: UUID
    section_id: UUID
    what: Literal["order", "works"]
    status: str
    employee_id: UUID


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted there. Of works: planned and sold are those on the bill, ``clocked_minutes``
    also those of declined ones, on which time was spent all the same. Of a work that several do,
    each has a share: then no number is whole."""

    orders: int = 0
    total: Decimal = NOTHING
    planned_minutes: Decimal = Decimal(0)
    sold_hours: Decimal = Decimal(0)
    clocked_minutes: Decimal = Decimal(0)

    def plus(self, other: Count, sign: int = 1) -> Count:
        return Count(
            self.orders + sign * other.orders,
            self.total + sign * other.total,
            self.planned_minutes + sign * other.planned_minutes,
            self.sold_hours + sign * other.sold_hours,
            self.clocked_minutes + sign * other.clocked_minutes,
        )


_ONE = Count(orders=1)


def counts_of(order: Order) -> dict[Place, Count]:
    """Of a cancelled order no works."""

    def place(what: Literal["order", "works"], employee_id: UUID) -> Place:
        header = order.header
        return Place(
            header.assignment_at,
            order.station_id,
            header.section_id,
            what,
            order.status,
            employee_id,
        )

    counts = {place("order", order.header.employee_id): Count(1, order.total)}
    if order.status == "cancelled":
        return counts
    works: dict[UUID, Count] = {}
    for line in order.services:
        if line.is_declined and not line.clocked_minutes:
            continue
        for performer in order.performers_of(line):
            # However many works: it is one order of theirs.
            before = works.get(performer.employee_id, _ONE)
            works[performer.employee_id] = before.plus(_count_of(line, performer.share / 100))
    return counts | {place("works", employee_id): count for employee_id, count in works.items()}


def _count_of(line: ServiceLine, part: Decimal) -> Count:
    clocked = line.clocked_minutes * part
    if line.is_declined:
        return Count(clocked_minutes=clocked)
    return Count(
        0,
        line.total * part,
        line.estimation_minutes * part,
        (line.labor_hours or 0) * line.quantity * part,
        clocked,
    )


def changes(old: Order | None, new: Order) -> Iterator[tuple[Place, Count]]:
    """By how much each count differs; nothing where none does."""
    if old and _same(old, new):
        return
    before: Mapping[Place, Count] = counts_of(old) if old else {}
    after = counts_of(new)
    for where in {**before, **after}:
        change = after.get(where, Count()).plus(before.get(where, Count()), -1)
        if change != Count():
            yield where, change


def _same(old: Order, new: Order) -> bool:
    """Nothing that is counted was touched: most of what others tell of an order is like this."""
    return (
        old.services is new.services
        and old.header is new.header
        and old.status == new.status
        and old.total == new.total
    )
