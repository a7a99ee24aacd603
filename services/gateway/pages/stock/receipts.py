"""Goods come in by a supplier's paper, go back, and a mistaken paper is undone."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.forms import today
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.editor import first_lines, with_products, with_quantities
from services.gateway.pages.stock.names import all_suppliers, all_warehouses, names_of
from shared.contracts.inventory import ListReceipts, ReceiveStock
from shared.contracts.purchasing import (
    CancelReceipt,
    GetReceipt,
    ListSupplierReturns,
    ReturnToSupplier,
)


async def receipts(request: PageRequest) -> Response:
    question = request.reads(ListReceipts)
    found, suppliers = await asyncio.gather(request.ask(question), all_suppliers(request))
    names = await names_of(request, suppliers=(each.supplier_id for each in found.items))
    return request.page(
        "stock/receipts.html",
        found=found,
        names=names,
        suppliers=suppliers,
        asked=question,
        table=request.table("/stock/receipts", question),
    )


async def new_receipt(request: PageRequest) -> Response:
    suppliers, warehouses, lines = await asyncio.gather(
        all_suppliers(request), all_warehouses(request), first_lines(request)
    )
    return request.page(
        "stock/receipt_new.html",
        suppliers=suppliers,
        warehouses=warehouses,
        lines=lines,
        today=today(request.zone),
    )


async def receive(request: PageRequest) -> Response:
    form = await with_products(request)
    made = await request.send(form.message(ReceiveStock))
    said = request._("Receipt %(number)s is posted", number=made.number)
    return request.go(f"/stock/receipts/{made.id}", said=said)


async def receipt(request: PageRequest) -> Response:
    receipt_id = request.id("receipt_id")
    found, returns = await asyncio.gather(
        request.ask(GetReceipt(receipt_id=receipt_id)),
        request.ask(ListSupplierReturns(receipt_id=receipt_id, limit=200)),
    )
    names = await names_of(
        request,
        suppliers=[
            found.supplier_id,
            *(each.supplier_id for each in found.charges),
            *(each.supplier_id for each in found.extra_costs),
        ],
        products=(line.product_id for line in found.lines),
    )
    return request.page("stock/receipt.html", receipt=found, returns=returns.items, names=names)


async def send_back(request: PageRequest) -> Response:
    """Of each line as much as was said; of most lines nothing."""
    receipt_id = request.id("receipt_id")
    form = with_quantities(request.form)
    made = await request.send(form.message(ReturnToSupplier, receipt_id=receipt_id))
    said = request._("Return %(number)s is posted", number=made.number)
    return request.go(f"/stock/receipts/{receipt_id}", said=said)


async def cancel(request: PageRequest) -> Response:
    receipt_id = request.id("receipt_id")
    await request.send(request.form.message(CancelReceipt, receipt_id=receipt_id))
    return request.go(f"/stock/receipts/{receipt_id}", said=request._("The receipt is undone"))


_RECEIPT = "/stock/receipts/{receipt_id}"
PAGES = (
    show("/stock/receipts", receipts, needs=ListReceipts),
    show("/stock/receipts/new", new_receipt, needs=ReceiveStock),
    act("/stock/receipts/new", receive, needs=ReceiveStock),
    show(_RECEIPT, receipt, needs=GetReceipt),
    act(f"{_RECEIPT}/returns", send_back, needs=ReturnToSupplier),
    act(f"{_RECEIPT}/cancel", cancel, needs=CancelReceipt),
)
