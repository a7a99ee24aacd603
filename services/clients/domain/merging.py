"""Two cards of one client become one, and which cards may be so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.clients.domain.cards import Client, client_view
from shared.contracts.base import Change
from shared.contracts.clients import Consent, Consents
from shared.edits import changes_between
from shared.refusals import Refused, ensure_revision

MAX_PHONES = 20
MAX_COMMENT = 4000
_FILLED = (
    "last_name",
    "first_name",
    "middle_name",
    "company_name",
    "email",
    "comment",
    "requisites",
)
"""What the card that remains may lack and the other one know."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Both cards after it, and what it changed on the one that remains."""

    client: Client
    other: Client
    changes: tuple[Change, ...]


def merged(client: Client, other: Client, expected: int | None, now: datetime) -> Merged:
    """``client`` remains. Raises ``Refused``: ``merge_with_itself``, ``phones_too_many``,
    ``revision_conflict``."""
    if client.id == other.id:
        raise Refused("merge_with_itself")
    ensure_revision(expected, client.revision)
    phones = tuple(dict.fromkeys((*client.phones, *other.phones)))
    if len(phones) > MAX_PHONES:
        raise Refused("phones_too_many", most=MAX_PHONES)
    fields: dict[str, Any] = {
        name: getattr(client, name) or getattr(other, name) for name in _FILLED
    }
    fields |= {
        "phones": phones,
        "comment": _both_comments(client, other),
        "consents": stricter(client.consents, other.consents),
    }
    kept = replace(client, **fields, revision=client.revision + 1, updated_at=now)
    gone = replace(other, merged_into=client.id, revision=other.revision + 1, updated_at=now)
    return Merged(kept, gone, changes_between(client_view(client), client_view(kept), fields))


def stricter(one: Consents, other: Consents) -> Consents:
    """What both cards allow: a consent counts only if neither card is without it."""
    return Consents(
        **{name: _stricter(mine, getattr(other, name)) for name, mine in one if mine is not None}
    )


def _stricter(one: Consent, other: Consent) -> Consent:
    if one.given != other.given:
        return other if one.given else one
    # Both say the same: the later word has been proved last.
    return max(one, other, key=lambda consent: (consent.at is not None, consent.at))


def _both_comments(client: Client, other: Client) -> str | None:
    """The audit has whatever does not fit."""
    notes = dict.fromkeys(filter(None, (client.comment, other.comment)))
    return "\n".join(notes)[:MAX_COMMENT] or None


def pair(one_id: UUID, other_id: UUID) -> tuple[UUID, UUID]:
    """In the order in which a pair of cards is kept: ids grow with time, the older comes first."""
    return (one_id, other_id) if one_id < other_id else (other_id, one_id)
