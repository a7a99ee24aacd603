"""A person asked to be forgotten. The ledger names clients by ids alone and stays whole."""

from __future__ import annotations

from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from shared.contracts.client_data import ClientErased
from shared.erasure import redact
from shared.handlers import Work


async def _without_person(event: ClientErased, store: FinanceStore, work: Work) -> None:
    await redact(store.connection, event.aliases, event.name)


@handlers.event(ClientErased, after=_without_person)
async def client_erased(event: ClientErased, store: FinanceStore, work: Work) -> None:
    """Notes on payments go; what kept answers and events told of the person follows."""
    await store.forget_notes(event.aliases)
