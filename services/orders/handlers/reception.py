"""An order is opened at the counter, and its header edited while it is open."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders import domain
from services.orders.domain.order import Header, Order
from services.orders.handlers.bookings import booked, made
from services.orders.handlers.costs import shown
from services.orders.handlers.people import ensure_works_here
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.places import EMPLOYEES_OF_ORDER
from services.orders.store.tables import posts, sections
from shared.contracts.client_links import SuggestParties
from shared.contracts.clients import GetClient, GetVehicle
from shared.contracts.orders import (
    AddComment,
    ChangeOrder,
    CommentAdded,
    CommentView,
    CreateOrder,
    OrderCreated,
    OrderView,
)
from shared.edits import ensure_filled, named_fields
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision
from shared.roles import MAY_DATE


async def _with_parties(command: CreateOrder, store: OrdersStore, work: Work) -> CreateOrder:
    """With who pays and drives by the links of the car and the client, as far as the command leaves
    it open; a null says nobody else. While their owner is away, an order is opened without.

    Whom the copies do not know yet is asked for here too: each run of the handler draws a number,
    and one that has noted somebody takes its whole batch back when it asks for the next."""
    named = (command.client_id, command.payer_id, command.driver_id)
    known = await store.copies.kept(client_ids=named, vehicle_ids=(command.vehicle_id,))
    lacked: list[GetClient | GetVehicle] = [
        GetClient(client_id=client_id)
        for client_id in dict.fromkeys(named)
        if client_id and client_id not in known.clients
    ]
    if command.vehicle_id and command.vehicle_id not in known.vehicles:
        lacked.append(GetVehicle(vehicle_id=command.vehicle_id))
    await store.release()
    await work.ask_ahead(lacked)
    return await _with_proposed(command, work)


async def _with_proposed(command: CreateOrder, work: Work) -> CreateOrder:
    said = command.model_fields_set
    lacking = {
        "payer_id": "payers" if "payer_id" not in said else None,
        "driver_id": "drivers" if said.isdisjoint({"driver_id", "driver"}) else None,
    }
    if not any(lacking.values()):
        return command
    question = SuggestParties(client_id=command.client_id, vehicle_id=command.vehicle_id)
    try:
        parties = await work.ask(question)
    except Refused as refused:
        if refused.code != "service_unavailable":
            raise
        return command
    proposed = {
        name: party.client_id
        for name, role in lacking.items()
        for party in (getattr(parties, role)[:1] if role else ())
    }
    return command.model_copy(update=proposed)


@handlers.command(CreateOrder, before=_with_parties)
async def create_order(command: CreateOrder, store: OrdersStore, work: Work) -> OrderView:
    client = await store.copies.client(command.client_id, work)
    today = work.today
    by_contract = await store.credit.discount(command.client_id, today, work)
    named = {name: getattr(command, name) for name in _OF_HEADER}
    await _check(named, command.client_id, None, store, work)
    domain.ensure_in_turn(command.vehicle_in_at, command.vehicle_out_at)
    by_default = await _acting_employee(command.employee_id, store, work)
    order_id = work.new_id()
    # A post that is taken ends it here, before anything is told or a number drawn.
    booking = command.booking and await booked(order_id, (), command.booking, store, work)
    order = Order(
        id=order_id,
        number=await store.next_number(work.settings.order_prefix),
        station_id=work.settings.station_id,
        client_id=command.client_id,
        client_name=client.name,
        client_discount=max(client.discount_percent, by_contract),
        client_services_discount=_better(client.services_discount_percent, by_contract),
        client_products_discount=_better(client.products_discount_percent, by_contract),
        status=command.status,
        header=Header(
            **{
                **named,
                "post_id": command.post_id or (booking.post_id if booking else None),
                "payer_id": named["payer_id"] or command.client_id,
                "assignment_at": command.assignment_at or work.now,
                "responsible_id": command.responsible_id or by_default,
                "examiner_id": command.examiner_id or by_default,
            }
        ),
        created_at=work.now,
        updated_at=work.now,
    )
    store.save(order, work)
    work.publish(
        OrderCreated(
            **domain.naming(order),
            status=order.status,
            client_id=order.client_id,
            vehicle_id=command.vehicle_id,
            section_id=command.section_id,
            employee_id=command.employee_id,
            type=command.type,
            mileage_km=command.mileage_km,
        )
    )
    if booking:
        work.publish(made(order, booking))
    return await shown(order, store, work, declined_works=await store.declined_works(order))


def _better(own: Decimal | None, by_contract: Decimal) -> Decimal | None:
    """None: what holds for everything holds here too."""
    return None if own is None else max(own, by_contract)


@handlers.command(ChangeOrder)
async def change_order(command: ChangeOrder, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    changes = _named_changes(command)
    await _check(changes, order.client_id, order, store, work)
    decision = domain.change_header(order, replace(order.header, **changes), work.now)
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.command(AddComment)
async def add_comment(command: AddComment, store: OrdersStore, work: Work) -> CommentView:
    order = await store.order(command.order_id)
    comment = CommentView(id=work.new_id(), text=command.text, author=work.actor.login, at=work.now)
    store.add_comment(order.id, comment)
    work.publish(CommentAdded(**domain.naming(order), comment=comment))
    return comment


_OF_HEADER = tuple(field.name for field in fields(Header) if field.name != "vehicle_name")
_NEVER_EMPTY = (
    "section_id", "employee_id", "type", "payer_id", "visible_to_customer", "assignment_at",
)  # fmt: skip


def _named_changes(command: ChangeOrder) -> dict[str, Any]:
    """The header fields that the command names; a null clears where there may be nothing."""
    changes = named_fields(command, "order_id")
    ensure_filled(changes, _NEVER_EMPTY)
    # One driver takes the place of the other.
    for one, other in (("driver", "driver_id"), ("driver_id", "driver")):
        if changes.get(one) is not None:
            changes.setdefault(other, None)
    return changes


async def _check(
    named: dict[str, Any], client_id: UUID, order: Order | None, store: OrdersStore, work: Work
) -> None:
    """Whatever these header fields name must exist; a car brings its name along. ``order``: as it
    is; none, of a new one."""
    if named.get("assignment_at") and work.actor.role not in MAY_DATE:
        raise Refused("forbidden")
    if named.get("driver") and named.get("driver_id"):
        raise Refused("driver_ambiguous")
    if code := named.get("type"):
        await store.places.order_type(code)
    if section_id := named.get("section_id"):
        await store.places.get(sections, section_id)
    if post_id := named.get("post_id"):
        await store.places.get(posts, post_id)
    for name in EMPLOYEES_OF_ORDER:
        await ensure_works_here(named.get(name), store, order)
    for name in ("payer_id", "driver_id"):
        if named.get(name):
            await store.copies.client(named[name], work)
    if "vehicle_id" in named:
        named["vehicle_name"] = await _vehicle_name(named["vehicle_id"], client_id, store, work)


async def _acting_employee(otherwise: UUID, store: OrdersStore, work: Work) -> UUID:
    employee = await store.places.employee_of(work.actor.login)
    return employee.id if employee else otherwise


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
