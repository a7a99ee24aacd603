"""What things are called, for lists of which a service knows only ids. Asked in the gateway's own
right: who may see the list may read whom it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from services.gateway.pages.request import PageRequest
from services.gateway.store import users
from shared.contracts.clients import Cards, ClientView, GetCards
from shared.contracts.inventory import GetProducts, ProductView
from shared.contracts.order_reports import NameOrders, OrderName, OrderNames
from shared.contracts.orders import ServiceView
from shared.contracts.works import GetServices

AT_ONCE = 500
CLIENT_LINK = "client link"
"""What the logins of those begin with who answer by an estimate's link."""


async def people_named(request: PageRequest, logins: Iterable[str]) -> dict[str, str]:
    """By login, what to call whoever acted: an employee, the client by their link, or nobody, but
    the station's own rules."""
    wanted = set(logins)
    async with request.call.gateway.engine.connect() as connection:
        rows = await connection.execute(
            select(users.c.login, users.c.name).where(users.c.login.in_(wanted))
        )
        known = {row.login: row.name for row in rows}
    return {login: known.get(login) or _without_login(request, login) for login in wanted}


def _without_login(request: PageRequest, login: str) -> str:
    if login.startswith(CLIENT_LINK):
        return request._("The client, by link")
    return request._("Automatically")


async def clients_named(request: PageRequest, ids: Iterable[UUID | None]) -> dict[UUID, ClientView]:
    """The cards of those clients; of what does not exist there is none."""
    wanted = sorted({each for each in ids if each})
    parts = [wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)]
    cards: list[Cards] = await asyncio.gather(
        *(request.call.gateway.client.ask(GetCards(client_ids=tuple(part))) for part in parts)
    )
    return {client.id: client for found in cards for client in found.clients}


async def orders_named(request: PageRequest, ids: Iterable[UUID | None]) -> dict[UUID, OrderName]:
    """What those orders are called."""
    wanted = sorted({each for each in ids if each})
    parts = [wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)]
    named: list[OrderNames] = await asyncio.gather(
        *(request.call.gateway.client.ask(NameOrders(order_ids=tuple(part))) for part in parts)
    )
    return {order.id: order for found in named for order in found.orders}


async def works_named(request: PageRequest, ids: Iterable[UUID]) -> dict[UUID, ServiceView]:
    """Those works of the catalogue."""
    wanted = sorted(set(ids))[:AT_ONCE]
    if not wanted:
        return {}
    found = await request.call.gateway.client.ask(GetServices(service_ids=tuple(wanted)))
    return {service.id: service for service in found.items}


async def products_named(request: PageRequest, ids: Iterable[UUID]) -> dict[UUID, ProductView]:
    """Those products; for their names alone, for nothing is hidden in them."""
    wanted = sorted(set(ids))[:AT_ONCE]
    if not wanted:
        return {}
    found = await request.call.gateway.client.ask(GetProducts(product_ids=tuple(wanted)))
    return {product.id: product for product in found.items}
