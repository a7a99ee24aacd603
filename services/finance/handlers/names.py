"""What others call the things that finance knows by their ids. A report is not refused because
its names cannot be had."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import batched
from uuid import UUID

import structlog

from shared.contracts.clients import GetCards
from shared.contracts.finance_reports import MarginBy
from shared.contracts.inventory import GetProducts, ProductView
from shared.contracts.orders import ListEmployees, ListSections
from shared.handlers import Work
from shared.refusals import Refused

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""As many as others tell in one answer."""
PAGE = 200


async def names_of(by: MarginBy, ids: Iterable[UUID], work: Work) -> dict[UUID, str]:
    """As far as they can be had: of technicians, sections, clients and products."""
    wanted = [each for each in ids if each.int]
    if by not in _ASK or not wanted:
        return {}
    try:
        return await _ASK[by](wanted, work)
    except Refused as refused:
        log.warning("names_unknown", by=by, code=refused.code)
        return {}


async def products_of(ids: Sequence[UUID], work: Work) -> dict[UUID, ProductView]:
    try:
        return await _products(ids, work)
    except Refused as refused:
        log.warning("names_unknown", by="product", code=refused.code)
        return {}


async def _products(ids: Sequence[UUID], work: Work) -> dict[UUID, ProductView]:
    found: dict[UUID, ProductView] = {}
    for some in batched(ids, AT_ONCE):
        page = await work.ask(GetProducts(product_ids=some))
        found |= {product.id: product for product in page.items}
    return found


async def _product_names(ids: Sequence[UUID], work: Work) -> dict[UUID, str]:
    products = await _products(ids, work)
    return {product.id: product.name for product in products.values()}


async def _client_names(ids: Sequence[UUID], work: Work) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for some in batched(ids, AT_ONCE):
        cards = await work.ask(GetCards(client_ids=some))
        names |= {client.id: client.name for client in cards.clients}
    return names


async def _employee_names(ids: Sequence[UUID], work: Work) -> dict[UUID, str]:
    """All there are: a chain has hundreds, and a report names most of them."""
    names: dict[UUID, str] = {}
    cursor: str | None = None
    while True:
        page = await work.ask(ListEmployees(limit=PAGE, cursor=cursor))
        names |= {each.id: f"{each.last_name} {each.first_name}" for each in page.items}
        cursor = page.next
        if cursor is None or names.keys() >= set(ids):
            return names


async def _section_names(ids: Sequence[UUID], work: Work) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    cursor: str | None = None
    while True:
        page = await work.ask(ListSections(limit=PAGE, cursor=cursor))
        names |= {section.id: section.name for section in page.items}
        cursor = page.next
        if cursor is None or names.keys() >= set(ids):
            return names


_ASK: dict[str, Callable[[Sequence[UUID], Work], Awaitable[dict[UUID, str]]]] = {
    "technician": _employee_names,
    "section": _section_names,
    "client": _client_names,
    "product": _product_names,
}
