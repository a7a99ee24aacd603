"""What lies where: found as one types, and picked for an order."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from services.gateway.pages.stock.names import all_warehouses, every, names_of
from shared.contracts.inventory import ListMovements
from shared.contracts.part_numbers import GetByBarcode, ScannedView
from shared.contracts.shelves import FindStock, ListCatalogueNames, ShelfView
from shared.refusals import Refused

CHOICES = 8
_CODE = re.compile(r"[\x21-\x7e]{6,80}")
"""What a scanner may have typed."""


async def stock(request: PageRequest) -> Response:
    """Enter on the only one that was found leads to it: so does a scanner."""
    question = request.reads(FindStock)
    found, warehouses, groups = await asyncio.gather(
        request.ask(question),
        all_warehouses(request),
        every(request, ListCatalogueNames(kind="group", limit=200)),
    )
    if "go" in request.query and question.q and len(found.items) == 1 and not question.cursor:
        return request.go(f"/stock/products/{found.items[0].product.id}")
    return request.page(
        "stock/stock.html",
        found=found,
        asked=question,
        table=request.table("/stock/shelves", question),
        warehouses=warehouses,
        groups=[group.name for group in groups],
    )


async def choices(request: PageRequest) -> Response:
    """A few products for what is being typed into a line; what was scanned stands alone."""
    q = request.query.get("q", "").strip()
    scanned = await by_code(request, q)
    if scanned:
        found = await request.ask(FindStock(product_id=scanned.product.id))
    else:
        found = await request.ask(FindStock(q=q, limit=CHOICES))
    return request.page(
        "stock/choices.html",
        choices=[_choice(shelf, request.query.get("warehouse_id", "")) for shelf in found.items],
        scanned=scanned,
        q=q,
    )


async def by_code(request: PageRequest, code: str) -> ScannedView | None:
    """The product that a code stands on, and the unit that it counts."""
    if not _CODE.fullmatch(code):
        return None
    try:
        return await request.ask(GetByBarcode(code=code))
    except Refused as refusal:
        if refusal.code != "barcode_not_found":
            raise
        return None


def _choice(shelf: ShelfView, warehouse_id: str) -> dict[str, Any]:
    here = next((each for each in shelf.places if str(each.warehouse_id) == warehouse_id), None)
    return {"shelf": shelf, "product": shelf.product, "here": here}


async def movements(request: PageRequest) -> Response:
    question = request.reads(ListMovements)
    moved = await request.ask(question)
    names = await names_of(
        request,
        products=(each.product_id for each in moved.items),
        orders=(each.order_id for each in moved.items),
        people=(each.actor for each in moved.items),
    )
    return request.page(
        "stock/movements.html",
        moved=moved,
        names=names,
        asked=question,
        table=request.table("/stock/movements", question),
    )


PAGES = (
    show("/stock", stock, needs=FindStock),
    show("/stock/choices", choices, needs=FindStock),
    show("/stock/movements", movements, needs=ListMovements),
)
