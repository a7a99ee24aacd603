"""Who came how often: counted by what finance tells of settled orders."""

from __future__ import annotations

from dataclasses import replace

from services.clients.domain.visits import Visit
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.finance import OrderSettled, SettlementReversed
from shared.contracts.visits import (
    ClientVisits,
    GetClientVisits,
    KeepVisits,
    KeptVisits,
)
from shared.handlers import Work


@handlers.event(OrderSettled)
async def order_settled(event: OrderSettled, store: ClientsStore, work: Work) -> None:
    """A visit, of whoever the client is called now."""
    visit = Visit(
        order_id=event.order_id,
        completion=event.completion,
        client_id=event.client_id,
        at=event.completed_at or work.envelope.time,
        section_id=event.section_id,
        revenue=event.revenue,
    )
    await _hear(visit, store)


@handlers.event(SettlementReversed)
async def settlement_reversed(event: SettlementReversed, store: ClientsStore, work: Work) -> None:
    """It was none, even if it is told of only later."""
    known = await store.visits.client_of(event.order_id, event.completion)
    visit = Visit(
        order_id=event.order_id,
        completion=event.completion,
        client_id=known or event.client_id,
        reversed=True,
    )
    await _hear(visit, store)


@handlers.command(KeepVisits)
async def keep_visits(command: KeepVisits, store: ClientsStore, work: Work) -> KeptVisits:
    """What is known already stays as it is."""
    kept = await store.visits.kept()
    if kept.done or kept.cursor != command.after:
        return kept
    await store.hold_clients({past.client_id for past in command.settlements})
    for past in command.settlements:
        visit = Visit(
            order_id=past.order_id,
            completion=past.completion,
            client_id=past.client_id,
            at=past.completed_at,
            section_id=past.section_id,
            revenue=past.revenue,
            reversed=past.reversed,
        )
        await _hear(visit, store)
    return await store.visits.kept_to(command.next, work.now)


@handlers.question(GetClientVisits)
async def get_client_visits(
    question: GetClientVisits, store: ClientsStore, work: Work
) -> ClientVisits:
    client = await store.look_at_client(question.client_id)
    return await store.visits.of_client(client.id)


async def _hear(visit: Visit, store: ClientsStore) -> None:
    """Of a client who was merged with another, it is that one's."""
    if visit.client_id:
        visit = replace(visit, client_id=await store.survivor_of(visit.client_id))
    store.visits.hear(visit)
