"""Identities: uuid7, so that a newer thing sorts after an older one."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def id_of(name: str) -> UUID:
    """The same id for the same name, everywhere: for things that configuration names."""
    digest = bytearray(sha256(name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8: custom
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
