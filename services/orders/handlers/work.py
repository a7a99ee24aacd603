"""Works and parts are put on the order, carried out, and the order moves on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders import domain, pricing
from services.orders.handlers.bookings import freed, freed_of_line
from services.orders.handlers.costs import shown
from services.orders.handlers.table import handlers
from services.orders.order import Order, PartLine, ServiceLine
from services.orders.store import OrdersStore
from services.orders.tables import employees, works
from services.orders.units import entered
from services.orders.views import service_view
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
    store.save(decision.order, work)
    work.publish(
        ServiceAdded(**domain.naming(decision.order), line=service_view(decision.order, line)),
        *decision.events,
    )
    return await shown(decision.order, store, work)


@handlers.command(RequestParts)
async def request_parts(command: RequestParts, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    await store.copies.many(work, product_ids={line.product_id for line in command.lines})
    parts = [
        await _part_line(request, order, position, store, work)
        for position, request in enumerate(command.lines, start=_next_position(order))
    ]
    decision = domain.request_parts(order, parts, work.now)
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.command(ChangeLine)
async def change_line(command: ChangeLine, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    line = _line(order, command.line_id)
    changes = _line_changes(command, line)
    if isinstance(line, PartLine) and "quantity" in changes:
        changes |= await _entered_again(line, command, store, work)
    if work.actor.role == TECHNICIAN and not changes.keys() <= {"progress", "comment"}:
        # Prices are the counter's; a technician says what was done.
        raise Refused("forbidden")
    if mechanic_id := changes.get("mechanic_id"):
        await store.places.get(employees, mechanic_id)
    if isinstance(line, ServiceLine):
        changed = _with_changes(line, changes, work.settings.price_step)
        decision = domain.change_service_line(order, line, changed, work.now)
    else:
        changed_part = _with_changes(line, changes, work.settings.price_step)
        decision = domain.change_part_line(order, line, changed_part, work.now)
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.command(RemoveLine)
async def remove_line(command: RemoveLine, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    decision = domain.remove_line(order, _line(order, command.line_id), work.now)
    store.save(decision.order, work)
    freed_posts = await freed_of_line(decision.order, command.line_id, store, work)
    work.publish(*decision.events, *freed_posts)
    return await shown(decision.order, store, work)


@handlers.command(MoveOrder)
async def move_order(command: MoveOrder, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    pay_percents = (
        await store.places.pay_percents(order.mechanic_ids) if command.to == "done" else {}
    )
    decision = domain.move(order, command.to, command.reason, pay_percents, work.now)
    store.save(decision.order, work)
    work.publish(*decision.events)
    if command.to in ("done", "cancelled"):
        work.publish(*await freed(decision.order, store, work))
    return await shown(decision.order, store, work)


async def _service_line(
    command: AddService, order: Order, store: OrdersStore, work: Work
) -> ServiceLine:
    """A catalogue work brings name, price, hours and minutes; a free one its name and price."""
    catalogue: Any = None
    if command.service_id:
        catalogue = await store.places.get(works, command.service_id)
    elif command.name is None:
        raise Refused("service_unnamed")
    hours, rate = command.labor_hours, command.labor_rate
    if catalogue:
        hours = catalogue.labor_hours if hours is None else hours
        rate = catalogue.labor_rate if rate is None else rate
    suggested_minutes = catalogue.estimation_minutes if catalogue else 0
    return ServiceLine(
        id=work.new_id(),
        position=_next_position(order),
        service_id=command.service_id,
        name=command.name or catalogue.name,
        comment=command.comment,
        quantity=command.quantity,
        price=pricing.formed(
            _suggested(command, catalogue, hours, rate, work),
            command.initial_price,
            _discount(command.discount_percent, order),
            command.fixed_discount,
        ),
        labor_hours=hours,
        labor_rate=rate,
        estimation_minutes=(
            suggested_minutes if command.estimation_minutes is None else command.estimation_minutes
        ),
        mechanic_id=command.mechanic_id,
        suggested_minutes=suggested_minutes,
        catalogue_comment=catalogue.comment if catalogue else None,
        warranty_days=catalogue.warranty_days if catalogue else None,
        warranty_km=catalogue.warranty_km if catalogue else None,
    )


def _suggested(
    command: AddService, catalogue: Any, hours: Decimal | None, rate: Decimal | None, work: Work
) -> Decimal:
    """The catalogue's price, or norm-hours times their rate; of a free work what is asked."""
    if catalogue and catalogue.price is not None:
        return Decimal(catalogue.price)
    if hours is not None and rate is not None:
        return pricing.labor_price(hours, rate, work.settings.price_step)
    if command.initial_price is None:
        raise Refused("price_missing")
    return command.initial_price


async def _part_line(
    request: PartRequest, order: Order, position: int, store: OrdersStore, work: Work
) -> PartLine:
    product = await store.copies.product(request.product_id, work)
    quantity = entered(
        request.quantity,
        request.measure,
        product=product.name,
        main=product.measure,
        units=product.units,
    )
    return PartLine(
        id=work.new_id(),
        position=position,
        kind=request.kind,
        service_line_id=request.service_line_id,
        product_id=request.product_id,
        name=product.name,
        oem=product.oem,
        measure=product.measure,
        **quantity.fields,
        product_comment=product.comment,
        vendor=product.vendor,
        group=product.group,
        warranty_days=product.warranty_days,
        warranty_km=product.warranty_km,
        price=pricing.formed(
            product.price,
            request.initial_price,
            Decimal(0)
            if product.no_discount and request.discount_percent is None
            else _discount(request.discount_percent, order),
            request.fixed_discount,
        ),
    )


async def _entered_again(
    line: PartLine, command: ChangeLine, store: OrdersStore, work: Work
) -> dict[str, Any]:
    """A new quantity, in the unit that is named or else in the line's main one."""
    assert command.quantity is not None
    units: Sequence[Any] = ()
    if command.measure is not None:
        units = (await store.copies.product(line.product_id, work)).units
    return entered(
        command.quantity, command.measure, product=line.name, main=line.measure, units=units
    ).fields


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


_OF_LABOR = frozenset({"labor_hours", "labor_rate"})
_OF_WORKS = _OF_LABOR | {"comment", "estimation_minutes", "mechanic_id", "progress"}
_OF_PARTS = frozenset({"measure"})
_CLEARABLE = frozenset({"comment", "mechanic_id"})
_OF_PRICE = frozenset({"initial_price", "discount_percent", "fixed_discount"})


def _line_changes(command: ChangeLine, line: ServiceLine | PartLine) -> dict[str, Any]:
    named = command.model_fields_set - {"order_id", "line_id", "expected_revision"}
    foreign = _OF_WORKS if isinstance(line, PartLine) else _OF_PARTS
    for name in sorted(named):
        if name in foreign:
            raise Refused("field_not_of_this_line", field=name)
        if getattr(command, name) is None and name not in _CLEARABLE:
            raise Refused("field_required", field=name)
    if "measure" in named and "quantity" not in named:
        raise Refused("field_required", field="quantity")
    if named & _OF_LABOR and "initial_price" in named:
        raise Refused("price_ambiguous")
    return {name: getattr(command, name) for name in named - _OF_PARTS}


def _with_changes[LineT: (ServiceLine, PartLine)](
    line: LineT, changes: dict[str, Any], price_step: int
) -> LineT:
    price = line.price
    if "initial_price" in changes:
        price = replace(price, initial=changes["initial_price"], quoted=True)
    price = replace(
        price, **{name: changes[name] for name in (_OF_PRICE & changes.keys()) - {"initial_price"}}
    )
    plain = {name: value for name, value in changes.items() if name not in _OF_PRICE}
    changed = replace(line, price=price, **plain)
    if isinstance(changed, ServiceLine) and changes.keys() & _OF_LABOR:
        return replace(changed, price=_by_norm_hours(changed, price_step))
    return changed


def _by_norm_hours(line: ServiceLine, price_step: int) -> pricing.Price:
    """The initial price is bound to the hours sold and their rate."""
    if line.labor_hours is None or line.labor_rate is None:
        raise Refused("price_missing")
    initial = pricing.labor_price(line.labor_hours, line.labor_rate, price_step)
    return replace(line.price, initial=initial)
