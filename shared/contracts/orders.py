"""Work orders, the station's places and people, and the catalogue of works: ``services/orders``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    CommandRefused,
    Cursor,
    Event,
    Hours,
    Instant,
    Limit,
    Minutes,
    Money,
    Name,
    Page,
    Percent,
    Period,
    Quantity,
    Question,
    ReportLimit,
    Revision,
    SearchText,
    SignedMoney,
    StockQuantity,
    Text,
    View,
    WarrantyDays,
)
from shared.contracts.clients import Email, Mileage
from shared.contracts.finance import MoneySum

OrderStatus = Literal["draft", "new", "in_progress", "done", "cancelled"]
PartKind = Literal["product", "material"]
PartState = Literal["requested", "reserved", "short", "issued", "released"]
"""``released``: nothing is wanted of the warehouse, its work being declined or the order called
off."""
ApprovalState = Literal["unasked", "quoted", "approved", "declined"]
ApprovalWay = Literal["in_person", "phone", "link"]
Progress = Literal["planned", "started", "finished"]
PriceStepKind = Literal[
    "suggested", "initial_price", "discount_percent", "fixed_discount", "quantity",
    "labor_hours", "labor_rate", "warehouse_price",
]  # fmt: skip
TaxCode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)]
Role = Literal["administrator", "advisor", "technician", "storekeeper", "cashier", "owner"]


# --- places, people and the catalogue of works -------------------------------------------------


class StationView(View):
    """The car service itself. Code, name and time zone come from its configuration, the rest is
    what stands on its papers."""

    id: UUID
    code: str
    name: str
    time_zone: str
    legal_name: str | None = None
    tax_number: str | None = None
    """ИНН: 10 digits of a company, 12 of an entrepreneur."""
    tax_reason_code: str | None = None
    """КПП."""
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    bank_details: str | None = None
    revision: Revision = 1


class OrderTypeView(View):
    """A kind of order, of the list that the chain keeps: repair, diagnostics, warranty …"""

    id: UUID
    code: str
    """What orders carry in ``type``; it never changes."""
    name: str
    """How it is shown in Russian."""
    name_en: str
    active: bool
    """An inactive one stays on its orders and cannot be chosen any more."""
    revision: Revision


class SectionView(View):
    """A department of the station: body shop, diagnostics, tyres …"""

    id: UUID
    name: str
    station_id: UUID
    revision: Revision


class PostView(View):
    """A bay. Belongs to a section."""

    id: UUID
    name: str
    section_id: UUID
    revision: Revision


class EmployeeView(View):
    id: UUID
    last_name: str
    first_name: str
    name: str
    role: Role
    section_id: UUID | None
    login: str | None = None
    """The sign-in of this person: a technician's own orders are found by it."""
    pay_percent: Percent | None = None
    """Shown to administrators and owners only."""
    active: bool
    revision: Revision


class ServiceView(View):
    """A work of the catalogue: a fixed price, or norm-hours times a rate."""

    id: UUID
    name: str
    comment: str | None
    price: Money | None
    labor_hours: Hours | None
    labor_rate: Money | None
    estimation_minutes: Minutes
    warranty_days: int | None
    warranty_km: int | None
    active: bool
    revision: Revision
    no_discount: bool = False
    """A client's own discount does not count for it."""
    has_variants: bool = False
    """Some cars have prices of their own."""
    group: str | None = None
    """Pay and bonuses may depend on it."""


class ListStations(Question[Page[StationView]]):
    subject: ClassVar[str] = "ask.orders.stations.v1"


class ChangeStation(Command[StationView]):
    """Edits what stands on the station's papers; a null clears. Refused: ``station_not_found``,
    ``tax_number_invalid`` and ``tax_reason_code_invalid`` (their check digits and shape),
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.orders.change_station.v1"

    station_id: UUID
    expected_revision: Revision | None = None
    legal_name: Name | None = None
    tax_number: TaxCode | None = None
    tax_reason_code: TaxCode | None = None
    address: Name | None = None
    phone: Name | None = None
    email: Email | None = None
    website: Name | None = None
    bank_details: Text | None = None


class CreateOrderType(Command[OrderTypeView]):
    """Refused: ``name_taken`` (the code)."""

    subject: ClassVar[str] = "cmd.orders.create_order_type.v1"

    code: Name
    name: Name
    name_en: Name


class ChangeOrderType(Command[OrderTypeView]):
    """Refused: ``order_type_not_found``, ``field_required``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.orders.change_order_type.v1"

    order_type_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    name_en: Name | None = None
    active: bool | None = None


class ListOrderTypes(Question[Page[OrderTypeView]]):
    subject: ClassVar[str] = "ask.orders.order_types.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class CreateSection(Command[SectionView]):
    """Refused: ``name_taken``."""

    subject: ClassVar[str] = "cmd.orders.create_section.v1"

    name: Name


class ChangeSection(Command[SectionView]):
    subject: ClassVar[str] = "cmd.orders.change_section.v1"

    section_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None


class ListSections(Question[Page[SectionView]]):
    subject: ClassVar[str] = "ask.orders.sections.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class CreatePost(Command[PostView]):
    """Refused: ``name_taken`` (in that section), ``section_not_found``."""

    subject: ClassVar[str] = "cmd.orders.create_post.v1"

    name: Name
    section_id: UUID


class ChangePost(Command[PostView]):
    subject: ClassVar[str] = "cmd.orders.change_post.v1"

    post_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    section_id: UUID | None = None


class ListPosts(Question[Page[PostView]]):
    subject: ClassVar[str] = "ask.orders.posts.v1"

    section_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class CreateEmployee(Command[EmployeeView]):
    """``pay_percent``: the share of the labour of a line that its mechanic earns.

    Refused: ``section_not_found``, ``login_taken``.
    """

    subject: ClassVar[str] = "cmd.orders.create_employee.v1"

    last_name: Name
    first_name: Name
    role: Role
    section_id: UUID | None = None
    login: Name | None = None
    pay_percent: Percent = Decimal(0)


class ChangeEmployee(Command[EmployeeView]):
    subject: ClassVar[str] = "cmd.orders.change_employee.v1"

    employee_id: UUID
    expected_revision: Revision | None = None
    last_name: Name | None = None
    first_name: Name | None = None
    role: Role | None = None
    section_id: UUID | None = None
    login: Name | None = None
    pay_percent: Percent | None = None
    active: bool | None = None


class ListEmployees(Question[Page[EmployeeView]]):
    subject: ClassVar[str] = "ask.orders.employees.v1"

    section_id: UUID | None = None
    role: Role | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class CreateService(Command[ServiceView]):
    """Either ``price`` or both ``labor_hours`` and ``labor_rate``; else ``price_missing`` or
    ``price_ambiguous``. ``amount_too_large``: more than the books can hold, or more than 100 000
    minutes. ``name_taken`` when the catalogue has it."""

    subject: ClassVar[str] = "cmd.orders.create_service.v1"

    name: Name
    comment: Text | None = None
    price: Money | None = None
    labor_hours: Hours | None = None
    labor_rate: Money | None = None
    estimation_minutes: Minutes | None = None
    warranty_days: WarrantyDays | None = None
    warranty_km: Mileage | None = None
    no_discount: bool = False
    group: Name | None = None


class ChangeService(Command[ServiceView]):
    """Never alters the lines of existing orders."""

    subject: ClassVar[str] = "cmd.orders.change_service.v1"

    service_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    comment: Text | None = None
    price: Money | None = None
    labor_hours: Hours | None = None
    labor_rate: Money | None = None
    estimation_minutes: Minutes | None = None
    warranty_days: WarrantyDays | None = None
    warranty_km: Mileage | None = None
    active: bool | None = None
    no_discount: bool | None = None
    group: Name | None = None


class ListServices(Question[Page[ServiceView]]):
    subject: ClassVar[str] = "ask.orders.services.v1"

    q: SearchText = ""
    limit: Limit = 50
    cursor: Cursor | None = None


# --- the order ---------------------------------------------------------------------------------


class Approval(View):
    """What the client said of one work: by whom, how, when."""

    state: ApprovalState = "unasked"
    by: str | None = None
    how: ApprovalWay | None = None
    at: Instant | None = None


class Performer(View):
    """Who did a part of a work, and how much of it."""

    employee_id: UUID
    share: Annotated[Decimal, Field(gt=0, le=100, decimal_places=2)]


class NamedPerformer(Performer):
    model_config = {"extra": "forbid"}


Performers = Annotated[tuple[NamedPerformer, ...], Field(max_length=20)]
"""Several who do one work; their shares come to 100. The first one is its mechanic."""


class RunningClock(View):
    """Of a work that somebody is at: see ``shared.contracts.bay``."""

    employee_id: UUID | None
    """Null: the counter started it with the work, for nobody in particular."""
    started_at: Instant


class ServiceLineView(View):
    """A work on the order, with every step of its price."""

    id: UUID
    service_id: UUID | None
    name: str
    comment: str | None
    quantity: Quantity
    estimation_cost: Money
    """What the catalogue suggested when the line was added, per unit."""
    initial_price: Money
    discount_percent: Percent
    fixed_discount: Money
    price: Money
    """Final, per unit (CustomEstimationCost)."""
    total: Money
    customer_total: Money
    """With the materials that this work carries (CustomerTotal)."""
    labor_hours: Hours | None
    labor_rate: Money | None
    estimation_minutes: Minutes
    """What the employee says it takes (CustomEstimation)."""
    mechanic_id: UUID | None
    """The line's own; null: the order's does it."""
    progress: Progress
    clocked_minutes: Minutes
    suggested_minutes: Minutes = 0
    """What the catalogue said when the line was added (Estimation)."""
    catalogue_comment: str | None = None
    """The catalogue's own note on the work, as it was then; ``comment`` is this order's."""
    warranty_days: int | None = None
    warranty_km: int | None = None
    approval: Approval = Approval()
    """A declined work stays on the order, and is in none of its sums."""
    variant_id: UUID | None = None
    """The price variant by vehicle that it was priced by."""
    group: str | None = None
    """The catalogue's, as it was then."""
    performers: tuple[Performer, ...] = ()
    """When several did it; ``mechanic_id`` is the first of them."""
    clock: RunningClock | None = None
    """The one that runs; its minutes are in ``clocked_minutes`` when it has stopped."""
    finished_at: Instant | None = None
    finished_by: str | None = None
    """The sign-in of whoever ticked it; null: it was finished with its order."""


class PartLineView(View):
    """Goods, or a material carried by a work, with every step of its price and its stock."""

    id: UUID
    kind: PartKind
    service_line_id: UUID | None
    product_id: UUID
    name: str
    oem: str | None
    measure: str
    """The product's main unit: ``quantity`` and all prices are in it."""
    quantity: Quantity
    price_value: Money
    """What the catalogue suggested when the line was added, per unit."""
    initial_price: Money
    discount_percent: Percent
    fixed_discount: Money
    price: Money
    """Final, per unit (CustomPrice)."""
    total: Money
    state: PartState
    reserved: StockQuantity
    """How much of the quantity the warehouse holds for this line."""
    short: StockQuantity
    """How much is back-ordered; of an issued line: how much was issued before it was there and is
    still to come, until when its cost is provisional."""
    came_back: StockQuantity = Decimal(0)
    """Of a part of a reopened order: how much had been issued, less what was given up or lost
    since. No more can be written off."""
    entered_quantity: Quantity | None = None
    """As it was entered (MeasureQuantity), in ``entered_measure``."""
    entered_measure: str | None = None
    product_comment: str | None = None
    vendor: str | None = None
    group: str | None = None
    warranty_days: int | None = None
    warranty_km: int | None = None
    cost: Money | None = None
    """Of the whole line: frozen at issue, the warehouse's expectation before. Null: not known
    yet, or not for the role that asks."""


class OrderSummary(View):
    """An order in a list."""

    id: UUID
    number: str
    station_id: UUID
    status: OrderStatus
    flags: tuple[str, ...]
    """Derived: ``waiting_for_parts``, ``waiting_for_approval``, ``waiting_for_payment``,
    ``settled``."""
    type: str
    client_id: UUID
    client_name: str
    vehicle_id: UUID | None
    vehicle_name: str | None
    section_id: UUID
    employee_id: UUID
    created_at: Instant
    completed_at: Instant | None
    total: Money
    paid: SignedMoney
    """Payments that name this order, less refunds."""
    revision: Revision


class OrderView(OrderSummary):
    payer_id: UUID
    driver: str | None
    post_id: UUID | None
    customer_reason: str | None
    recommendation: str | None
    comment: str | None
    mileage_km: int | None
    visible_to_customer: bool
    vehicle_in_at: Instant | None
    vehicle_out_at: Instant | None
    services: tuple[ServiceLineView, ...]
    products: tuple[PartLineView, ...]
    materials: tuple[PartLineView, ...]
    services_total: Money
    products_total: Money
    materials_total: Money
    estimation_cost: Money
    estimation_minutes: Minutes
    clocked_minutes: Minutes
    updated_at: Instant
    assignment_at: Instant | None = None
    """Accounting date: the one reports go by. Every order has one."""
    mechanic_id: UUID | None = None
    """Who does the works that name nobody; null: the employee that it is assigned to."""
    responsible_id: UUID | None = None
    product_responsible_id: UUID | None = None
    examiner_id: UUID | None = None
    driver_id: UUID | None = None
    cost_total: Money | None = None
    """Of parts and materials; null: not known yet, or not for the role that asks."""
    margin: SignedMoney | None = None
    """``total - cost - pay``: as the books have it once settled, before that with the expected
    cost and what the mechanics' shares of the works come to. Null as ``cost_total``."""
    declined_works: int | None = None
    """How many works of the car were declined on other orders and may be offered now. Counted
    when the order is opened and when it is asked for; null in other answers."""
    discount_total: Money | None = None
    """Of all lines that are in ``total``: what was quoted less what is asked. Null also where it is
    beyond the books."""
    due: Money | None = None
    """What is still to be paid. Null only in answers older than this field."""


class BookingRequest(View):
    """A post, and perhaps a technician, for ``start <= t < end``: see ``load.BookPost``."""

    model_config = {"extra": "forbid"}

    post_id: UUID
    technician_id: UUID | None = None
    start: Instant
    end: Instant
    overtime: bool = False


class CreateOrder(Command[OrderView]):
    """Opens an order in status ``new`` (or ``draft`` for an estimate).

    ``post_id`` is the order's main post, a word on paper. ``booking`` holds a post for a time, in
    the same step or not at all; without ``post_id`` its post is the main one.

    Absent ``responsible_id`` and ``examiner_id``: the employee who sends this, or else
    ``employee_id``. Absent ``assignment_at``: now. A driver is a client (``driver_id``) or only a
    name (``driver``), else ``driver_ambiguous``. Absent ``payer_id``, and absent driver: the first
    that ``order-parties`` proposes for the car and the client; a null ``payer_id`` is the client,
    a null driver nobody.

    Refused: ``client_not_found``, ``vehicle_not_found``, ``section_not_found``,
    ``employee_not_found``, ``employee_inactive``, ``post_not_found``,
    ``vehicle_of_other_client``, ``order_type_not_found``, ``forbidden`` (``assignment_at`` is the
    office's to say), ``car_out_before_in``, and for its booking as ``BookPost``.
    """

    subject: ClassVar[str] = "cmd.orders.create_order.v1"

    client_id: UUID
    vehicle_id: UUID | None = None
    section_id: UUID
    employee_id: UUID
    type: Name = "repair"
    status: Literal["draft", "new"] = "new"
    post_id: UUID | None = None
    payer_id: UUID | None = None
    driver: Name | None = None
    customer_reason: Text | None = None
    recommendation: Text | None = None
    comment: Text | None = None
    mileage_km: Mileage | None = None
    visible_to_customer: bool = True
    vehicle_in_at: Instant | None = None
    vehicle_out_at: Instant | None = None
    assignment_at: Instant | None = None
    mechanic_id: UUID | None = None
    responsible_id: UUID | None = None
    product_responsible_id: UUID | None = None
    examiner_id: UUID | None = None
    driver_id: UUID | None = None
    booking: BookingRequest | None = None


class ChangeOrder(Command[OrderView]):
    """Edits the header of an order that is not ``done`` or ``cancelled`` (``order_closed``); of one
    that is, ``vehicle_in_at`` and ``vehicle_out_at`` alone: its car leaves after that.

    Fields that are not named stay; a null clears. A driver by name takes the place of one by id,
    and the other way round. Never alters the prices of lines that exist. Refused as
    ``CreateOrder``, and ``field_required``, ``invisible_with_total``. Whom the order names already
    stays nameable (``employee_inactive``).
    """

    subject: ClassVar[str] = "cmd.orders.change_order.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    vehicle_id: UUID | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    type: Name | None = None
    post_id: UUID | None = None
    payer_id: UUID | None = None
    driver: Name | None = None
    customer_reason: Text | None = None
    recommendation: Text | None = None
    comment: Text | None = None
    mileage_km: Mileage | None = None
    visible_to_customer: bool | None = None
    vehicle_in_at: Instant | None = None
    vehicle_out_at: Instant | None = None
    assignment_at: Instant | None = None
    mechanic_id: UUID | None = None
    responsible_id: UUID | None = None
    product_responsible_id: UUID | None = None
    examiner_id: UUID | None = None
    driver_id: UUID | None = None


class AddService(Command[OrderView]):
    """A work from the catalogue (``service_id``), or a free one: ``name``, and ``initial_price``
    or ``labor_hours`` with ``labor_rate``.

    The price is of the variant that fits the order's car, if the work has any; ``variant_id`` names
    another one, or ``none``: then the work's own price counts. Absent ``discount_percent``: the
    client's own, if the work takes one.

    Refused: ``service_not_found``, ``service_inactive``, ``variant_not_found``,
    ``service_unnamed``, ``price_missing``, ``order_closed``, ``employee_not_found``,
    ``employee_inactive``, ``forbidden`` (a technician says no prices).
    """

    subject: ClassVar[str] = "cmd.orders.add_service.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    service_id: UUID | None = None
    name: Name | None = None
    comment: Text | None = None
    quantity: Quantity = Decimal(1)
    initial_price: Money | None = None
    discount_percent: Percent | None = None
    """Absent: the client's own discount."""
    fixed_discount: Money = Decimal(0)
    estimation_minutes: Minutes | None = None
    mechanic_id: UUID | None = None
    labor_hours: Hours | None = None
    """Norm-hours sold; absent: the catalogue's."""
    labor_rate: Money | None = None
    variant_id: UUID | Literal["none"] | None = None
    performers: Performers = ()
    """Instead of ``mechanic_id``. Refused: ``performers_ambiguous``, ``shares_invalid``."""


class PartRequest(View):
    """``quantity`` is in ``measure``, one of the product's units; absent: its main unit."""

    model_config = {"extra": "forbid"}

    product_id: UUID
    quantity: Quantity
    measure: Name | None = None
    kind: PartKind = "product"
    service_line_id: UUID | None = None
    initial_price: Money | None = None
    discount_percent: Percent | None = None
    fixed_discount: Money = Decimal(0)


class RequestParts(Command[OrderView]):
    """Puts parts on the order as ``requested``; inventory answers by event.

    Refused: ``product_not_found``, ``material_without_service``, ``order_closed``,
    ``unit_unknown``, ``quantity_not_exact`` (it is no whole number of thousandths of the
    main unit), ``forbidden`` (technician and storekeeper say no prices).
    """

    subject: ClassVar[str] = "cmd.orders.request_parts.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    lines: tuple[PartRequest, ...] = Field(min_length=1, max_length=200)


OnRemoval = Literal["return", "write_off"]
"""What becomes of an issued part that is taken off its reopened order: it goes back to stock, at
the cost of its issue, or it is lost, and its cost is an expense of the order."""


class ChangeLine(Command[OrderView]):
    """Edits one line. ``progress`` and ``comment`` belong to works only, and the parts' price
    and quantity to parts that are not issued. Refused: ``line_not_found``, ``order_closed``,
    ``field_not_of_this_line``, ``revision_conflict``, ``employee_not_found``, and
    ``employee_inactive`` of whom the order does not name yet; of a part also as ``RequestParts``.

    ``quantity`` of a part is in ``measure``, or else in its main unit. New ``labor_hours`` or
    ``labor_rate`` make a new ``initial_price``, rounded as the station rounds; saying that too is
    ``price_ambiguous``. While the work has but one of the two, its price stays what it is.

    ``on_removal``: what becomes of the parts that a lower ``quantity`` takes off an order that was
    done and is open again; ``write_off`` needs a ``reason``. Refused: ``nothing_to_write_off``.
    """

    subject: ClassVar[str] = "cmd.orders.change_line.v1"

    order_id: UUID
    line_id: UUID
    expected_revision: Revision | None = None
    quantity: Quantity | None = None
    initial_price: Money | None = None
    discount_percent: Percent | None = None
    fixed_discount: Money | None = None
    comment: Text | None = None
    estimation_minutes: Minutes | None = None
    mechanic_id: UUID | None = None
    progress: Progress | None = None
    measure: Name | None = None
    labor_hours: Hours | None = None
    labor_rate: Money | None = None
    performers: Performers | None = None
    """Instead of ``mechanic_id``; empty: its mechanic alone did it. Another ``mechanic_id`` does it
    alone, too. Refused: ``performers_ambiguous``, ``shares_invalid``."""
    on_removal: OnRemoval = "return"
    reason: Text | None = None


class RemoveLine(Command[OrderView]):
    """Takes a line off; a part's reservation is released. A work that carries materials is
    refused (``service_has_materials``). ``on_removal`` as in ``ChangeLine``."""

    subject: ClassVar[str] = "cmd.orders.remove_line.v1"

    order_id: UUID
    line_id: UUID
    expected_revision: Revision | None = None
    on_removal: OnRemoval = "return"
    reason: Text | None = None


class MoveOrder(Command[OrderView]):
    """A step of the order's life. Refused: ``illegal_step``, ``parts_not_ready`` (lines still
    requested or short at done, unless a warehouse gives them before they are there),
    ``work_not_approved`` (at done, works that the client was asked about and has not answered;
    what was never quoted was agreed on in person), ``invisible_with_total`` (at done, of an order
    that the client is not shown, and that came to cost something), ``credit_limit_exceeded`` (at
    done, of a client whose contract has a limit), ``forbidden`` (a technician begins and finishes
    an order, and takes no other step)."""

    subject: ClassVar[str] = "cmd.orders.move_order.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    to: OrderStatus
    reason: Text | None = None
    over_limit: Name | None = None
    """Why the car is given back although the client then owes more than allowed; the office's."""


class CommentView(View):
    id: UUID
    text: str
    author: str
    at: Instant


class AddComment(Command[CommentView]):
    subject: ClassVar[str] = "cmd.orders.add_comment.v1"

    order_id: UUID
    text: Annotated[Text, Field(min_length=1)]


class GetOrder(Question[OrderView]):
    subject: ClassVar[str] = "ask.orders.order.v1"

    order_id: UUID


class PriceStepView(View):
    """One step of how a line's price came about: never edited, never deleted."""

    line_id: UUID
    at: Instant
    by: str
    """The sign-in of whoever did it, or the service that told it."""
    cause: str
    """The message that it came by."""
    step: PriceStepKind
    """``warehouse_price``: what the catalogue said when the warehouse first answered."""
    old: Decimal | None
    """Null: the line was added."""
    new: Decimal


class ListPriceSteps(Question[Page[PriceStepView]]):
    """How a line's price came about, oldest first; of a line that was taken off, too.
    Refused: ``order_not_found``, ``line_not_found``."""

    subject: ClassVar[str] = "ask.orders.price_steps.v1"

    order_id: UUID
    line_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class FindOrders(Question[Page[OrderSummary]]):
    """Newest first. ``q``: a part of the number, the client's name or the car.

    ``own``: only orders on which the asking person is the employee or does a work. ``unbooked``:
    only open ones that have no planned booking. ``start`` and ``end`` are of when it was opened, or
    with ``accounted`` of its accounting date, as in reports.
    """

    subject: ClassVar[str] = "ask.orders.find_orders.v1"

    status: OrderStatus | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    client_id: UUID | None = None
    vehicle_id: UUID | None = None
    own: bool = False
    unbooked: bool = False
    start: Instant | None = None
    end: Instant | None = None
    accounted: bool = False
    q: SearchText = ""
    limit: Limit = 50
    cursor: Cursor | None = None


class ListComments(Question[Page[CommentView]]):
    subject: ClassVar[str] = "ask.orders.comments.v1"

    order_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


# --- reports -----------------------------------------------------------------------------------


class SectionOrders(View):
    section_id: UUID
    section: str
    created: int
    in_progress: int
    done: int
    cancelled: int
    total: MoneySum
    """Of the orders done."""


class OrdersBySection(Question[Page[SectionOrders]]):
    """Orders whose accounting date is in the period, by section and by the status they have now."""

    subject: ClassVar[str] = "ask.orders.orders_by_section.v1"

    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    """Whom the orders are assigned to."""
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class Workload(View):
    employee_id: UUID
    employee: str
    section_id: UUID | None
    orders: int
    planned_minutes: int
    sold_hours: Decimal
    clocked_minutes: int
    labor_total: MoneySum


class EmployeeWorkload(Question[Page[Workload]]):
    """Works of orders whose accounting date is in the period (cancelled left out), by who does
    them: the line's own mechanic, or else the order's."""

    subject: ClassVar[str] = "ask.orders.employee_workload.v1"

    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


# --- events ------------------------------------------------------------------------------------


class OrderEvent(Event):
    """What every fact of an order carries."""

    order_id: UUID
    number: str
    revision: Revision

    def aggregate_id(self) -> UUID:
        return self.order_id


class OrderCreated(OrderEvent):
    """Producer: orders. Consumers: clients (what the car has run), finance (remembers whose order
    it is), documents, audit."""

    subject: ClassVar[str] = "evt.orders.order_created.v1"

    status: OrderStatus
    client_id: UUID
    vehicle_id: UUID | None
    section_id: UUID
    employee_id: UUID
    type: str
    mileage_km: int | None = None


class OrderChanged(OrderEvent):
    """The header was edited; ``changes`` has old and new. Producer: orders. Consumers: clients
    (what the car has run), audit."""

    subject: ClassVar[str] = "evt.orders.order_changed.v1"

    vehicle_id: UUID | None = None
    mileage_km: int | None = None
    """As the header says it now, whatever was edited; null in what was told before this was
    told."""


class ServiceAdded(OrderEvent):
    """A work was put on the order. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.service_added.v1"

    line: ServiceLineView


class RequestedPart(View):
    """What a line wants of the warehouse. A state, not a difference: the newest version counts."""

    line_id: UUID
    line_version: int
    product_id: UUID
    quantity: Quantity
    write_off: StockQuantity = Decimal(0)
    """So much of what it had before is lost, and does not go back to stock."""
    lost_completion: int = 0
    """The completion, undone by now, that had issued what is lost."""


class PartsRequested(OrderEvent):
    """Lines want so much. Producer: orders. Consumers: inventory (reserves), audit. ``reason``: of
    what is written off."""

    subject: ClassVar[str] = "evt.orders.parts_requested.v1"

    lines: tuple[RequestedPart, ...]
    reason: str | None = None


class ReleasedPart(View):
    line_id: UUID
    line_version: int
    product_id: UUID
    write_off: StockQuantity = Decimal(0)
    """So much of what it held is lost, and does not go back to stock."""
    lost_completion: int = 0
    """The completion, undone by now, that had issued what is lost."""


class PartsReleased(OrderEvent):
    """Lines want nothing any more: removed, or the order cancelled. Producer: orders. Consumers:
    inventory, audit."""

    subject: ClassVar[str] = "evt.orders.parts_released.v1"

    lines: tuple[ReleasedPart, ...]
    reason: str | None = None
    """Of what is written off."""


class LineChanged(OrderEvent):
    """One line was edited; ``changes`` has old and new. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.line_changed.v1"

    line_id: UUID
    name: str


class LineRemoved(OrderEvent):
    """Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.line_removed.v1"

    line_id: UUID
    name: str


class OrderRepriced(OrderEvent):
    """What the client owes was computed anew. Producer: orders. Consumers: audit."""

    subject: ClassVar[str] = "evt.orders.order_repriced.v1"

    old_total: Money
    total: Money
    services_total: Money
    products_total: Money
    materials_total: Money


class OrderMoved(OrderEvent):
    """The status changed. Producer: orders. Consumers: documents, audit."""

    subject: ClassVar[str] = "evt.orders.order_moved.v1"

    old_status: OrderStatus
    status: OrderStatus
    reason: str | None = None
    over_limit: str | None = None
    """Why the office let the client owe more than the contract allows."""


class Earner(View):
    """Who earns by an order, as pay rules know people. ``share``: of the work."""

    employee_id: UUID
    share: Percent = Decimal(100)
    pay_percent: Percent = Decimal(0)
    role: Role | None = None
    section_id: UUID | None = None


class CompletedService(View):
    line_id: UUID
    name: str
    total: Money
    """Of the work alone, without materials: what the mechanic is paid of."""
    mechanic_id: UUID | None
    pay_percent: Percent
    performers: tuple[Earner, ...] = ()
    """Everybody who did it, the mechanic first; empty in what was told before there were any."""
    group: str | None = None
    quantity: Quantity = Decimal(1)
    labor_hours: Hours | None = None
    """Norm-hours sold per unit."""
    service_id: UUID | None = None
    """Of the catalogue; null: a work in somebody's own words."""


class CompletedPart(View):
    line_id: UUID
    product_id: UUID
    kind: PartKind
    quantity: Quantity
    total: Money
    service_line_id: UUID | None = None
    """The work that it is for, whose price carries a material; older events do not tell."""
    may_be_missing: bool = False
    """The order is done without it: the warehouse gives it before it is there, or did when it was
    asked."""


class OrderCompleted(OrderEvent):
    """The order is done: everything that settling it needs. Producer: orders. Consumers: inventory
    (issues), finance (settles), documents, audit. ``completion`` counts from 1; reopening and doing
    again adds one."""

    subject: ClassVar[str] = "evt.orders.order_completed.v1"

    completion: int
    station_id: UUID
    section_id: UUID
    employee_id: UUID
    client_id: UUID
    payer_id: UUID
    completed_at: Instant
    total: Money
    services_total: Money
    products_total: Money
    materials_total: Money
    services: tuple[CompletedService, ...]
    parts: tuple[CompletedPart, ...]
    responsible: Earner | None = None
    product_responsible: Earner | None = None
    """Who answers for its goods; null: whoever answers for the order."""
    type: str | None = None
    """Of the order, as it was done; null in what was told before this was told."""


class OrderReopened(OrderEvent):
    """A done order goes on. Producer: orders. Consumers: inventory (takes issued parts back into
    the reservation), finance (reverses the settlement), documents, audit. ``completion``: the one
    that is undone."""

    subject: ClassVar[str] = "evt.orders.order_reopened.v1"

    completion: int
    reason: str | None = None


class OrderCancelled(OrderEvent):
    """Producer: orders. Consumers: inventory (releases whatever is held, and remembers), finance
    (its deposits may pay the client's other orders), documents, audit."""

    subject: ClassVar[str] = "evt.orders.order_cancelled.v1"

    reason: str | None = None


class CommentAdded(OrderEvent):
    """Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.comment_added.v1"

    comment: CommentView


class NewsTaken(OrderEvent):
    """The order shows by now what another service told of it, and nothing else came of that:
    whoever looks at the order has something new to see. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.news_taken.v1"

    news: str
    """The subject of the event that told it."""


class ReferenceSaved(Event):
    """A section, post, employee or catalogue work was made or edited. Producer: orders. Consumer:
    audit."""

    subject: ClassVar[str] = "evt.orders.reference_saved.v1"

    kind: Literal["section", "post", "employee", "service"]
    id: UUID
    name: str
    created: bool

    def aggregate_id(self) -> UUID:
        return self.id


class OrderTypeSaved(Event):
    """A type of order was made or edited. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.order_type_saved.v1"

    order_type: OrderTypeView
    created: bool

    def aggregate_id(self) -> UUID:
        return self.order_type.id


class StationSaved(Event):
    """What stands on the station's papers was edited. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.station_saved.v1"

    station: StationView

    def aggregate_id(self) -> UUID:
        return self.station.id


class OrdersCommandRefused(CommandRefused):
    """Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.command_refused.v1"
