"""Goods that are broken, spoilt or used up leave the stock."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.editor import first_lines, with_products
from services.gateway.pages.stock.names import all_warehouses, names_of
from shared.contracts.stock_documents import (
    CancelWriteOff,
    GetWriteOff,
    ListWriteOffs,
    WriteOffStock,
)


async def write_offs(request: PageRequest) -> Response:
    question = request.reads(ListWriteOffs)
    found = await request.ask(question)
    names = await names_of(request, people=(each.actor for each in found.items))
    return request.page("stock/write_offs.html", found=found, names=names, asked=question)


async def new_write_off(request: PageRequest) -> Response:
    warehouses, lines = await asyncio.gather(all_warehouses(request), first_lines(request))
    return request.page("stock/write_off_new.html", warehouses=warehouses, lines=lines)


async def write_off_stock(request: PageRequest) -> Response:
    form = await with_products(request)
    made = await request.send(form.message(WriteOffStock))
    said = request._("Write-off %(number)s is posted", number=made.number)
    return request.go(f"/stock/write-offs/{made.id}", said=said)


async def write_off(request: PageRequest) -> Response:
    found = await request.ask(GetWriteOff(write_off_id=request.id("write_off_id")))
    names = await names_of(
        request, products=(line.product_id for line in found.lines), people=[found.actor]
    )
    return request.page("stock/write_off.html", write_off=found, names=names)


async def cancel(request: PageRequest) -> Response:
    write_off_id = request.id("write_off_id")
    await request.send(request.form.message(CancelWriteOff, write_off_id=write_off_id))
    return request.go(f"/stock/write-offs/{write_off_id}", said=request._("The goods are back"))


_WRITE_OFF = "/stock/write-offs/{write_off_id}"
PAGES = (
    show("/stock/write-offs", write_offs, needs=ListWriteOffs),
    show("/stock/write-offs/new", new_write_off, needs=WriteOffStock),
    act("/stock/write-offs/new", write_off_stock, needs=WriteOffStock),
    show(_WRITE_OFF, write_off, needs=GetWriteOff),
    act(f"{_WRITE_OFF}/cancel", cancel, needs=CancelWriteOff),
)
