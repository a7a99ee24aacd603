"""Who may sign in, and the tokens of their programs: owned by ``services/gateway``.

Secrets in answers (``one_time_password``, ``token``) leave the gateway's own service sealed under
its key; the address that was asked opens them, and no other copy exists.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    CommandRefused,
    Cursor,
    Done,
    Event,
    Instant,
    Limit,
    Name,
    Page,
    Question,
    Revision,
    SearchText,
    View,
)
from shared.contracts.orders import Role

StationCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Stations = Annotated[tuple[StationCode, ...], Field(min_length=1, max_length=100)]
"""Where a user may sign in; null: at every station of the chain."""
Scope = Literal[
    "read",
    "clients:write",
    "orders:write",
    "inventory:write",
    "finance:write",
    "documents:write",
]
"""What a program may do of what its owner may: ``read`` everything, or change what one area has."""
Scopes = Annotated[tuple[Scope, ...], Field(min_length=1, max_length=6)]


# --- users --------------------------------------------------------------------------------------


class UserView(View):
    """``totp``: a second factor is asked for. ``must_change_password``: the password is a one-time
    one."""

    id: UUID
    login: str
    name: str
    role: Role
    active: bool
    stations: tuple[str, ...] | None
    must_change_password: bool
    totp: bool
    last_signed_in_at: Instant | None
    created_at: Instant
    revision: Revision


class UserMade(View):
    """The password is told this once, and must be changed at the first sign-in."""

    user: UserView
    one_time_password: str = Field(repr=False)


class CreateUser(Command[UserMade]):
    """Refused: ``login_taken``, ``role_above_own``."""

    subject: ClassVar[str] = "cmd.gateway.create_user.v1"

    login: Name
    name: Name
    role: Role
    stations: Stations | None = None


class ChangeUser(Command[UserView]):
    """What is not named stays. Who is made inactive, or is of other stations from now on, is
    signed out; another role counts at once. Tokens of whoever is made inactive are revoked: who is
    let in again makes new ones.

    Refused: ``user_not_found``, ``revision_conflict``, ``field_required``, ``role_above_own``,
    ``last_administrator`` (somebody must be left here who may manage users).
    """

    subject: ClassVar[str] = "cmd.gateway.change_user.v1"

    user_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    role: Role | None = None
    active: bool | None = None
    stations: Stations | None = None


class ResetPassword(Command[UserMade]):
    """A new one-time password; the user's sessions end, and the tokens of their programs are
    revoked. ``keep_tokens``: the password was only forgotten, and programs go on. Refused:
    ``user_not_found``, ``role_above_own``."""

    subject: ClassVar[str] = "cmd.gateway.reset_password.v1"

    user_id: UUID
    keep_tokens: bool = False


class EndUserSessions(Command[Done]):
    """Signs a user out everywhere. Refused: ``user_not_found``, ``role_above_own``."""

    subject: ClassVar[str] = "cmd.gateway.end_user_sessions.v1"

    user_id: UUID


class ResetTotp(Command[UserView]):
    """Takes the second factor from a user who lost it; the user's sessions end. Refused:
    ``user_not_found``, ``role_above_own``."""

    subject: ClassVar[str] = "cmd.gateway.reset_totp.v1"

    user_id: UUID


class GetUser(Question[UserView]):
    """Refused: ``user_not_found``."""

    subject: ClassVar[str] = "ask.gateway.user.v1"

    user_id: UUID


class FindUsers(Question[Page[UserView]]):
    """By login. ``q``: a part of the login or the name."""

    subject: ClassVar[str] = "ask.gateway.users.v1"

    q: SearchText | None = None
    role: Role | None = None
    active: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- one's own sessions -------------------------------------------------------------------------


class SessionItem(View):
    """``address`` and ``agent``: where it began, and what the browser or program called itself."""

    id: UUID
    address: str | None
    agent: str | None
    created_at: Instant
    expires_at: Instant


class ListSessions(Question[Page[SessionItem]]):
    """Of the person who asks, newest first."""

    subject: ClassVar[str] = "ask.gateway.sessions.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class EndSession(Command[Done]):
    """One of one's own. Refused: ``session_not_found``."""

    subject: ClassVar[str] = "cmd.gateway.end_session.v1"

    session_id: UUID


# --- tokens of programs -------------------------------------------------------------------------


class TokenView(View):
    """``state``: ``active``, ``expired`` or ``revoked``."""

    id: UUID
    user_id: UUID
    name: str
    scopes: tuple[str, ...]
    state: Literal["active", "expired", "revoked"]
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None


class TokenMade(View):
    """``token`` is told this once: for the header ``Authorization: Bearer …``."""

    details: TokenView
    token: str = Field(repr=False)


class CreateToken(Command[TokenMade]):
    """For a program of one's own; it may do what its owner may at that moment, within ``scopes``,
    and never what concerns users and tokens. Expires within a year.

    Refused: ``token_name_taken``, ``token_expiry_invalid``, ``too_many_tokens``.
    """

    subject: ClassVar[str] = "cmd.gateway.create_token.v1"

    name: Name
    scopes: Scopes
    expires_at: Instant


class RevokeToken(Command[TokenView]):
    """One's own; whoever manages users may revoke any. Refused: ``token_not_found``."""

    subject: ClassVar[str] = "cmd.gateway.revoke_token.v1"

    token_id: UUID


class ListTokens(Question[Page[TokenView]]):
    """Newest first. ``user_id``: another user's, for whoever manages users; else ``forbidden``."""

    subject: ClassVar[str] = "ask.gateway.tokens.v1"

    user_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- facts --------------------------------------------------------------------------------------


class _OfUser(Event):
    """What is told of a user; each fact says its own producer and consumer."""

    user_id: UUID
    login: str

    def aggregate_id(self) -> UUID:
        return self.user_id


class UserSaved(_OfUser):
    """A user was made or changed. Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.user_saved.v1"

    name: str
    role: str
    active: bool
    stations: tuple[str, ...] | None


class PasswordReset(_OfUser):
    """A user was given a one-time password. Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.password_reset.v1"


class SessionsEnded(_OfUser):
    """A user's sessions, or one of them, were ended by name. Producer: gateway.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.sessions_ended.v1"

    session_id: UUID | None = None


class TotpChanged(_OfUser):
    """A second factor was turned on or off, or its recovery codes were made anew. Producer:
    gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.totp_changed.v1"

    what: Literal["on", "off", "recovery_codes"]


class RecoveryCodesTaken(_OfUser):
    """A user's recovery codes open nothing any more; the second factor is asked for as before.
    Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.recovery_codes_taken.v1"


class TokenSaved(_OfUser):
    """A program's token was made or revoked; never the token itself. Producer: gateway.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.token_saved.v1"

    token_id: UUID
    name: str
    scopes: tuple[str, ...]
    expires_at: Instant
    state: Literal["active", "revoked"]


class GatewayCommandRefused(CommandRefused):
    """Nothing changed. Producer: gateway. Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.command_refused.v1"
