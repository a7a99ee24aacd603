"""What a client declined stays on the car, whoever owns it then, and is offered next time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched
from typing import Any
from uuid import UUID

from services.orders import domain
from services.orders.domain.order import Order, ServiceLine
from services.orders.handlers.costs import shown
from services.orders.handlers.table import handlers
from services.orders.handlers.work import add_service, request_parts
from services.orders.store import OrdersStore
from services.orders.store.queries import declined_orders, declined_works
from shared.contracts.approvals import (
    DeclinedWorksDismissed,
    DeclinedWorksTaken,
    DeclinedWorkView,
    DismissDeclinedWorks,
    ListDeclinedWorks,
    TakeDeclinedWorks,
)
from shared.contracts.base import Done, Instant, Page
from shared.contracts.orders import AddService, OrderView, PartRequest, RequestParts
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.refusals import Refused, ensure_revision

PARTS_AT_ONCE = 200


@handlers.question(ListDeclinedWorks)
async def list_declined_works(
    question: ListDeclinedWorks, store: OrdersStore, work: Work
) -> Page[DeclinedWorkView]:
    after = keys_of(question.cursor, tuple[Instant, UUID]) if question.cursor else None
    rows = await declined_works(store.connection, question.vehicle_id, question.limit + 1, after)
    if not rows:
        await store.copies.vehicle(question.vehicle_id, work)
    return page_of(rows, question.limit, _declined_view, lambda row: (row.declined_at, row.id))


@handlers.command(TakeDeclinedWorks)
async def take_declined_works(
    command: TakeDeclinedWorks, store: OrdersStore, work: Work
) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    ids = tuple(dict.fromkeys(command.ids))
    vehicle_id = order.header.vehicle_id
    if vehicle_id is None:
        raise Refused("declined_work_not_found", id=ids[0])
    declined = await _declined(ids, vehicle_id, store)
    if any(earlier.id == order.id for earlier, _ in declined):
        # It is on this very order: there it is quoted again.
        raise Refused("declined_work_not_found", id=ids[0])
    parts: list[PartRequest] = []
    for earlier, line in declined:
        view = await add_service(_wanted_again(order.id, line), store, work)
        parts += _parts_wanted_again(earlier, line, view.services[-1].id)
    for some in batched(parts, PARTS_AT_ONCE):
        await request_parts(RequestParts(order_id=order.id, lines=some), store, work)
    _close(declined, "taken", store, work)
    changed = await store.order(order.id)
    work.publish(DeclinedWorksTaken(**domain.naming(changed), vehicle_id=vehicle_id, ids=ids))
    return await shown(changed, store, work)


@handlers.command(DismissDeclinedWorks)
async def dismiss_declined_works(
    command: DismissDeclinedWorks, store: OrdersStore, work: Work
) -> Done:
    ids = tuple(dict.fromkeys(command.ids))
    _close(await _declined(ids, command.vehicle_id, store), "dismissed", store, work)
    work.publish(
        DeclinedWorksDismissed(vehicle_id=command.vehicle_id, ids=ids, reason=command.reason)
    )
    return Done()


async def _declined(
    ids: Sequence[UUID], vehicle_id: UUID, store: OrdersStore
) -> list[tuple[Order, ServiceLine]]:
    """The lines of these ids that were declined on orders of the car, with their orders, which are
    locked: nobody else can take them meanwhile, or approve them there."""
    order_ids = await declined_orders(store.connection, ids, vehicle_id)
    found: dict[UUID, tuple[Order, ServiceLine]] = {}
    for order in await store.orders(order_ids):
        found |= {line.id: (order, line) for line in order.services if line.is_declined}
    for line_id in ids:
        if line_id not in found:
            raise Refused("declined_work_not_found", id=line_id)
        domain.ensure_offered(found[line_id][1])
    return [found[line_id] for line_id in ids]


def _close(
    declined: Sequence[tuple[Order, ServiceLine]],
    why: domain.Closed,
    store: OrdersStore,
    work: Work,
) -> None:
    orders = {order.id: order for order, _ in declined}
    lines = {line.id for _, line in declined}
    for order in orders.values():
        store.save(domain.close_declined(order, lines, why), work)


def _wanted_again(order_id: UUID, line: ServiceLine) -> AddService:
    """A work of the catalogue costs and takes what the catalogue says today; a free one what was
    said of it then."""
    fields: dict[str, Any] = {"service_id": line.service_id}
    if line.service_id is None:
        fields = {
            "name": line.name,
            "initial_price": line.price.initial,
            "labor_hours": line.labor_hours,
            "labor_rate": line.labor_rate,
            "estimation_minutes": line.estimation_minutes,
        }
    return AddService(order_id=order_id, quantity=line.quantity, comment=line.comment, **fields)


def _parts_wanted_again(
    earlier: Order, line: ServiceLine, service_line_id: UUID
) -> list[PartRequest]:
    return [
        PartRequest(
            product_id=part.product_id,
            quantity=part.quantity,
            kind=part.kind,
            service_line_id=service_line_id,
        )
        for part in earlier.parts_of(line.id)
    ]


def _declined_view(row: Any) -> DeclinedWorkView:
    return DeclinedWorkView(**{name: row._mapping[name] for name in DeclinedWorkView.model_fields})
