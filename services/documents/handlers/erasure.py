"""A person asked to be forgotten: nobody is written to any more, and what was written and
photographed is gone."""

from __future__ import annotations

from collections.abc import Sequence

from services.documents.domain import messages as domain
from services.documents.handlers.composing import save
from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from shared.contracts.client_data import ClientErased
from shared.erasure import redact
from shared.handlers import Work


async def _without_persons(events: Sequence[ClientErased], store: DocumentsStore, _: Work) -> None:
    await redact(store.connection, {one: event.name for event in events for one in event.aliases})


@handlers.event(ClientErased, after=_without_persons)
async def client_erased(event: ClientErased, store: DocumentsStore, work: Work) -> None:
    await store.messages.hold_back(event.aliases)
    for card in event.cards:
        store.messages.note_client(card)
    for message in await store.messages.pending_of_client(event.aliases):
        await save(domain.cancelled(message, "no_longer_holds"), store, work)
    await store.messages.forget_words(event.aliases, event.name)
    await store.photos.forget(event.aliases, work.now)
