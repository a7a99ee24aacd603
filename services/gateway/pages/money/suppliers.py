"""Money for suppliers: paid, given back, and what was paid before."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.names import people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.names import all_suppliers
from shared.contracts.purchasing import (
    ListSupplierBalances,
    ListSupplierPayments,
    PaySupplier,
    RefundSupplierPayment,
    SupplierBalance,
)
from shared.contracts.till import CashBoxView, ListCashBoxes

SUPPLIERS = "/money/suppliers"


async def payments(request: PageRequest) -> Response:
    """Newest first, as the address narrows them; of one supplier, what they are owed as well."""
    asked = request.reads(ListSupplierPayments)
    found, suppliers, boxes, balance = await asyncio.gather(
        request.ask(asked), all_suppliers(request), _boxes(request), _balance(request, asked)
    )
    return request.page(
        "money/suppliers.html",
        found=found,
        asked=asked,
        table=request.table("/supplier-payments", asked),
        suppliers=suppliers,
        names={supplier.id: supplier.name for supplier in suppliers},
        boxes=boxes,
        balance=balance,
        people=await people_named(request, (each.actor for each in found.items)),
    )


async def _boxes(request: PageRequest) -> tuple[CashBoxView, ...]:
    """For whoever pays."""
    if not request.may("PaySupplier"):
        return ()
    return (await request.ask(ListCashBoxes(active=True))).items


async def _balance(request: PageRequest, asked: ListSupplierPayments) -> SupplierBalance | None:
    if asked.supplier_id is None:
        return None
    question = ListSupplierBalances(supplier_id=asked.supplier_id)
    return next(iter((await request.ask(question)).items), None)


async def pay(request: PageRequest) -> Response:
    paid = await request.send(request.form.message(PaySupplier))
    said = request._("Paid to the supplier: %(amount)s", amount=request.money(paid.amount))
    return request.go(f"{SUPPLIERS}?supplier_id={paid.supplier_id}", said=said)


async def take_back(request: PageRequest) -> Response:
    payment_id = request.id("payment_id")
    after = await request.send(request.form.message(RefundSupplierPayment, payment_id=payment_id))
    said = request._("What the supplier gave back is noted")
    return request.go(f"{SUPPLIERS}?supplier_id={after.supplier_id}", said=said)


PAGES = (
    show(SUPPLIERS, payments, needs=ListSupplierPayments),
    act(SUPPLIERS, pay, needs=PaySupplier),
    act(SUPPLIERS + "/{payment_id}/refund", take_back, needs=RefundSupplierPayment),
)
