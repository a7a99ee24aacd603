"""What happens to orders, clients and parts, and which messages that asks for or puts an end to.

A fact only schedules: whatever a message needs to know is asked when it is due. A fact that is told
twice, late, or out of order makes the same messages once, and what no longer holds is found out
then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.documents.domain import messages as domain
from services.documents.domain.message_rules import due_at
from services.documents.domain.messages import Message
from services.documents.domain.part_answers import PartAnswer, heard, noted
from services.documents.handlers.composing import save
from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from shared.contracts.approvals import EstimateQuoted, WorkDeclined
from shared.contracts.client_merge import ClientMerged
from shared.contracts.clients import ClientChanged, ClientCreated
from shared.contracts.inventory import PartsReserved, PartsUnavailable, ReservationReleased
from shared.contracts.messages import Fact
from shared.contracts.orders import (
    GetOrder,
    OrderCancelled,
    OrderCompleted,
    OrderCreated,
    OrderMoved,
    OrderReopened,
)
from shared.handlers import Work

REMINDERS: tuple[Fact, ...] = ("next_visit", "work_declined")
"""What a new visit of the car makes needless."""


@dataclass(frozen=True, slots=True)
class _Whose:
    """The order, and what the fact itself says of it."""

    order_id: UUID
    client_id: UUID | None = None
    vehicle_id: UUID | None = None
    completion: int | None = None


# --- an order's life ---------------------------------------------------------------------------


@handlers.event(OrderCreated)
async def order_created(event: OrderCreated, store: DocumentsStore, work: Work) -> None:
    if event.status == "draft":  # an estimate is no visit yet
        return
    if event.vehicle_id:
        for message in await store.messages.pending_of_car(event.vehicle_id, REMINDERS):
            # Told late, it may be a visit from before the one that is reminded of.
            if message.order_id and message.order_id < event.order_id:
                await save(domain.cancelled(message, "no_longer_holds"), store, work)
    whose = _Whose(event.order_id, event.client_id, event.vehicle_id)
    await _schedule("order_opened", str(event.order_id), whose, store, work)


@handlers.event(OrderMoved)
async def order_moved(event: OrderMoved, store: DocumentsStore, work: Work) -> None:
    """An estimate becomes an order when the client agrees."""
    if (event.old_status, event.status) == ("draft", "new"):
        whose = await _known(_Whose(event.order_id), store, work, "order_opened")
        await _schedule("order_opened", str(event.order_id), whose, store, work)


@handlers.event(OrderCompleted)
async def order_completed(event: OrderCompleted, store: DocumentsStore, work: Work) -> None:
    whose = _Whose(event.order_id, event.client_id, completion=event.completion)
    reminded = await _known(whose, store, work, "next_visit")
    key = f"{event.order_id}:{event.completion}"
    await _schedule("order_ready", key, whose, store, work, event.completed_at)
    await _schedule("next_visit", key, reminded, store, work, event.completed_at)


@handlers.event(OrderReopened)
async def order_reopened(event: OrderReopened, store: DocumentsStore, work: Work) -> None:
    """What was said of a completion no longer holds; a newer completion's messages stay."""
    for message in await store.messages.pending_of_order(event.order_id):
        if message.completion is not None and message.completion <= event.completion:
            await save(domain.cancelled(message, "no_longer_holds"), store, work)


@handlers.event(OrderCancelled)
async def order_cancelled(event: OrderCancelled, store: DocumentsStore, work: Work) -> None:
    """What a person wrote by hand goes out all the same: they know why."""
    for message in await store.messages.pending_of_order(event.order_id):
        if message.fact != "by_hand":
            await save(domain.cancelled(message, "no_longer_holds"), store, work)


# --- the estimate ------------------------------------------------------------------------------


@handlers.event(EstimateQuoted)
async def estimate_quoted(event: EstimateQuoted, store: DocumentsStore, work: Work) -> None:
    """Each quote is told: the client is asked anew."""
    whose = _Whose(event.order_id, event.client_id, event.vehicle_id)
    key = f"{event.order_id}:{event.revision}"
    await _schedule("estimate_ready", key, whose, store, work)


@handlers.event(WorkDeclined)
async def work_declined(event: WorkDeclined, store: DocumentsStore, work: Work) -> None:
    """One message for all that was declined of an order: its text lists what still is."""
    whose = _Whose(event.order_id, event.client_id, event.vehicle_id)
    whose = await _known(whose, store, work, "work_declined")
    await _schedule("work_declined", str(event.order_id), whose, store, work, event.at)


# --- the parts ---------------------------------------------------------------------------------


@handlers.event(PartsReserved)
async def parts_reserved(event: PartsReserved, store: DocumentsStore, work: Work) -> None:
    if event.returned:
        await _no_arrival(event, store)
    else:
        await _parts_answered(event, store, work)


@handlers.event(PartsUnavailable)
async def parts_unavailable(event: PartsUnavailable, store: DocumentsStore, work: Work) -> None:
    await _parts_answered(event, store, work)


@handlers.event(ReservationReleased)
async def parts_released(event: ReservationReleased, store: DocumentsStore, work: Work) -> None:
    await _no_arrival(event, store)


async def _no_arrival(event: PartsReserved | ReservationReleased, store: DocumentsStore) -> None:
    known = await store.messages.part_answers(event.order_id)
    _note(event.order_id, noted(known, event.lines), store)


async def _parts_answered(
    event: PartsReserved | PartsUnavailable, store: DocumentsStore, work: Work
) -> None:
    arrival = heard(await store.messages.part_answers(event.order_id), event.lines)
    whose = _Whose(event.order_id)
    if arrival.arrived:
        whose = await _known(whose, store, work, "parts_arrived")
    _note(event.order_id, arrival.news, store)
    if arrival.arrived:
        line_id, answer = arrival.arrived
        await _schedule("parts_arrived", f"{line_id}:{answer}", whose, store, work)


def _note(order_id: UUID, news: Mapping[UUID, PartAnswer], store: DocumentsStore) -> None:
    for line_id, answer in news.items():
        store.messages.note_answer(order_id, line_id, answer)


# --- clients -----------------------------------------------------------------------------------


@handlers.event(ClientCreated)
async def client_created(event: ClientCreated, store: DocumentsStore, work: Work) -> None:
    store.messages.note_client(event.client)


@handlers.event(ClientChanged)
async def client_changed(event: ClientChanged, store: DocumentsStore, work: Work) -> None:
    """A consent that was taken back is looked at before every attempt; nothing is to be done."""
    store.messages.note_client(event.client)


@handlers.event(ClientMerged)
async def client_merged(event: ClientMerged, store: DocumentsStore, work: Work) -> None:
    """What waits for the merged client goes to the one that remains, with the stricter consents;
    what still comes for it is led on by its copy."""
    store.messages.note_client(event.client)
    store.messages.note_client(event.merged)
    remains_id = await store.messages.addressee(event.client.id)
    await store.messages.lead_on(event.merged.id, remains_id)


# --- the same for all --------------------------------------------------------------------------


async def _known(whose: _Whose, store: DocumentsStore, work: Work, fact: Fact) -> _Whose:
    """With the client and the car that the news does not say, where a message is made for them.
    Asked before anything is written."""
    lacks = whose.client_id is None or (whose.vehicle_id is None and fact in REMINDERS)
    if not lacks or not await store.messages.templates_for(fact):
        return whose
    order = await work.ask(GetOrder(order_id=whose.order_id))
    return replace(whose, client_id=order.client_id, vehicle_id=order.vehicle_id)


async def _schedule(
    fact: Fact,
    key: str,
    whose: _Whose,
    store: DocumentsStore,
    work: Work,
    fact_at: datetime | None = None,
) -> None:
    """A message for every active template of the fact, for whom ``whose`` names. ``key`` names
    this occurrence of it."""
    templates = await store.messages.templates_for(fact)
    if not templates:
        return
    assert whose.client_id
    client_id = await store.messages.addressee(whose.client_id)
    # The fact's own time: told late, it is not younger.
    fact_at = fact_at or work.envelope.time
    for template in templates:
        message = Message(
            id=work.new_id(),
            key=f"{template.id}:{fact}:{key}",
            state="scheduled",
            fact=fact,
            channel=template.channel,
            kind=template.kind,
            urgent=template.urgent,
            client_id=client_id,
            due_at=due_at(fact_at, template.delay, work.settings.zone),
            created_at=work.now,
            created_by=work.actor.login,
            correlation_id=work.envelope.correlation_id,
            order_id=whose.order_id,
            vehicle_id=whose.vehicle_id,
            completion=whose.completion,
            template_id=template.id,
            template_name=template.name,
        )
        decision = domain.scheduled(message, work.now)
        if await store.messages.add(decision.message):
            work.publish(*decision.events)
