"""All that is known of a person, from every service, to be given to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.clients.handlers.finding import details
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.audit import AuditRecord, FindRecords
from shared.contracts.base import Page, Question
from shared.contracts.bonuses import GetBonuses
from shared.contracts.client_data import GetPersonalData, OrderOfPerson, PersonalData
from shared.contracts.clients import ClientDetails
from shared.contracts.finance import GetBalance, ListPayments
from shared.contracts.messages import ListMessages
from shared.contracts.orders import FindOrders, ListComments
from shared.handlers import Work

AT_ONCE = 200
FACTS = ("client_created", "client_changed", "client_merged", "client_erased")


@handlers.question(GetPersonalData)
async def get_personal_data(
    question: GetPersonalData, store: ClientsStore, work: Work
) -> PersonalData:
    client = await store.look_at_client(question.client_id)
    cars = await store.vehicles_of([client.id])
    contracts = await store.contracts.page(client.id, AT_ONCE, None)
    aliases = await store.erasure.aliases(client.id)
    known = await _asked(details(client, cars[client.id]), contracts.items, aliases, work)
    tags = {tag.id: tag for tag in await store.tags.of_client(client.id)}
    for car in cars[client.id]:
        tags |= {tag.id: tag for tag in await store.tags.of_vehicle(car.id)}
    links = sorted(await store.links.of(client.id), key=lambda link: link.id, reverse=True)
    return known.model_copy(update={"tags": tuple(tags.values()), "links": tuple(links)})


async def _asked(
    client: ClientDetails, contracts: Any, aliases: list[UUID], work: Work
) -> PersonalData:
    orders = await _all(FindOrders(client_id=client.id, limit=AT_ONCE), work)
    return PersonalData(
        client=client,
        contracts=contracts,
        orders=tuple(
            [
                OrderOfPerson(
                    order=order,
                    comments=await _all(ListComments(order_id=order.id, limit=AT_ONCE), work),
                )
                for order in orders
            ]
        ),
        balance=await work.ask(GetBalance(client_id=client.id)),
        bonuses=await work.ask(GetBonuses(client_id=client.id, limit=AT_ONCE)),
        payments=await _all(ListPayments(customer_id=client.id, limit=AT_ONCE), work),
        messages=await _all(ListMessages(client_id=client.id, limit=AT_ONCE), work),
        journal=await _journal(aliases, work),
    )


async def _all[ItemT](question: Question[Page[ItemT]], work: Work) -> tuple[ItemT, ...]:
    """A list from its first page to its last."""
    items: list[ItemT] = []
    while True:
        page = await work.ask(question)
        items += page.items
        if page.next is None:
            return tuple(items)
        question = question.model_copy(update={"cursor": page.next})


async def _journal(aliases: list[UUID], work: Work) -> tuple[AuditRecord, ...]:
    records: list[AuditRecord] = []
    for fact in FACTS:
        for alias in aliases:
            asked = FindRecords(event=f"evt.clients.{fact}.v1", about=alias, limit=AT_ONCE)
            records += await _all(asked, work)
    # A merger names two of them.
    once = {record.seq: record for record in records}
    return tuple(once[seq] for seq in sorted(once, reverse=True))
