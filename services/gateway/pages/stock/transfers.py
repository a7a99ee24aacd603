"""Goods go from one warehouse to another."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.editor import first_lines, with_products, with_quantities
from services.gateway.pages.stock.names import all_warehouses, names_of
from shared.contracts.stock_documents import (
    CancelTransfer,
    GetTransfer,
    ListTransfers,
    ReceiveTransfer,
    SendTransfer,
)


async def transfers(request: PageRequest) -> Response:
    question = request.reads(ListTransfers)
    found = await request.ask(question)
    names = await names_of(request, people=(each.actor for each in found.items))
    return request.page("stock/transfers.html", found=found, names=names, asked=question)


async def new_transfer(request: PageRequest) -> Response:
    warehouses, lines = await asyncio.gather(all_warehouses(request), first_lines(request))
    return request.page("stock/transfer_new.html", warehouses=warehouses, lines=lines)


async def send(request: PageRequest) -> Response:
    form = await with_products(request)
    made = await request.send(form.message(SendTransfer))
    said = request._("Transfer %(number)s is on its way", number=made.number)
    return request.go(f"/stock/transfers/{made.id}", said=said)


async def transfer(request: PageRequest) -> Response:
    found = await request.ask(GetTransfer(transfer_id=request.id("transfer_id")))
    names = await names_of(
        request, products=(line.product_id for line in found.lines), people=[found.actor]
    )
    return request.page("stock/transfer.html", transfer=found, names=names)


async def receive(request: PageRequest) -> Response:
    transfer_id = request.id("transfer_id")
    form = with_quantities(request.form)
    await request.send(form.message(ReceiveTransfer, transfer_id=transfer_id))
    return request.go(f"/stock/transfers/{transfer_id}", said=request._("Received"))


async def cancel(request: PageRequest) -> Response:
    transfer_id = request.id("transfer_id")
    await request.send(request.form.message(CancelTransfer, transfer_id=transfer_id))
    said = request._("What was on its way is back")
    return request.go(f"/stock/transfers/{transfer_id}", said=said)


_TRANSFER = "/stock/transfers/{transfer_id}"
PAGES = (
    show("/stock/transfers", transfers, needs=ListTransfers),
    show("/stock/transfers/new", new_transfer, needs=SendTransfer),
    act("/stock/transfers/new", send, needs=SendTransfer),
    show(_TRANSFER, transfer, needs=GetTransfer),
    act(f"{_TRANSFER}/receive", receive, needs=ReceiveTransfer),
    act(f"{_TRANSFER}/cancel", cancel, needs=CancelTransfer),
)
