"""Two clients were one: their money is one client's."""

from __future__ import annotations

from dataclasses import replace

from services.finance.domain import merging
from services.finance.handlers.bonuses import open_purse
from services.finance.handlers.table import handlers, keep, stamp
from services.finance.store import FinanceStore
from shared.contracts.client_merge import ClientMerged
from shared.handlers import Work


@handlers.event(ClientMerged)
async def client_merged(event: ClientMerged, store: FinanceStore, work: Work) -> None:
    """Balance, deposits and bonuses go over; what comes later and still names the merged client
    is led on by its account."""
    merged_id = event.merged.id
    await store.lock_purses({merged_id, event.client.id})
    for client_id in (merged_id, event.client.id):
        if await store.account(client_id) is None:
            store.add_client(client_id)
    survivor_id = await store.survivor_of(event.client.id)
    account = await store.account(merged_id)
    assert account
    if account.merged_into or survivor_id == merged_id:
        return
    # What has expired is posted under the name under which it was given.
    await keep((await open_purse(merged_id, store, work)).closed(), store, work)
    account = await store.account(merged_id)
    assert account
    decision = merging.merge(
        account,
        survivor_id,
        await store.settlements_of(merged_id),
        await store.payments_naming(merged_id),
        await store.lots_of(merged_id),
        stamp(work),
        work.new_id(),
    )
    await keep(decision, store, work)
    emptied = await store.account(merged_id)
    assert emptied
    await store.lead_on(replace(emptied, merged_into=survivor_id))
    purse = await open_purse(survivor_id, store, work)
    # What lots have beyond the balance fills the overdraft of either of them.
    purse.even_out()
    await keep(purse.closed(), store, work)
