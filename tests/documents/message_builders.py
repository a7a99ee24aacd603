"""Messages, clients and orders as tests of messages need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.documents.domain.message_rules import Client
from services.documents.domain.messages import Message
from shared.contracts.clients import Consent, Consents
from shared.contracts.orders import OrderSummary, OrderView
from shared.contracts.work_order import WorkOrder
from shared.formulas import SAMPLE

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""12:00 in Moscow."""
CLIENT_ID = UUID(int=1)
ORDER_ID = UUID(int=2)
VEHICLE_ID = SAMPLE.vehicle.id if SAMPLE.vehicle else UUID(int=4)


def a_message(**fields: Any) -> Message:
    message = Message(
        id=UUID(int=10),
        key="by_hand:10",
        state="scheduled",
        fact="by_hand",
        channel="sms",
        kind="service",
        urgent=False,
        client_id=CLIENT_ID,
        due_at=NOON,
        created_at=NOON,
        created_by="admin",
        correlation_id=UUID(int=11),
    )
    return replace(message, **fields)


def a_queued_message(**fields: Any) -> Message:
    written = {"recipient": "+79161234567", "text": "Готово", "language": "ru", "wake_at": NOON}
    return a_message(**{"state": "queued", **written, **fields})


def agreed(*names: str) -> Consents:
    return Consents(**{name: Consent(given=True, at=NOON, by="admin") for name in names})


def a_client(**fields: Any) -> Client:
    client = Client(
        id=CLIENT_ID,
        phones=("+79161234567",),
        email="anna@example.com",
        language="ru",
        consents=agreed("sms", "email"),
        revision=1,
    )
    return replace(client, **fields)


def an_order(**fields: Any) -> WorkOrder:
    """The sample, as it is while it is worked on."""
    named = {"id": ORDER_ID, "status": "in_progress", "completion": 0, "completed_at": None}
    return SAMPLE.model_copy(update={**named, **fields})


def with_parts(order: WorkOrder, state: str) -> WorkOrder:
    changed = {"state": state}
    return order.model_copy(
        update={
            "products": tuple(line.model_copy(update=changed) for line in order.products),
            "materials": tuple(line.model_copy(update=changed) for line in order.materials),
        }
    )


def with_approvals(order: WorkOrder, state: str) -> WorkOrder:
    services = tuple(
        line.model_copy(update={"approval": line.approval.model_copy(update={"state": state})})
        for line in order.services
    )
    # What is declined is on no bill: orders tells it apart.
    if state == "declined":
        return order.model_copy(update={"services": (), "declined": services})
    return order.model_copy(update={"services": services, "declined": ()})


def summary_of(order: WorkOrder) -> OrderSummary:
    """The order as a list shows it."""
    return OrderSummary(
        id=order.id,
        number=order.number,
        station_id=order.station.id,
        status=order.status,
        flags=(),
        type=order.type.code,
        client_id=order.customer.id or CLIENT_ID,
        client_name=order.customer.name,
        vehicle_id=order.vehicle.id if order.vehicle else None,
        vehicle_name=None,
        section_id=order.section.id,
        employee_id=UUID(int=5),
        created_at=order.created_at,
        completed_at=order.completed_at,
        total=order.total,
        paid=order.paid,
        revision=order.revision,
    )


def view_of(order: WorkOrder) -> OrderView:
    """The order as screens edit it; messages want no more of it than whose it is."""
    return OrderView(
        **summary_of(order).model_dump(),
        payer_id=order.payer.id or CLIENT_ID,
        driver=None,
        post_id=None,
        customer_reason=None,
        recommendation=None,
        comment=None,
        mileage_km=None,
        visible_to_customer=True,
        vehicle_in_at=None,
        vehicle_out_at=None,
        services=(),
        products=(),
        materials=(),
        services_total=order.services_total,
        products_total=order.products_total,
        materials_total=order.materials_total,
        estimation_cost=order.estimation_cost,
        estimation_minutes=order.estimation,
        clocked_minutes=0,
        updated_at=order.modified_at,
    )
