"""A work order as documents and formulas see it: whole, with everything that it names.

``OrderView`` is what screens edit, by ids; a ``WorkOrder`` is what is printed, sent and computed
with. Orders answers it from its own tables and copies, so that a form or rule needs one question.
``shared/formulas/model.py`` gives each field its name of seed 004.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Cursor,
    Hours,
    Instant,
    Limit,
    Minutes,
    Money,
    Page,
    Percent,
    Period,
    Quantity,
    Question,
    Revision,
    SignedMoney,
    View,
)
from shared.contracts.clients import ClientKind
from shared.contracts.finance import NO_VAT
from shared.contracts.orders import Approval as Approval
from shared.contracts.orders import ApprovalState as ApprovalState
from shared.contracts.orders import ApprovalWay as ApprovalWay
from shared.contracts.orders import OrderStatus, PartState, Progress, Role


class OrderType(View):
    """``AssignmentType``: of the list that the chain keeps."""

    code: str
    name: str
    """In Russian."""
    name_en: str | None = None


class StationCard(View):
    """The car service itself, as it stands on paper."""

    id: UUID
    code: str
    name: str
    time_zone: str
    legal_name: str | None = None
    tax_number: str | None = None
    """ИНН."""
    tax_reason_code: str | None = None
    """КПП."""
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    bank_details: str | None = None


class Place(View):
    """A section or a post."""

    id: UUID
    name: str


class Person(View):
    """An employee."""

    id: UUID
    name: str
    last_name: str
    first_name: str
    role: Role


class Party(View):
    """Customer, driver or payer. A driver may be only a name; then ``id`` is null."""

    id: UUID | None
    kind: ClientKind = "person"
    name: str
    last_name: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    company_name: str | None = None
    phones: tuple[str, ...] = ()
    email: str | None = None
    discount_percent: Percent | None = None
    comment: str | None = None
    tax_number: str | None = None
    """ИНН."""
    tax_reason_code: str | None = None
    """КПП."""
    registration_number: str | None = None
    """ОГРН."""
    address: str | None = None
    bank_details: str | None = None


class Car(View):
    id: UUID
    name: str
    """How it is shown in a list: make, model, plate."""
    vin: str | None = None
    plate: str | None = None
    vendor: str | None = None
    model: str | None = None
    year: int | None = None
    engine: str | None = None
    vehicle_class: str | None = None
    mileage_km: int | None = None


class CatalogueService(View):
    """What the catalogue says of a work, as it was when the line was added."""

    id: UUID | None
    """Null: a free work that no catalogue has."""
    name: str
    comment: str | None = None
    group: str | None = None
    warranty_days: int | None = None
    warranty_km: int | None = None


class CatalogueProduct(View):
    id: UUID
    name: str
    oem: str | None = None
    comment: str | None = None
    vendor: str | None = None
    group: str | None = None
    warranty_days: int | None = None
    warranty_km: int | None = None


class Measure(View):
    name: str
    short_name: str


class PartLine(View):
    """Goods, or a material that a work's price carries."""

    id: UUID
    product: CatalogueProduct
    service_line_id: UUID | None
    price_value: Money
    initial_price: Money
    discount_percent: Percent
    fixed_discount: Money
    custom_price: Money
    quantity: Quantity
    """In the product's main unit."""
    measure_quantity: Quantity
    measure: Measure
    """The unit it was entered in."""
    total: Money
    state: PartState
    cost: Money | None
    """Of the whole line: frozen at issue, the warehouse's expectation before; null: unknown."""
    vat: Money | None = None
    """Contained in the total of goods; null of a material, whose work contains it."""


class PerformerShown(View):
    person: Person
    share: Percent


class ServiceLine(View):
    id: UUID
    service: CatalogueService
    comment: str | None
    estimation_cost: Money
    initial_price: Money
    discount_percent: Percent
    fixed_discount: Money
    custom_estimation_cost: Money
    quantity: Quantity
    estimation: Minutes
    custom_estimation: Minutes
    labor_time: Hours | None
    labor_cost: Money | None
    total: Money
    """Of the work alone."""
    customer_total: Money
    """With the materials it carries."""
    mechanic: Person | None
    """The line's own, or else the order's."""
    progress: Progress
    spent_minutes: Minutes
    approval: Approval = Approval()
    vat: Money = NO_VAT
    """Contained in ``customer_total``."""
    performers: tuple[PerformerShown, ...] = ()
    """When several did it, the mechanic first."""


class WorkOrder(View):
    """Producer: orders (``ask.orders.work_order.v1``)."""

    id: UUID
    number: str
    revision: Revision
    completion: int
    status: OrderStatus
    type: OrderType
    date_time_in: Instant | None
    date_time_out: Instant | None
    assignment_at: Instant
    """Accounting date: the one reports use."""
    created_at: Instant
    modified_at: Instant
    completed_at: Instant | None
    responsible: Person | None
    product_responsible: Person | None
    mechanic: Person | None
    examiner: Person | None
    visible_to_customer: bool
    comment: str | None
    customer_reason: str | None
    recommendation: str | None
    customer: Party
    driver: Party | None
    payer: Party
    vehicle: Car | None
    haul_distance: int | None
    """Mileage when the car was given back, in kilometres."""
    station: StationCard
    section: Place
    post: Place | None
    estimation: Minutes
    spent_minutes: Minutes
    estimation_cost: Money
    services: tuple[ServiceLine, ...]
    """What is on the bill: a declined work, its goods and its materials are not here."""
    products: tuple[PartLine, ...]
    materials: tuple[PartLine, ...]
    declined: tuple[ServiceLine, ...] = ()
    """Works that the client declined: in no sum of this order."""
    services_total: Money
    products_total: Money
    materials_total: Money
    total: Money
    paid: SignedMoney
    """Payments that name this order, less refunds."""
    due: Money = Field(default_factory=lambda said: max(said["total"] - said["paid"], Decimal(0)))
    """What is still to be paid: of a settled order as finance says. An answer of an older version
    has it as that version reckoned it."""
    settled: bool = False
    """The books have it, and with it what the client's other money pays of it; an older version
    does not say."""
    cost_total: Money | None
    """Of parts and materials; null: unknown yet."""
    pay_total: Money | None
    """What technicians earn of it; null until the order is settled."""
    margin: SignedMoney | None
    """``total - vat - cost - pay``; null while any is unknown."""
    vat_rate: Percent | None = None
    """Of the VAT that the prices contain, in percent: of the day of the completion, before it of
    today. Null: without VAT."""
    vat_total: Money = NO_VAT
    """The sum of the lines' VAT: as finance posts it."""


class GetWorkOrder(Question[WorkOrder]):
    """Refused: ``order_not_found``. Costs are null for roles that may not see them."""

    subject: ClassVar[str] = "ask.orders.work_order.v1"

    order_id: UUID


class FindWorkOrders(Question[Page[WorkOrder]]):
    """Orders completed in the period, oldest first: what a rule is tried on."""

    subject: ClassVar[str] = "ask.orders.work_orders.v1"

    period: Period = Period()
    client_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None
