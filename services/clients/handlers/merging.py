"""Two cards of one client: found, told apart, or made one."""

from __future__ import annotations

from uuid import UUID

from services.clients.domain import merging
from services.clients.domain.cards import client_view
from services.clients.domain.contracts import of_client
from services.clients.domain.vehicles import moved, new_facts, vehicle_view
from services.clients.handlers.finding import details
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.base import Change, Done, Page
from shared.contracts.client_contracts import ContractSaved
from shared.contracts.client_merge import (
    ClientMerged,
    DismissDuplicate,
    Duplicate,
    DuplicateDismissed,
    FindDuplicates,
    MergeClients,
)
from shared.contracts.clients import ClientDetails, VehicleChanged
from shared.contracts.tags import ClientTagged
from shared.handlers import Work
from shared.refusals import Refused


@handlers.command(MergeClients)
async def merge_clients(command: MergeClients, store: ClientsStore, work: Work) -> ClientDetails:
    client, other = await store.client(command.client_id), await store.client(command.other_id)
    merged = merging.merged(client, other, command.expected_revision, work.now)
    store.save_client(merged.client)
    store.save_client(merged.other)
    cars = await store.cars_of(other.id)
    for car in cars:
        after = moved(car, client.id, work.now)
        store.save_vehicle(after, new_facts(car, after, work.now))
        change = Change(field="client_id", old=str(other.id), new=str(client.id))
        work.publish(VehicleChanged(vehicle=vehicle_view(after), changes=(change,)))
    for contract in await store.contracts.of_client(other.id):
        taken_over = of_client(contract, client.id, work.now)
        await store.contracts.save(taken_over)
        work.publish(ContractSaved(contract=taken_over))
    await store.write()
    await store.visits.move(other.id, client.id)
    await store.links.move(other.id, client.id)
    await _move_tags(other.id, client.id, store, work)
    work.publish(
        ClientMerged(
            client=client_view(merged.client),
            merged=client_view(merged.other),
            vehicle_ids=tuple(car.id for car in cars),
            changes=merged.changes,
        )
    )
    return details(merged.client, await store.cars_of(client.id))


async def _move_tags(other_id: UUID, client_id: UUID, store: ClientsStore, work: Work) -> None:
    before = await store.tags.of_client(client_id)
    have = {tag.id for tag in before}
    new = [tag for tag in await store.tags.of_client(other_id) if tag.id not in have]
    await store.tags.put_on_client(client_id, [tag.id for tag in new])
    await store.tags.strip([other_id])
    if new:
        tags = await store.tags.of_client(client_id)
        changes = tuple(Change(field="tag", new=tag.name) for tag in new)
        work.publish(ClientTagged(client_id=client_id, tags=tags, changes=changes))


@handlers.question(FindDuplicates)
async def find_duplicates(
    question: FindDuplicates, store: ClientsStore, work: Work
) -> Page[Duplicate]:
    return await store.duplicates.page(question.client_id, question.limit, question.cursor)


@handlers.command(DismissDuplicate)
async def dismiss_duplicate(command: DismissDuplicate, store: ClientsStore, work: Work) -> Done:
    one_id, other_id = merging.pair(command.one_id, command.other_id)
    if not await store.duplicates.dismiss((one_id, other_id), work.actor.login, work.now):
        raise Refused("duplicate_not_found")
    work.publish(DuplicateDismissed(one_id=one_id, other_id=other_id))
    return Done()
