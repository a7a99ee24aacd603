"""What proves who one is: a password, and where it is asked for a second factor's code. Guessing
either is slowed down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway import failures, one_time_codes, passwords, throttling
from services.gateway.call import ANONYMOUS, Call
from services.gateway.sealing import opened
from services.gateway.store import login_key, recovery_codes, sessions, users
from services.gateway.throttling import Failures
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.settings import ServiceSettings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proven:
    """A row of ``users``, and which of the passwords that were tried is theirs."""

    row: Any
    password: str


class Proofs:
    """Checks passwords and codes, and counts those that are wrong."""

    def __init__(self, engine: AsyncEngine, settings: ServiceSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._turnstile = passwords.Turnstile()
        self._one_code_at_a_time = asyncio.Lock()

    async def password(
        self, call: Call, login: str, tried: Sequence[str], otherwise: str
    ) -> Proven:
        """The user of that login, whose password is one of ``tried``; else refused so, or
        ``sign_in_throttled``, ``busy``."""
        key = login_key(login)
        subjects = throttling.subjects(key, call.address)
        async with self._turnstile:
            # Only now: those who waited here together must not all be counted as the first.
            user, failed = await self._known(key, subjects)
            await self._ensure_in_time(failed, call.address)
            if user and call.actor is ANONYMOUS:
                call.actor = Actor(user.login)
            known_hash = user.password_hash if user and user.active else None
            for password in tried:
                if await asyncio.to_thread(passwords.matches, password, known_hash):
                    return Proven(user, password)
            await failures.count(self._engine, subjects)
            raise Refused(otherwise)

    async def hashed(self, password: str) -> str:
        async with self._turnstile:
            return await asyncio.to_thread(passwords.hashed, password)

    async def code(self, call: Call, user: Any, code: str, *, pending: bool = False) -> None:
        """Takes a code of the user's second factor (``pending``: of the one that is to be
        confirmed), or a recovery code, once. Refused: ``totp_invalid``, ``sign_in_throttled``."""
        guesses = f"code:{user.id}"
        async with self._one_code_at_a_time:
            _ensure_in_time(await failures.known(self._engine, [guesses]))
            step = self._step_of(user.totp_pending if pending else user.totp, code)
            if step is not None and await self._take_step(user.id, step):
                return
            if not pending and await self._take_recovery_code(user.id, code):
                return
            subjects = throttling.subjects(user.login_key, call.address)
            await failures.count(self._engine, [guesses, *subjects])
            raise Refused("totp_invalid")

    async def forgive(self, call: Call, user: Any) -> None:
        """Everything was right: what went wrong at this place before is forgotten.

        The place only: whoever guesses must not clear an address by signing in themselves.
        """
        place = throttling.place(user.login_key, call.address)
        await failures.forgive(self._engine, [place, f"code:{user.id}"])

    async def _known(
        self, key: str, subjects: Sequence[str]
    ) -> tuple[Row[Any] | None, list[Failures]]:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            user = await connection.execute(select(users).where(users.c.login_key == key))
            return user.one_or_none(), await failures.read(connection, subjects)

    async def _ensure_in_time(self, failed: Sequence[Failures], address: str) -> None:
        """Who tries a login from many places keeps its owner waiting anywhere but where people of
        the station are signed in: there counts what went wrong there, which is the stricter."""
        if throttling.seconds_to_wait(failed, datetime.now(UTC)) and await self._knows(address):
            failed = [each for each in failed if not throttling.is_of_login(each)]
        _ensure_in_time(failed)

    async def _knows(self, address: str) -> bool:
        # As failures count: a line of IPv6 is one place, whichever of its addresses is used today.
        places = select(sessions.c.address).distinct().where(sessions.c.expires_at > func.now())
        async with self._engine.connect() as connection:
            known = [place for place in await connection.scalars(places) if place is not None]
        return throttling.whence(address) in map(throttling.whence, known)

    def _step_of(self, sealed: bytes, code: str) -> int | None:
        """None of a secret that was sealed under another key, too: recovery codes still count."""
        try:
            secret = opened(self._settings, sealed.decode())
        except InvalidToken:
            log.error("second_factor_not_opened")
            return None
        return one_time_codes.step_of(secret, code, datetime.now(UTC))

    async def _take_step(self, user_id: UUID, step: int) -> bool:
        """False for a code that was taken before, or an older one."""
        statement = (
            update(users)
            .where(users.c.id == user_id, users.c.totp_step < step)
            .values(totp_step=step)
        )
        return await self._changed(statement)

    async def _take_recovery_code(self, user_id: UUID, code: str) -> bool:
        statement = delete(recovery_codes).where(
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.code_hash == one_time_codes.recovery_hash(code),
        )
        return await self._changed(statement)

    async def _changed(self, statement: Any) -> bool:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return bool((await connection.execute(statement)).rowcount)


def _ensure_in_time(failed: Sequence[Failures]) -> None:
    if seconds := throttling.seconds_to_wait(failed, datetime.now(UTC)):
        raise Refused("sign_in_throttled", seconds=seconds)
