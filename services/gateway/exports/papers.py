"""Lists of what moved, came and was paid, as tables: the stock's and the books' own.

As ``lists``: rows of their own, with names and words where services have ids and codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from services.gateway.exports.lists import MANY, Listing, Teller, told_value
from shared.contracts.base import Instant, View
from shared.contracts.finance import ListRecords, RecordView
from shared.contracts.inventory import (
    FindProducts,
    ListMovements,
    ListReceipts,
    ListSuppliers,
    ListWarehouses,
    MovementView,
    ProductView,
    ReceiptView,
)
from shared.contracts.purchasing import ListSupplierPayments, SupplierPaymentView


class ProductRow(View):
    name: str
    oem: str | None
    vendor: str | None
    group: str | None
    measure: str
    price: Decimal
    barcode: str | None
    min_stock: Decimal | None
    available: Decimal
    warranty_days: int | None
    warranty_km: int | None
    comment: str | None
    state: str | None


async def _products(items: Sequence[ProductView], teller: Teller) -> list[ProductRow]:
    return [
        ProductRow(
            **{name: getattr(each, name) for name in ProductRow.model_fields if name != "state"},
            state=None if each.active else teller._("No longer sold"),
        )
        for each in items
    ]


class MovementRow(View):
    at: Instant
    product: str
    oem: str | None
    kind: str
    quantity: Decimal
    measure: str | None
    warehouse: str | None
    document: str | None
    number: str | None
    reason: str | None
    employee: str


async def _movements(items: Sequence[MovementView], teller: Teller) -> list[MovementRow]:
    from services.gateway.pages.names import orders_named, people_named, products_named
    from services.gateway.pages.words import MOVEMENTS

    products = await products_named(teller, (each.product_id for each in items))
    orders = await orders_named(teller, (each.order_id for each in items))
    people = await people_named(teller, (each.actor for each in items))
    rows = []
    for each in items:
        product = products.get(each.product_id)
        order = orders.get(each.order_id) if each.order_id else None
        rows.append(
            MovementRow(
                at=each.at,
                product=product.name if product else "—",
                oem=product.oem if product else None,
                kind=teller._(MOVEMENTS[each.kind]),
                quantity=each.quantity,
                measure=product.measure if product else None,
                warehouse=each.warehouse,
                document=each.document,
                number=order.number if order else None,
                reason=each.reason,
                employee=people[each.actor],
            )
        )
    return rows


class ReceiptRow(View):
    number: str
    at: Instant
    supplier: str | None
    document: str | None
    document_date: date | None
    warehouse: str | None
    lines: int
    goods: Decimal | None
    vat: Decimal
    total: Decimal | None
    extra: Decimal
    to_pay: Decimal
    state: str | None


async def _receipts(items: Sequence[ReceiptView], teller: Teller) -> list[ReceiptRow]:
    suppliers = await teller.listed(ListSuppliers(limit=MANY))
    warehouses = await teller.listed(ListWarehouses(limit=MANY))
    return [
        ReceiptRow(
            number=each.number,
            at=each.at,
            supplier=suppliers.get(str(each.supplier_id)),
            document=each.supplier_document,
            document_date=each.supplier_document_date,
            warehouse=warehouses.get(str(each.warehouse_id)),
            lines=len(each.lines),
            goods=each.total_without_vat,
            vat=each.vat,
            total=each.total_with_vat,
            extra=each.to_pay - (each.total_with_vat or 0),
            to_pay=each.to_pay,
            state=teller._("Called off") if each.cancelled_at else None,
        )
        for each in items
    ]


class SupplierPaymentRow(View):
    at: Instant
    supplier: str | None
    amount: Decimal
    method: str
    refunded: Decimal
    document: str | None
    comment: str | None
    employee: str


async def _supplier_payments(
    items: Sequence[SupplierPaymentView], teller: Teller
) -> list[SupplierPaymentRow]:
    from services.gateway.pages.names import people_named

    suppliers = await teller.listed(ListSuppliers(limit=MANY))
    people = await people_named(teller, (each.actor for each in items))
    return [
        SupplierPaymentRow(
            at=each.at,
            supplier=suppliers.get(str(each.supplier_id)),
            amount=each.amount,
            method=each.method,
            refunded=each.refunded,
            document=each.document,
            comment=each.comment,
            employee=people[each.actor],
        )
        for each in items
    ]


class IncomeExpenseRow(View):
    at: Instant
    type: str
    category: str
    amount: Decimal
    client: str | None
    number: str | None
    comment: str | None
    employee: str


async def _income_and_expenses(
    items: Sequence[RecordView], teller: Teller
) -> list[IncomeExpenseRow]:
    from services.gateway.pages.money.records import said_of
    from services.gateway.pages.names import clients_named, orders_named, people_named

    clients = await clients_named(teller, (each.client_id for each in items))
    orders = await orders_named(teller, (each.order_id for each in items))
    people = await people_named(teller, (each.actor for each in items))
    return [
        IncomeExpenseRow(
            at=each.at,
            type=each.type,
            category=each.category,
            amount=each.amount,
            client=clients[each.client_id].name if each.client_id in clients else None,
            number=orders[each.order_id].number if each.order_id in orders else None,
            comment=said_of(each, teller, lambda at: told_value(at, teller)),
            employee=people[each.actor],
        )
        for each in items
    ]


PRODUCTS = Listing(ProductRow, FindProducts, _products)
MOVEMENTS = Listing(MovementRow, ListMovements, _movements)
RECEIPTS = Listing(ReceiptRow, ListReceipts, _receipts)
SUPPLIER_PAYMENTS = Listing(SupplierPaymentRow, ListSupplierPayments, _supplier_payments)
INCOME_AND_EXPENSES = Listing(IncomeExpenseRow, ListRecords, _income_and_expenses)
