"""Whether orders to suppliers agree with the receipts that name them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    FromClause,
    Numeric,
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from services.inventory.store.rules import difference
from services.inventory.store.tables import receipt_lines, receipts
from services.inventory.store.tables_purchasing import (
    STANDS,
    purchase_arrivals,
    purchase_order_lines,
    purchase_orders,
)

_ITS_LINE = (purchase_order_lines.c.purchase_order_id == receipts.c.purchase_order_id) & (
    purchase_order_lines.c.place == purchase_arrivals.c.place
)


def of_purchases() -> list[Select[Any]]:
    return [_arrived_of_receipt(), _received_of_line(), _state_of_purchase()]


def _arrived_of_receipt() -> Select[Any]:
    """What a receipt of a purchase order counts for that one's lines is what it brought, product by
    product; of one that was a mistake, too."""
    goods = union_all(
        select(
            receipts.c.id,
            receipts.c.number,
            receipt_lines.c.product_id,
            receipt_lines.c.main_quantity.label("brought"),
            literal(Decimal(0), Numeric).label("counted"),
        )
        .join(receipt_lines, receipt_lines.c.receipt_id == receipts.c.id)
        .where(receipts.c.purchase_order_id.is_not(None)),
        select(
            receipts.c.id,
            receipts.c.number,
            purchase_order_lines.c.product_id,
            literal(Decimal(0), Numeric),
            purchase_arrivals.c.quantity,
        )
        .join(purchase_arrivals, purchase_arrivals.c.receipt_id == receipts.c.id)
        .join(purchase_order_lines, _ITS_LINE),
    ).subquery("goods")
    brought, counted = func.sum(goods.c.brought), func.sum(goods.c.counted)
    return (
        difference(
            "arrived_of_receipt",
            brought,
            counted,
            number=goods.c.number,
            product_id=goods.c.product_id,
            document_id=goods.c.id,
        )
        .group_by(goods.c.id, goods.c.number, goods.c.product_id)
        .having(brought != counted)
    )


def _received_of_line() -> Select[Any]:
    line = purchase_order_lines
    came = _came()
    expected = func.coalesce(came.c.quantity, 0)
    return (
        difference(
            "received_of_line",
            expected,
            line.c.received,
            number=purchase_orders.c.number + " #" + cast(line.c.place + 1, Text),
            product_id=line.c.product_id,
            document_id=purchase_orders.c.id,
        )
        .select_from(_with_what_came(came))
        .where(expected != line.c.received)
    )


def _state_of_purchase() -> Select[Any]:
    """By what came, whatever the lines say."""
    order, line = purchase_orders, purchase_order_lines
    came = _came()
    any_came = func.coalesce(func.sum(came.c.quantity), 0) > 0
    lacks = func.bool_or(func.coalesce(came.c.quantity, 0) < line.c.main_quantity)
    expected = case(
        (any_came & (order.c.closed_reason.is_not(None) | ~lacks), "received"),
        (any_came, "partly_received"),
        (order.c.state.in_(("draft", "cancelled")), order.c.state),
        else_="sent",
    )
    return (
        difference(
            "state_of_purchase",
            expected,
            order.c.state,
            number=order.c.number,
            document_id=order.c.id,
        )
        .select_from(_with_what_came(came))
        .group_by(order.c.id)
        .having(expected != order.c.state)
    )


def _came() -> Subquery:
    """What receipts that stand brought of each line of a purchase order."""
    return (
        select(
            receipts.c.purchase_order_id,
            purchase_arrivals.c.place,
            func.sum(purchase_arrivals.c.quantity).label("quantity"),
        )
        .join(purchase_arrivals, purchase_arrivals.c.receipt_id == receipts.c.id)
        .where(STANDS)
        .group_by(receipts.c.purchase_order_id, purchase_arrivals.c.place)
        .subquery("came")
    )


def _with_what_came(came: Subquery) -> FromClause:
    line = purchase_order_lines
    of_line = (came.c.purchase_order_id == line.c.purchase_order_id) & (
        came.c.place == line.c.place
    )
    of_order = line.c.purchase_order_id == purchase_orders.c.id
    return purchase_orders.join(line, of_order).outerjoin(came, of_line)
