"""One product: its card, its numbers and barcodes, where it lies, what moved, who waits."""

from __future__ import annotations

import asyncio
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.names import all_warehouses, every, names_of
from shared.contracts.base import Page
from shared.contracts.costing import CreateCell, ListCells, SetHomeCell
from shared.contracts.inventory import (
    ChangeProduct,
    CreateProduct,
    GetStock,
    ListMovements,
    ListUnits,
    StockView,
)
from shared.contracts.part_numbers import (
    AddBarcode,
    AddPartNumber,
    ListAnalogues,
    ListBarcodes,
    ListPartNumbers,
    MakeBarcode,
    RemoveBarcode,
    RemovePartNumber,
)
from shared.contracts.price_lists import FindOffers
from shared.contracts.shelves import (
    FindStock,
    ListCatalogueNames,
    ListLots,
    ListWaiting,
    LotView,
)
from shared.refusals import Refused

SHOWN = 15


async def product(request: PageRequest) -> Response:
    product_id = request.id("product_id")
    found, moved, waiting, lots = await asyncio.gather(
        request.ask(FindStock(product_id=product_id)),
        request.ask(ListMovements(product_id=product_id, limit=SHOWN)),
        request.ask(ListWaiting(product_id=product_id)),
        _lots(request, product_id),
    )
    numbers, barcodes, analogues, offers = await asyncio.gather(
        request.ask(ListPartNumbers(product_id=product_id, limit=200)),
        request.ask(ListBarcodes(product_id=product_id)),
        request.ask(ListAnalogues(product_id=product_id, limit=SHOWN)),
        request.ask(FindOffers(product_id=product_id, limit=SHOWN)),
    )
    past, names, warehouses = await asyncio.gather(
        _past(request, product_id),
        names_of(
            request,
            orders=[
                *(each.order_id for each in moved.items),
                *(each.order_id for each in waiting.items),
            ],
            people=(each.actor for each in moved.items),
        ),
        all_warehouses(request),
    )
    return request.page(
        "stock/product.html",
        shelf=found.items[0],
        product=found.items[0].product,
        moved=moved,
        waiting=waiting.items,
        lots=lots,
        numbers=numbers.items,
        barcodes=barcodes.items,
        analogues=analogues.items,
        offers=offers.items,
        past=past,
        names=names,
        warehouses=warehouses,
    )


async def _lots(request: PageRequest, product_id: UUID) -> tuple[LotView, ...]:
    if not request.may("ListLots"):
        return ()
    return (await request.ask(ListLots(product_id=product_id))).items


async def _past(request: PageRequest, product_id: UUID) -> Page[StockView] | None:
    """What lay there at the moment that was asked about."""
    if not request.query.get("at"):
        return None
    return await request.ask(request.reads(GetStock, product_id=product_id, limit=200))


# --- its card ------------------------------------------------------------------------------------


async def new_product(request: PageRequest) -> Response:
    return await _card(request, None)


async def edit_product(request: PageRequest) -> Response:
    return await _card(request, request.id("product_id"))


async def _card(request: PageRequest, product_id: UUID | None) -> Response:
    groups, vendors, units = await asyncio.gather(
        every(request, ListCatalogueNames(kind="group", limit=200)),
        every(request, ListCatalogueNames(kind="vendor", limit=200)),
        every(request, ListUnits(limit=200)),
    )
    known = None
    if product_id:
        known = (await request.ask(FindStock(product_id=product_id))).items
        if not known:
            raise Refused("product_not_found", id=product_id)
    return request.page(
        "stock/product_card.html",
        product=known[0].product if known else None,
        groups=groups,
        vendors=vendors,
        units=units,
    )


async def create_product(request: PageRequest) -> Response:
    made = await request.send(request.form.message(CreateProduct))
    return request.go(f"/stock/products/{made.id}", said=request._("The product is added"))


async def change_product(request: PageRequest) -> Response:
    product_id = request.id("product_id")
    await request.send(request.form.message(ChangeProduct, product_id=product_id))
    return request.go(f"/stock/products/{product_id}", said=request._("Saved"))


# --- numbers, barcodes, cells --------------------------------------------------------------------


async def add_number(request: PageRequest) -> Response:
    product_id = request.id("product_id")
    await request.send(request.form.message(AddPartNumber, product_id=product_id))
    return request.go(f"/stock/products/{product_id}", said=request._("The number is added"))


async def remove_number(request: PageRequest) -> Response:
    product_id = request.id("product_id")
    await request.send(request.form.message(RemovePartNumber, product_id=product_id))
    return request.go(f"/stock/products/{product_id}", said=request._("The number is removed"))


async def add_barcode(request: PageRequest) -> Response:
    """What was scanned; with nothing scanned, one of the station's own."""
    product_id = request.id("product_id")
    if request.form.get("code").strip():
        made = await request.send(request.form.message(AddBarcode, product_id=product_id))
    else:
        made = await request.send(MakeBarcode(product_id=product_id))
    said = (
        request._("Added, but its check digit does not fit: scan it once more")
        if made.warnings
        else request._("The barcode is added")
    )
    return request.go(f"/stock/products/{product_id}", said=said)


async def remove_barcode(request: PageRequest) -> Response:
    product_id = request.id("product_id")
    await request.send(request.form.message(RemoveBarcode, product_id=product_id))
    return request.go(f"/stock/products/{product_id}", said=request._("The barcode is removed"))


async def set_cell(request: PageRequest) -> Response:
    """The cell is named; a new name makes a new cell, none takes the product out of its cell."""
    product_id, name = request.id("product_id"), request.form.get("cell").strip()
    home = request.form.message(SetHomeCell, product_id=product_id, cell_id=None)
    if name:
        cells = await request.ask(ListCells(warehouse_id=home.warehouse_id, q=name, limit=200))
        named = [cell.id for cell in cells.items if cell.name.casefold() == name.casefold()]
        if not named:
            cell = CreateCell(warehouse_id=home.warehouse_id, name=name)
            named = [(await request.send(cell, "cell")).id]
        home = home.model_copy(update={"cell_id": named[0]})
    await request.send(home, "home")
    return request.go(f"/stock/products/{product_id}", said=request._("Saved"))


_PRODUCT = "/stock/products/{product_id}"
PAGES = (
    show("/stock/products/new", new_product, needs=CreateProduct),
    act("/stock/products/new", create_product, needs=CreateProduct),
    show(_PRODUCT, product, needs=FindStock),
    show(f"{_PRODUCT}/edit", edit_product, needs=ChangeProduct),
    act(f"{_PRODUCT}/edit", change_product, needs=ChangeProduct),
    act(f"{_PRODUCT}/numbers", add_number, needs=AddPartNumber),
    act(f"{_PRODUCT}/numbers/remove", remove_number, needs=RemovePartNumber),
    act(f"{_PRODUCT}/barcodes", add_barcode, needs=AddBarcode),
    act(f"{_PRODUCT}/barcodes/remove", remove_barcode, needs=RemoveBarcode),
    act(f"{_PRODUCT}/cell", set_cell, needs=SetHomeCell),
)
