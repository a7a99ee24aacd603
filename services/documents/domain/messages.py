"""A message to a client and everything that may happen to it. Pure: values in, new message out.

A message is claimed *before* the provider is called and its end written after. Whatever happens
in between, it is never sent a second time unless it is certain that the first time was none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from shared.contracts.base import Event
from shared.contracts.clients import Language
from shared.contracts.messages import (
    Channel,
    Fact,
    MessageCancelled,
    MessageDelivered,
    MessageFailed,
    MessageKind,
    MessageQueued,
    MessageScheduled,
    MessageSent,
    MessageSkipped,
    MessageState,
    MessageUndetermined,
)
from shared.refusals import Refused

type Step = Literal[
    "prepare", "skip", "cancel", "claim", "accept", "put_off", "refuse", "lose", "miss", "deliver"
]

TRANSITIONS: Mapping[tuple[MessageState, Step], MessageState] = {
    ("scheduled", "prepare"): "queued",
    ("scheduled", "skip"): "skipped",
    ("scheduled", "cancel"): "cancelled",
    ("queued", "claim"): "sending",
    ("queued", "skip"): "skipped",
    ("queued", "cancel"): "cancelled",
    ("sending", "accept"): "sent",
    ("sending", "put_off"): "queued",
    ("sending", "refuse"): "failed",
    ("sending", "lose"): "undetermined",
    ("undetermined", "accept"): "sent",
    ("undetermined", "miss"): "queued",
    ("undetermined", "refuse"): "failed",
    ("sent", "deliver"): "delivered",
    ("sent", "refuse"): "failed",
}
"""Every step that a message may take. All others are refused, or are news that come too late."""

WORDS: Mapping[Step, str] = {
    "prepare": "it is due, and its text stands",
    "skip": "a rule forbids it",
    "cancel": "a person, or it no longer holds",
    "claim": "written down before the call",
    "accept": "the provider has taken it",
    "put_off": "surely not taken, tried again",
    "refuse": "the provider says no",
    "lose": "no answer, or we were killed",
    "miss": "the provider never heard of it",
    "deliver": "the client has it",
}

RETRY_DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 43200)
)
"""After the first, second, … attempt that surely was none. One more, and the message has failed."""
LOOK_DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 43200, 86400, 86400)
)
"""Between looks at the delivery of a sent message. After the last it stays ``sent``."""
RESOLVE_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600))
"""Before each look for an undetermined message: a provider may be slow to know its own."""
TROUBLE_DELAY, MAX_TROUBLE_DELAY = timedelta(seconds=10), timedelta(hours=1)
LEASE = timedelta(minutes=5)
"""How long a claim is believed. A call ends long before; whoever has not written its end by then
is dead."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a provider can be asked besides sending."""

    tracks: Literal["nothing", "provider_id", "own_id"] = "nothing"
    """By which id it tells what became of a message. Ours it knows even if its answer was lost."""
    dedupes: bool = False
    """It drops a message whose id it has seen: sending again is safe."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way. ``key`` is unique: what it was made for never makes another."""

    id: UUID
    key: str
    state: MessageState
    fact: Fact
    channel: Channel
    kind: MessageKind
    urgent: bool
    client_id: UUID
    due_at: datetime
    created_at: datetime
    created_by: str
    correlation_id: UUID
    order_id: UUID | None = None
    vehicle_id: UUID | None = None
    completion: int | None = None
    """Of the order, for what holds only as long as that one is not undone."""
    template_id: UUID | None = None
    template_name: str | None = None
    language: Language | None = None
    recipient: str | None = None
    email_subject: str | None = None
    text: str | None = None
    wake_at: datetime | None = None
    """When there is something to do for it next; null: nothing any more."""
    waits_for: str | None = None
    attempts: int = 0
    looks: int = 0
    """At its delivery, or, while it is undetermined, for it."""
    claimed_at: datetime | None = None
    provider: str | None = None
    provider_id: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    reason: str | None = None
    detail: str | None = None
    resend_of: UUID | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """The message as it will be, and the facts to tell."""

    message: Message
    events: tuple[Event, ...] = ()


def may(message: Message, step: Step) -> bool:
    return (message.state, step) in TRANSITIONS


# --- before the provider -----------------------------------------------------------------------


def scheduled(message: Message, now: datetime) -> Decision:
    """A new message. Only one that is not due at once is told of: it will tell itself."""
    message = replace(message, state="scheduled", wake_at=message.due_at, waits_for="due")
    if message.due_at <= now:
        return Decision(message)
    return Decision(message, (MessageScheduled(**naming(message), due_at=message.due_at),))


def prepared(
    message: Message,
    recipient: str,
    language: Language,
    email_subject: str | None,
    text: str,
    now: datetime,
) -> Decision:
    changed = _after(
        message,
        "prepare",
        recipient=recipient,
        language=language,
        email_subject=email_subject,
        text=text,
        wake_at=now,
        waits_for=None,
        looks=0,
    )
    queued = MessageQueued(
        **naming(changed),
        recipient=recipient,
        email_subject=email_subject and without_links(email_subject),
        text=without_links(text),
    )
    return Decision(changed, (queued,))


_LINK = re.compile(r"/e/[A-Za-z0-9_.-]+")


def without_links(text: str) -> str:
    """An event is read by everybody who may look at an order; whoever has the client's link to
    the estimate can answer for the client."""
    return _LINK.sub("/e/…", text)


def waiting(message: Message, until: datetime, why: str) -> Decision:
    """Its state stays; it is looked at again later."""
    return Decision(replace(message, wake_at=until, waits_for=why, revision=message.revision + 1))


def troubled(message: Message, now: datetime) -> Decision:
    """Somebody who has to be asked is away: looked at again after ever longer times, so that it
    does not stand in the others' way."""
    delay = min(TROUBLE_DELAY * 2**message.looks, MAX_TROUBLE_DELAY)
    return _looked(replace(message, waits_for="others"), now + delay)


def given_up(message: Message) -> Decision:
    """The provider that has it is not configured any more: nobody can be asked about it."""
    return Decision(replace(message, wake_at=None, waits_for=None, revision=message.revision + 1))


def skipped(message: Message, reason: str, detail: str | None = None) -> Decision:
    changed = _ended(message, "skip", reason, detail)
    event = MessageSkipped(**naming(changed), reason=reason, detail=detail)
    return Decision(changed, (event,))


def cancelled(message: Message, reason: str) -> Decision:
    changed = _ended(message, "cancel", reason)
    return Decision(changed, (MessageCancelled(**naming(changed), reason=reason),))


def called_off(message: Message) -> Decision:
    """By a person. Raises ``Refused("message_gone")``."""
    if not may(message, "cancel"):
        raise Refused("message_gone", state=message.state)
    return cancelled(message, "by_hand")


# --- the call ----------------------------------------------------------------------------------


def claimed(message: Message, provider: str, now: datetime) -> Decision:
    """To be committed before the provider is called: from here on it may be out."""
    return Decision(
        _after(
            message,
            "claim",
            provider=provider,
            attempts=message.attempts + 1,
            looks=0,
            claimed_at=now,
            wake_at=now + LEASE,
            waits_for=None,
        )
    )


def accepted(
    message: Message, provider_id: str | None, abilities: Abilities, now: datetime
) -> Decision:
    changed = _after(
        message,
        "accept",
        provider_id=provider_id,
        sent_at=message.claimed_at if message.state == "undetermined" else now,
        looks=0,
        wake_at=None if abilities.tracks == "nothing" else now + LOOK_DELAYS[0],
        waits_for=None if abilities.tracks == "nothing" else "delivery",
        reason=None,
        detail=None,
    )
    sent = MessageSent(
        **naming(changed), provider=changed.provider or "", provider_id=changed.provider_id
    )
    return Decision(changed, (sent,))


def put_off(message: Message, detail: str, now: datetime) -> Decision:
    """Surely not taken: tried again later, until it has been tried often enough."""
    if message.attempts > len(RETRY_DELAYS):
        return refused(message, "provider_unreachable", detail)
    step: Step = "miss" if message.state == "undetermined" else "put_off"
    delay = RETRY_DELAYS[max(message.attempts, 1) - 1]
    return Decision(
        _after(message, step, wake_at=now + delay, waits_for="retry", detail=detail, reason=None)
    )


def refused(message: Message, reason: str, detail: str | None) -> Decision:
    """The provider will not, or could not: sending the same once more would not help."""
    changed = _ended(message, "refuse", reason, detail)
    return Decision(changed, (MessageFailed(**naming(changed), reason=reason, detail=detail),))


def unclear(message: Message, abilities: Abilities, detail: str, now: datetime) -> Decision:
    """It may have been taken. Sent again only where the provider knows it by its id."""
    if abilities.dedupes:
        return put_off(message, detail, now)
    resolvable = abilities.tracks == "own_id"
    changed = _after(
        message,
        "lose",
        looks=0,
        wake_at=now + RESOLVE_DELAYS[0] if resolvable else None,
        waits_for="provider" if resolvable else None,
        reason="no_answer",
        detail=detail,
    )
    event = MessageUndetermined(**naming(changed), reason="no_answer", detail=detail)
    return Decision(changed, (event,))


# --- after it ----------------------------------------------------------------------------------


def not_found(message: Message, now: datetime) -> Decision:
    """The provider does not know of an undetermined message; asked often enough, it never came."""
    if message.looks + 1 < len(RESOLVE_DELAYS):
        delay = RESOLVE_DELAYS[message.looks + 1]
        return _looked(message, now + delay)
    return put_off(message, message.detail or "not found", now)


def not_yet(message: Message, now: datetime) -> Decision:
    """A sent message that is still under way, or of which the provider could not tell."""
    if message.looks + 1 < len(LOOK_DELAYS):
        return _looked(message, now + LOOK_DELAYS[message.looks + 1])
    return given_up(message)


def delivered(message: Message, now: datetime) -> Decision:
    changed = _after(message, "deliver", delivered_at=now, wake_at=None, waits_for=None)
    event = MessageDelivered(
        **naming(changed), provider=changed.provider or "", provider_id=changed.provider_id
    )
    return Decision(changed, (event,))


def again(message: Message, message_id: UUID, by: str, now: datetime) -> Message:
    """The same text to the same client, as a new message: the first one keeps its end.

    Raises ``Refused``: ``message_under_way``, ``message_text_missing``.
    """
    if message.state in ("scheduled", "queued", "sending"):
        raise Refused("message_under_way", state=message.state)
    if message.text is None:
        raise Refused("message_text_missing")
    return replace(
        message,
        id=message_id,
        key=f"resend:{message.id}",
        state="scheduled",
        fact="by_hand",
        due_at=now,
        created_at=now,
        created_by=by,
        wake_at=now,
        waits_for=None,
        attempts=0,
        looks=0,
        claimed_at=None,
        provider=None,
        provider_id=None,
        sent_at=None,
        delivered_at=None,
        reason=None,
        detail=None,
        resend_of=message.id,
        revision=1,
    )


# --- helpers -----------------------------------------------------------------------------------


def naming(message: Message) -> dict[str, Any]:
    """What every event of a message begins with."""
    return {
        "message_id": message.id,
        "order_id": message.order_id,
        "client_id": message.client_id,
        "channel": message.channel,
        "fact": message.fact,
        "template_name": message.template_name,
    }


def _after(message: Message, step: Step, **changes: Any) -> Message:
    if not may(message, step):
        raise ValueError(f"a message cannot {step} when it is {message.state}")
    state = TRANSITIONS[message.state, step]
    return replace(message, state=state, revision=message.revision + 1, **changes)


def _ended(message: Message, step: Step, reason: str, detail: str | None = None) -> Message:
    return _after(message, step, wake_at=None, waits_for=None, reason=reason, detail=detail)


def _looked(message: Message, until: datetime) -> Decision:
    return Decision(
        replace(message, looks=message.looks + 1, wake_at=until, revision=message.revision + 1)
    )
