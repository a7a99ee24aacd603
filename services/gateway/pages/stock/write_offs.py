"""Goods that are broken, spoilt or used up leave the stock."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.editor import with_products
from services.gateway.pages.stock.papers import blank, listed, one
from shared.contracts.stock_documents import (
    CancelWriteOff,
    GetWriteOff,
    ListWriteOffs,
    WriteOffStock,
)


async def write_off_stock(request: PageRequest) -> Response:
    form = await with_products(request)
    made = await request.send(form.message(WriteOffStock))
    said = request._("Write-off %(number)s is posted", number=made.number)
    return request.go(f"/stock/write-offs/{made.id}", said=said)


async def cancel(request: PageRequest) -> Response:
    write_off_id = request.id("write_off_id")
    await request.send(request.form.message(CancelWriteOff, write_off_id=write_off_id))
    return request.go(f"/stock/write-offs/{write_off_id}", said=request._("The goods are back"))


_WRITE_OFF = "/stock/write-offs/{write_off_id}"
PAGES = (
    show("/stock/write-offs", listed(ListWriteOffs, "stock/write_offs.html"), needs=ListWriteOffs),
    show("/stock/write-offs/new", blank("stock/write_off_new.html"), needs=WriteOffStock),
    act("/stock/write-offs/new", write_off_stock, needs=WriteOffStock),
    show(_WRITE_OFF, one(GetWriteOff, "write_off_id", "stock/write_off.html"), needs=GetWriteOff),
    act(f"{_WRITE_OFF}/cancel", cancel, needs=CancelWriteOff),
)
