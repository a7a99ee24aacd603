"""What operators do to users, sessions and tokens from a shell. The gateway need not run for it:
its tables are written, and its outbox, from which the journal hears of it when it does. A gateway
at work goes by it within five seconds. Whoever calls commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway import access
from services.gateway.second_factor import without_recovery_codes, without_totp
from services.gateway.store import login_key, users
from shared.contracts.base import Event
from shared.contracts.users import ChangeUser, TotpChanged
from shared.messaging import outbox
from shared.messaging.envelope import Envelope
from shared.permissions import may
from shared.roles import ROLES


class NoSuchUser(LookupError):
    """``managers``: the logins of those who may manage users."""

    def __init__(self, managers: Sequence[str]) -> None:
        super().__init__()
        self.managers = managers


@dataclass(frozen=True, slots=True)
class Given:
    """A one-time password. ``active``: whether its user may sign in at all; ``totp``: whether a
    second factor is asked for; ``tokens``: the names of those that were revoked."""

    login: str
    password: str
    active: bool
    totp: bool
    sessions: int
    tokens: tuple[str, ...]


async def give_password(
    connection: AsyncConnection,
    login: str,
    source: str,
    cause: Envelope,
    *,
    keep_tokens: bool,
    keep_totp: bool,
) -> Given:
    """As ``ResetPassword``, and ``ResetTotp`` where the second factor is not kept. ``source``: the
    gateway's, ``/station/gateway``. Raises ``NoSuchUser``."""
    found = await connection.execute(
        select(users).where(users.c.login_key == login_key(login)).with_for_update()
    )
    user = found.one_or_none()
    if user is None:
        raise NoSuchUser(await _managers(connection))
    now = datetime.now(UTC)
    reset = await access.reset_password(connection, user, now, keep_tokens=keep_tokens)
    events = [*reset.events]
    if takes_totp := user.totp is not None and not keep_totp:
        await without_totp(connection, user.id)
        events.append(TotpChanged(user_id=user.id, login=user.login, what="off"))
    await _tell(connection, events, source, cause)
    return Given(
        login=user.login,
        password=reset.password,
        active=user.active,
        totp=user.totp is not None and not takes_totp,
        sessions=reset.sessions,
        tokens=tuple(token.name for token in reset.revoked),
    )


@dataclass(frozen=True, slots=True)
class PutOut:
    """``people``: how many were signed in; ``tokens``: by owner and name, those that were
    revoked; ``recovery_codes``: the logins of those who have none any more."""

    people: int
    tokens: tuple[tuple[str, str], ...]
    recovery_codes: tuple[str, ...]


async def put_everybody_out(
    connection: AsyncConnection, source: str, cause: Envelope, *, keep_tokens: bool
) -> PutOut:
    """Ends every session, takes recovery codes away, and revokes the tokens of programs."""
    now = datetime.now(UTC)
    ended = await access.end_everybodys(connection)
    revoked = [] if keep_tokens else await access.revoke_tokens(connection, now)
    codes = await without_recovery_codes(connection)
    await _tell(connection, [*ended, *revoked, *codes], source, cause)
    return PutOut(
        len(ended),
        tuple((token.login, token.name) for token in revoked),
        tuple(owner.login for owner in codes),
    )


async def _managers(connection: AsyncConnection) -> Sequence[str]:
    roles = [role for role in ROLES if may(role, ChangeUser)]
    found = await connection.execute(
        select(users.c.login)
        .where(users.c.role.in_(roles), users.c.active)
        .order_by(users.c.login_key)
    )
    return found.scalars().all()


async def _tell(
    connection: AsyncConnection, events: Sequence[Event], source: str, cause: Envelope
) -> None:
    now = datetime.now(UTC)
    told = [outbox.outgoing(event, cause, source, now) for event in events]
    await outbox.write(connection, told)
