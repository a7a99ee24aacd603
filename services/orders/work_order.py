"""A work order whole, as documents and formulas see it: the order with everything that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders.domain.costs import Costs
from services.orders.domain.order import Order, PartLine, ServiceLine
from services.orders.domain.vat import vat_of
from services.orders.views import approval_view
from shared.contracts import work_order as shown
from shared.contracts.requisites import Requisites
from shared.vat import vat_within

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
    types: Mapping[str, Any]
    """By their codes."""
    _made: dict[tuple[str, object], Any] = field(default_factory=dict)

    def once[ViewT](self, kind: str, key: object, make: Callable[[], ViewT]) -> ViewT:
        """What several orders and lines name is made once, for the panel shows hundreds."""
        if (kind, key) not in self._made:
            self._made[kind, key] = make()
        made: ViewT = self._made[kind, key]
        return made


def work_order(
    order: Order, names: Names, costs: Costs | None, vat_percent: Decimal | None
) -> shown.WorkOrder:
    """``costs``: as the asker may see them; ``None``: not at all. ``vat_percent``: of the VAT that
    its prices contain; ``None``: without VAT."""
    header = order.header
    main = _person(header.main_mechanic_id, names)
    billed, declined = (
        tuple(_service(order, line, names, main, vat_percent) for line in lines)
        for lines in (order.billed_services, (line for line in order.services if line.is_declined))
    )
    goods, materials = (
        tuple(
            _part(part, names, costs, vat_percent)
            for part in order.billed_parts
            if part.kind == kind
        )
        for kind in ("product", "material")
    )
    return shown.WorkOrder(
        id=order.id,
        number=order.number,
        revision=order.revision,
        completion=order.completion,
        status=order.status,
        type=_type(header.type, names),
        date_time_in=header.vehicle_in_at,
        date_time_out=header.vehicle_out_at,
        assignment_at=header.assignment_at,
        created_at=order.created_at,
        modified_at=order.updated_at,
        completed_at=order.completed_at,
        responsible=_person(header.responsible_id, names),
        product_responsible=_person(header.product_responsible_id, names),
        mechanic=main,
        examiner=_person(header.examiner_id, names),
        visible_to_customer=header.visible_to_customer,
        comment=header.comment,
        customer_reason=header.customer_reason,
        recommendation=header.recommendation,
        customer=_party(order.client_id, order.client_name, names),
        driver=_driver(order, names),
        payer=_party(header.payer_id, order.client_name, names),
        vehicle=_car(order, names),
        haul_distance=header.mileage_km,
        station=_station(order.station_id, names),
        section=_place(header.section_id, names.sections),
        post=_place(header.post_id, names.posts) if header.post_id else None,
        estimation=order.estimation_minutes,
        spent_minutes=order.clocked_minutes,
        estimation_cost=order.estimation_cost,
        services=billed,
        products=goods,
        materials=materials,
        declined=declined,
        **_sums(order, costs, vat_percent),
    )


def _sums(order: Order, costs: Costs | None, vat_percent: Decimal | None) -> dict[str, Any]:
    total = order.total
    return {
        "services_total": order.services_total,
        "products_total": order.products_total,
        "materials_total": order.materials_total,
        "total": total,
        "paid": order.paid,
        "due": order.due,
        "settled": order.settled,
        "cost_total": costs.cost if costs else None,
        "pay_total": costs.pay if costs else None,
        "margin": costs.margin(total) if costs else None,
        "vat_rate": vat_percent,
        "vat_total": vat_of(order, vat_percent),
    }


def _service(
    order: Order,
    line: ServiceLine,
    names: Names,
    main: shown.Person | None,
    vat_percent: Decimal | None,
) -> shown.ServiceLine:
    return shown.ServiceLine(
        id=line.id,
        service=shown.CatalogueService(
            id=line.service_id,
            name=line.name,
            comment=line.catalogue_comment,
            group=line.group,
            warranty_days=line.warranty_days,
            warranty_km=line.warranty_km,
        ),
        comment=line.comment,
        estimation_cost=line.price.suggested,
        initial_price=line.price.initial,
        discount_percent=line.price.discount_percent,
        fixed_discount=line.price.fixed_discount,
        custom_estimation_cost=line.price.final,
        quantity=line.quantity,
        estimation=line.suggested_minutes,
        custom_estimation=line.estimation_minutes,
        labor_time=line.labor_hours,
        labor_cost=line.labor_rate,
        total=line.total,
        customer_total=order.customer_total(line),
        mechanic=_person(line.mechanic_id, names) or main,
        progress=line.progress,
        spent_minutes=line.clocked_minutes,
        approval=approval_view(line.approval),
        vat=vat_within(order.customer_total(line), vat_percent),
        performers=tuple(
            shown.PerformerShown(person=person, share=one.share)
            for one in line.performers
            if (person := _person(one.employee_id, names))
        ),
    )


def _part(
    part: PartLine, names: Names, costs: Costs | None, vat_percent: Decimal | None
) -> shown.PartLine:
    """A material's VAT is in that of its work."""
    return shown.PartLine(
        id=part.id,
        product=_product(part, names),
        service_line_id=part.service_line_id,
        price_value=part.price.suggested,
        initial_price=part.price.initial,
        discount_percent=part.price.discount_percent,
        fixed_discount=part.price.fixed_discount,
        custom_price=part.price.final,
        quantity=part.quantity,
        measure_quantity=part.entered_quantity,
        measure=shown.Measure(name=part.entered_measure, short_name=part.entered_short_name),
        total=part.total,
        state=part.state,
        cost=part.cost if costs else None,
        vat=vat_within(part.total, vat_percent) if part.kind == "product" else None,
    )


def _product(part: PartLine, names: Names) -> shown.CatalogueProduct:
    """As it was when the line was added; of lines from before that was kept, as it is now."""
    described = ("comment", "vendor", "group", "warranty_days", "warranty_km")
    then = {name: getattr(part, name) for name in described[1:]} | {"comment": part.product_comment}
    if not any(then.values()) and (now := names.products.get(part.product_id)):
        then = {name: getattr(now, name) for name in described}
    return shown.CatalogueProduct(id=part.product_id, name=part.name, oem=part.oem, **then)


# --- what an order names -----------------------------------------------------------------------


def _type(code: str, names: Names) -> shown.OrderType:
    row = names.types[code]
    return names.once(
        "type", code, lambda: shown.OrderType(code=code, name=row.name, name_en=row.name_en)
    )


def _person(employee_id: UUID | None, names: Names) -> shown.Person | None:
    if employee_id is None:
        return None
    row = names.employees[employee_id]
    return names.once(
        "person",
        employee_id,
        lambda: shown.Person(
            id=row.id,
            name=f"{row.last_name} {row.first_name}",
            last_name=row.last_name,
            first_name=row.first_name,
            role=row.role,
        ),
    )


def _driver(order: Order, names: Names) -> shown.Party | None:
    if order.header.driver_id:
        return _party(order.header.driver_id, order.client_name, names)
    return shown.Party(id=None, name=order.header.driver) if order.header.driver else None


def _party(client_id: UUID, otherwise: str, names: Names) -> shown.Party:
    """``otherwise``: the name while nothing is known of the client but the id."""
    row = names.clients.get(client_id)
    if row is None:
        return shown.Party(id=client_id, name=otherwise)
    return names.once(
        "party",
        client_id,
        lambda: shown.Party(
            id=client_id,
            kind=row.kind or "person",
            name=row.name,
            last_name=row.last_name,
            first_name=row.first_name,
            middle_name=row.middle_name,
            company_name=row.company_name,
            phones=tuple(row.phones or ()),
            email=row.email,
            discount_percent=row.discount_percent,
            comment=row.comment,
            **_requisites(row.requisites),
        ),
    )


def _requisites(stored: dict[str, str] | None) -> dict[str, str | None]:
    if not stored:
        return {}
    said = Requisites.model_validate(stored)
    return {
        "tax_number": said.tax_number,
        "tax_reason_code": said.tax_reason_code,
        "registration_number": said.registration_number,
        "address": said.legal_address,
        "bank_details": said.bank_details,
    }


def _car(order: Order, names: Names) -> shown.Car | None:
    vehicle_id = order.header.vehicle_id
    if vehicle_id is None:
        return None
    row = names.vehicles.get(vehicle_id)
    if row is None:
        return shown.Car(id=vehicle_id, name=order.header.vehicle_name or "")
    return shown.Car(**{name: getattr(row, name) for name in shown.Car.model_fields})


def _station(station_id: UUID, names: Names) -> shown.StationCard:
    row = names.stations[station_id]
    return names.once(
        "station",
        station_id,
        lambda: shown.StationCard(
            **{name: getattr(row, name) for name in shown.StationCard.model_fields}
        ),
    )


def _place(place_id: UUID, rows: Rows) -> shown.Place:
    return shown.Place(id=place_id, name=rows[place_id].name)
