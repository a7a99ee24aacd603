"""What a client owes and has: balance, statement of a period, bonuses."""

from __future__ import annotations

from asyncio import gather
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.pages.clients.card import head
from services.gateway.pages.clients.finding import if_may
from services.gateway.pages.forms import day_said, today
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.base import Period
from shared.contracts.bonuses import AdjustBonuses, GetBonuses
from shared.contracts.statements import ClientStatement

QUARTER = timedelta(days=90)


async def money(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    last = day_said(request.query.get("to")) or today(request.zone)
    first = day_said(request.query.get("from")) or last - QUARTER
    period = Period(start=_midnight(request, first), end=_midnight(request, last, later=1))
    about, statement, bonuses = await gather(
        head(request),
        request.ask(ClientStatement(client_id=client_id, period=period)),
        if_may(request, GetBonuses(client_id=client_id, limit=20)),
    )
    paper = {"from": first, "to": last + timedelta(days=1), "language": request.language}
    return request.page(
        "clients/money.html",
        statement=statement,
        bonuses=bonuses,
        first=first,
        last=last,
        paper=f"/api/v1/clients/{client_id}/statement/form?format=pdf&{urlencode(paper)}",
        **about,
    )


async def adjust_bonuses(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    await request.send(request.form.message(AdjustBonuses, client_id=client_id))
    return request.go(f"/clients/{client_id}/money", said=request._("Saved"))


def _midnight(request: PageRequest, day: date, later: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=later), time(), request.zone)


PAGES = (
    show("/clients/{client_id}/money", money, needs=ClientStatement),
    act("/clients/{client_id}/bonuses", adjust_bonuses, needs=AdjustBonuses),
)
