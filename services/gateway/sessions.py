"""Signing in and out: opaque tokens, of which the database knows only the hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway.call import Call
from services.gateway.coalescing import Coalesced
from services.gateway.journal import Journal
from services.gateway.person import LASTS, PROGRAM, Person, behind, hash_of, person
from services.gateway.proofs import Proofs, Proven
from services.gateway.sealing import opened, sealed
from services.gateway.store import login_key, sessions, users
from shared.contracts.gateway import PasswordChanged, SignedIn, SignedOut
from shared.ids import new_id
from shared.refusals import Refused
from shared.settings import ServiceSettings

BELIEVED_FOR_S = 5.0
"""How long a session is taken to be as it was: what a sign-out elsewhere takes to arrive."""
MAX_BELIEVED = 10_000
MAX_AGENT_CHARS = 200
NOTE_LASTS_S = 300


class _Overtaken(Exception):
    """The password that was proven is not the one in force any more."""


class Sessions:
    """Who is signed in, from the table, remembered for a few seconds."""

    def __init__(
        self, engine: AsyncEngine, journal: Journal, proofs: Proofs, settings: ServiceSettings
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._proofs = proofs
        self._settings = settings
        self._believed: dict[bytes, tuple[float, Person]] = {}
        self._looked_up: Coalesced[tuple[bool, bytes], Person | None] = Coalesced(self._look_up)

    async def person_of(self, token: str, *, anew: bool = False) -> Person | None:
        """Whose token this is, if it still counts; each use makes a session last longer. ``anew``:
        whatever was so a moment ago."""
        token_hash = hash_of(token)
        believed = None if anew else self._believed.get(token_hash)
        if believed and monotonic() - believed[0] < BELIEVED_FOR_S:
            return believed[1]
        who = await self._looked_up.submit((token.startswith(PROGRAM), token_hash))
        if who is None:
            self._believed.pop(token_hash, None)
            return None
        if len(self._believed) >= MAX_BELIEVED:
            self._believed.clear()
        self._believed[token_hash] = monotonic(), who
        return who

    def forget(self) -> None:
        """Users, sessions or tokens have changed: here that counts at once."""
        self._believed.clear()

    async def sign_in(
        self, call: Call, login: str, password: str, code: str | None = None
    ) -> tuple[str, Person]:
        """A new session's token. Raises as ``proven`` and ``enter``."""
        return await self.enter(call, await self.proven(call, login, password), code)

    async def proven(self, call: Call, login: str, password: str) -> Any:
        """Whose password it is: a row of ``users``. Raises ``sign_in_failed``,
        ``sign_in_throttled``, ``busy``."""
        return (await self._proofs.password(call, login, [password], "sign_in_failed")).row

    def note_of(self, user: Any) -> str:
        """Stands for the password that was right a moment ago, while its owner looks for the
        second factor's code; worth nothing without one."""
        return sealed(self._settings, f"{user.id} {_mark(user)}")

    async def noted(self, note: str) -> Any:
        """As ``proven``, by a note. Raises ``sign_in_failed``."""
        try:
            user_id, mark = opened(self._settings, note, within_s=NOTE_LASTS_S).split()
            known = users.c.id == UUID(user_id)
        except (InvalidToken, ValueError):  # or it was sealed for something else
            raise Refused("sign_in_failed") from None
        user = await self._user(known)
        if user is None or mark != _mark(user):
            raise Refused("sign_in_failed")
        return user

    async def enter(self, call: Call, user: Any, code: str | None) -> tuple[str, Person]:
        """For whoever has proven to be that user: a new session's token. Raises
        ``station_forbidden``, ``totp_required``, ``totp_invalid``, ``sign_in_throttled``,
        ``sign_in_failed``."""
        self._ensure_of_station(user)
        if user.totp is not None:
            if code is None:
                raise Refused("totp_required")
            await self._proofs.code(call, user, code)
        await self._proofs.forgive(call, user)
        return await self._begun(call, user)

    async def sign_in_as(self, call: Call, login: str) -> tuple[str, Person]:
        """For whoever somebody else vouches for: a new session's token. Raises
        ``user_unknown``, ``station_forbidden``, ``sign_in_failed``."""
        user = await self._user(users.c.login_key == login_key(login))
        if user is None:
            raise Refused("user_unknown", login=login)
        self._ensure_of_station(user)
        return await self._begun(call, user)

    async def sign_out(self, call: Call, token: str) -> None:
        """Ends a session; one that has ended already is no error."""
        who = await self.person_of(token)
        if who is None:
            return
        call.actor = who.actor
        async with self._journal.entry() as entry:
            gone = await entry.connection.execute(
                delete(sessions).where(sessions.c.token_hash == hash_of(token))
            )
            if gone.rowcount:
                entry.publish(
                    SignedOut(user_id=who.user_id, login=who.login),
                    call.envelope(SignedOut.subject),
                )
        self._believed.pop(hash_of(token), None)

    async def change_password(self, call: Call, who: Person, old: str, new: str) -> None:
        """Ends the person's other sessions too. Raises ``password_same``, ``password_wrong`` and
        as ``sign_in``.

        The same request once more finds its new password in force already, and is content.
        """
        if old == new:
            raise Refused("password_same")
        proven = await self._proofs.password(call, who.login, [old, new], "password_wrong")
        await self._proofs.forgive(call, proven.row)
        if proven.password != old:
            return
        try:
            await self._replace_password(call, who, proven, new)
        except _Overtaken:
            await self.change_password(call, who, old, new)

    async def _replace_password(self, call: Call, who: Person, proven: Proven, new: str) -> None:
        password_hash = await self._proofs.hashed(new)
        async with self._journal.entry() as entry:
            changed = await entry.connection.execute(
                update(users)
                .where(users.c.id == who.user_id)
                .where(users.c.password_hash == proven.row.password_hash)
                .values(password_hash=password_hash, must_change_password=False)
            )
            # Somebody was faster, perhaps this very request: then it is in force already.
            if not changed.rowcount:
                raise _Overtaken
            await entry.connection.execute(
                delete(sessions)
                .where(sessions.c.user_id == who.user_id)
                .where(sessions.c.id != who.session_id)
            )
            entry.publish(
                PasswordChanged(user_id=who.user_id, login=who.login),
                call.envelope(PasswordChanged.subject),
            )
        self.forget()

    async def _begun(self, call: Call, user: Any) -> tuple[str, Person]:
        token = secrets.token_urlsafe(32)
        who = person(user, new_id())
        call.actor = who.actor
        now = datetime.now(UTC)
        agent = call.header(b"user-agent")
        async with self._journal.entry() as entry:
            # First: whoever changes the password, or locks the user out, ends the sessions that
            # there are, and must not overlook one that is only just being begun.
            still = await entry.connection.execute(
                update(users)
                .where(users.c.id == who.user_id, users.c.active)
                .where(users.c.password_hash == user.password_hash)
                .values(last_signed_in_at=now)
            )
            if not still.rowcount:
                raise Refused("sign_in_failed")
            await entry.connection.execute(
                insert(sessions).values(
                    token_hash=hash_of(token),
                    user_id=who.user_id,
                    id=who.session_id,
                    expires_at=now + LASTS,
                    address=call.address,
                    agent=agent and agent[:MAX_AGENT_CHARS],
                )
            )
            entry.publish(
                SignedIn(user_id=who.user_id, login=who.login),
                call.envelope(SignedIn.subject),
            )
        return token, who

    async def _user(self, which: ColumnElement[bool]) -> Any:
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(users).where(which, users.c.active))
            return rows.one_or_none()

    def _ensure_of_station(self, user: Any) -> None:
        station = self._settings.station
        if user.stations is not None and station not in user.stations:
            raise Refused("station_forbidden", station=station)

    async def _look_up(self, tokens: Sequence[tuple[bool, bytes]]) -> list[Person | None]:
        return await behind(self._engine, self._settings.station, tokens)


def _mark(user: Any) -> str:
    """Another one for every password: a note is worth nothing once it was changed."""
    return hash_of(user.password_hash).hex()
