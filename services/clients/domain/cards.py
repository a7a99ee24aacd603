"""What a client's card must hold, and what an edit changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.clients.domain.identifiers import phone_numbers
from services.clients.domain.requisites import checked
from shared.contracts.base import Change
from shared.contracts.clients import (
    ChangeClient,
    ClientKind,
    ClientView,
    Consent,
    Consents,
    CreateClient,
    Language,
    SaidConsents,
)
from shared.contracts.requisites import Requisites
from shared.edits import changes_between, named_fields
from shared.refusals import Refused, ensure_revision

DISCOUNTS = frozenset(
    {"discount_percent", "services_discount_percent", "products_discount_percent"}
)


@dataclass(frozen=True, slots=True)
class Client:
    """A client's card. Phones are E.164."""

    id: UUID
    kind: ClientKind
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    company_name: str | None
    phones: tuple[str, ...]
    email: str | None
    discount_percent: Decimal | None
    comment: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    language: Language = "ru"
    consents: Consents = field(default_factory=Consents)
    services_discount_percent: Decimal | None = None
    products_discount_percent: Decimal | None = None
    requisites: Requisites | None = None
    erased_at: datetime | None = None
    """Since when nothing is known of the person any more."""
    merged_into: UUID | None = None
    """The card that this one is another name of."""

    @property
    def name(self) -> str:
        """How the client is shown."""
        if self.kind == "company" and self.company_name:
            return self.company_name
        return " ".join(filter(None, (self.last_name, self.first_name, self.middle_name)))


def new_client(
    command: CreateClient, client_id: UUID, now: datetime, by: str | None = None
) -> Client:
    """``by``: who writes down what the client consents to. Raises ``Refused``:
    ``client_name_missing``, ``phone_invalid``."""
    fields = _clean_card({name: getattr(command, name) for name in CreateClient.model_fields})
    fields["consents"] = consented(Consents(), command.consents, now, by)
    return _named(Client(id=client_id, revision=1, created_at=now, updated_at=now, **fields))


def changed_client(
    client: Client, command: ChangeClient, now: datetime, by: str | None = None
) -> tuple[Client, tuple[Change, ...]]:
    """The card after an edit, and what that changed; no changes: the card as it was.

    Raises ``Refused``: as ``new_client``, ``field_required``, ``revision_conflict``.
    """
    ensure_revision(command.expected_revision, client.revision)
    fields = _clean_card(named_fields(command, "client_id"))
    if "consents" in fields:
        fields["consents"] = consented(client.consents, fields["consents"], now, by)
    edited = _named(replace(client, **fields))
    changes = changes_between(client_view(client), client_view(edited), fields)
    if not changes:
        return client, ()
    return replace(edited, revision=client.revision + 1, updated_at=now), changes


def consented(
    before: Consents, said: SaidConsents | None, now: datetime, by: str | None
) -> Consents:
    """What a client allows after having said so. Only an answer that is another one than before
    has a new date: the day of a consent is what it can be proved by."""
    news = {
        name: Consent(given=given, at=now, by=by)
        for name, given in (said or SaidConsents())
        if given is not None and given != getattr(before, name).given
    }
    return before.model_copy(update=news)


def client_view(client: Client) -> ClientView:
    return ClientView.model_validate(client, from_attributes=True)


def _clean_card(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was named is looked at: an old number does not stand in the way of an edit."""
    clean = dict(fields)
    for name in ("kind", "language"):
        if name in clean and clean[name] is None:
            raise Refused("field_required", field=name)
    if "phones" in clean:
        clean["phones"] = phone_numbers(clean["phones"] or ())
    for name in DISCOUNTS & clean.keys():
        if clean[name] is not None:
            clean[name] = clean[name].quantize(Decimal("0.01"))
    if clean.get("requisites"):
        clean["requisites"] = checked(clean["requisites"])
    if "comment" in clean:
        clean["comment"] = clean["comment"] or None
    return clean


def _named(client: Client) -> Client:
    has_name = (
        client.company_name if client.kind == "company" else client.last_name or client.first_name
    )
    if not has_name:
        raise Refused("client_name_missing")
    return client
