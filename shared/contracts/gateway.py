"""What the gateway itself has to say: sign-ins, and requests that never reached a service."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.contracts.base import Event


class SignedIn(Event):
    """Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.signed_in.v1"

    user_id: UUID
    login: str

    def aggregate_id(self) -> UUID:
        return self.user_id


class SignedOut(Event):
    """Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.signed_out.v1"

    user_id: UUID
    login: str

    def aggregate_id(self) -> UUID:
        return self.user_id


class PasswordChanged(Event):
    """A user chose another password; the user's other sessions are over. Producer: gateway.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.password_changed.v1"

    user_id: UUID
    login: str

    def aggregate_id(self) -> UUID:
        return self.user_id


class RequestRefused(Event):
    """A request was turned away before any service saw it. Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.request_refused.v1"

    request_id: UUID
    method: str
    path: str
    status: int
    code: str
    detail: str
    order_id: UUID | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id or self.request_id
