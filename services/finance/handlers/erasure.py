"""A person asked to be forgotten. The ledger names clients by ids alone and stays whole."""

from __future__ import annotations

from collections.abc import Sequence

from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from shared.contracts.client_data import ClientErased
from shared.erasure import redact
from shared.handlers import Work


async def _without_persons(events: Sequence[ClientErased], store: FinanceStore, _: Work) -> None:
    await redact(store.connection, {one: event.name for event in events for one in event.aliases})


@handlers.event(ClientErased, after=_without_persons)
async def client_erased(event: ClientErased, store: FinanceStore, work: Work) -> None:
    """Notes on payments go; what kept answers and events told of the person follows."""
    await store.forget_notes(event.aliases)
