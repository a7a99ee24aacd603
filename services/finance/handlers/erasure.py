"""A person asked to be forgotten. The ledger names clients by ids alone and stays whole."""

from __future__ import annotations

from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from shared.contracts.client_data import ClientErased
from shared.erasure import redact
from shared.handlers import Work


@handlers.event(ClientErased)
async def client_erased(event: ClientErased, store: FinanceStore, work: Work) -> None:
    """Notes on payments go, and what kept answers and events told of the person."""
    await store.forget_notes(event.aliases)
    await redact(store.connection, event.aliases, event.name)
