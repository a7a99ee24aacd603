"""Works and parts are put on the order, carried out, and the order moves on."""

from __future__ import annotations

from dataclasses import replace
from itertools import batched
from typing import Any
from uuid import UUID

from services.orders import domain
from services.orders.domain import pricing
from services.orders.domain.order import Order, PartLine, ServiceLine
from services.orders.domain.performers import shared_by
from services.orders.domain.units import THOUSANDTH, entered
from services.orders.handlers.bookings import freed, freed_of_lines
from services.orders.handlers.costs import shown
from services.orders.handlers.credit import within_limit
from services.orders.handlers.lines import (
    ensure_may_price,
    next_position,
    part_line,
    performers_of,
    service_line,
)
from services.orders.handlers.people import ensure_works_here
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.views import service_view
from shared.contracts.costing import WhatMayBeMissing
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    MoveOrder,
    OrderView,
    RemoveLine,
    RequestParts,
    ServiceAdded,
)
from shared.contracts.works import PriceRulesView
from shared.edits import ensure_filled, named_fields
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision
from shared.roles import MAY_CALL_OFF, MAY_PRICE


@handlers.command(AddService)
async def add_service(command: AddService, store: OrdersStore, work: Work) -> OrderView:
    ensure_may_price(work.actor.role, command)
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    await ensure_works_here(command.mechanic_id, store, order)
    line = await service_line(command, order, next_position(order), store, work)
    decision = domain.add_service(order, line, work.now)
    store.save(decision.order, work)
    work.publish(
        ServiceAdded(**domain.naming(decision.order), line=service_view(decision.order, line)),
        *decision.events,
    )
    return await shown(decision.order, store, work)


@handlers.command(RequestParts)
async def request_parts(command: RequestParts, store: OrdersStore, work: Work) -> OrderView:
    for request in command.lines:
        ensure_may_price(work.actor.role, request)
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    await store.copies.many(work, product_ids={line.product_id for line in command.lines})
    parts = [
        await part_line(request, order, position, store, work)
        for position, request in enumerate(command.lines, start=next_position(order))
    ]
    decision = domain.request_parts(order, parts, work.now)
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.command(ChangeLine)
async def change_line(command: ChangeLine, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    line = _line(order, command.line_id)
    changes = _line_changes(command, line)
    if isinstance(line, PartLine) and "quantity" in changes:
        changes |= await _entered_again(line, command, store, work)
    if work.actor.role not in MAY_PRICE and not changes.keys() <= {"progress", "comment"}:
        # Prices are the counter's; a technician says what was done.
        raise Refused("forbidden")
    if isinstance(line, ServiceLine):
        if changes.keys() & _OF_PEOPLE:
            changes |= await _who_does_it(order, line, command, store)
        changed = _with_changes(line, changes)
        if changes.keys() & _OF_LABOR:
            rules = await store.catalogue.price_rules(work.settings)
            changed = replace(changed, price=_by_norm_hours(changed, rules))
        decision = domain.change_service_line(order, line, changed, work.now, work.actor.login)
    else:
        decision = domain.change_part_line(
            order, line, _with_changes(line, changes), work.now, _removal(command)
        )
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.command(RemoveLine)
async def remove_line(command: RemoveLine, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    decision = domain.remove_line(order, _line(order, command.line_id), work.now, _removal(command))
    store.save(decision.order, work)
    freed_posts = await freed_of_lines(
        decision.order, {command.line_id}, "line_removed", store, work
    )
    work.publish(*decision.events, *freed_posts)
    return await shown(decision.order, store, work)


@handlers.command(MoveOrder)
async def move_order(command: MoveOrder, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    step = (order.status, command.to)
    if step in domain.OF_RECEPTION and work.actor.role not in MAY_CALL_OFF:
        raise Refused("forbidden")
    earners = await store.places.earners(order.earner_ids) if command.to == "done" else {}
    decision = domain.move(
        order,
        command.to,
        command.reason,
        earners,
        work.now,
        await _may_be_missing(order, work) if command.to == "done" else (),
    )
    if command.to == "done":
        decision = await within_limit(decision, command, store, work)
    store.save(decision.order, work)
    work.publish(*decision.events)
    if command.to in ("done", "cancelled"):
        work.publish(*await freed(decision.order, store, work))
    return await shown(decision.order, store, work)


def _removal(command: ChangeLine | RemoveLine) -> domain.Removal:
    return domain.Removal(command.on_removal, command.reason)


async def _may_be_missing(order: Order, work: Work) -> set[UUID]:
    """Products that the order is short of and may be done without. While nobody can say, none."""
    short = {part.product_id for part in order.billed_parts if part.state == "short"}
    if not short:
        return short
    found: set[UUID] = set()
    for some in batched(sorted(short), 500):
        try:
            answer = await work.ask(WhatMayBeMissing(product_ids=some))
        except Refused:
            return set()
        found.update(each.product_id for each in answer.items)
    return found


async def _entered_again(
    line: PartLine, command: ChangeLine, store: OrdersStore, work: Work
) -> dict[str, Any]:
    """A new quantity, in the unit that is named or else in the line's main one."""
    assert command.quantity is not None
    units = (await store.copies.product(line.product_id, work)).units
    return entered(
        command.quantity, command.measure, product=line.name, main=line.measure, units=units
    ).fields


async def _who_does_it(
    order: Order, line: ServiceLine, command: ChangeLine, store: OrdersStore
) -> dict[str, Any]:
    """Several share it, or else its mechanic does it alone."""
    if command.performers is None:
        await ensure_works_here(command.mechanic_id, store, order)
        stays = command.mechanic_id == line.mechanic_id
        return {"performers": line.performers if stays else ()}
    performers = await performers_of(command.performers, order, store)
    return {
        "performers": shared_by(performers, None),
        "mechanic_id": performers[0].employee_id if performers else line.mechanic_id,
    }


def _line(order: Order, line_id: UUID) -> ServiceLine | PartLine:
    for line in order.lines:
        if line.id == line_id:
            return line
    raise Refused("line_not_found", id=line_id)


_OF_LABOR = frozenset({"labor_hours", "labor_rate"})
_OF_PEOPLE = frozenset({"mechanic_id", "performers"})
_OF_WORKS = _OF_LABOR | _OF_PEOPLE | {"comment", "estimation_minutes", "progress"}
_OF_PARTS = frozenset({"measure"})
_CLEARABLE = frozenset({"comment", "mechanic_id"})
_OF_PRICE = frozenset({"initial_price", "discount_percent", "fixed_discount"})
_SCALES = {
    "quantity": THOUSANDTH,
    "labor_hours": pricing.HOURS,
    **dict.fromkeys({*_OF_PRICE, "labor_rate"}, pricing.KOPECK),
}
"""As the table keeps them: an edit is answered as a question is afterwards."""


def _line_changes(command: ChangeLine, line: ServiceLine | PartLine) -> dict[str, Any]:
    """The line's fields that the command names; ``measure`` says only how ``quantity`` is meant."""
    fields = named_fields(command, "order_id", "line_id", "on_removal", "reason")
    foreign = _OF_WORKS if isinstance(line, PartLine) else _OF_PARTS
    for name in sorted(fields.keys() & foreign):
        raise Refused("field_not_of_this_line", field=name)
    ensure_filled(fields, fields.keys() - _CLEARABLE)
    if "measure" in fields and "quantity" not in fields:
        raise Refused("field_required", field="quantity")
    if fields.keys() & _OF_LABOR and "initial_price" in fields:
        raise Refused("price_ambiguous")
    if fields.keys() >= _OF_PEOPLE:
        raise Refused("performers_ambiguous")
    return {
        name: value.quantize(_SCALES[name]) if name in _SCALES else value
        for name, value in fields.items()
        if name not in _OF_PARTS
    }


def _with_changes[LineT: (ServiceLine, PartLine)](line: LineT, changes: dict[str, Any]) -> LineT:
    price = line.price
    if "initial_price" in changes:
        price = replace(price, initial=changes["initial_price"], quoted=True)
    price = replace(
        price, **{name: changes[name] for name in (_OF_PRICE & changes.keys()) - {"initial_price"}}
    )
    plain = {name: value for name, value in changes.items() if name not in _OF_PRICE}
    return replace(line, price=price, **plain)


def _by_norm_hours(line: ServiceLine, rules: PriceRulesView) -> pricing.Price:
    """The initial price is bound to the hours sold and their rate. Of a work with a price of its
    own the hours are only what is sold, and a rate alone prices nothing."""
    if line.labor_hours is None or line.labor_rate is None:
        return line.price
    initial = pricing.labor_price(line.labor_hours, line.labor_rate, rules.step, rules.mode)
    return replace(line.price, initial=initial)
