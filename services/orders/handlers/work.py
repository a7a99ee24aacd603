"""Works and parts are put on the order, carried out, and the order moves on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders import domain, pricing
from services.orders.handlers.bookings import freed, freed_of_line
from services.orders.handlers.table import handlers
from services.orders.order import Order, PartLine, ServiceLine
from services.orders.store import OrdersStore
from services.orders.tables import employees, works
from services.orders.views import order_view, service_view
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    MoveOrder,
    OrderView,
    PartRequest,
    RemoveLine,
    RequestParts,
    ServiceAdded,
)
from shared.handlers import Work
from shared.permissions import TECHNICIAN
from shared.refusals import Refused


@handlers.command(AddService)
async def add_service(command: AddService, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    if command.mechanic_id:
        await store.places.get(employees, command.mechanic_id)
    line = await _service_line(command, order, store, work)
    decision = domain.add_service(order, line, work.now)
    store.save(decision.order)
    work.publish(
        ServiceAdded(**domain.naming(decision.order), line=service_view(decision.order, line)),
        *decision.events,
    )
    return order_view(decision.order)


@handlers.command(RequestParts)
async def request_parts(command: RequestParts, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    parts = [
        await _part_line(request, order, position, store, work)
        for position, request in enumerate(command.lines, start=_next_position(order))
    ]
    decision = domain.request_parts(order, parts, work.now)
    store.save(decision.order)
    work.publish(*decision.events)
    return order_view(decision.order)


@handlers.command(ChangeLine)
async def change_line(command: ChangeLine, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    line = _line(order, command.line_id)
    changes = _line_changes(command, line)
    if work.actor.role == TECHNICIAN and not changes.keys() <= {"progress", "comment"}:
        # Prices are the counter's; a technician says what was done.
        raise Refused("forbidden")
    if mechanic_id := changes.get("mechanic_id"):
        await store.places.get(employees, mechanic_id)
    if isinstance(line, ServiceLine):
        changed = _with_changes(line, changes)
        decision = domain.change_service_line(order, line, changed, work.now)
    else:
        decision = domain.change_part_line(order, line, _with_changes(line, changes), work.now)
    store.save(decision.order)
    work.publish(*decision.events)
    return order_view(decision.order)


@handlers.command(RemoveLine)
async def remove_line(command: RemoveLine, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    decision = domain.remove_line(order, _line(order, command.line_id), work.now)
    store.save(decision.order)
    freed_posts = await freed_of_line(decision.order, command.line_id, store, work)
    work.publish(*decision.events, *freed_posts)
    return order_view(decision.order)


@handlers.command(MoveOrder)
async def move_order(command: MoveOrder, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    mechanics = {line.mechanic_id for line in order.services if line.mechanic_id}
    pay_percents = (
        await store.places.pay_percents(mechanics | {order.header.employee_id})
        if command.to == "done"
        else {}
    )
    decision = domain.move(order, command.to, command.reason, pay_percents, work.now)
    store.save(decision.order)
    work.publish(*decision.events)
    if command.to in ("done", "cancelled"):
        work.publish(*await freed(decision.order, store, work))
    return order_view(decision.order)


async def _service_line(
    command: AddService, order: Order, store: OrdersStore, work: Work
) -> ServiceLine:
    """A catalogue work brings name, price, hours and minutes; a free one its name and price."""
    catalogue: Any = None
    if command.service_id:
        catalogue = await store.places.get(works, command.service_id)
        suggested = catalogue.price
        if suggested is None:
            suggested = pricing.labor_price(
                catalogue.labor_hours, catalogue.labor_rate, work.settings.price_step
            )
    elif command.name is None:
        raise Refused("service_unnamed")
    elif command.initial_price is None:
        raise Refused("price_missing")
    else:
        suggested = command.initial_price
    minutes = command.estimation_minutes
    if minutes is None:
        minutes = catalogue.estimation_minutes if catalogue else 0
    return ServiceLine(
        id=work.new_id(),
        position=_next_position(order),
        service_id=command.service_id,
        name=command.name or catalogue.name,
        comment=command.comment,
        quantity=command.quantity,
        price=pricing.formed(
            suggested,
            command.initial_price,
            _discount(command.discount_percent, order),
            command.fixed_discount,
        ),
        labor_hours=catalogue.labor_hours if catalogue else None,
        labor_rate=catalogue.labor_rate if catalogue else None,
        estimation_minutes=minutes,
        mechanic_id=command.mechanic_id,
    )


async def _part_line(
    request: PartRequest, order: Order, position: int, store: OrdersStore, work: Work
) -> PartLine:
    product = await store.copies.product(request.product_id, work)
    return PartLine(
        id=work.new_id(),
        position=position,
        kind=request.kind,
        service_line_id=request.service_line_id,
        product_id=request.product_id,
        name=product.name,
        oem=product.oem,
        measure=product.measure,
        quantity=request.quantity,
        price=pricing.formed(
            product.price,
            request.initial_price,
            _discount(request.discount_percent, order),
            request.fixed_discount,
        ),
    )


def _discount(said: Decimal | None, order: Order) -> Decimal:
    """Nobody said one: the client's own."""
    return order.client_discount if said is None else said


def _next_position(order: Order) -> int:
    return max((line.position for line in order.lines), default=0) + 1


def _line(order: Order, line_id: UUID) -> ServiceLine | PartLine:
    for line in order.lines:
        if line.id == line_id:
            return line
    raise Refused("line_not_found", id=line_id)


_OF_WORKS = frozenset({"comment", "estimation_minutes", "mechanic_id", "progress"})
_CLEARABLE = frozenset({"comment", "mechanic_id"})
_OF_PRICE = frozenset({"initial_price", "discount_percent", "fixed_discount"})


def _line_changes(command: ChangeLine, line: ServiceLine | PartLine) -> dict[str, Any]:
    named = command.model_fields_set - {"order_id", "line_id", "expected_revision"}
    for name in sorted(named):
        if isinstance(line, PartLine) and name in _OF_WORKS:
            raise Refused("field_not_of_this_line", field=name)
        if getattr(command, name) is None and name not in _CLEARABLE:
            raise Refused("field_required", field=name)
    return {name: getattr(command, name) for name in named}


def _with_changes[LineT: (ServiceLine, PartLine)](line: LineT, changes: dict[str, Any]) -> LineT:
    price = line.price
    if "initial_price" in changes:
        price = replace(price, initial=changes["initial_price"], quoted=True)
    price = replace(
        price, **{name: changes[name] for name in (_OF_PRICE & changes.keys()) - {"initial_price"}}
    )
    plain = {name: value for name, value in changes.items() if name not in _OF_PRICE}
    return replace(line, price=price, **plain)
