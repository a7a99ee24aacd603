"""Photos of orders: brought from the car, shown at the counter and, if they are meant for it, to
the client."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from uuid import UUID

from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from shared.contracts.approvals import OrderOfLink
from shared.contracts.base import Change, Done, Page
from shared.contracts.orders import GetOrder
from shared.contracts.photos import (
    MAX_PER_ORDER,
    AddPhoto,
    ChangePhoto,
    ClientPhoto,
    GetPhoto,
    GetSmallPhoto,
    ListPhotos,
    PhotoAdded,
    PhotoChanged,
    PhotoEvent,
    PhotoFile,
    PhotoRemoved,
    PhotoView,
    RemovePhoto,
    ShowClientPhoto,
    ShowClientPhotos,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision

_JPEG = b"\xff\xd8\xff"
_SHOWN_TO_CLIENT = 100


@handlers.command(AddPhoto)
async def add_photo(command: AddPhoto, store: DocumentsStore, work: Work) -> PhotoView:
    if not (command.content.startswith(_JPEG) and command.small.startswith(_JPEG)):
        raise Refused("photo_invalid")
    order = await work.ask(GetOrder(order_id=command.order_id))
    if command.line_id and command.line_id not in {line.id for line in order.services}:
        raise Refused("line_not_found", id=command.line_id)
    if await store.photos.count_of(order.id) >= MAX_PER_ORDER:
        raise Refused("photos_too_many", limit=MAX_PER_ORDER)
    row = await store.photos.add(
        {
            "id": work.new_id(),
            "order_id": order.id,
            "number": order.number,
            "client_id": order.client_id,
            "line_id": command.line_id,
            "caption": command.caption or None,
            "visible_to_client": command.visible_to_client,
            "width": command.width,
            "height": command.height,
            "author": work.actor.login,
            "at": work.now,
            "revision": 1,
        },
        command.content,
        command.small,
    )
    work.publish(_told(PhotoAdded, row))
    return _view(row)


@handlers.command(ChangePhoto)
async def change_photo(command: ChangePhoto, store: DocumentsStore, work: Work) -> PhotoView:
    row = await _shown(command.photo_id, store)
    ensure_revision(command.expected_revision, row.revision)
    named = command.model_fields_set & {"caption", "visible_to_client"}
    if "visible_to_client" in named and command.visible_to_client is None:
        raise Refused("field_required", field="visible_to_client")
    said = {name: getattr(command, name) for name in named}
    if "caption" in said:
        said["caption"] = said["caption"] or None
    differs = {name: value for name, value in said.items() if value != row._mapping[name]}
    if not differs:
        return _view(row)
    changed = await store.photos.change(row.id, differs)
    changes = tuple(
        Change(field=name, old=row._mapping[name], new=differs[name]) for name in sorted(differs)
    )
    work.publish(_told(PhotoChanged, changed, changes))
    return _view(changed)


@handlers.command(RemovePhoto)
async def remove_photo(command: RemovePhoto, store: DocumentsStore, work: Work) -> Done:
    row = await store.photos.get(command.photo_id)
    if row.removed_at:
        return Done()
    ensure_revision(command.expected_revision, row.revision)
    removed = await store.photos.change(
        row.id, {"removed_at": work.now, "removed_by": work.actor.login}
    )
    work.publish(_told(PhotoRemoved, removed))
    return Done()


@handlers.question(ListPhotos)
async def list_photos(question: ListPhotos, store: DocumentsStore, work: Work) -> Page[PhotoView]:
    rows = await store.photos.page(question)
    if not (rows or question.cursor):
        await work.ask(GetOrder(order_id=question.order_id))
    return page_of(rows, question.limit, _view, lambda row: (row.id,))


@handlers.question(GetPhoto)
async def get_photo(question: GetPhoto, store: DocumentsStore, _: Work) -> PhotoFile:
    content = await store.photos.file(question.photo_id, small=False)
    return PhotoFile(content=b64encode(content))


@handlers.question(GetSmallPhoto)
async def get_small_photo(question: GetSmallPhoto, store: DocumentsStore, _: Work) -> PhotoFile:
    content = await store.photos.file(question.photo_id, small=True)
    return PhotoFile(content=b64encode(content))


@handlers.question(ShowClientPhotos)
async def client_photos(
    question: ShowClientPhotos, store: DocumentsStore, work: Work
) -> Page[ClientPhoto]:
    behind = await work.ask(OrderOfLink(token=question.token))
    rows = await store.photos.for_client(behind.order_id, _SHOWN_TO_CLIENT)
    return Page(
        items=tuple(
            ClientPhoto(**{name: row._mapping[name] for name in ClientPhoto.model_fields})
            for row in rows
        )
    )


@handlers.question(ShowClientPhoto)
async def client_photo(question: ShowClientPhoto, store: DocumentsStore, work: Work) -> PhotoFile:
    behind = await work.ask(OrderOfLink(token=question.token))
    content = await store.photos.file(
        question.photo_id, small=question.small, for_order=behind.order_id
    )
    return PhotoFile(content=b64encode(content))


async def _shown(photo_id: UUID, store: DocumentsStore) -> Any:
    row = await store.photos.get(photo_id)
    if row.removed_at:
        raise Refused("photo_not_found", id=photo_id)
    return row


def _told[EventT: PhotoEvent](
    fact: type[EventT], row: Any, changes: tuple[Change, ...] = ()
) -> EventT:
    return fact(order_id=row.order_id, number=row.number, photo=_view(row), changes=changes)


def _view(row: Any) -> PhotoView:
    return PhotoView(**{name: row._mapping[name] for name in PhotoView.model_fields})
