"""SMS and e-mail to clients, and the templates of their texts: owned by ``services/documents``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Name,
    Page,
    Question,
    Revision,
    View,
)
from shared.contracts.clients import Language

Channel = Literal["sms", "email"]
MessageKind = Literal["service", "marketing"]
"""``marketing`` wants the client's consent to advertising besides that to the channel."""
Fact = Literal[
    "by_hand", "order_opened", "estimate_ready", "parts_arrived", "order_ready", "next_visit",
    "work_declined",
]  # fmt: skip
"""What a template waits for. ``next_visit`` counts from the day the order was done,
``work_declined`` from the day the client declined a work."""
MessageState = Literal[
    "scheduled", "queued", "sending", "sent", "delivered", "failed", "undetermined", "skipped",
    "cancelled",
]  # fmt: skip
"""``sent``: the provider has taken it. ``undetermined``: nobody knows whether it has; a person
decides. ``skipped``: a rule forbade it, ``reason`` says which."""
MessageBody = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$"),
]
"""Of a template: Liquid over the names of a work order, besides them ``Link`` (the estimate's)."""
Subject = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$"),
]
ConditionText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[^\x00]*$")
]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
"""A phone as E.164, or an e-mail address."""


# --- templates ---------------------------------------------------------------------------------


class MessageText(View):
    """A template's text in one language; a subject belongs to e-mail only."""

    model_config = {"extra": "forbid"}

    subject: Subject | None = None
    text: MessageBody


class Delay(View):
    """After the fact: months and days by the station's calendar, at the fact's own time of day."""

    model_config = {"extra": "forbid"}

    months: Annotated[int, Field(ge=0, le=120)] = 0
    days: Annotated[int, Field(ge=0, le=3650)] = 0
    minutes: Annotated[int, Field(ge=0, le=100_000)] = 0


class MessageTemplateFields(View):
    """What a person writes. ``condition`` is a formula: without it every order fits."""

    name: Name
    fact: Fact
    channel: Channel
    kind: MessageKind = "service"
    urgent: bool = False
    """Goes out in quiet hours too; not for advertising."""
    condition: ConditionText | None = None
    delay: Delay = Delay()
    active: bool = False
    ru: MessageText | None = None
    en: MessageText | None = None


class MessageTemplateView(MessageTemplateFields):
    id: UUID
    shipped: bool
    """One of those that every station begins with."""
    revision: Revision
    created_at: Instant
    updated_at: Instant


class CreateMessageTemplate(Command[MessageTemplateView], MessageTemplateFields):
    """Saved only if its texts and condition evaluate on a sample order.

    Refused: ``formula_invalid``, ``name_taken``, ``message_text_missing``, ``subject_missing``,
    ``subject_of_sms``, ``delay_missing``, ``delay_of_by_hand``, ``urgent_marketing``.
    """

    subject: ClassVar[str] = "cmd.documents.create_message_template.v1"
    model_config = {"extra": "forbid"}


class ChangeMessageTemplate(Command[MessageTemplateView]):
    """Fields that are not named stay; a null clears. Refused: as ``CreateMessageTemplate``,
    ``message_template_not_found``, ``field_required``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.documents.change_message_template.v1"

    template_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    fact: Fact | None = None
    channel: Channel | None = None
    kind: MessageKind | None = None
    urgent: bool | None = None
    condition: ConditionText | None = None
    delay: Delay | None = None
    active: bool | None = None
    ru: MessageText | None = None
    en: MessageText | None = None


class ListMessageTemplates(Question[Page[MessageTemplateView]]):
    subject: ClassVar[str] = "ask.documents.message_templates.v1"

    fact: Fact | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class MessagePreview(View):
    """What would be sent, and what it takes."""

    language: Language
    email_subject: str | None
    text: str
    characters: int
    encoding: Literal["gsm7", "ucs2"] | None
    """Of an SMS: one letter outside GSM-7 makes all of it UCS-2."""
    segments: int | None
    """SMS that the client's phone puts together, each paid for."""
    condition: bool | None
    """Whether the order fits; null without a condition."""
    quiet_hours: str | None = None
    """By the station's clock, as ``21:00-09:00``: what is not urgent waits for their end."""


class PreviewMessage(Question[MessagePreview]):
    """A template on an order, or on the sample. ``text``, ``email_subject`` and ``condition``
    stand for the saved ones while somebody edits them.

    Refused: ``formula_invalid``, ``message_template_not_found``, ``order_not_found``,
    ``message_text_missing``.
    """

    subject: ClassVar[str] = "ask.documents.message_preview.v1"

    template_id: UUID | None = None
    order_id: UUID | None = None
    channel: Channel | None = None
    language: Language = "ru"
    email_subject: Subject | None = None
    text: MessageBody | None = None
    condition: ConditionText | None = None


# --- messages ----------------------------------------------------------------------------------


class MessageView(View):
    id: UUID
    state: MessageState
    reason: str | None
    """Why it was skipped, cancelled or failed: a code, see ``services/documents/README.md``."""
    detail: str | None
    """What the provider said, or in English what is wrong with the template."""
    waits_for: str | None
    """``quiet_hours``, ``client_cap``, ``station_cap``, ``retry``, ``due`` …; null: nothing."""
    fact: Fact
    template_id: UUID | None
    template_name: str | None
    channel: Channel
    kind: MessageKind
    urgent: bool
    order_id: UUID | None
    client_id: UUID
    vehicle_id: UUID | None
    recipient: str | None
    """The phone or address that it went to."""
    language: Language | None
    email_subject: str | None
    text: str | None
    """Null until it is due: the text is of the order as it is then."""
    due_at: Instant
    next_at: Instant | None
    """When the next thing happens to it: an attempt, or a look at its delivery."""
    attempts: int
    provider: str | None
    provider_id: str | None
    resend_of: UUID | None
    created_at: Instant
    created_by: str
    sent_at: Instant | None
    delivered_at: Instant | None
    revision: Revision


class SendMessage(Command[MessageView]):
    """By hand: a template on an order, or a text of one's own to a client or an order's client.

    ``send_at`` lets it wait, e.g. for the day of the next visit. A template's condition is not
    looked at: a person has decided. Refused: ``message_text_missing``, ``message_text_twice``,
    ``order_required``, ``client_required``, ``subject_missing``, ``subject_of_sms``,
    ``field_required`` (the channel), ``urgent_marketing``, ``message_template_not_found``,
    ``order_not_found``, ``client_not_found``, ``order_of_other_client``, and what stands in the
    way: ``message_no_address``, ``message_no_consent``, ``message_no_marketing_consent``,
    ``message_text_empty``, ``message_text_too_long``, ``message_template_off``,
    ``message_template_failed``.
    """

    subject: ClassVar[str] = "cmd.documents.send_message.v1"

    order_id: UUID | None = None
    client_id: UUID | None = None
    template_id: UUID | None = None
    channel: Channel | None = None
    """Of a text of one's own; a template has its own channel."""
    email_subject: Subject | None = None
    text: MessageBody | None = None
    kind: MessageKind = "service"
    urgent: bool = False
    send_at: Instant | None = None


class CancelMessage(Command[MessageView]):
    """Refused: ``message_not_found``, ``message_gone`` (it is under way, or at its end)."""

    subject: ClassVar[str] = "cmd.documents.cancel_message.v1"

    message_id: UUID


class ResendMessage(Command[MessageView]):
    """Once more, as a new message: what became of the first one stays written. Refused:
    ``message_not_found``, ``message_under_way``, ``message_resent``, ``message_text_missing``, and
    what stands in the way, as ``SendMessage``."""

    subject: ClassVar[str] = "cmd.documents.resend_message.v1"

    message_id: UUID


class GetMessage(Question[MessageView]):
    subject: ClassVar[str] = "ask.documents.message.v1"

    message_id: UUID


class ListMessages(Question[Page[MessageView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.documents.messages.v1"

    order_id: UUID | None = None
    client_id: UUID | None = None
    state: MessageState | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- events ------------------------------------------------------------------------------------


class MessageTemplateSaved(Event):
    """Made or edited; carries all of it. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_template_saved.v1"

    template: MessageTemplateView
    created: bool

    def aggregate_id(self) -> UUID:
        return self.template.id


class MessageEvent(Event):
    """What every fact of a message carries."""

    message_id: UUID
    order_id: UUID | None
    client_id: UUID
    channel: Channel
    fact: Fact
    template_name: str | None

    def aggregate_id(self) -> UUID:
        return self.message_id


class MessageScheduled(MessageEvent):
    """It will be due later. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_scheduled.v1"

    due_at: Instant


class MessageQueued(MessageEvent):
    """Its text and recipient stand; it goes out as soon as the rules let it. Producer: documents.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_queued.v1"

    recipient: str
    email_subject: str | None
    text: str


class MessageSent(MessageEvent):
    """The provider has taken it. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_sent.v1"

    provider: str
    provider_id: str | None


class MessageDelivered(MessageEvent):
    """The client's phone or mailbox has it. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_delivered.v1"

    provider: str
    provider_id: str | None


class MessageStopped(MessageEvent):
    """What the facts of a message that did not arrive carry besides."""

    reason: str
    detail: str | None = None


class MessageFailed(MessageStopped):
    """The provider refused it, could not deliver it, or could not be reached for too long.
    Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_failed.v1"


class MessageUndetermined(MessageStopped):
    """Nobody knows whether the provider has taken it; it is not sent again by itself. Producer:
    documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_undetermined.v1"


class MessageSkipped(MessageStopped):
    """A rule forbids it: no consent, no phone, the condition does not hold. Producer: documents.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.message_skipped.v1"


class MessageCancelled(MessageStopped):
    """By a person, or because what it would say no longer holds. Producer: documents. Consumer:
    audit."""

    subject: ClassVar[str] = "evt.documents.message_cancelled.v1"
