"""Clients' links are signed with a secret: it is made anew. Owned by ``services/orders``."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.contracts.base import Command, Event, View


class ReplacedLinks(View):
    """``links``: how many worked until then."""

    links: int


class ReplaceLinkSecret(Command[ReplacedLinks]):
    """Signs clients' links with a new secret: every link that was sent stops working at once, as
    after somebody has read it who should not. The rows stay: ``EstimateLink`` tells each order's
    new address, which has to be sent again; what waits for its day carries it already.
    """

    subject: ClassVar[str] = "cmd.orders.replace_link_secret.v1"


class LinkSecretReplaced(Event):
    """No link that was sent before answers any more. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.link_secret_replaced.v1"

    replacement_id: UUID
    links: int
    """How many worked until then."""

    def aggregate_id(self) -> UUID:
        return self.replacement_id
