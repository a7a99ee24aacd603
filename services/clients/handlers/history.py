"""What happened with a client, and with a car: asked of the services that own it."""

from __future__ import annotations

import asyncio

from services.clients.handlers.table import handlers
from services.clients.handlers.timeline import Source, stretch
from services.clients.store import ClientsStore
from services.clients.store.history import vehicle_facts_page
from shared.contracts.client_history import ClientHistory, GetClientHistory, HistoryItem
from shared.contracts.finance import ListPayments
from shared.contracts.messages import ListMessages
from shared.contracts.orders import FindOrders, GetOrder, OrderSummary, OrderView
from shared.contracts.vehicle_history import (
    DoneLine,
    GetVehicleHistory,
    VehicleFactView,
    VehicleHistory,
    VehicleOrder,
)
from shared.handlers import Work


@handlers.question(GetClientHistory)
async def get_client_history(
    question: GetClientHistory, store: ClientsStore, work: Work
) -> ClientHistory:
    client_id = (await store.look_at_client(question.client_id)).id
    sources = (
        Source(
            "orders",
            lambda limit, place: work.ask(
                FindOrders(client_id=client_id, limit=limit, cursor=place)
            ),
            lambda order: HistoryItem(at=order.created_at, kind="order", order=order),
        ),
        Source(
            "finance",
            lambda limit, place: work.ask(
                ListPayments(customer_id=client_id, limit=limit, cursor=place)
            ),
            lambda payment: HistoryItem(at=payment.at, kind="payment", payment=payment),
        ),
        Source(
            "documents",
            lambda limit, place: work.ask(
                ListMessages(client_id=client_id, limit=limit, cursor=place)
            ),
            lambda message: HistoryItem(at=message.created_at, kind="message", message=message),
        ),
    )
    page = await stretch(sources, lambda item: item.at, question.limit, question.cursor)
    return ClientHistory(items=tuple(page.items), next=page.next, missing=page.missing)


@handlers.question(GetVehicleHistory)
async def get_vehicle_history(
    question: GetVehicleHistory, store: ClientsStore, work: Work
) -> VehicleHistory:
    vehicle_id = (await store.look_at_vehicle(question.vehicle_id)).id

    async def done(item: VehicleFactView) -> VehicleFactView:
        """An order with what was done on it."""
        if item.order is None:
            return item
        order = await work.ask(GetOrder(order_id=item.order.id))
        return item.model_copy(update={"order": _order_of(order)})

    sources = (
        Source(
            "clients",
            lambda limit, place: vehicle_facts_page(store.connection, vehicle_id, limit, place),
            lambda fact: fact,
        ),
        Source(
            "orders",
            lambda limit, place: work.ask(
                FindOrders(vehicle_id=vehicle_id, limit=limit, cursor=place)
            ),
            _fact_of,
        ),
    )
    page = await stretch(sources, lambda item: item.since, question.limit, question.cursor)
    items = await asyncio.gather(*map(done, page.items))
    return VehicleHistory(items=tuple(items), next=page.next, missing=page.missing)


def _fact_of(order: OrderSummary) -> VehicleFactView:
    shown = VehicleOrder(**{name: getattr(order, name) for name in OrderSummary.model_fields})
    return VehicleFactView(
        kind="order",
        value=order.number,
        client_id=order.client_id,
        since=order.created_at,
        until=order.completed_at,
        order=shown,
    )


def _order_of(order: OrderView) -> VehicleOrder:
    """What the client was charged for; what it cost the station is nobody's here."""
    works = [
        DoneLine(kind="service", name=line.name, oem=None, quantity=line.quantity, total=line.total)
        for line in order.services
        if line.approval.state != "declined"
    ]
    parts = [
        DoneLine(
            kind=line.kind, name=line.name, oem=line.oem, quantity=line.quantity, total=line.total
        )
        for line in (*order.products, *order.materials)
    ]
    return VehicleOrder(
        **{name: getattr(order, name) for name in OrderSummary.model_fields},
        mileage_km=order.mileage_km,
        lines=(*works, *parts),
    )
