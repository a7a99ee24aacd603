"""What a fiscal receipt says, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain.fiscal import FiscalReceipt, Share
from services.finance.domain.ledger import ZERO
from shared.contracts.fiscal import FiscalLine, FiscalSubject, VatCode
from shared.contracts.work_order import WorkOrder


def composed(receipt: FiscalReceipt, orders: Mapping[UUID, WorkOrder]) -> FiscalReceipt:
    """With its lines: those of an order that is paid whole, if its money is what the order says
    now; else one for each share."""
    lines: list[FiscalLine] = []
    for share in receipt.shares:
        order = orders.get(share.order_id) if share.order_id else None
        own = tuple(_lines_of(order, share.vat)) if order and share.is_whole else ()
        if own and sum((line.total for line in own), ZERO) == share.amount:
            lines += own
        else:
            lines.append(_line_of(share))
    return replace(receipt, lines=tuple(lines), revision=receipt.revision + 1)


def _lines_of(order: WorkOrder, vat: VatCode) -> Iterator[FiscalLine]:
    """What the client sees: works with their materials, and goods."""
    for work in order.services:
        if work.customer_total:
            yield _paid(work.service.name, work.quantity, work.customer_total, "service", vat)
    for part in order.products:
        if part.total:
            yield _paid(part.product.name, part.quantity, part.total, "goods", vat)


def _paid(
    name: str, quantity: Decimal, total: Decimal, subject: FiscalSubject, vat: VatCode
) -> FiscalLine:
    """A price that does not come to the total, unit by unit, stands for the whole line."""
    price = (total / quantity).quantize(total)
    if price * quantity != total:
        quantity, price = Decimal(1), total
    return FiscalLine(
        name=name,
        quantity=quantity,
        price=price,
        total=total,
        vat=vat,
        subject=subject,
        method="full_payment",
    )


def _line_of(share: Share) -> FiscalLine:
    whole = {
        "quantity": Decimal(1),
        "price": share.amount,
        "total": share.amount,
        "vat": share.vat,
        "calculated": share.is_calculated,
    }
    if share.is_whole:
        name = f"Работы и запчасти по заказ-наряду {share.number}"
        return FiscalLine(name=name, **whole, subject="service", method="full_payment")
    if share.is_settled:
        name = f"Оплата по заказ-наряду {share.number}"
        return FiscalLine(name=name, **whole, subject="payment", method="credit_payment")
    if share.order_id:
        name = f"Предоплата по заказ-наряду {share.number}"
        return FiscalLine(name=name, **whole, subject="payment", method="prepayment")
    return FiscalLine(name="Аванс", **whole, subject="payment", method="advance")
