"""Whether a message may go out, and when: consent, quiet hours, daily caps, and what still holds.

Days and hours are the station's own, whatever its clocks do in spring and autumn.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers

from services.documents.domain.messages import Message
from shared.contracts.clients import Consents, Language
from shared.contracts.messages import Channel, Delay, MessageKind
from shared.contracts.work_order import WorkOrder
from shared.phones import EXTENSION

# --- whether: the client -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Client:
    """What messages need of a client's card."""

    id: UUID
    phones: tuple[str, ...]
    email: str | None
    language: Language
    consents: Consents
    revision: int


def address_of(client: Client, channel: Channel) -> str | None:
    """The e-mail address, or the first mobile phone; a card without one may still have written
    down a mobile that the number plan does not know yet. Behind an extension is a desk, which
    nothing can be written to."""
    if channel == "email":
        return client.email
    phones = [phone for phone in client.phones if EXTENSION not in phone]
    return next(filter(_is_mobile, phones), next(iter(phones), None))


def hindrance(client: Client, channel: Channel, kind: MessageKind) -> str | None:
    """Why this client is not written to so; null: nothing stands in the way."""
    if address_of(client, channel) is None:
        return "no_address"
    if not getattr(client.consents, channel).given:
        return "no_consent"
    if kind == "marketing" and not client.consents.marketing.given:
        return "no_marketing_consent"
    return None


def _is_mobile(phone: str) -> bool:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )


# --- whether: the time, and the order ------------------------------------------------------------


MAX_LATENESS = timedelta(days=3)


def comes_too_late(message: Message, now: datetime) -> bool:
    """News that were lost for days, or replayed, are none to a client. A person's own words are
    sent whenever they can be."""
    return message.fact != "by_hand" and now > message.due_at + MAX_LATENESS


def standing(message: Message, order: WorkOrder) -> Literal["holds", "not_yet", "over"]:
    """Whether what the message would say is true of the order as it is now. ``not_yet``: orders
    has not heard what we have, and soon will."""
    parts = (*order.products, *order.materials)
    approvals = [line.approval.state for line in order.services]
    match message.fact:
        case "by_hand":
            holds = True
        case "order_opened":
            holds = order.status not in ("draft", "cancelled")
        case "estimate_ready":
            holds = order.status not in ("done", "cancelled") and "quoted" in approvals
        case "parts_arrived":
            holds = order.status in ("new", "in_progress") and bool(parts)
            if holds and any(part.state in ("requested", "short") for part in parts):
                return "not_yet"
        case "order_ready" | "next_visit":
            holds = order.status == "done" and order.completion == message.completion
        case "work_declined":
            holds = order.status != "cancelled" and bool(order.declined)
    return "holds" if holds else "over"


def is_kept_from_the_client(message: Message, order: WorkOrder) -> bool:
    """Of an order that the client is not shown nothing is told, unless a person does."""
    return message.fact != "by_hand" and not order.visible_to_customer


def waits_for_the_books(message: Message, order: WorkOrder) -> bool:
    """A car that is ready is told of with what is due for it: that finance says a moment later."""
    return message.fact == "order_ready" and not order.settled


# --- when --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` until ``end``, by the station's clock; over midnight where it starts later
    than it ends."""

    start: time
    end: time

    def hold(self, local: time) -> bool:
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class SendingRules:
    """What the station has set. A cap of 0 lets nothing out; null is no cap."""

    zone: ZoneInfo
    quiet: QuietHours | None = None
    client_cap: int | None = None
    """Messages that one client is sent on one day."""
    station_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing stands in the way."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Not at all."""

    reason: str


def before_sending(
    message: Message,
    client: Client,
    rules: SendingRules,
    now: datetime,
    *,
    client_today: int,
    station_today: int,
) -> Go | Wait | Skip:
    """``…_today``: messages that have been sent, or tried, since the station's midnight. A message
    that was claimed today already counts as itself."""
    if reason := hindrance(client, message.channel, message.kind):
        return Skip(reason)
    if not message.urgent and rules.quiet:
        allowed = quiet_until(now, rules.quiet, rules.zone)
        if allowed > now:
            return Wait(allowed, "quiet_hours")
    if message.claimed_at is not None and message.claimed_at >= day_start(now, rules.zone):
        return Go()
    tomorrow = day_start(now, rules.zone, days=1)
    if rules.client_cap is not None and client_today >= rules.client_cap:
        return Wait(tomorrow, "client_cap")
    if rules.station_cap is not None and station_today >= rules.station_cap:
        return Wait(tomorrow, "station_cap")
    return Go()


def quiet_until(now: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    """The first moment from ``now`` on that is not quiet, in UTC."""
    local = now.astimezone(zone)
    if not quiet.hold(local.time()):
        return now
    for days in (0, 1):
        day = local.date() + timedelta(days=days)
        # An hour that the clocks repeat has its end twice; the later one may be still to come.
        for fold in (0, 1):
            end = datetime.combine(day, quiet.end, zone).replace(fold=fold).astimezone(UTC)
            if end > now and not quiet.hold(end.astimezone(zone).time()):
                return end
    # The clocks have jumped over the end, and back into the hours themselves.
    return quiet_until(now + timedelta(hours=1), quiet, zone)


def day_start(now: datetime, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """The station's midnight before ``now``, or ``days`` later, in UTC."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def due_at(fact_at: datetime, delay: Delay, zone: ZoneInfo) -> datetime:
    """The fact's time of day, so many months and days later; 31 January + a month is the last
    of February. In UTC."""
    local = fact_at.astimezone(zone)
    months = local.month - 1 + delay.months
    year, month = local.year + months // 12, months % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    date = local.date().replace(year=year, month=month, day=day) + timedelta(days=delay.days)
    then = datetime.combine(date, local.time(), zone).replace(fold=local.fold)
    return then.astimezone(UTC) + timedelta(minutes=delay.minutes)
