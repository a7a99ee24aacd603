"""What things are called, for lists of which a service knows only ids. Asked in the gateway's own
right: who may see the list may read whom it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway.store import users
from shared.contracts.base import Question
from shared.contracts.clients import ClientView, GetCards
from shared.contracts.inventory import GetProducts, ProductView
from shared.contracts.order_reports import NameOrders, OrderName
from shared.contracts.orders import ServiceView
from shared.contracts.works import GetServices
from shared.messaging.client import ServiceClient

AT_ONCE = 500
CLIENT_LINK = "client link"
"""What the logins of those begin with who answer by an estimate's link."""


class Asker(Protocol):
    """Whoever looks at a page, or takes a table away."""

    @property
    def services(self) -> ServiceClient: ...
    @property
    def engine(self) -> AsyncEngine: ...
    def _(self, text: str, **values: Any) -> str: ...


async def people_named(asker: Asker, logins: Iterable[str]) -> dict[str, str]:
    """By login, what to call whoever acted: an employee, the client by their link, or nobody, but
    the station's own rules."""
    wanted = set(logins)
    async with asker.engine.connect() as connection:
        rows = await connection.execute(
            select(users.c.login, users.c.name).where(users.c.login.in_(wanted))
        )
        known = {row.login: row.name for row in rows}
    return {login: known.get(login) or _without_login(asker, login) for login in wanted}


def _without_login(asker: Asker, login: str) -> str:
    if login.startswith(CLIENT_LINK):
        return asker._("The client, by link")
    return asker._("Automatically")


async def clients_named(asker: Asker, ids: Iterable[UUID | None]) -> dict[UUID, ClientView]:
    """The cards of those clients; of what does not exist there is none."""
    found = await in_parts(asker, ids, lambda part: GetCards(client_ids=part))
    return {client.id: client for cards in found for client in cards.clients}


async def orders_named(asker: Asker, ids: Iterable[UUID | None]) -> dict[UUID, OrderName]:
    """What those orders are called."""
    found = await in_parts(asker, ids, lambda part: NameOrders(order_ids=part))
    return {order.id: order for named in found for order in named.orders}


async def works_named(asker: Asker, ids: Iterable[UUID]) -> dict[UUID, ServiceView]:
    """Those works of the catalogue."""
    found = await in_parts(asker, ids, lambda part: GetServices(service_ids=part))
    return {service.id: service for page in found for service in page.items}


async def products_named(asker: Asker, ids: Iterable[UUID]) -> dict[UUID, ProductView]:
    """Those products; for their names alone, for nothing is hidden in them."""
    found = await in_parts(asker, ids, lambda part: GetProducts(product_ids=part))
    return {product.id: product for page in found for product in page.items}


async def in_parts[ReplyT](
    asker: Asker,
    ids: Iterable[UUID | None],
    question: Callable[[tuple[UUID, ...]], Question[ReplyT]],
) -> list[ReplyT]:
    """The answers about all of them, however many there are; nothing is asked about none."""
    wanted = sorted({each for each in ids if each})
    parts = [tuple(wanted[start : start + AT_ONCE]) for start in range(0, len(wanted), AT_ONCE)]
    return await asyncio.gather(*(asker.services.ask(question(part)) for part in parts))
