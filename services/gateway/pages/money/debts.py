"""Who owes the station, by age, and whose money it holds."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.statements import Creditors, Debtors

DEBTS = "/money/debts"


async def debts(request: PageRequest) -> Response:
    debtors, creditors = await asyncio.gather(
        request.ask(request.reads(Debtors)), request.ask(Creditors())
    )
    return request.page("money/debts.html", debtors=debtors, creditors=creditors)


PAGES = (show(DEBTS, debts, needs=Debtors),)
