"""A work order whole, as documents and formulas see it: the order with everything that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.orders.order import Order, PartLine, ServiceLine
from services.orders.views import approval_view
from shared.contracts import work_order as shown

type Rows = Mapping[UUID, Any]
"""What is known of things, by their ids. What is not known is not there."""


@dataclass(frozen=True, slots=True)
class Names:
    """What orders name by id, loaded for all of them at once."""

    stations: Rows
    sections: Rows
    posts: Rows
    employees: Rows
    clients: Rows
    vehicles: Rows
    products: Rows


def work_order(order: Order, names: Names, *, sees_cost: bool) -> shown.WorkOrder:
    """``sees_cost``: whether the asker may see what parts cost and technicians earn."""
    header = order.header
    main = _person(header.employee_id, names)
    parts = {
        kind: tuple(_part(part, names) for part in order.billed_parts if part.kind == kind)
        for kind in ("product", "material")
    }
    return shown.WorkOrder(
        id=order.id,
        number=order.number,
        revision=order.revision,
        completion=order.completion,
        status=order.status,
        type=shown.OrderType(code=header.type, name=header.type),
        date_time_in=header.vehicle_in_at,
        date_time_out=header.vehicle_out_at,
        assignment_at=order.created_at,
        created_at=order.created_at,
        modified_at=order.updated_at,
        completed_at=order.completed_at,
        responsible=None,
        product_responsible=None,
        mechanic=main,
        examiner=None,
        visible_to_customer=header.visible_to_customer,
        comment=header.comment,
        customer_reason=header.customer_reason,
        recommendation=header.recommendation,
        customer=_party(order.client_id, names) or shown.Party(id=None, name=order.client_name),
        driver=shown.Party(id=None, name=header.driver) if header.driver else None,
        payer=_party(header.payer_id, names) or shown.Party(id=header.payer_id, name="?"),
        vehicle=_car(order, names),
        haul_distance=header.mileage_km,
        station=_station(order.station_id, names),
        section=_place(header.section_id, names.sections),
        post=_place(header.post_id, names.posts) if header.post_id else None,
        estimation=order.estimation_minutes,
        spent_minutes=order.clocked_minutes,
        estimation_cost=order.estimation_cost,
        services=tuple(_service(order, line, names, main) for line in order.billed_services),
        products=parts["product"],
        materials=parts["material"],
        declined=tuple(
            _service(order, line, names, main) for line in order.services if line.is_declined
        ),
        services_total=order.services_total,
        products_total=order.products_total,
        materials_total=order.materials_total,
        total=order.total,
        paid=order.paid,
        cost_total=None,
        pay_total=None,
        margin=None,
    )


def _service(
    order: Order, line: ServiceLine, names: Names, main: shown.Person | None
) -> shown.ServiceLine:
    return shown.ServiceLine(
        id=line.id,
        service=shown.CatalogueService(id=line.service_id, name=line.name),
        comment=line.comment,
        estimation_cost=line.price.suggested,
        initial_price=line.price.initial,
        discount_percent=line.price.discount_percent,
        fixed_discount=line.price.fixed_discount,
        custom_estimation_cost=line.price.final,
        quantity=line.quantity,
        estimation=line.estimation_minutes,
        custom_estimation=line.estimation_minutes,
        labor_time=line.labor_hours,
        labor_cost=line.labor_rate,
        total=line.total,
        customer_total=order.customer_total(line),
        mechanic=_person(line.mechanic_id, names) or main,
        progress=line.progress,
        spent_minutes=line.clocked_minutes,
        approval=approval_view(line.approval),
    )


def _part(part: PartLine, names: Names) -> shown.PartLine:
    return shown.PartLine(
        id=part.id,
        product=shown.CatalogueProduct(id=part.product_id, name=part.name, oem=part.oem),
        service_line_id=part.service_line_id,
        price_value=part.price.suggested,
        initial_price=part.price.initial,
        discount_percent=part.price.discount_percent,
        fixed_discount=part.price.fixed_discount,
        custom_price=part.price.final,
        quantity=part.quantity,
        measure_quantity=part.quantity,
        measure=shown.Measure(name=part.measure, short_name=part.measure),
        total=part.total,
        state=part.state,
        cost=None,
    )


# --- what an order names -----------------------------------------------------------------------


def _person(employee_id: UUID | None, names: Names) -> shown.Person | None:
    row = names.employees.get(employee_id) if employee_id else None
    if row is None:
        return None
    return shown.Person(
        id=row.id,
        name=f"{row.last_name} {row.first_name}",
        last_name=row.last_name,
        first_name=row.first_name,
        role=row.role,
    )


def _party(client_id: UUID, names: Names) -> shown.Party | None:
    row = names.clients.get(client_id)
    if row is None:
        return None
    return shown.Party(id=row.id, name=row.name, discount_percent=row.discount_percent)


def _car(order: Order, names: Names) -> shown.Car | None:
    vehicle_id = order.header.vehicle_id
    if vehicle_id is None:
        return None
    row = names.vehicles.get(vehicle_id)
    return shown.Car(id=vehicle_id, name=row.name if row else order.header.vehicle_name or "")


def _station(station_id: UUID, names: Names) -> shown.StationCard:
    row = names.stations[station_id]
    return shown.StationCard(id=row.id, code=row.code, name=row.name, time_zone=row.time_zone)


def _place(place_id: UUID, rows: Rows) -> shown.Place:
    return shown.Place(id=place_id, name=rows[place_id].name)
