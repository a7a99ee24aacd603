"""Two clients were one: what names either of them names the one that remains."""

from __future__ import annotations

from services.orders.domain.merging import of_survivor
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from shared.contracts.client_merge import ClientMerged
from shared.handlers import Work


@handlers.event(ClientMerged)
async def client_merged(event: ClientMerged, store: OrdersStore, work: Work) -> None:
    """Open orders and old ones. What comes later and still names the merged client is led to the
    other one by the copy; whoever opens an order right now holds that copy, and is waited for."""
    merged, survivor = event.merged, event.client
    remains = await store.copies.merge(merged, survivor)
    for order in await store.orders_naming(merged.id):
        store.save(of_survivor(order, merged.id, remains.id, remains.name, work.now), work)
