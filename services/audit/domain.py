"""The hash chain: how a record is sealed, and how tampering shows.

A record's ``content`` is the text that is hashed, kept exactly as it was; whatever else the
table holds is a copy of it to search by. ``hash = sha256(previous hash + content)``, and the
content carries its own number, so that a record can be neither changed, nor taken out, nor moved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.contracts.audit import ChainFault
from shared.contracts.costing import IssueCostCorrected
from shared.contracts.expenses import ExpenseReversed, ReverseExpense
from shared.contracts.finance import ExpenseRecorded, RecordExpense
from shared.contracts.reconciliation import TellIssueCost

GENESIS = "0" * 64
"""What stands before the first record."""
MAX_FAULTS = 100
TAIL_BYTES = 8
"""Of an id, its last bytes: drawn at random, so that no two ids share them."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TAIL = re.compile(r"-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{4}-[0-9a-f]{12})")
"""Of what has the looks of an id; begins with what is looked for fast."""

COST_FIELDS = frozenset(
    {
        "charges",
        "cost",
        "extra_cost",
        "extra_costs",
        "margin",
        "pay",
        "pay_percent",
        "stock_cost",
        "total_cost",
        "total_with_vat",
        "total_without_vat",
        "unit_cost",
        "value",
    }
)
"""What people who may not see cost are not shown, wherever it stands in an event."""
COSTS_OF = {
    IssueCostCorrected.subject: frozenset({"amount"}),
    ExpenseRecorded.subject: frozenset({"amount"}),
    ExpenseReversed.subject: frozenset({"amount"}),
    TellIssueCost.subject: frozenset({"attempt", "detail"}),
    RecordExpense.subject: frozenset({"attempt", "detail"}),
    ReverseExpense.subject: frozenset({"attempt", "detail"}),
}
"""The same of one event, or of a command that was refused, where the name says nothing of cost."""
PAY_FIELDS = frozenset({"pay", "pay_percent"})
"""The same of what each person earns."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event as it came, before it has its place in the chain."""

    event_id: UUID
    event: str
    at: datetime
    recorded_at: datetime
    actor: str
    actor_role: str | None
    station: str
    order_id: UUID | None
    correlation_id: UUID
    causation_id: UUID | None
    changes: tuple[Mapping[str, Any], ...]
    body: Mapping[str, Any]
    actor_token: str | None = None
    """The name of the program's token, where a program acted for the actor."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A link of the chain."""

    seq: int
    content: str
    previous_hash: str
    hash: str

    @property
    def fact(self) -> dict[str, Any]:
        """The fields of ``Fact`` and ``seq``, as JSON has them."""
        told: dict[str, Any] = json.loads(self.content)
        return told


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: the newest record, or the beginning."""

    seq: int = 0
    hash: str = GENESIS


def sealed(fact: Fact, head: Head) -> Sealed:
    """The next link after ``head``."""
    seq = head.seq + 1
    told = {"seq": seq, **{name: getattr(fact, name) for name in fact.__dataclass_fields__}}
    content = json.dumps(
        told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return Sealed(seq, content, head.hash, hash_of(head.hash, content))


def hash_of(previous_hash: str, content: str) -> str:
    return sha256(f"{previous_hash}\n{content}".encode()).hexdigest()


def mentioned(content: str) -> set[UUID]:
    """The ids that stand in a text."""
    return {UUID(found) for found in _UUID.findall(content)}


def mentions(content: str) -> bytes:
    """The tails of those ids, one after the other: what is packed is searched by them."""
    return bytes.fromhex("".join(sorted(set(_TAIL.findall(content)))).replace("-", ""))


def tail(one: UUID) -> bytes:
    return one.bytes[-TAIL_BYTES:]


class Verification:
    """Walks the chain from its beginning and names what does not fit."""

    def __init__(self, head: Head = Head(), records: int = 0, *, was_whole: bool = True) -> None:
        """The rest: what an earlier walk has come to."""
        self.head = head
        self.records = records
        self.faults: list[ChainFault] = []
        self._was_whole = was_whole

    @property
    def is_whole(self) -> bool:
        return self._was_whole and not self.faults

    def walk(self, links: Iterable[tuple[Sealed, Mapping[str, Any]]]) -> None:
        """The next records by ``seq``, each with its searchable copy as JSON would have it."""
        for link, copy in links:
            self._check(link, copy)
            self.records += 1
            self.head = Head(link.seq, link.hash)

    def compare(self, anchor: Head | None, hash_at_anchor: str | None) -> None:
        """The head that was once noted outside must still be in the chain."""
        if anchor is None or anchor.seq == 0:
            return
        if anchor.seq > self.head.seq:
            self._missing(self.head.seq + 1, anchor.seq + 1, "truncated")
        elif hash_at_anchor != anchor.hash:
            # Somebody rewrote the chain from some place on, hashes and all.
            self._fault(anchor.seq, None, "changed")

    def _check(self, link: Sealed, copy: Mapping[str, Any]) -> None:
        fact = _fact_of(link)
        event_id = UUID(copy["event_id"])
        told = {**fact, "mentions": mentions(link.content)}
        if hash_of(link.previous_hash, link.content) != link.hash or any(
            told.get(name) != value for name, value in copy.items()
        ):
            self._fault(link.seq, event_id, "changed")
        elif fact.get("seq") != link.seq:
            self._fault(link.seq, event_id, "reordered")
        self._missing(self.head.seq + 1, link.seq, "removed")
        if link.seq == self.head.seq + 1 and link.previous_hash != self.head.hash:
            self._fault(link.seq, event_id, "reordered")

    def _missing(self, start: int, end: int, fault: str) -> None:
        # A forged number may be any number: only what can still be told is counted through.
        for seq in range(start, min(end, start + MAX_FAULTS)):
            self._fault(seq, None, fault)

    def _fault(self, seq: int, event_id: UUID | None, fault: str) -> None:
        known = any(earlier.seq == seq for earlier in self.faults[-2:])
        if not known and len(self.faults) < MAX_FAULTS:
            self.faults.append(ChainFault(seq=seq, event_id=event_id, fault=fault))


def costs_of(event: str, body: Mapping[str, Any]) -> frozenset[str]:
    """The fields of an event that tell cost, if it is a refusal then of what was tried."""
    return (
        COST_FIELDS
        | COSTS_OF.get(event, frozenset())
        | COSTS_OF.get(body.get("command", ""), frozenset())
    )


def without(fields: frozenset[str], value: Any) -> Any:
    """The same with those fields left out, at any depth."""
    match value:
        case dict():
            return {
                name: without(fields, inner) for name, inner in value.items() if name not in fields
            }
        case list() | tuple():
            return [
                without(fields, inner)
                for inner in value
                if not (isinstance(inner, dict) and inner.get("field") in fields)
            ]
    return value


def _fact_of(link: Sealed) -> dict[str, Any]:
    try:
        fact = link.fact
    except ValueError:
        return {}
    return fact if isinstance(fact, dict) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        # As the database gives its copy back.
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} in an event's body")
