"""Tags: reception marks clients and cars by them."""

from __future__ import annotations

from services.clients.domain.tags import changed_tag, new_tag, tagged
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.base import Done, Page
from shared.contracts.tags import (
    ChangeTag,
    ClientTagged,
    CreateTag,
    GetClientTags,
    GetVehicleTags,
    ListTags,
    RemoveTag,
    TagClient,
    TagRemoved,
    Tags,
    TagSaved,
    TagVehicle,
    TagView,
    UntagClient,
    UntagVehicle,
    VehicleTagged,
)
from shared.handlers import Work


@handlers.command(CreateTag)
async def create_tag(command: CreateTag, store: ClientsStore, work: Work) -> TagView:
    tag = new_tag(command, work.new_id(), work.now)
    await store.tags.save(tag)
    work.publish(TagSaved(tag=tag))
    return tag


@handlers.command(ChangeTag)
async def change_tag(command: ChangeTag, store: ClientsStore, work: Work) -> TagView:
    before = await store.tags.one(command.tag_id)
    tag, changes = changed_tag(before, command, work.now)
    if changes:
        await store.tags.save(tag)
        work.publish(TagSaved(tag=tag, changes=changes))
    return tag


@handlers.command(RemoveTag)
async def remove_tag(command: RemoveTag, store: ClientsStore, work: Work) -> Done:
    tag = await store.tags.one(command.tag_id)
    await store.tags.remove(tag)
    work.publish(TagRemoved(tag=tag))
    return Done()


@handlers.question(ListTags)
async def list_tags(question: ListTags, store: ClientsStore, work: Work) -> Page[TagView]:
    return await store.tags.page(question.limit, question.cursor)


# --- on clients and cars -----------------------------------------------------------------------


@handlers.command(TagClient)
async def tag_client(command: TagClient, store: ClientsStore, work: Work) -> Tags:
    return await _mark_client(command, store, work)


@handlers.command(UntagClient)
async def untag_client(command: UntagClient, store: ClientsStore, work: Work) -> Tags:
    return await _mark_client(command, store, work)


async def _mark_client(command: TagClient | UntagClient, store: ClientsStore, work: Work) -> Tags:
    client = await store.client(command.client_id)
    (tag,) = await store.tags.held([command.tag_id])
    on = isinstance(command, TagClient)
    tags, changes = tagged(await store.tags.of_client(client.id), tag, on=on)
    if changes:
        if on:
            # The card may be one of this transaction's own.
            await store.write()
            await store.tags.put_on_client(client.id, [tag.id])
        else:
            await store.tags.take_from_client(client.id, tag.id)
        work.publish(ClientTagged(client_id=client.id, tags=tags, changes=changes))
    return Tags(items=tags)


@handlers.command(TagVehicle)
async def tag_vehicle(command: TagVehicle, store: ClientsStore, work: Work) -> Tags:
    return await _mark_vehicle(command, store, work)


@handlers.command(UntagVehicle)
async def untag_vehicle(command: UntagVehicle, store: ClientsStore, work: Work) -> Tags:
    return await _mark_vehicle(command, store, work)


async def _mark_vehicle(
    command: TagVehicle | UntagVehicle, store: ClientsStore, work: Work
) -> Tags:
    vehicle = await store.vehicle(command.vehicle_id)
    (tag,) = await store.tags.held([command.tag_id])
    on = isinstance(command, TagVehicle)
    tags, changes = tagged(await store.tags.of_vehicle(vehicle.id), tag, on=on)
    if changes:
        if on:
            await store.write()
            await store.tags.put_on_vehicle(vehicle.id, tag.id)
        else:
            await store.tags.take_from_vehicle(vehicle.id, tag.id)
        work.publish(VehicleTagged(vehicle_id=vehicle.id, tags=tags, changes=changes))
    return Tags(items=tags)


@handlers.question(GetClientTags)
async def get_client_tags(question: GetClientTags, store: ClientsStore, work: Work) -> Tags:
    client = await store.look_at_client(question.client_id)
    return Tags(items=await store.tags.of_client(client.id))


@handlers.question(GetVehicleTags)
async def get_vehicle_tags(question: GetVehicleTags, store: ClientsStore, work: Work) -> Tags:
    vehicle = await store.look_at_vehicle(question.vehicle_id)
    return Tags(items=await store.tags.of_vehicle(vehicle.id))
