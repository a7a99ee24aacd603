"""What the documents of the stock have in common: their list, a new one, one that there is."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import Answer
from services.gateway.pages.stock.editor import first_lines
from services.gateway.pages.stock.names import all_warehouses, names_of
from shared.contracts.base import Question


def listed(question: type[Question[Any]], template: str) -> Answer:
    async def page(request: PageRequest) -> Response:
        asked = request.reads(question)
        found = await request.ask(asked)
        names = await names_of(request, people=(each.actor for each in found.items))
        return request.page(template, found=found, names=names, asked=asked)

    return page


def blank(template: str) -> Answer:
    async def page(request: PageRequest) -> Response:
        warehouses, lines = await asyncio.gather(all_warehouses(request), first_lines(request))
        return request.page(template, warehouses=warehouses, lines=lines)

    return page


def one(question: type[Question[Any]], identity: str, template: str) -> Answer:
    """``identity``: the field that says which one, as the address has it; ``transfer_id`` is shown
    as ``transfer``."""

    async def page(request: PageRequest) -> Response:
        found = await request.ask(question(**{identity: request.id(identity)}))
        names = await names_of(
            request, products=(line.product_id for line in found.lines), people=[found.actor]
        )
        return request.page(template, names=names, **{identity.removesuffix("_id"): found})

    return page
