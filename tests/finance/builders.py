"""Messages and values of the finance tests, with all that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.finance.domain.ledger import Stamp
from services.finance.domain.payment import Payment
from shared.contracts.clients import ClientCreated, ClientView
from shared.contracts.inventory import (
    IssuedPart,
    PartsIssued,
    PartsReturned,
    ReceiptLine,
    ReceiptView,
    StockReceived,
)
from shared.contracts.orders import (
    CompletedPart,
    CompletedService,
    OrderCancelled,
    OrderCompleted,
    OrderCreated,
    OrderReopened,
    PartKind,
)
from shared.ids import id_of, new_id

NOON = datetime(2024, 3, 4, 9, tzinfo=UTC)
"""Of the station's day, in Moscow."""
STATION = id_of("station:station-1")
SECTION = id_of("section")
CASHIER = Stamp(NOON, STATION, "cashier")


def money(amount: str | int | Decimal) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def client_created(client_id: UUID) -> ClientCreated:
    return ClientCreated(
        client=ClientView(
            id=client_id,
            last_name="Иванов",
            name="Иванов",
            revision=1,
            created_at=NOON,
            updated_at=NOON,
        )
    )


def order_created(order_id: UUID, client_id: UUID, number: str = "A-000001") -> OrderCreated:
    return OrderCreated(
        order_id=order_id,
        number=number,
        revision=1,
        status="new",
        client_id=client_id,
        vehicle_id=None,
        section_id=SECTION,
        employee_id=id_of("employee"),
        type="repair",
    )


def work(total: str | Decimal, percent: str | Decimal = "0") -> CompletedService:
    return CompletedService(
        line_id=new_id(),
        name="Замена масла",
        total=money(total),
        mechanic_id=id_of("mechanic"),
        pay_percent=Decimal(percent),
    )


def order_completed(
    order_id: UUID,
    client_id: UUID,
    completion: int = 1,
    *,
    services: tuple[CompletedService, ...] = (),
    products: str | Decimal = "0",
    materials: str | Decimal = "0",
    completed_at: datetime = NOON,
    **fields: Any,
) -> OrderCompleted:
    works = sum((line.total for line in services), Decimal(0))
    return OrderCompleted(
        **{
            "order_id": order_id,
            "number": "A-000001",
            "revision": 7,
            "completion": completion,
            "station_id": STATION,
            "section_id": SECTION,
            "employee_id": id_of("employee"),
            "client_id": client_id,
            "payer_id": client_id,
            "completed_at": completed_at,
            "total": works + money(products) + money(materials),
            "services_total": works,
            "products_total": money(products),
            "materials_total": money(materials),
            "services": services,
            "parts": _sold(products, "product") + _sold(materials, "material"),
            **fields,
        }
    )


def _sold(total: str | Decimal, kind: PartKind) -> tuple[CompletedPart, ...]:
    """One line of them, if there is anything."""
    if not Decimal(total):
        return ()
    return (
        CompletedPart(
            line_id=new_id(),
            product_id=new_id(),
            kind=kind,
            quantity=Decimal(1),
            total=money(total),
        ),
    )


def parts_issued(order_id: UUID, cost: str | Decimal = "0", completion: int = 1) -> PartsIssued:
    return PartsIssued(
        order_id=order_id, completion=completion, lines=_parts(cost), cost=money(cost)
    )


def parts_returned(order_id: UUID, cost: str, completion: int = 1) -> PartsReturned:
    return PartsReturned(
        order_id=order_id, completion=completion, lines=_parts(cost), cost=money(cost)
    )


def order_reopened(
    order_id: UUID, completion: int = 1, reason: str | None = "Стучит"
) -> OrderReopened:
    return OrderReopened(
        order_id=order_id, number="A-000001", revision=8, completion=completion, reason=reason
    )


def order_cancelled(order_id: UUID) -> OrderCancelled:
    return OrderCancelled(order_id=order_id, number="A-000001", revision=8)


def stock_received(quantity: str, cost: str) -> StockReceived:
    total = money(Decimal(quantity) * Decimal(cost))
    line = ReceiptLine(product_id=new_id(), quantity=Decimal(quantity), cost=Decimal(cost))
    return StockReceived(
        receipt=ReceiptView(
            id=new_id(),
            number="R-000001",
            at=NOON,
            warehouse_id=new_id(),
            supplier_id=new_id(),
            lines=(line,),
            total_cost=total,
        )
    )


def payment(
    amount: str | Decimal, customer_id: UUID, order_id: UUID | None = None, **fields: Any
) -> Payment:
    return Payment(
        **{
            "id": new_id(),
            "at": NOON,
            "order_id": order_id,
            "customer_id": customer_id,
            "payer_id": customer_id,
            "amount": money(amount),
            "method": "cash",
            "comment": None,
            "actor": "cashier",
            **fields,
        }
    )


def _parts(cost: str | Decimal) -> tuple[IssuedPart, ...]:
    if not Decimal(cost):
        return ()
    return (
        IssuedPart(line_id=new_id(), product_id=new_id(), quantity=Decimal(1), cost=money(cost)),
    )
