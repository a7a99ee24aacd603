"""An order is opened at the counter, and its header edited while it is open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.orders import domain
from services.orders.handlers.table import handlers
from services.orders.order import Header, Order
from services.orders.store import OrdersStore
from services.orders.tables import employees, posts, sections
from services.orders.views import order_view
from shared.contracts.orders import (
    AddComment,
    ChangeOrder,
    CommentAdded,
    CommentView,
    CreateOrder,
    OrderCreated,
    OrderView,
)
from shared.handlers import Work
from shared.refusals import Refused


@handlers.command(CreateOrder)
async def create_order(command: CreateOrder, store: OrdersStore, work: Work) -> OrderView:
    client = await store.copies.client(command.client_id, work)
    await store.places.get(sections, command.section_id)
    await store.places.get(employees, command.employee_id)
    if command.post_id:
        await store.places.get(posts, command.post_id)
    if command.payer_id:
        await store.copies.client(command.payer_id, work)
    order = Order(
        id=work.new_id(),
        number=await store.next_number(work.settings.order_prefix),
        station_id=work.settings.station_id,
        client_id=command.client_id,
        client_name=client.name,
        client_discount=client.discount_percent,
        status=command.status,
        header=Header(
            type=command.type,
            vehicle_id=command.vehicle_id,
            vehicle_name=await _vehicle_name(command.vehicle_id, command.client_id, store, work),
            section_id=command.section_id,
            employee_id=command.employee_id,
            post_id=command.post_id,
            payer_id=command.payer_id or command.client_id,
            driver=command.driver,
            customer_reason=command.customer_reason,
            recommendation=command.recommendation,
            comment=command.comment,
            mileage_km=command.mileage_km,
            visible_to_customer=command.visible_to_customer,
            vehicle_in_at=command.vehicle_in_at,
            vehicle_out_at=command.vehicle_out_at,
        ),
        created_at=work.now,
        updated_at=work.now,
    )
    store.save(order)
    work.publish(
        OrderCreated(
            **domain.naming(order),
            status=order.status,
            client_id=order.client_id,
            vehicle_id=command.vehicle_id,
            section_id=command.section_id,
            employee_id=command.employee_id,
            type=command.type,
        )
    )
    return order_view(order, declined_works=await store.declined_works(order))


@handlers.command(ChangeOrder)
async def change_order(command: ChangeOrder, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    domain.ensure_revision(order, command.expected_revision)
    changes = _named_changes(command)
    if section_id := changes.get("section_id"):
        await store.places.get(sections, section_id)
    if employee_id := changes.get("employee_id"):
        await store.places.get(employees, employee_id)
    if post_id := changes.get("post_id"):
        await store.places.get(posts, post_id)
    if payer_id := changes.get("payer_id"):
        await store.copies.client(payer_id, work)
    if "vehicle_id" in changes:
        changes["vehicle_name"] = await _vehicle_name(
            command.vehicle_id, order.client_id, store, work
        )
    decision = domain.change_header(order, replace(order.header, **changes), work.now)
    store.save(decision.order)
    work.publish(*decision.events)
    return order_view(decision.order)


@handlers.command(AddComment)
async def add_comment(command: AddComment, store: OrdersStore, work: Work) -> CommentView:
    order = await store.order(command.order_id)
    comment = CommentView(id=work.new_id(), text=command.text, author=work.actor.login, at=work.now)
    store.add_comment(order.id, comment)
    work.publish(CommentAdded(**domain.naming(order), comment=comment))
    return comment


_NEVER_EMPTY = ("section_id", "employee_id", "type", "payer_id", "visible_to_customer")


def _named_changes(command: ChangeOrder) -> dict[str, Any]:
    """The header fields that the command names; a null clears where there may be nothing."""
    changes = {
        name: getattr(command, name)
        for name in command.model_fields_set - {"order_id", "expected_revision"}
    }
    for name in _NEVER_EMPTY:
        if name in changes and changes[name] is None:
            raise Refused("field_required", field=name)
    return changes


async def _vehicle_name(
    vehicle_id: UUID | None, client_id: UUID, store: OrdersStore, work: Work
) -> str | None:
    if vehicle_id is None:
        return None
    vehicle = await store.copies.vehicle(vehicle_id, work)
    if vehicle.client_id != client_id:
        raise Refused("vehicle_of_other_client")
    name: str = vehicle.name
    return name
