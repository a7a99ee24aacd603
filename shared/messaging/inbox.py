"""What was handled before: events by their id, commands by their idempotency key.

Both are found by an insert that conflicts, inside the transaction of the effect itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import inbox, replies
from shared.refusals import Refused
from shared.writing import Pending, inserting

_REMEMBER = (
    upsert(inbox)
    .from_select(
        ["event_id"], select(func.unnest(bindparam("ids", type_=ARRAY(Uuid))).label("event_id"))
    )
    .on_conflict_do_nothing()
    .returning(inbox.c.event_id)
)
_STORED = select(replies.c.key, replies.c.fingerprint, replies.c.reply).where(
    replies.c.key == any_(bindparam("keys", type_=ARRAY(Text)))
)
_HANDLED = inserting(inbox, "event_id")
_REPLIES = inserting(replies, "key", "fingerprint", "reply")


class Duplicate(Exception):
    """An event that was handled before. Nothing to do but acknowledge it."""


def put(pending: Pending, event_ids: Collection[UUID]) -> None:
    """Notes events as handled, with all else that the transaction writes. One that was handled
    before makes that fail."""
    pending.add(_HANDLED, ((event_id,) for event_id in sorted(event_ids)))


async def remember(connection: AsyncConnection, event_ids: Collection[UUID]) -> set[UUID]:
    """Notes events as handled; answers those that had not been."""
    if not event_ids:
        return set()
    # Sorted, so that two processes with the same events do not wait for each other in a circle.
    result = await connection.execute(_REMEMBER, {"ids": sorted(set(event_ids))})
    return set(result.scalars())


async def knows(connection: AsyncConnection, event_id: UUID) -> bool:
    """Whether an event was handled before."""
    row = await connection.execute(select(inbox.c.event_id).where(inbox.c.event_id == event_id))
    return row.first() is not None


async def last_handled(connection: AsyncConnection, event_ids: Collection[UUID]) -> datetime | None:
    """When the transaction of the last of them began."""
    last: datetime | None = await connection.scalar(
        select(func.max(inbox.c.handled_at)).where(inbox.c.event_id.in_(event_ids))
    )
    return last


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What a command with a key was answered, and which command that was."""

    fingerprint: bytes
    reply: bytes

    def replay(self, fingerprint: bytes) -> bytes:
        """The first answer once more. A key that comes with another request is refused."""
        if fingerprint != self.fingerprint:
            raise Refused("idempotency_key_reused")
        return self.reply


def fingerprint(subject: str, body: bytes) -> bytes:
    return sha256(subject.encode() + b"\n" + body).digest()


async def stored_replies(
    connection: AsyncConnection, keys: Sequence[str]
) -> dict[str, StoredReply]:
    """The answers that commands with these keys were given before."""
    if not keys:
        return {}
    rows = await connection.execute(_STORED, {"keys": list(keys)})
    return {row.key: StoredReply(row.fingerprint, row.reply) for row in rows}


def put_replies(pending: Pending, answered: dict[str, StoredReply]) -> None:
    """Keeps answers. Another process that answered the same key meanwhile makes this fail."""
    pending.add(
        _REPLIES, ((key, stored.fingerprint, stored.reply) for key, stored in answered.items())
    )
