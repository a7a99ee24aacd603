"""Stocktaking: with a scanner at a desk, or a phone among the shelves."""

from __future__ import annotations

import asyncio
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.names import all_warehouses, every, names_of
from services.gateway.pages.stock.shelves import by_code
from services.gateway.problems import field_invalid
from shared.contracts.base import Page
from shared.contracts.costing import ListCells, ListHomeCells
from shared.contracts.inventory import FindProducts
from shared.contracts.shelves import ListCatalogueNames
from shared.contracts.stock_counts import (
    CancelCount,
    CountLine,
    GetCount,
    ListCountLines,
    ListCounts,
    PostCount,
    ScanCount,
    SetCounted,
    StartCount,
)


async def counts(request: PageRequest) -> Response:
    question = request.reads(ListCounts)
    found = await request.ask(question)
    names = await names_of(request, people=(each.actor for each in found.items))
    return request.page("stock/counts.html", found=found, names=names, asked=question)


async def new_count(request: PageRequest) -> Response:
    warehouses, groups = await asyncio.gather(
        all_warehouses(request), every(request, ListCatalogueNames(kind="group", limit=200))
    )
    return request.page(
        "stock/count_new.html",
        warehouses=warehouses,
        groups=[(group.name, group.name) for group in groups],
    )


async def start(request: PageRequest) -> Response:
    command = request.form.message(StartCount)
    if cells := request.form.get("cells").strip():
        products = await _of_cells(request, command.warehouse_id, cells)
        command = StartCount.model_validate(
            {**command.model_dump(exclude_unset=True), "product_ids": products}
        )
    made = await request.send(command)
    return request.go(f"/stock/counts/{made.id}")


async def _of_cells(request: PageRequest, warehouse_id: UUID, said: str) -> tuple[UUID, ...]:
    """The products that are at home in the cells whose names begin so: ``A-1, B``."""
    beginnings = tuple(each.strip().casefold() for each in said.split(",") if each.strip())
    cells, homes = await asyncio.gather(
        every(request, ListCells(warehouse_id=warehouse_id, limit=200)),
        every(request, ListHomeCells(warehouse_id=warehouse_id, limit=200)),
    )
    meant = {cell.id for cell in cells if cell.name.casefold().startswith(beginnings)}
    products = tuple(home.product_id for home in homes if home.cell_id in meant)
    if not products:
        raise field_invalid("cells", "cells_empty")
    return products


async def count(request: PageRequest) -> Response:
    count_id = request.id("count_id")
    question = request.reads(ListCountLines, count_id=count_id)
    found, names = await asyncio.gather(request.ask(GetCount(count_id=count_id)), names_of(request))
    lines: Page[CountLine] = await request.ask(question)
    return request.page("stock/count.html", count=found, lines=lines, names=names, asked=question)


async def scan(request: PageRequest) -> Response:
    """Without scripts: a code, or what a product is called, is one more of it."""
    count_id, said = request.id("count_id"), request.form.get("code").strip()
    command = request.form.message(ScanCount, count_id=count_id, barcode=said or None)
    if said and not await by_code(request, said):
        found = (await request.ask(FindProducts(q=said, limit=2))).items
        if len(found) == 1:
            command = ScanCount(
                count_id=count_id, product_id=found[0].id, quantity=command.quantity
            )
    line = await request.send(command)
    counted = line.counted.normalize() if line.counted is not None else 0
    return request.go(f"/stock/counts/{count_id}", said=f"{line.product}: {counted:f}")


async def set_counted(request: PageRequest) -> Response:
    count_id = request.id("count_id")
    await request.send(request.form.message(SetCounted, count_id=count_id))
    return request.go(f"/stock/counts/{count_id}", said=request._("Saved"))


async def post(request: PageRequest) -> Response:
    count_id = request.id("count_id")
    await request.send(request.form.message(PostCount, count_id=count_id))
    said = request._("The count is posted: the books follow it")
    return request.go(f"/stock/counts/{count_id}", said=said)


async def cancel(request: PageRequest) -> Response:
    count_id = request.id("count_id")
    await request.send(CancelCount(count_id=count_id))
    return request.go(f"/stock/counts/{count_id}", said=request._("The count is given up"))


_COUNT = "/stock/counts/{count_id}"
PAGES = (
    show("/stock/counts", counts, needs=ListCounts),
    show("/stock/counts/new", new_count, needs=StartCount),
    act("/stock/counts/new", start, needs=StartCount),
    show(_COUNT, count, needs=GetCount),
    act(f"{_COUNT}/scan", scan, needs=ScanCount),
    act(f"{_COUNT}/counted", set_counted, needs=SetCounted),
    act(f"{_COUNT}/post", post, needs=PostCount),
    act(f"{_COUNT}/cancel", cancel, needs=CancelCount),
)
