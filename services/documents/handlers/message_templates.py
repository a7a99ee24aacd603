"""Templates of messages: written, tried on an order, saved only if they work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.domain import message_templates as domain
from services.documents.domain.shipped_messages import SHIPPED
from services.documents.domain.sms import measured
from services.documents.handlers.composing import link_for
from services.documents.handlers.table import handlers
from services.documents.providers import MessageSettings
from services.documents.store import DocumentsStore
from shared.contracts.base import Page
from shared.contracts.clients import Language
from shared.contracts.messages import (
    ChangeMessageTemplate,
    Channel,
    CreateMessageTemplate,
    ListMessageTemplates,
    MessagePreview,
    MessageTemplateFields,
    MessageTemplateSaved,
    MessageTemplateView,
    MessageText,
    PreviewMessage,
)
from shared.contracts.work_order import GetWorkOrder
from shared.formulas import SAMPLE, FormulaError
from shared.handlers import Work
from shared.ids import id_of
from shared.refusals import Refused

SAMPLE_LINK = "https://example.com/e/AbCd"


@handlers.command(CreateMessageTemplate)
async def create_template(
    command: CreateMessageTemplate, store: DocumentsStore, work: Work
) -> MessageTemplateView:
    domain.checked(command)
    fields = {name: getattr(command, name) for name in MessageTemplateFields.model_fields}
    template = MessageTemplateView(
        **fields,
        id=work.new_id(),
        shipped=False,
        revision=1,
        created_at=work.now,
        updated_at=work.now,
    )
    await store.messages.save_template(template)
    work.publish(MessageTemplateSaved(template=template, created=True))
    return template


@handlers.command(ChangeMessageTemplate)
async def change_template(
    command: ChangeMessageTemplate, store: DocumentsStore, work: Work
) -> MessageTemplateView:
    before = await store.messages.template(command.template_id, lock=True)
    template, changes = domain.changed(before, command, work.now)
    if changes:
        await store.messages.save_template(template)
        work.publish(MessageTemplateSaved(template=template, created=False, changes=changes))
    return template


@handlers.question(ListMessageTemplates)
async def list_templates(
    question: ListMessageTemplates, store: DocumentsStore, work: Work
) -> Page[MessageTemplateView]:
    return await store.messages.templates_page(question)


@handlers.question(PreviewMessage)
async def preview(question: PreviewMessage, store: DocumentsStore, work: Work) -> MessagePreview:
    language, text, channel, condition = await _draft(question, store)
    order = SAMPLE
    link: str | None = SAMPLE_LINK
    if question.order_id:
        order = await work.ask(GetWorkOrder(order_id=question.order_id))
        link = None
        if domain.wants_link(text.subject, text.text):
            link = await link_for(question.order_id, work)
    try:
        written = domain.rendered(text, language, order, work.now, link)
    except FormulaError as error:
        raise error.refused("text") from error
    try:
        fits = domain.fits(condition, order, work.now) if condition else None
    except FormulaError as error:
        raise error.refused("condition") from error
    size = measured(written.text) if channel == "sms" else None
    return MessagePreview(
        language=language,
        email_subject=written.email_subject,
        text=written.text,
        characters=len(written.text),
        encoding=size.encoding if size else None,
        segments=size.segments if size else None,
        condition=fits,
        quiet_hours=MessageSettings().quiet_hours or None,
    )


async def _draft(
    question: PreviewMessage, store: DocumentsStore
) -> tuple[Language, MessageText, Channel, str | None]:
    """The saved template with what is being edited laid over it."""
    language, subject, words = question.language, question.email_subject, question.text
    channel, condition = question.channel, question.condition
    if question.template_id:
        template = await store.messages.template(question.template_id)
        channel = channel or template.channel
        condition = template.condition if condition is None else condition
        if words is None and (found := domain.text_in(template, language)):
            language, saved = found
            words, subject = saved.text, subject or saved.subject
    if words is None:
        raise Refused("message_text_missing")
    return language, MessageText(subject=subject, text=words), channel or "sms", condition


async def ship_templates(connection: AsyncConnection, now: datetime) -> None:
    """Those that a station begins with; what is there already stays as it was edited. One whose
    name somebody has taken meanwhile is not forced upon them."""
    await DocumentsStore(connection).messages.ship(
        MessageTemplateView(
            **{name: getattr(fields, name) for name in MessageTemplateFields.model_fields},
            id=id_of(f"message-template:{code}"),
            shipped=True,
            revision=1,
            created_at=now,
            updated_at=now,
        )
        for code, fields in SHIPPED.items()
    )
