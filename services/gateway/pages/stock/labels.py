"""Labels of a product, to be printed and stuck on: what it is, what it costs, and its barcode."""

from __future__ import annotations

import asyncio
from base64 import b64encode

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.bar_code import bar_code
from shared.contracts.inventory import GetProduct
from shared.contracts.part_numbers import ListBarcodes

MOST = 200
"""Of one product at a time."""


async def labels(request: PageRequest) -> Response:
    """With one of its barcodes, or else with its part number."""
    product_id = request.id("product_id")
    product, barcodes = await asyncio.gather(
        request.ask(GetProduct(product_id=product_id)),
        request.ask(ListBarcodes(product_id=product_id)),
    )
    codes = [each.code for each in barcodes.items] or [product.oem or ""]
    wanted = request.query.get("code", "")
    code = wanted if wanted in codes else codes[0]
    bars = bar_code(code) if code else None
    return request.page(
        "stock/labels.html",
        product=product,
        choices=[(each, each) for each in codes],
        code=code,
        bars=b64encode(bars).decode() if bars else "",
        copies=_copies(request.query.get("copies", "")),
        most=MOST,
        with_price=request.query.get("price", "true") == "true",
    )


def _copies(said: str) -> int:
    return min(max(int(said), 1), MOST) if said.isdecimal() and len(said) < 5 else 1


PAGES = (show("/stock/products/{product_id}/labels", labels, needs=GetProduct),)
