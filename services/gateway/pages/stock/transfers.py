"""Goods go from one warehouse to another."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.editor import with_products, with_quantities
from services.gateway.pages.stock.papers import blank, listed, one
from shared.contracts.stock_documents import (
    CancelTransfer,
    GetTransfer,
    ListTransfers,
    ReceiveTransfer,
    SendTransfer,
)


async def send(request: PageRequest) -> Response:
    form = await with_products(request)
    made = await request.send(form.message(SendTransfer))
    said = request._("Transfer %(number)s is on its way", number=made.number)
    return request.go(f"/stock/transfers/{made.id}", said=said)


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
    show("/stock/transfers", listed(ListTransfers, "stock/transfers.html"), needs=ListTransfers),
    show("/stock/transfers/new", blank("stock/transfer_new.html"), needs=SendTransfer),
    act("/stock/transfers/new", send, needs=SendTransfer),
    show(_TRANSFER, one(GetTransfer, "transfer_id", "stock/transfer.html"), needs=GetTransfer),
    act(f"{_TRANSFER}/receive", receive, needs=ReceiveTransfer),
    act(f"{_TRANSFER}/cancel", cancel, needs=CancelTransfer),
)
