"""Orders and lines for tests, valid unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.orders.domain.order import Header, Order, PartLine, ServiceLine
from services.orders.domain.pricing import formed
from shared.contracts.inventory import StockAnswer
from shared.ids import new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


def money(amount: str | int) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def an_order(**changes: Any) -> Order:
    client_id = new_id()
    header = Header(
        type="repair",
        vehicle_id=None,
        vehicle_name=None,
        section_id=new_id(),
        employee_id=new_id(),
        post_id=None,
        payer_id=client_id,
        driver=None,
        customer_reason=None,
        recommendation=None,
        comment=None,
        mileage_km=None,
        visible_to_customer=changes.pop("visible_to_customer", True),
        vehicle_in_at=None,
        vehicle_out_at=None,
        assignment_at=NOW,
    )
    fields: dict[str, Any] = {
        "id": new_id(),
        "number": "A-000001",
        "station_id": new_id(),
        "client_id": client_id,
        "client_name": "Иванов Иван",
        "client_discount": Decimal(0),
        "status": "new",
        "header": header,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Order(**{**fields, **changes})


def a_service(price: str | int = 100, quantity: str | int = 1, **changes: Any) -> ServiceLine:
    fields: dict[str, Any] = {
        "id": new_id(),
        "position": 1,
        "service_id": None,
        "name": "Замена масла",
        "comment": None,
        "quantity": Decimal(quantity),
        "price": formed(Decimal(price), None, Decimal(0), Decimal(0)),
        "labor_hours": None,
        "labor_rate": None,
        "estimation_minutes": 30,
        "mechanic_id": None,
    }
    return ServiceLine(**{**fields, **changes})


def a_part(price: str | int = 20, quantity: str | int = 2, **changes: Any) -> PartLine:
    fields: dict[str, Any] = {
        "id": new_id(),
        "position": 2,
        "kind": "product",
        "service_line_id": None,
        "product_id": new_id(),
        "name": "Фильтр",
        "oem": "OC90",
        "measure": "шт",
        "quantity": Decimal(quantity),
        "entered_quantity": Decimal(quantity),
        "entered_measure": "шт",
        "entered_short_name": "шт",
        "price": formed(Decimal(price), None, Decimal(0), Decimal(0)),
    }
    return PartLine(**{**fields, **changes})


def a_reserved_part(**changes: Any) -> PartLine:
    part = a_part(**changes)
    return a_part(
        **{**changes, "id": part.id, "state": "reserved", "answer": 1, "reserved": part.quantity}
    )


def an_answer(part: PartLine, short: str | int = 0, **changes: Any) -> StockAnswer:
    fields: dict[str, Any] = {
        "line_id": part.id,
        "line_version": part.version,
        "answer": part.answer + 1,
        "product_id": part.product_id,
        "wanted": part.quantity,
        "reserved": part.quantity - Decimal(short),
        "short": Decimal(short),
        "price": part.price.suggested,
    }
    return StockAnswer(**{**fields, **changes})
