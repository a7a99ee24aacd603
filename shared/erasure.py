"""What is personal in a message, and how a message reads without it.

Events and answers outlive the card that they speak of: in outboxes, kept replies, dead letters and
the journal. Which of their fields tell of a person is said here, once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import dead_letters, outbox, replies
from shared.packing import Packed, unpack

_EMPTIED = frozenset(
    {
        "first_name", "middle_name", "company_name", "email", "comment", "requisites", "plate",
        "driver", "vehicle_name", "over_limit", "customer_reason", "recommendation",
    }
)  # fmt: skip
_EMPTIED_AS_TEXT = frozenset({"comment", "email"})
"""Also names of things that stay: a comment on an order, the consent to e-mail."""
_CALLED = frozenset({"last_name", "client_name", "recipient", "email_subject", "text"})
_LISTED = frozenset({"phones", "sample"})
_BESIDE = {"name": "phones", "detail": "attempt", "by": "how"}
"""What is theirs where the other stands beside it. Many things have a name; a person's card has
phones besides. A refusal repeats what was said; who said of a work that it is wanted, said it
somehow."""
_CELLS = b'"sample":[['
"""Of a file that was brought, in an answer about it: whose they are nobody knows, and whoever is
forgotten may be among them."""
AT_ONCE = 500
"""Messages that are looked through together."""


def without_person(value: Any, called: str) -> Any:
    """JSON as it was, without what tells of a person, at any depth. ``called``: what stands where
    a name was; nothing that was there before is kept, and readers go on reading it."""
    match value:
        case {"field": str(field), "old": old, "new": new}:
            changed = without_person({field: old}, called)[field]
            return {**value, "old": changed, "new": without_person({field: new}, called)[field]}
        case dict():
            return {name: _without(name, inner, value, called) for name, inner in value.items()}
        case list():
            return [without_person(inner, called) for inner in value]
    return value


async def redact(connection: AsyncConnection, called: Mapping[UUID, str]) -> None:
    """The service's events and replies that name one of these ids, sent or not: without the
    person, ``called`` so from now on. They are read through from end to end, ``after`` the events'
    own transactions: what was under way when the persons were erased has been written by then."""
    sought = {str(one).encode(): name for one, name in called.items()}
    for table, column in ((outbox, "body"), (replies, "reply"), (dead_letters, "body")):
        (key,) = table.primary_key
        said = select(key, table.c[column].label("said"))
        read = unpack if isinstance(table.c[column].type, Packed) else bytes
        naming: list[tuple[Any, str]] = []
        # Packed, they cannot be looked through where they lie. The service goes on meanwhile: it
        # takes them as they are stored, and a thread unpacks them.
        stored = select(key, type_coerce(table.c[column], LargeBinary))
        async with connection.stream(stored.execution_options(yield_per=AT_ONCE)) as rows:
            async for some in rows.partitions():
                naming += await asyncio.to_thread(_naming, some, sought, read)
        for one, name in sorted(naming):
            # Somebody else may have been erased from it meanwhile.
            row = (await connection.execute(said.where(key == one).with_for_update())).first()
            if row:
                told: dict[str, Any] = {column: _redacted(row.said, name)}
                if table is dead_letters:
                    # Why it failed quotes what was in it; what kind of failure it was does not.
                    told["reason"] = func.split_part(table.c.reason, ":", 1)
                await connection.execute(update(table).where(key == one).values(told))


def _redacted(body: bytes, called: str) -> bytes:
    """Of a letter that is no message, nothing stays."""
    try:
        said = json.loads(body)
    except ValueError:
        said = called
    redacted = without_person(said, called)
    return json.dumps(redacted, ensure_ascii=False, separators=(",", ":")).encode()


def _naming(
    rows: Sequence[Sequence[Any]], sought: Mapping[bytes, str], read: Callable[[bytes], bytes]
) -> list[tuple[Any, str]]:
    """The keys of the messages that name one of these ids, and what they call it from now on: one
    who is named beside another is called as the other. Cells of a file may be anybody's."""
    plain = ((key, read(stored)) for key, stored in rows)
    named = (
        (key, [name for one, name in sought.items() if one in said or _CELLS in said])
        for key, said in plain
    )
    return [(key, names[0]) for key, names in named if names]


def _without(name: str, value: Any, around: Mapping[str, Any], called: str) -> Any:
    if value is None:
        return None
    if name in _LISTED:
        return []
    if name in _EMPTIED and not (name in _EMPTIED_AS_TEXT and isinstance(value, dict)):
        return None
    if name in _CALLED or _BESIDE.get(name) in around:
        return called
    return without_person(value, called)
