"""Who belongs to whom, and whom reception may propose as payer and driver."""

from __future__ import annotations

from services.clients.domain.links import ended, new_link
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.base import Done, Page
from shared.contracts.client_links import (
    ClientLinked,
    ClientUnlinked,
    LinkClient,
    LinkView,
    ListLinks,
    NamedLink,
    OrderParties,
    SuggestParties,
    UnlinkClient,
)
from shared.handlers import Work


@handlers.command(LinkClient)
async def link_client(command: LinkClient, store: ClientsStore, work: Work) -> LinkView:
    ends = {command.client_id, command.other_id or command.client_id}
    # Both at once: whoever links the same two has to wait.
    await store.hold_clients(ends)
    for client_id in sorted(ends):
        await store.client(client_id)
    if command.vehicle_id:
        await store.vehicle(command.vehicle_id)
    known = await store.links.of(command.client_id)
    link = new_link(command, known, work.new_id(), work.today)
    await store.write()
    await store.links.save(link)
    work.publish(ClientLinked(link=link))
    return link


@handlers.command(UnlinkClient)
async def unlink_client(command: UnlinkClient, store: ClientsStore, work: Work) -> Done:
    client = await store.client(command.client_id)
    link = await store.links.one(client.id, command.link_id)
    after = ended(link, work.today)
    if after is None:
        await store.links.remove(link.id)
    elif after != link:
        await store.links.save(after)
    if after != link:
        work.publish(ClientUnlinked(link=after or link))
    return Done()


@handlers.question(ListLinks)
async def list_links(question: ListLinks, store: ClientsStore, work: Work) -> Page[NamedLink]:
    client = await store.look_at_client(question.client_id)
    return await store.links.page(client.id, question, work.today)


@handlers.question(SuggestParties)
async def suggest_parties(
    question: SuggestParties, store: ClientsStore, work: Work
) -> OrderParties:
    client = await store.look_at_client(question.client_id)
    return await store.links.parties(client.id, question.vehicle_id, work.today)
