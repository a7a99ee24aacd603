"""How orders and their lines are shown."""

from __future__ import annotations

from typing import Any

from services.orders.domain.approval import Approval
from services.orders.domain.costs import Costs
from services.orders.domain.order import Order, PartLine, ServiceLine, waits_for_payment
from shared.contracts import orders as shown
from shared.contracts.orders import (
    OrderSummary,
    OrderView,
    PartLineView,
    RunningClock,
    ServiceLineView,
)


def order_view(
    order: Order, costs: Costs | None = None, *, declined_works: int | None = None
) -> OrderView:
    """``costs``: what the asker may see of them; ``None``: nothing. ``declined_works``: of the car,
    where they were counted."""
    header = order.header
    shown = {name: getattr(header, name) for name in header.__dataclass_fields__}
    return OrderView(
        **shown,
        id=order.id,
        number=order.number,
        station_id=order.station_id,
        status=order.status,
        flags=order.flags,
        client_id=order.client_id,
        client_name=order.client_name,
        created_at=order.created_at,
        updated_at=order.updated_at,
        completed_at=order.completed_at,
        total=order.total,
        paid=order.paid,
        revision=order.revision,
        services=tuple(service_view(order, line) for line in order.services),
        products=tuple(part_view(part, costs) for part in order.parts if part.kind == "product"),
        materials=tuple(part_view(part, costs) for part in order.parts if part.kind == "material"),
        services_total=order.services_total,
        products_total=order.products_total,
        materials_total=order.materials_total,
        estimation_cost=order.estimation_cost,
        estimation_minutes=order.estimation_minutes,
        clocked_minutes=order.clocked_minutes,
        discount_total=order.discount_total,
        due=order.due,
        cost_total=costs.cost if costs else None,
        margin=costs.margin(order.total) if costs else None,
        declined_works=declined_works,
    )


def service_view(order: Order, line: ServiceLine) -> ServiceLineView:
    return ServiceLineView(
        id=line.id,
        service_id=line.service_id,
        name=line.name,
        comment=line.comment,
        quantity=line.quantity,
        estimation_cost=line.price.suggested,
        initial_price=line.price.initial,
        discount_percent=line.price.discount_percent,
        fixed_discount=line.price.fixed_discount,
        price=line.price.final,
        total=line.total,
        customer_total=order.customer_total(line),
        labor_hours=line.labor_hours,
        labor_rate=line.labor_rate,
        estimation_minutes=line.estimation_minutes,
        mechanic_id=line.mechanic_id,
        progress=line.progress,
        clocked_minutes=line.clocked_minutes,
        suggested_minutes=line.suggested_minutes,
        catalogue_comment=line.catalogue_comment,
        warranty_days=line.warranty_days,
        warranty_km=line.warranty_km,
        variant_id=line.variant_id,
        group=line.group,
        performers=tuple(
            shown.Performer(employee_id=one.employee_id, share=one.share) for one in line.performers
        ),
        approval=approval_view(line.approval),
        clock=clock_view(line),
        finished_at=line.finished_at,
        finished_by=line.finished_by,
    )


def clock_view(line: ServiceLine) -> RunningClock | None:
    if line.started_at is None:
        return None
    return RunningClock(employee_id=line.clock_of, started_at=line.started_at)


def approval_view(approval: Approval) -> shown.Approval:
    return shown.Approval(state=approval.state, by=approval.by, how=approval.how, at=approval.at)


def part_view(part: PartLine, costs: Costs | None = None) -> PartLineView:
    return PartLineView(
        id=part.id,
        kind=part.kind,
        service_line_id=part.service_line_id,
        product_id=part.product_id,
        name=part.name,
        oem=part.oem,
        measure=part.measure,
        quantity=part.quantity,
        price_value=part.price.suggested,
        initial_price=part.price.initial,
        discount_percent=part.price.discount_percent,
        fixed_discount=part.price.fixed_discount,
        price=part.price.final,
        total=part.total,
        state=part.state,
        reserved=part.reserved,
        short=part.short,
        came_back=part.came_back,
        entered_quantity=part.entered_quantity,
        entered_measure=part.entered_measure,
        product_comment=part.product_comment,
        vendor=part.vendor,
        group=part.group,
        warranty_days=part.warranty_days,
        warranty_km=part.warranty_km,
        cost=part.cost if costs else None,
    )


def summary(row: Any) -> OrderSummary:
    """An order in a list, from its row alone."""
    flags = {
        "waiting_for_parts": row.waits_for_parts,
        "waiting_for_approval": row.waits_for_approval,
        "waiting_for_payment": waits_for_payment(row),
        "settled": row.settled,
    }
    shown = {name: getattr(row, name) for name in OrderSummary.model_fields if name != "flags"}
    return OrderSummary(**shown, flags=tuple(flag for flag, is_so in flags.items() if is_so))
