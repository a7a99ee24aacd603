"""Whom a client belongs to, and what was agreed on with a company."""

from __future__ import annotations

from asyncio import gather

from starlette.responses import Response

from services.gateway.pages.clients.card import head
from services.gateway.pages.clients.finding import if_may
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.client_contracts import ChangeContract, CreateContract, ListContracts
from shared.contracts.client_links import LinkClient, ListLinks, UnlinkClient

MOST = 200


async def relations(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    about, links, contracts = await gather(
        head(request),
        request.ask(ListLinks(client_id=client_id, limit=MOST)),
        if_may(request, ListContracts(client_id=client_id, limit=MOST)),
    )
    return request.page("clients/relations.html", links=links, contracts=contracts, **about)


async def link(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    await request.send(request.form.message(LinkClient, client_id=client_id))
    return _back(request)


async def unlink(request: PageRequest) -> Response:
    await request.send(
        UnlinkClient(client_id=request.id("client_id"), link_id=request.id("link_id"))
    )
    return _back(request)


async def create_contract(request: PageRequest) -> Response:
    await request.send(request.form.message(CreateContract, client_id=request.id("client_id")))
    return _back(request)


async def change_contract(request: PageRequest) -> Response:
    contract_id = request.id("contract_id")
    await request.send(request.form.message(ChangeContract, contract_id=contract_id))
    return _back(request)


def _back(request: PageRequest) -> Response:
    return request.go(f"/clients/{request.id('client_id')}/relations", said=request._("Saved"))


_HERE = "/clients/{client_id}"
PAGES = (
    show(f"{_HERE}/relations", relations, needs=ListLinks),
    act(f"{_HERE}/links", link, needs=LinkClient),
    act(f"{_HERE}/links/{{link_id}}/end", unlink, needs=UnlinkClient),
    act(f"{_HERE}/contracts", create_contract, needs=CreateContract),
    act(f"{_HERE}/contracts/{{contract_id}}", change_contract, needs=ChangeContract),
)
