"""From a fact to a text: what the order says now, whether its client may be written to, and how."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.documents.domain import message_rules as rules
from services.documents.domain import message_templates as texts
from services.documents.domain import messages as domain
from services.documents.domain.message_rules import Client
from services.documents.domain.messages import Decision, Message
from services.documents.domain.sms import MAX_SEGMENTS, measured
from services.documents.store import DocumentsStore
from shared.contracts.approvals import EstimateLink, ListDeclinedWorks
from shared.contracts.clients import GetClient
from shared.contracts.messages import MessageTemplateView
from shared.contracts.orders import FindOrders
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.formulas import FormulaError
from shared.handlers import Work
from shared.refusals import Refused

PATIENCE = timedelta(minutes=10)
"""How long orders may take to hear what we have heard."""
NOT_YET_DELAY = timedelta(seconds=5)


async def client_of(client_id: UUID, store: DocumentsStore, work: Work) -> Client:
    """The copy; read through when its event has not come. Refused: ``client_not_found``."""
    if known := await store.messages.client(client_id):
        return known
    card = await work.ask(GetClient(client_id=client_id))
    return store.messages.note_client(card)


async def composed(message: Message, store: DocumentsStore, work: Work) -> Decision:
    """What becomes of a message that is due. Raises ``Refused``: ``client_not_found``,
    ``order_not_found``, or when another service is away."""
    if rules.comes_too_late(message, work.now):
        return domain.skipped(message, "too_late")
    client = await client_of(message.client_id, store, work)
    order = await _order_of(message, work)
    if order:
        if rules.is_kept_from_the_client(message, order):
            return domain.skipped(message, "order_hidden")
        is_patient = work.now < message.due_at + PATIENCE
        match rules.standing(message, order):
            case "not_yet" if is_patient:
                return domain.waiting(message, work.now + NOT_YET_DELAY, "order")
            case "not_yet" | "over":
                return domain.cancelled(message, "no_longer_holds")
        if is_patient and rules.waits_for_the_books(message, order):
            return domain.waiting(message, work.now + NOT_YET_DELAY, "order")
        if await _is_settled(message, order, work):
            return domain.cancelled(message, "no_longer_holds")
    address = rules.address_of(client, message.channel)
    if (why := rules.hindrance(client, message.channel, message.kind)) or address is None:
        return domain.skipped(message, why or "no_address")
    if message.text is not None:
        language = message.language or client.language
        return _written(
            message, address, texts.Rendered(language, message.email_subject, message.text), work
        )
    return await _from_template(message, client, address, order, store, work)


async def _from_template(
    message: Message,
    client: Client,
    address: str,
    order: WorkOrder | None,
    store: DocumentsStore,
    work: Work,
) -> Decision:
    template = await _template_of(message, store)
    if template is None or order is None:
        return domain.skipped(message, "template_off")
    found = texts.text_in(template, client.language)
    if found is None:
        return domain.skipped(message, "template_off")
    language, text = found
    try:
        if message.fact != "by_hand" and not texts.fits(template.condition, order, work.now):
            return domain.skipped(message, "condition")
        link = await link_for(order.id, work) if texts.wants_link(text.subject, text.text) else None
        written = texts.rendered(text, language, order, work.now, link)
    except FormulaError as error:
        return domain.skipped(message, "template_failed", error.words())
    return _written(message, address, written, work)


def _written(message: Message, address: str, written: texts.Rendered, work: Work) -> Decision:
    if not written.text:
        return domain.skipped(message, "text_empty")
    if message.channel == "sms" and measured(written.text).segments > MAX_SEGMENTS:
        return domain.skipped(message, "text_too_long")
    return domain.prepared(
        message, address, written.language, written.email_subject, written.text, work.now
    )


async def _order_of(message: Message, work: Work) -> WorkOrder | None:
    if message.order_id is None:
        return None
    return await work.ask(GetWorkOrder(order_id=message.order_id))


async def _template_of(message: Message, store: DocumentsStore) -> MessageTemplateView | None:
    """Switched off since, it sends nothing more; by hand it need not be on."""
    if message.template_id is None:
        return None
    template = await store.messages.template(message.template_id)
    return template if template.active or message.fact == "by_hand" else None


async def link_for(order_id: UUID, work: Work) -> str | None:
    """The client's own link to the estimate; it is a secret, and asked for at the last moment.
    Null where there is none, or no public address to put before it."""
    try:
        return (await work.ask(EstimateLink(order_id=order_id))).url
    except Refused as refusal:
        if refusal.code == "estimate_link_not_found":
            return None
        raise


async def _is_settled(message: Message, order: WorkOrder, work: Work) -> bool:
    """Nobody is asked to come whose car has been here since, or about works that are taken up."""
    if message.fact not in ("next_visit", "work_declined") or order.vehicle is None:
        return False
    if message.fact == "work_declined":
        declined = await work.ask(ListDeclinedWorks(vehicle_id=order.vehicle.id, limit=200))
        if all(found.order_id != order.id for found in declined.items):
            return True
    later = await work.ask(
        FindOrders(vehicle_id=order.vehicle.id, start=order.created_at, limit=50)
    )
    return any(
        found.id != order.id
        and found.status not in ("draft", "cancelled")
        and found.created_at > order.created_at
        for found in later.items
    )


async def save(decision: Decision, store: DocumentsStore, work: Work) -> None:
    """A message that has moved on, and what there is to tell of it."""
    await store.messages.save(decision.message)
    work.publish(*decision.events)
