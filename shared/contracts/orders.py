"""Work orders, the station's places and people, and the catalogue of works: ``services/orders``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

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
    Revision,
    SearchText,
    SignedMoney,
    StockQuantity,
    Text,
    View,
    WarrantyDays,
)
from shared.contracts.clients import Mileage

OrderStatus = Literal["draft", "new", "in_progress", "done", "cancelled"]
PartKind = Literal["product", "material"]
PartState = Literal["requested", "reserved", "short", "issued", "released"]
"""``released``: its work was declined, and nothing is wanted of the warehouse."""
ApprovalState = Literal["unasked", "quoted", "approved", "declined"]
ApprovalWay = Literal["in_person", "phone", "link"]
Progress = Literal["planned", "started", "finished"]
Role = Literal["administrator", "advisor", "technician", "storekeeper", "cashier", "owner"]


# --- places, people and the catalogue of works -------------------------------------------------


class StationView(View):
    id: UUID
    code: str
    name: str
    time_zone: str


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


class ListStations(Question[Page[StationView]]):
    subject: ClassVar[str] = "ask.orders.stations.v1"


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
    ``price_ambiguous``. ``name_taken`` when the catalogue has it."""

    subject: ClassVar[str] = "cmd.orders.create_service.v1"

    name: Name
    comment: Text | None = None
    price: Money | None = None
    labor_hours: Hours | None = None
    labor_rate: Money | None = None
    estimation_minutes: Minutes | None = None
    warranty_days: WarrantyDays | None = None
    warranty_km: Mileage | None = None


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
    mechanic_id: UUID | None
    progress: Progress
    clocked_minutes: Minutes
    approval: Approval = Approval()
    """A declined work stays on the order, and is in none of its sums."""


class PartLineView(View):
    """Goods, or a material carried by a work, with every step of its price and its stock."""

    id: UUID
    kind: PartKind
    service_line_id: UUID | None
    product_id: UUID
    name: str
    oem: str | None
    measure: str
    quantity: Quantity
    price_value: Money
    initial_price: Money
    discount_percent: Percent
    fixed_discount: Money
    price: Money
    total: Money
    state: PartState
    reserved: StockQuantity
    """How much of the quantity the warehouse holds for this line."""
    short: StockQuantity
    """How much is back-ordered."""


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
    declined_works: int | None = None
    """How many works of the car were declined on other orders and may be offered now. Counted
    when the order is opened and when it is asked for; null in other answers."""


class CreateOrder(Command[OrderView]):
    """Opens an order in status ``new`` (or ``draft`` for an estimate).

    Refused: ``client_not_found``, ``vehicle_not_found``, ``section_not_found``,
    ``employee_not_found``, ``post_not_found``, ``vehicle_of_other_client``.
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


class ChangeOrder(Command[OrderView]):
    """Edits the header of an order that is not ``done`` or ``cancelled`` (``order_closed``)."""

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


class AddService(Command[OrderView]):
    """A work from the catalogue (``service_id``), or a free one (``name`` and ``initial_price``).

    Refused: ``service_not_found``, ``service_unnamed``, ``price_missing``, ``order_closed``.
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


class PartRequest(View):
    model_config = {"extra": "forbid"}

    product_id: UUID
    quantity: Quantity
    kind: PartKind = "product"
    service_line_id: UUID | None = None
    initial_price: Money | None = None
    discount_percent: Percent | None = None
    fixed_discount: Money = Decimal(0)


class RequestParts(Command[OrderView]):
    """Puts parts on the order as ``requested``; inventory answers by event.

    Refused: ``product_not_found``, ``material_without_service``, ``order_closed``.
    """

    subject: ClassVar[str] = "cmd.orders.request_parts.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    lines: tuple[PartRequest, ...] = Field(min_length=1, max_length=200)


class ChangeLine(Command[OrderView]):
    """Edits one line. ``progress`` and ``comment`` belong to works only, and the parts' price
    and quantity to parts that are not issued. Refused: ``line_not_found``, ``order_closed``,
    ``field_not_of_this_line``, ``revision_conflict``."""

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


class RemoveLine(Command[OrderView]):
    """Takes a line off; a part's reservation is released. A work that carries materials is
    refused (``service_has_materials``)."""

    subject: ClassVar[str] = "cmd.orders.remove_line.v1"

    order_id: UUID
    line_id: UUID
    expected_revision: Revision | None = None


class MoveOrder(Command[OrderView]):
    """A step of the order's life. Refused: ``illegal_step``, ``parts_not_ready`` (lines still
    requested or short at done), ``work_not_approved`` (at done, works that the client was asked
    about and has not answered; what was never quoted was agreed on in person)."""

    subject: ClassVar[str] = "cmd.orders.move_order.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    to: OrderStatus
    reason: Text | None = None


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


class FindOrders(Question[Page[OrderSummary]]):
    """Newest first. ``q``: a part of the number, the client's name or the car.

    ``own``: only orders on which the asking person is the employee or does a work.
    """

    subject: ClassVar[str] = "ask.orders.find_orders.v1"

    status: OrderStatus | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    client_id: UUID | None = None
    vehicle_id: UUID | None = None
    own: bool = False
    start: Instant | None = None
    end: Instant | None = None
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
    total: Money
    """Of the orders done."""


class OrdersBySection(Question[Page[SectionOrders]]):
    """Orders created in the period, by section and by the status they have now."""

    subject: ClassVar[str] = "ask.orders.orders_by_section.v1"

    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None


class Workload(View):
    employee_id: UUID
    employee: str
    section_id: UUID | None
    orders: int
    planned_minutes: int
    sold_hours: Decimal
    clocked_minutes: int
    labor_total: Money


class EmployeeWorkload(Question[Page[Workload]]):
    """Works of orders created in the period (cancelled left out), by who does them."""

    subject: ClassVar[str] = "ask.orders.employee_workload.v1"

    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None


# --- events ------------------------------------------------------------------------------------


class OrderEvent(Event):
    """What every fact of an order carries."""

    order_id: UUID
    number: str
    revision: Revision

    def aggregate_id(self) -> UUID:
        return self.order_id


class OrderCreated(OrderEvent):
    """Producer: orders. Consumers: finance (remembers whose order it is), audit."""

    subject: ClassVar[str] = "evt.orders.order_created.v1"

    status: OrderStatus
    client_id: UUID
    vehicle_id: UUID | None
    section_id: UUID
    employee_id: UUID
    type: str


class OrderChanged(OrderEvent):
    """The header was edited; ``changes`` has old and new. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.order_changed.v1"


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


class PartsRequested(OrderEvent):
    """Lines want so much. Producer: orders. Consumers: inventory (reserves), audit."""

    subject: ClassVar[str] = "evt.orders.parts_requested.v1"

    lines: tuple[RequestedPart, ...]


class ReleasedPart(View):
    line_id: UUID
    line_version: int
    product_id: UUID


class PartsReleased(OrderEvent):
    """Lines want nothing any more: removed, or the order cancelled. Producer: orders. Consumers:
    inventory, audit."""

    subject: ClassVar[str] = "evt.orders.parts_released.v1"

    lines: tuple[ReleasedPart, ...]


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
    """The status changed. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.order_moved.v1"

    old_status: OrderStatus
    status: OrderStatus
    reason: str | None = None


class CompletedService(View):
    line_id: UUID
    name: str
    total: Money
    """Of the work alone, without materials: what the mechanic is paid of."""
    mechanic_id: UUID | None
    pay_percent: Percent


class CompletedPart(View):
    line_id: UUID
    product_id: UUID
    kind: PartKind
    quantity: Quantity
    total: Money


class OrderCompleted(OrderEvent):
    """The order is done: everything that settling it needs. Producer: orders. Consumers: inventory
    (issues), finance (settles), audit. ``completion`` counts from 1; reopening and doing again adds
    one."""

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


class OrderReopened(OrderEvent):
    """A done order goes on. Producer: orders. Consumers: inventory (takes issued parts back into
    the reservation), finance (reverses the settlement), audit. ``completion``: the one that is
    undone."""

    subject: ClassVar[str] = "evt.orders.order_reopened.v1"

    completion: int
    reason: str | None = None


class OrderCancelled(OrderEvent):
    """Producer: orders. Consumers: inventory (releases whatever is held, and remembers), finance
    (its deposits may pay the client's other orders), audit."""

    subject: ClassVar[str] = "evt.orders.order_cancelled.v1"

    reason: str | None = None


class CommentAdded(OrderEvent):
    """Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.comment_added.v1"

    comment: CommentView


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


class OrdersCommandRefused(CommandRefused):
    """Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.command_refused.v1"
