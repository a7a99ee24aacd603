"""What a work order is: its header, its works and parts, and the sums that follow from them.

None of it ever changes: what follows from it is reckoned once, and an untouched line keeps its sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from services.orders.domain.approval import NOT_ASKED, Approval
from services.orders.domain.pricing import NOTHING, Price, checked, line_total, to_kopecks
from shared.contracts.base import MAX_MONEY, Change
from shared.contracts.orders import OrderStatus, PartKind, PartState, Progress

WHOLE = Decimal(100)
"""Percent of a work that one who does it alone has done."""
NONE = Decimal("0.000")
"""No quantity, with the places that the table keeps."""
EDITABLE: frozenset[OrderStatus] = frozenset({"draft", "new", "in_progress"})


@dataclass(frozen=True, slots=True)
class Performer:
    """Who did a part of a work: ``share`` percent of it."""

    employee_id: UUID
    share: Decimal


@dataclass(frozen=True)
class ServiceLine:
    """A work. ``total`` leaves its materials out; ``Order.customer_total`` has them.

    ``suggested_minutes``, ``catalogue_comment``, ``group`` and the warranty are the catalogue's, as
    they were when the line was added. ``performers``: several who did it, ``mechanic_id`` first.
    """

    id: UUID
    position: int
    service_id: UUID | None
    name: str
    comment: str | None
    quantity: Decimal
    price: Price
    labor_hours: Decimal | None
    labor_rate: Decimal | None
    estimation_minutes: int
    mechanic_id: UUID | None
    progress: Progress = "planned"
    clocked_minutes: int = 0
    started_at: datetime | None = None
    suggested_minutes: int = 0
    catalogue_comment: str | None = None
    warranty_days: int | None = None
    warranty_km: int | None = None
    approval: Approval = NOT_ASKED
    variant_id: UUID | None = None
    group: str | None = None
    performers: tuple[Performer, ...] = ()
    clock_of: UUID | None = None
    finished_at: datetime | None = None
    finished_by: str | None = None

    @property
    def is_declined(self) -> bool:
        return self.approval.state == "declined"

    @cached_property
    def total(self) -> Decimal:
        return line_total(self.price, self.quantity)

    @property
    def discount(self) -> Decimal:
        return discount_of(self)


@dataclass(frozen=True)
class PartLine:
    """Goods or a material. ``version`` counts what we asked of the warehouse, ``answer`` what it
    said: an older answer that comes late is dropped. ``released``: its work was declined, or the
    order called off.

    ``quantity`` is in the product's main unit ``measure``, ``entered_quantity`` in the unit that
    somebody chose. ``warehouse_price`` is what the catalogue said when the warehouse first
    answered. ``cost`` is of the whole line: frozen at issue, expected before. What describes the
    product is as it was when the line was added. ``came_back``: so much of it had been issued when
    its order was reopened, less what was given up or lost since.
    """

    id: UUID
    position: int
    kind: PartKind
    service_line_id: UUID | None
    product_id: UUID
    name: str
    oem: str | None
    measure: str
    quantity: Decimal
    price: Price
    entered_quantity: Decimal
    entered_measure: str
    entered_short_name: str
    state: PartState = "requested"
    version: int = 1
    answer: int = 0
    reserved: Decimal = NONE
    short: Decimal = NONE
    product_comment: str | None = None
    vendor: str | None = None
    group: str | None = None
    warranty_days: int | None = None
    warranty_km: int | None = None
    warehouse_price: Decimal | None = None
    cost: Decimal | None = None
    came_back: Decimal = NONE

    @cached_property
    def total(self) -> Decimal:
        return line_total(self.price, self.quantity)

    @property
    def discount(self) -> Decimal:
        return discount_of(self)

    @property
    def counts(self) -> bool:
        """A part enters the order's total when the warehouse has first answered."""
        return self.answer > 0


@dataclass(frozen=True, slots=True)
class Header:
    """What a person may edit on the order as a whole. ``employee_id``: whom it is assigned to, and
    who does its works when no ``mechanic_id`` is named."""

    type: str
    vehicle_id: UUID | None
    vehicle_name: str | None
    section_id: UUID
    employee_id: UUID
    post_id: UUID | None
    payer_id: UUID
    driver: str | None
    customer_reason: str | None
    recommendation: str | None
    comment: str | None
    mileage_km: int | None
    visible_to_customer: bool
    vehicle_in_at: datetime | None
    vehicle_out_at: datetime | None
    assignment_at: datetime
    mechanic_id: UUID | None = None
    responsible_id: UUID | None = None
    product_responsible_id: UUID | None = None
    examiner_id: UUID | None = None
    driver_id: UUID | None = None

    @property
    def main_mechanic_id(self) -> UUID:
        return self.mechanic_id or self.employee_id


@dataclass(frozen=True)
class Order:
    """A work order as a whole. ``completion`` counts how often it was done, ``returned_completion``
    the last one whose parts came back; ``paid`` is what payments that name it brought; ``pay`` what
    technicians earn of it and ``vat`` what of it is the state's, by ``vat_percent``: known when it
    is settled. ``client_discount`` is the client's own when the order was opened, or that of a
    valid contract if it is higher, for all that has none of its kind. ``paid_completion`` is the
    completion that finance last called fully paid, ``owed`` what it last said is due of the one
    that is settled, ``paid_told_at`` when, and ``paid_word`` the number of that word.

    A declined work stays among the lines, with its goods and materials; what is on the bill is
    what every sum is made of."""

    id: UUID
    number: str
    station_id: UUID
    client_id: UUID
    client_name: str
    client_discount: Decimal
    status: OrderStatus
    header: Header
    created_at: datetime
    updated_at: datetime
    revision: int = 1
    completed_at: datetime | None = None
    completion: int = 0
    returned_completion: int = 0
    settled: bool = False
    paid: Decimal = NOTHING
    pay: Decimal | None = None
    vat_percent: Decimal | None = None
    vat: Decimal | None = None
    client_services_discount: Decimal | None = None
    client_products_discount: Decimal | None = None
    paid_completion: int = 0
    paid_told_at: datetime | None = None
    paid_word: int | None = None
    owed: Decimal | None = None
    services: tuple[ServiceLine, ...] = ()
    parts: tuple[PartLine, ...] = ()

    @property
    def parties(self) -> frozenset[UUID | None]:
        """Client, payer and driver."""
        return frozenset({self.client_id, self.header.payer_id, self.header.driver_id})

    @property
    def lines(self) -> tuple[ServiceLine | PartLine, ...]:
        return (*self.services, *self.parts)

    @cached_property
    def billed_services(self) -> tuple[ServiceLine, ...]:
        return tuple(line for line in self.services if not line.is_declined)

    @cached_property
    def billed_parts(self) -> tuple[PartLine, ...]:
        declined = {line.id for line in self.services if line.is_declined}
        return tuple(part for part in self.parts if part.service_line_id not in declined)

    @property
    def billed_lines(self) -> tuple[ServiceLine | PartLine, ...]:
        return (*self.billed_services, *self.billed_parts)

    @cached_property
    def services_total(self) -> Decimal:
        return checked(sum((line.total for line in self.billed_services), NOTHING))

    @cached_property
    def products_total(self) -> Decimal:
        return self._parts_total("product")

    @cached_property
    def materials_total(self) -> Decimal:
        return self._parts_total("material")

    @cached_property
    def total(self) -> Decimal:
        return checked(self.services_total + self.products_total + self.materials_total)

    @property
    def discount_total(self) -> Decimal | None:
        """What the client is spared of all in ``total``; ``None``: it is beyond the books."""
        works = sum((line.discount for line in self.billed_services), NOTHING)
        total = sum((part.discount for part in self.billed_parts if part.counts), works)
        return total if total <= MAX_MONEY else None

    @property
    def due(self) -> Decimal:
        """What is still to be paid. Money also comes without naming an order: of a settled one
        finance says what that leaves, or, of one that was settled by an older version, whether it
        leaves anything. Before that a client's free money is no order's."""
        if self.status == "cancelled" or (self.settled and not waits_for_payment(self)):
            return NOTHING
        if self.settled and self.owed is not None:
            return self.owed
        return max(NOTHING, self.total - self.paid)

    def discount(
        self, kind: Literal["service"] | PartKind, said: Decimal | None, *, takes_none: bool
    ) -> Decimal:
        """The percent for a new line: what somebody said, or else the client's own, unless the
        thing takes none. Materials are in the price of a work, and discounted as works are."""
        if said is not None:
            return said
        if takes_none:
            return Decimal(0)
        own = self.client_products_discount if kind == "product" else self.client_services_discount
        return self.client_discount if own is None else own

    @cached_property
    def estimation_cost(self) -> Decimal:
        """What was suggested when the lines were added, for all of their quantities."""
        suggested = (line.price.suggested * line.quantity for line in self.billed_lines)
        return to_kopecks(sum(suggested, NOTHING))

    @property
    def estimation_minutes(self) -> int:
        return sum(line.estimation_minutes for line in self.billed_services)

    @property
    def clocked_minutes(self) -> int:
        return sum(line.clocked_minutes for line in self.services)

    @property
    def cost_total(self) -> Decimal | None:
        """Of all parts on the bill; ``None``: some of it is unknown, or it is beyond the books."""
        costs = [part.cost for part in self.billed_parts]
        if None in costs:
            return None
        cost = sum((cost for cost in costs if cost is not None), NOTHING)
        return cost if cost <= MAX_MONEY else None

    def mechanic_of(self, line: ServiceLine) -> UUID:
        """The line's own wins over the order's."""
        return line.mechanic_id or self.header.main_mechanic_id

    def performers_of(self, line: ServiceLine) -> tuple[Performer, ...]:
        """Everybody who does a work: its mechanic, unless several do it."""
        return line.performers or (Performer(self.mechanic_of(line), WHOLE),)

    @property
    def earner_ids(self) -> set[UUID]:
        """Of everybody who may earn by the order: who does a work that is on the bill, and who
        answers for the order or its goods."""
        done_by = {
            performer.employee_id
            for line in self.billed_services
            for performer in self.performers_of(line)
        }
        answers = {self.header.responsible_id, self.header.product_responsible_id}
        return done_by | {employee_id for employee_id in answers if employee_id}

    def customer_total(self, line: ServiceLine) -> Decimal:
        """A work with the materials that its price carries: 100 x 3 + 20 x 2 = 340. Goods of the
        work are not in its price: the client sees them as lines of their own."""
        materials = (part for part in self.parts_of(line.id) if part.kind == "material")
        return line.total + sum((part.total for part in materials if part.counts), NOTHING)

    def job_total(self, line: ServiceLine) -> Decimal:
        """What the client pays for a work with everything that it takes, the warehouse's answer
        come or not: what a quote promises."""
        return line.total + sum((part.total for part in self.parts_of(line.id)), NOTHING)

    def parts_of(self, service_line_id: UUID) -> Sequence[PartLine]:
        """The materials of a work and its goods."""
        return self._parts_by_work.get(service_line_id, ())

    @cached_property
    def _parts_by_work(self) -> dict[UUID | None, list[PartLine]]:
        by_work: dict[UUID | None, list[PartLine]] = {}
        for part in self.parts:
            by_work.setdefault(part.service_line_id, []).append(part)
        return by_work

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """What the order waits for; derived, never stored."""
        is_open = self.status in EDITABLE
        awaited = any(part.state in ("requested", "short") for part in self.parts)
        flags = {
            "waiting_for_parts": is_open and awaited,
            "waiting_for_approval": is_open and any(line.approval.waits for line in self.services),
            "waiting_for_payment": waits_for_payment(self),
            "settled": self.settled,
        }
        return tuple(flag for flag, is_so in flags.items() if is_so)

    def _parts_total(self, kind: PartKind) -> Decimal:
        counted = (part.total for part in self.billed_parts if part.kind == kind and part.counts)
        return checked(sum(counted, NOTHING))


def discount_of(line: ServiceLine | PartLine) -> Decimal:
    """Of the whole line, in roubles: what was quoted less what is asked."""
    return to_kopecks(line.price.initial * line.quantity) - line.total


def waits_for_payment(order: Any) -> bool:
    """Of an order, or of its row: done, and not paid. When it is settled finance knows best: money
    also comes without naming an order, and goes on to others. Until then its own payments tell."""
    if order.status != "done":
        return False
    if order.settled:
        return bool(order.total) and order.paid_completion != order.completion
    return bool(order.paid < order.total)


def changes_between(old: Any, new: Any, leave_out: Sequence[str] = ()) -> tuple[Change, ...]:
    """Field by field; a price is told by its steps."""
    changes: list[Change] = []
    for field in old.__dataclass_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if field in leave_out or before == after:
            continue
        if isinstance(before, Price):
            changes += changes_between(before, after, leave_out=("quoted",))
        else:
            changes.append(Change(field=field, old=before, new=after))
    return tuple(changes)


def with_line[LineT: (ServiceLine, PartLine)](
    lines: tuple[LineT, ...], changed: LineT
) -> tuple[LineT, ...]:
    return tuple(changed if line.id == changed.id else line for line in lines)


def without_line[LineT: (ServiceLine, PartLine)](
    lines: tuple[LineT, ...], line_id: UUID
) -> tuple[LineT, ...]:
    return tuple(line for line in lines if line.id != line_id)
