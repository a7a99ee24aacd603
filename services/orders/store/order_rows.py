"""An order and its lines as rows of their tables, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from services.orders.domain.approval import Approval
from services.orders.domain.order import Header, Order, PartLine, Performer, ServiceLine
from services.orders.domain.pricing import Price
from services.orders.store.tables import orders, part_lines, service_lines
from shared.writing import Rows, merging

SAVE_ORDERS, SAVE_SERVICES, SAVE_PARTS = map(merging, (orders, service_lines, part_lines))

_PRICE = tuple(field.name for field in fields(Price))
_APPROVAL = tuple(f"approval_{field.name}" for field in fields(Approval))
_HEADER = tuple(field.name for field in fields(Header))


def _plain(kind: type, *inner: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in inner)


_ORDER = _plain(Order, "header", "services", "parts")
_SERVICE = _plain(ServiceLine, "price", "approval", "performers")
_PART = _plain(PartLine, "price")
ORDER_COLUMNS = (*_ORDER, *_HEADER)
"""What ``orders_of`` reads, in this order; so the next two."""
SERVICE_COLUMNS = ("order_id", *_PRICE, *_APPROVAL, "performers", *_SERVICE)
PART_COLUMNS = ("order_id", *_PRICE, *_PART)

type Record = Sequence[Any]


def orders_of(
    rows: Iterable[Record], services: Iterable[Record], parts: Iterable[Record]
) -> dict[UUID, Order]:
    """By id. The lines stand in the order in which they are to be shown."""
    services_of: dict[UUID, list[ServiceLine]] = {}
    for record in services:
        services_of.setdefault(record[0], []).append(_service_of(record))
    parts_of: dict[UUID, list[PartLine]] = {}
    for record in parts:
        parts_of.setdefault(record[0], []).append(_part_of(record))
    plain = len(_ORDER)
    return {
        record[0]: Order(
            **dict(zip(_ORDER, record[:plain], strict=True)),
            header=Header(**dict(zip(_HEADER, record[plain:], strict=True))),
            services=tuple(services_of.get(record[0], ())),
            parts=tuple(parts_of.get(record[0], ())),
        )
        for record in rows
    }


def _service_of(record: Record) -> ServiceLine:
    price, approval = 1 + len(_PRICE), 1 + len(_PRICE) + len(_APPROVAL)
    return ServiceLine(
        **dict(zip(_SERVICE, record[approval + 1 :], strict=True)),
        price=Price(*record[1:price]),
        approval=Approval(*record[price:approval]),
        performers=tuple(
            Performer(UUID(one["employee_id"]), Decimal(one["share"])) for one in record[approval]
        ),
    )


def _part_of(record: Record) -> PartLine:
    price = 1 + len(_PRICE)
    plain = dict(zip(_PART, record[price:], strict=True))
    return PartLine(**plain, price=Price(*record[1:price]))


# --- and back ------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """A line beside what its row has of other things."""

    line: ServiceLine | PartLine
    order_id: UUID
    total: Decimal


class _Whole(NamedTuple):
    order: Order
    total: Decimal
    waits_for_parts: bool
    waits_for_approval: bool


def _reading(how: Rows, thing: str, beside: Iterable[str], **elsewhere: Iterable[str]) -> Any:
    """Gets a row of values in the order of its columns: those of the ``thing`` itself, those that
    stand ``beside`` it, and those that are within one of its own."""
    paths = {name: name for name in beside}
    for within, names in elsewhere.items():
        paths |= {name: f"{thing}.{within}.{name.removeprefix('approval_')}" for name in names}
    return attrgetter(*(paths.get(name, f"{thing}.{name}") for name in how.columns))


_ORDER_ROW = _reading(
    SAVE_ORDERS, "order", ("total", "waits_for_parts", "waits_for_approval"), header=_HEADER
)
_SERVICE_ROW = _reading(
    SAVE_SERVICES, "line", ("order_id", "total"), price=_PRICE, approval=_APPROVAL
)
_PART_ROW = _reading(SAVE_PARTS, "line", ("order_id", "total"), price=_PRICE)


def order_row(order: Order) -> Record:
    flags = order.flags
    whole = _Whole(
        order, order.total, "waiting_for_parts" in flags, "waiting_for_approval" in flags
    )
    row: Record = _ORDER_ROW(whole)
    return row


def service_row(line: ServiceLine, order_id: UUID) -> Record:
    row: Record = _SERVICE_ROW(_Line(line, order_id, line.total))
    return row


def part_row(line: PartLine, order_id: UUID) -> Record:
    row: Record = _PART_ROW(_Line(line, order_id, line.total))
    return row
