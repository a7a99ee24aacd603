"""Messages by hand: written, looked at, called off, sent once more."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.documents.domain import messages as domain
from services.documents.domain.messages import Decision, Message
from services.documents.domain.sms import MAX_SEGMENTS
from services.documents.handlers.composing import composed, save
from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from services.documents.store.messages import message_view
from shared.contracts.base import Page
from shared.contracts.clients import GetClient
from shared.contracts.messages import (
    CancelMessage,
    GetMessage,
    ListMessages,
    MessageTemplateView,
    MessageView,
    ResendMessage,
    SendMessage,
)
from shared.contracts.orders import GetOrder
from shared.formulas.errors import in_russian
from shared.handlers import Work
from shared.refusals import Refused


@handlers.command(SendMessage)
async def send_message(command: SendMessage, store: DocumentsStore, work: Work) -> MessageView:
    """Composed at once, so that whoever writes learns at once what stands in the way; what waits
    for its day is composed again then."""
    message = await _by_hand(command, store, work)
    prepared = await _composed_or_refused(message, store, work)
    later = domain.scheduled(message, work.now)
    decision = prepared if message.due_at <= work.now else later
    await store.messages.add(decision.message)
    work.publish(*decision.events)
    return message_view(decision.message)


@handlers.command(CancelMessage)
async def cancel_message(command: CancelMessage, store: DocumentsStore, work: Work) -> MessageView:
    decision = domain.called_off(await store.messages.message(command.message_id))
    await save(decision, store, work)
    return message_view(decision.message)


@handlers.command(ResendMessage)
async def resend_message(command: ResendMessage, store: DocumentsStore, work: Work) -> MessageView:
    first = await store.messages.message(command.message_id, lock=False)
    client_id = await store.messages.addressee(first.client_id)
    first = replace(await store.messages.message(first.id), client_id=client_id)
    if known := await store.messages.resent_as(first.id):
        raise Refused("message_resent", id=known)
    again = domain.again(first, work.new_id(), work.actor.login, work.now)
    decision = await _composed_or_refused(again, store, work)
    # The first one is locked: nobody else can have sent it again meanwhile.
    await store.messages.add(decision.message)
    work.publish(*decision.events)
    return message_view(decision.message)


@handlers.question(GetMessage)
async def get_message(question: GetMessage, store: DocumentsStore, work: Work) -> MessageView:
    return message_view(await store.messages.message(question.message_id, lock=False))


@handlers.question(ListMessages)
async def list_messages(
    question: ListMessages, store: DocumentsStore, work: Work
) -> Page[MessageView]:
    return await store.messages.page(question)


async def _by_hand(command: SendMessage, store: DocumentsStore, work: Work) -> Message:
    """Raises ``Refused`` for whatever is said twice, or not at all."""
    if (command.template_id is None) == (command.text is None):
        raise Refused("message_text_twice" if command.text else "message_text_missing")
    template = await _template_of(command, store)
    channel = template.channel if template else command.channel
    if channel is None:
        raise Refused("field_required", field="channel")
    kind = template.kind if template else command.kind
    urgent = command.urgent or bool(template and template.urgent)
    if urgent and kind == "marketing":
        raise Refused("urgent_marketing")
    if not template and channel == "email" and command.email_subject is None:
        raise Refused("subject_missing")
    if channel == "sms" and command.email_subject is not None:
        raise Refused("subject_of_sms")
    message_id = work.new_id()
    client_id, vehicle_id = await _whose(command, work)
    return Message(
        id=message_id,
        key=f"by_hand:{message_id}",
        state="scheduled",
        fact="by_hand",
        channel=channel,
        kind=kind,
        urgent=urgent,
        client_id=await store.messages.addressee(client_id),
        due_at=max(command.send_at or work.now, work.now),
        created_at=work.now,
        created_by=work.actor.login,
        correlation_id=work.envelope.correlation_id,
        order_id=command.order_id,
        vehicle_id=vehicle_id,
        template_id=template.id if template else None,
        template_name=template.name if template else None,
        # Of an order or a line of text: it stays one line, whoever typed it.
        email_subject=" ".join(command.email_subject.split()) if command.email_subject else None,
        text=command.text,
    )


async def _template_of(command: SendMessage, store: DocumentsStore) -> MessageTemplateView | None:
    if command.template_id is None:
        return None
    if command.order_id is None:
        raise Refused("order_required")
    return await store.messages.template(command.template_id)


async def _whose(command: SendMessage, work: Work) -> tuple[UUID, UUID | None]:
    """Client and car: of the order, or the client that is named."""
    if command.order_id:
        order = await work.ask(GetOrder(order_id=command.order_id))
        if command.client_id not in (None, order.client_id):
            raise Refused("order_of_other_client")
        return order.client_id, order.vehicle_id
    if command.client_id is None:
        raise Refused("client_required")
    card = await work.ask(GetClient(client_id=command.client_id))
    return card.id, None


async def _composed_or_refused(message: Message, store: DocumentsStore, work: Work) -> Decision:
    """A person is told at once what a message by fact would only have noted.

    Raises ``Refused``: ``message_no_address`` and its like.
    """
    decision = await composed(message, store, work)
    if decision.message.state == "queued":
        return decision
    detail = decision.message.detail or ""
    raise Refused(
        f"message_{decision.message.reason}",
        problem_en=detail,
        problem_ru=in_russian(detail),
        most=MAX_SEGMENTS,
    )
