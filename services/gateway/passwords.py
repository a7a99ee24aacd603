"""Passwords: argon2id, slow on purpose, and therefore few at a time."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.refusals import Refused

AT_ONCE = 2
MAX_WAITING = 32
"""Sign-ins that may stand in line; who comes after them is told to come back."""

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
# Of no password: an unknown login is checked against it, so that it takes as long as a known one.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$lLJUgoWCkA8scDiqEsflLA$q94/P1wwX8hP3UE0S9/P1Ihj57uDpWFBfMLzAOdBylU"
)


def hashed(password: str) -> str:
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Takes the same time whether or not there is a hash to compare with."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


class Turnstile:
    """Lets two through at a time: each hash takes 64 MiB and a core for a moment."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def __aenter__(self) -> None:
        if self._waiting >= MAX_WAITING:
            raise Refused("busy", service="gateway")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
