"""Signing in and out: opaque tokens, of which the database knows only the hash."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    LargeBinary,
    Row,
    any_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway import failures, passwords, throttling
from services.gateway.call import ANONYMOUS, Call
from services.gateway.coalescing import Coalesced
from services.gateway.journal import Journal
from services.gateway.store import login_key, sessions, users
from services.gateway.throttling import Failures
from shared.contracts.gateway import PasswordChanged, SignedIn, SignedOut
from shared.messaging.envelope import Actor
from shared.refusals import Refused

LASTS = timedelta(hours=12)
"""Since the last request."""
EXTENDED_EVERY = timedelta(minutes=5)
"""So much of its time must be used up before a session is written again."""
BELIEVED_FOR_S = 5.0
"""How long a session is taken to be as it was: what a sign-out elsewhere takes to arrive."""
MAX_BELIEVED = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user."""

    user_id: UUID
    login: str
    name: str
    role: str
    must_change_password: bool

    @property
    def actor(self) -> Actor:
        return Actor(self.login, self.role, self.user_id)


class Sessions:
    """Who is signed in, from the table, remembered for a few seconds."""

    def __init__(self, engine: AsyncEngine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal
        self._turnstile = passwords.Turnstile()
        self._believed: dict[bytes, tuple[float, Person]] = {}
        self._looked_up: Coalesced[bytes, Person | None] = Coalesced(self._look_up)

    async def person_of(self, token: str) -> Person | None:
        """Whose token this is, if its session goes on; each use makes it last longer."""
        token_hash = _hash(token)
        believed = self._believed.get(token_hash)
        if believed and monotonic() - believed[0] < BELIEVED_FOR_S:
            return believed[1]
        person = await self._looked_up.submit(token_hash)
        if person is None:
            self._believed.pop(token_hash, None)
            return None
        if len(self._believed) >= MAX_BELIEVED:
            self._believed.clear()
        self._believed[token_hash] = monotonic(), person
        return person

    async def sign_in(self, call: Call, login: str, password: str) -> tuple[str, Person]:
        """A new session's token. Raises ``sign_in_failed``, ``sign_in_throttled``, ``busy``."""
        user = await self._proven(call, login, [password], "sign_in_failed")
        token = secrets.token_urlsafe(32)
        person = _person(user.row)
        call.actor = person.actor
        async with self._journal.entry() as entry:
            await entry.connection.execute(
                insert(sessions).values(
                    token_hash=_hash(token),
                    user_id=person.user_id,
                    expires_at=datetime.now(UTC) + LASTS,
                )
            )
            entry.publish(
                SignedIn(user_id=person.user_id, login=person.login),
                call.envelope(SignedIn.subject),
            )
        return token, person

    async def sign_out(self, call: Call, token: str) -> None:
        """Ends a session; one that has ended already is no error."""
        person = await self.person_of(token)
        if person is None:
            return
        call.actor = person.actor
        async with self._journal.entry() as entry:
            gone = await entry.connection.execute(
                delete(sessions).where(sessions.c.token_hash == _hash(token))
            )
            if gone.rowcount:
                entry.publish(
                    SignedOut(user_id=person.user_id, login=person.login),
                    call.envelope(SignedOut.subject),
                )
        self._believed.pop(_hash(token), None)

    async def change_password(self, call: Call, person: Person, old: str, new: str) -> None:
        """Ends the person's other sessions too. Raises ``password_wrong`` and as ``sign_in``.

        The same request once more finds its new password in force already, and is content.
        """
        user = await self._proven(call, person.login, [old, new], "password_wrong")
        if user.proof != old:
            return
        async with self._turnstile:
            password_hash = await asyncio.to_thread(passwords.hashed, new)
        token, _ = call.token()
        async with self._journal.entry() as entry:
            await entry.connection.execute(
                update(users)
                .where(users.c.id == person.user_id)
                .values(password_hash=password_hash, must_change_password=False)
            )
            await entry.connection.execute(
                delete(sessions)
                .where(sessions.c.user_id == person.user_id)
                .where(sessions.c.token_hash != _hash(token or ""))
            )
            entry.publish(
                PasswordChanged(user_id=person.user_id, login=person.login),
                call.envelope(PasswordChanged.subject),
            )
        self._believed.clear()

    async def _proven(
        self, call: Call, login: str, proofs: Sequence[str], otherwise: str
    ) -> _Proven:
        """The user of that login, whose password is one of ``proofs``; else refused so."""
        key = login_key(login)
        subjects = throttling.subjects(key, call.address)
        async with self._turnstile:
            # Only now: those who waited here together must not all be counted as the first.
            user, failed = await self._known(key, subjects)
            if seconds := throttling.seconds_to_wait(failed, datetime.now(UTC)):
                raise Refused("sign_in_throttled", seconds=seconds)
            if user and call.actor is ANONYMOUS:
                call.actor = Actor(user.login)
            known_hash = user.password_hash if user and user.active else None
            for proof in proofs:
                if await asyncio.to_thread(passwords.matches, proof, known_hash):
                    break
            else:
                await failures.count(self._engine, subjects)
                raise Refused(otherwise)
        # The place only: whoever guesses must not clear an address by signing in themselves.
        place = [each.subject for each in failed if each.subject.startswith("place:")]
        if place:
            await failures.forgive(self._engine, place)
        return _Proven(user, proof)

    async def _known(
        self, key: str, subjects: Sequence[str]
    ) -> tuple[Row[Any] | None, list[Failures]]:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            user = await connection.execute(select(users).where(users.c.login_key == key))
            return user.one_or_none(), await failures.read(connection, subjects)

    async def _look_up(self, token_hashes: Sequence[bytes]) -> list[Person | None]:
        now = datetime.now(UTC)
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            rows = await connection.execute(_SESSIONS, {"hashes": list(set(token_hashes))})
            going = {row.token_hash: row for row in rows if row.expires_at > now}
            if used := [
                token_hash
                for token_hash, row in going.items()
                if row.expires_at < now + LASTS - EXTENDED_EVERY
            ]:
                await connection.execute(
                    update(sessions)
                    .where(sessions.c.token_hash.in_(used))
                    .values(expires_at=now + LASTS)
                )
        people = {token_hash: _person(row) for token_hash, row in going.items()}
        return [people.get(token_hash) for token_hash in token_hashes]


@dataclass(frozen=True, slots=True)
class _Proven:
    row: Any
    proof: str


_SESSIONS = (
    select(
        users.c.id,
        users.c.login,
        users.c.name,
        users.c.role,
        users.c.must_change_password,
        sessions.c.token_hash,
        sessions.c.expires_at,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.token_hash == any_(bindparam("hashes", type_=ARRAY(LargeBinary))))
    .where(users.c.active)
)


def _person(row: Any) -> Person:
    return Person(row.id, row.login, row.name, row.role, row.must_change_password)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
