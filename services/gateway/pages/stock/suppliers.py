"""Suppliers: what they are owed, what came of it, and what they offer."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.names import AT_ONCE, all_suppliers, every, names_of
from shared.contracts.inventory import ChangeSupplier, CreateSupplier, ListReceipts
from shared.contracts.price_lists import CreateProductFromOffer, FindOffers
from shared.contracts.purchasing import (
    ListSupplierBalances,
    ListSupplierPayments,
    SupplierStatement,
)
from shared.refusals import Refused


async def suppliers(request: PageRequest) -> Response:
    known, balances = await asyncio.gather(
        all_suppliers(request), every(request, ListSupplierBalances(limit=200))
    )
    return request.page(
        "stock/suppliers.html",
        suppliers=known,
        balances={each.supplier_id: each for each in balances},
    )


async def create(request: PageRequest) -> Response:
    await request.send(request.form.message(CreateSupplier))
    return request.go("/stock/suppliers", said=request._("The supplier is added"))


async def supplier(request: PageRequest) -> Response:
    supplier_id = request.id("supplier_id")
    question = request.reads(SupplierStatement, supplier_id=supplier_id)
    entries, balance, receipts, payments = await asyncio.gather(
        request.ask(question),
        request.ask(ListSupplierBalances(supplier_id=supplier_id)),
        request.ask(ListReceipts(supplier_id=supplier_id, limit=AT_ONCE)),
        request.ask(ListSupplierPayments(supplier_id=supplier_id, limit=AT_ONCE)),
    )
    names = await names_of(
        request, suppliers=[supplier_id], people=(each.actor for each in entries.items)
    )
    if supplier_id not in names.suppliers:
        raise Refused("supplier_not_found", id=supplier_id)
    return request.page(
        "stock/supplier.html",
        supplier=names.suppliers[supplier_id],
        names=names,
        entries=entries,
        balance=balance.items[0] if balance.items else None,
        receipts={receipt.id: receipt for receipt in receipts.items},
        papers={payment.id: payment.document for payment in payments.items},
    )


async def rename(request: PageRequest) -> Response:
    supplier_id = request.id("supplier_id")
    await request.send(request.form.message(ChangeSupplier, supplier_id=supplier_id))
    return request.go(f"/stock/suppliers/{supplier_id}", said=request._("Saved"))


async def offers(request: PageRequest) -> Response:
    question = request.reads(FindOffers)
    found, known = await asyncio.gather(request.ask(question), all_suppliers(request))
    return request.page("stock/offers.html", found=found, suppliers=known, asked=question)


async def product_of_offer(request: PageRequest) -> Response:
    offer_id = request.id("offer_id")
    made = await request.send(request.form.message(CreateProductFromOffer, offer_id=offer_id))
    return request.go(f"/stock/products/{made.id}", said=request._("The product is added"))


_SUPPLIER = "/stock/suppliers/{supplier_id}"
PAGES = (
    show("/stock/suppliers", suppliers, needs=ListSupplierBalances),
    act("/stock/suppliers", create, needs=CreateSupplier),
    show(_SUPPLIER, supplier, needs=ListReceipts),
    act(_SUPPLIER, rename, needs=ChangeSupplier),
    show("/stock/offers", offers, needs=FindOffers),
    act("/stock/offers/{offer_id}/product", product_of_offer, needs=CreateProductFromOffer),
)
