"""The records table: appended to in batches, read page by page, walked from end to end."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Column,
    ColumnElement,
    Index,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.audit.domain import GENESIS, Fact, Head, Sealed, mentioned, mentions, sealed, tail
from shared.contracts.base import Message
from shared.contracts.orders import OrderCreated
from shared.handlers import Store
from shared.packing import pack, unpack
from shared.writing import inserting

tables = MetaData()

records = Table(
    "records",
    tables,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    # As of older versions: what they recorded is never written anew.
    Column("content", Text),
    Column("previous_hash", Text),
    Column("hash", Text),
    # Copies of what the content says, to search by. The rest is read from the content itself.
    Column("event_id", Uuid, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("order_id", Uuid),
    Column("packed", LargeBinary),
    Column("seal", LargeBinary),
    Column("mentions", LargeBinary),
    Index("records_order", "order_id", "seq", postgresql_where=text("order_id IS NOT NULL")),
    # Which stretch of the table holds which: what is rare is found by them, and what is frequent is
    # among the newest anyway. A place of its own for each record would cost as much as the record.
    Index(
        "records_stretches",
        "at",
        "actor",
        "event",
        postgresql_using="brin",
        postgresql_ops={
            "actor": "text_bloom_ops (n_distinct_per_range = 50)",
            "event": "text_bloom_ops (n_distinct_per_range = 100)",
        },
        postgresql_with={"autosummarize": True, "pages_per_range": 32},
    ),
)
"""``packed``: the content; ``seal``: the previous hash and its own; ``mentions``: the ids that the
content names, by which it is found (``domain.mentions``)."""

erased = Table(
    "erased",
    tables,
    Column("subject_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
)
"""Persons who asked to be forgotten, and their orders. The law wants the journal whole, so that it
keeps what it has; it is shown without them, and with ``name`` in their place."""

_COPIES = ("event_id", "event", "at", "actor", "order_id")
_HASH_BYTES = 32
_HASH = re.compile(r"[0-9a-f]{64}")
_LOCK = select(func.pg_advisory_xact_lock(7147))
_HASHES = select(records.c.seq, records.c.previous_hash, records.c.hash, records.c.seal)
_HEAD = _HASHES.order_by(records.c.seq.desc()).limit(1)
WALK_ROWS = 1_000
"""Looked through in some forty milliseconds, during which the service does nothing else."""
_LINKS = inserting(
    records,
    *("seq", *_COPIES, "packed", "seal", "mentions"),
    when=_LOCK.scalar_subquery().is_not(None),
)
_ends: WeakKeyDictionary[AsyncEngine, Head] = WeakKeyDictionary()
"""Where the chain ended when this process last wrote to it."""


class AuditStore(Store):
    """Appends in memory and writes once; two processes take turns at the chain's end.

    Mostly there is one process, and the end is where it left it: nothing is asked. If another has
    been there, the numbers conflict, and the batch that is done again asks.
    """

    _head: Head | None = None

    async def prefetch(self, messages: Sequence[Message]) -> None:
        # Forgotten until the commit: a batch that fails leaves nothing that the next might believe.
        self._head = _ends.pop(self.connection.engine, None)
        if messages and self._head is None:
            await self.connection.execute(_LOCK)
            self._head = await self.head()
        self._links: list[dict[str, Any]] = []

    def committed(self) -> None:
        if self._head:
            _ends[self.connection.engine] = self._head

    async def head(self) -> Head:
        row = (await self.connection.execute(_HEAD)).one_or_none()
        return Head(row.seq, _hashes(row)[1]) if row else Head()

    def append(self, fact: Fact) -> None:
        if self._head is None:
            raise RuntimeError("the chain's end is not known: nothing was prefetched")
        link = sealed(fact, self._head)
        self._head = Head(link.seq, link.hash)
        self._links.append(
            {
                "seq": link.seq,
                "packed": pack(link.content.encode()),
                "seal": bytes.fromhex(link.previous_hash + link.hash),
                "mentions": mentions(link.content),
                **{name: getattr(fact, name) for name in _COPIES},
            }
        )

    async def flush(self) -> None:
        self.pending.add(_LINKS, self._links)

    def unsaved(self) -> int:
        return len(self._links)

    async def erase(self, subjects: Collection[UUID], name: str) -> None:
        """From now on nothing that names these ids is shown with the person."""
        orders = await self.connection.execute(
            select(records.c.order_id)
            .where(records.c.event == OrderCreated.subject, or_(*map(naming, subjects)))
            .distinct()
        )
        rows = [{"subject_id": one, "name": name} for one in {*subjects, *orders.scalars()}]
        await self.connection.execute(upsert(erased).on_conflict_do_nothing(), rows)

    async def erased(self, links: Sequence[Sealed]) -> dict[UUID, str]:
        """By id, what those are called now who are named in these records and were erased."""
        named = {one for link in links for one in mentioned(link.content)}
        if not named:
            return {}
        found = await self.connection.execute(select(erased).where(erased.c.subject_id.in_(named)))
        return {row.subject_id: row.name for row in found}

    async def links(self, statement: Select[Any]) -> list[Sealed]:
        return [link_of(row) for row in await self.connection.execute(statement)]

    async def walk(
        self, after: int = 0, at_most: int | None = None
    ) -> AsyncIterator[list[tuple[Sealed, Mapping[str, Any]]]]:
        """The chain by ``seq``, behind that record, a thousand links at a time."""
        left = at_most
        while left is None or left > 0:
            statement = (
                select(records)
                .where(records.c.seq > after)
                .order_by(records.c.seq)
                .limit(WALK_ROWS if left is None else min(left, WALK_ROWS))
            )
            rows = (await self.connection.execute(statement)).all()
            if not rows:
                return
            yield [(link_of(row), _copy_of(row)) for row in rows]
            after = rows[-1].seq
            left = None if left is None else left - len(rows)

    async def hash_at(self, seq: int) -> str | None:
        row = (await self.connection.execute(_HASHES.where(records.c.seq == seq))).one_or_none()
        return _hashes(row)[1] if row else None


def naming(one: UUID) -> ColumnElement[bool]:
    """Whether a record's content names this id."""
    found = literal(tail(one), LargeBinary).op("IN")(records.c.mentions)
    return or_(func.position(found) > 0, func.strpos(records.c.content, str(one)) > 0)


def link_of(row: Any) -> Sealed:
    return Sealed(row.seq, _content(row), *_hashes(row))


def _content(row: Any) -> str:
    if row.packed is None:
        return row.content or ""
    try:
        return unpack(row.packed).decode()
    except (zlib.error, UnicodeDecodeError):
        return ""  # which has another hash


def _hashes(row: Any) -> tuple[str, str]:
    """The previous one, and its own. What is none is taken for that of the beginning: it is named
    by who verifies the chain, and the journal goes on from it."""
    if row.seal is None:
        previous, own = row.previous_hash, row.hash
    else:
        previous, own = row.seal[:_HASH_BYTES].hex(), row.seal[_HASH_BYTES:].hex()
    return tuple(one if one and _HASH.fullmatch(one) else GENESIS for one in (previous, own))  # type: ignore[return-value]


def _copy_of(row: Any) -> dict[str, Any]:
    """The searchable columns as the content has them."""
    copy = {name: getattr(row, name) for name in _COPIES}
    for name in ("event_id", "order_id"):
        copy[name] = str(copy[name]) if copy[name] else None
    copy["at"] = copy["at"].isoformat()
    if row.packed is not None:
        copy["mentions"] = row.mentions
    return copy
