"""Everything that happened comes in; who may look gets it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import NonNegativeInt
from sqlalchemy import ColumnElement, Select, select

from services.audit.anchor import last_anchor
from services.audit.domain import (
    PAY_FIELDS,
    Fact,
    Head,
    Sealed,
    Verification,
    costs_of,
    mentioned,
    without,
)
from services.audit.store import AuditStore, naming, records
from shared.contracts.audit import (
    AnyEvent,
    AuditRecord,
    ChainState,
    FindRecords,
    OrderTimeline,
    TimelineEntry,
    VerifyChain,
)
from shared.contracts.base import Instant, Page
from shared.contracts.client_data import ClientErased
from shared.contracts.operations import StationRestored
from shared.erasure import without_person
from shared.handlers import Handlers, Work
from shared.pagination import cursor_after, keys_of, page_of
from shared.roles import may_see_cost, may_see_pay

SORTED_PERIOD = timedelta(days=31)
STRETCH = 25_000
"""Records of the chain that one question looks at: a second or two of work, whoever asks."""

# Of the audit's own no event is published by a handler: a restored station finds its first one,
# that it was restored, in the outbox.
handlers = Handlers("audit", AuditStore, publishes=(StationRestored,))


@handlers.event(AnyEvent)
async def record(event: AnyEvent, store: AuditStore, work: Work) -> None:
    envelope = work.envelope
    store.append(
        Fact(
            event_id=envelope.id,
            event=envelope.type,
            at=envelope.time,
            recorded_at=work.now,
            actor=envelope.actor.login,
            actor_role=envelope.actor.role,
            actor_token=envelope.actor.token,
            station=envelope.station,
            order_id=envelope.order_id,
            correlation_id=envelope.correlation_id,
            causation_id=envelope.causation_id,
            changes=tuple(change.model_dump(mode="json") for change in event.changes),
            body=event.model_extra or {},
        )
    )
    if envelope.type == ClientErased.subject:
        told = ClientErased.model_validate(event.model_dump())
        cars = (car.id for car in told.vehicles)
        await store.erase({*told.aliases, *cars}, told.name)


@handlers.question(FindRecords)
async def find_records(question: FindRecords, store: AuditStore, work: Work) -> Page[AuditRecord]:
    by_seq = _by_seq(question.start, question.end).desc()
    statement = _after(select(records).order_by(by_seq), question.cursor, newest=True)
    for column, value in (
        (records.c.order_id, question.order_id),
        (records.c.actor, question.actor),
        (records.c.event, question.event),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if question.about:
        statement = statement.where(naming(question.about))
    if question.start:
        statement = statement.where(records.c.at >= question.start)
    if question.end:
        statement = statement.where(records.c.at < question.end)
    links = await store.links(statement.limit(question.limit + 1))
    erased = await store.erased(links)
    return page_of(
        links, question.limit, lambda link: _record(link, erased), lambda link: (link.seq,)
    )


@handlers.question(OrderTimeline)
async def order_timeline(
    question: OrderTimeline, store: AuditStore, work: Work
) -> Page[TimelineEntry]:
    newest = question.newest_first
    by_seq = records.c.seq.desc() if newest else records.c.seq
    statement = _after(select(records).order_by(by_seq), question.cursor, newest=newest)
    statement = statement.where(records.c.order_id == question.order_id)
    links = await store.links(statement.limit(question.limit + 1))
    role = work.actor.role
    erased = await store.erased(links)
    return page_of(
        links, question.limit, lambda link: _entry(link, role, erased), lambda link: (link.seq,)
    )


@handlers.question(VerifyChain, report=True)
async def verify_chain(question: VerifyChain, store: AuditStore, work: Work) -> ChainState:
    # Read first: what is appended meanwhile only lies beyond it.
    anchor = await last_anchor(work.client.connection)
    return await verified(store, anchor, cursor=question.cursor, at_most=STRETCH)


async def verified(
    store: AuditStore,
    anchor: Head | None,
    tell: Callable[[int], None] = lambda _: None,
    *,
    cursor: str | None = None,
    at_most: int | None = None,
) -> ChainState:
    """The state of the chain, against the last head noted outside (if any is known): of all of it,
    or of so many records behind the cursor. A thousand are in memory; ``tell`` is told how many are
    done. Raises ``Refused``: ``cursor_invalid``."""
    verification = _gone_on(cursor) if cursor else Verification()
    until = None if at_most is None else verification.records + at_most
    async for links in store.walk(verification.head.seq, at_most):
        verification.walk(links)
        tell(verification.records)
    head, is_last = verification.head, verification.records != until
    if is_last and anchor:
        verification.compare(anchor, await store.hash_at(anchor.seq))
    place = (head.seq, head.hash, verification.records, verification.is_whole)
    return ChainState(
        intact=is_last and verification.is_whole,
        records=verification.records,
        head=head.hash,
        anchored=anchor.seq if anchor else None,
        faults=tuple(verification.faults),
        newest=(await store.head()).seq,
        next=None if is_last else cursor_after(*place),
    )


def _gone_on(cursor: str) -> Verification:
    seq, last_hash, count, was_whole = keys_of(
        cursor, tuple[NonNegativeInt, str, NonNegativeInt, bool]
    )
    return Verification(Head(seq, last_hash), count, was_whole=was_whole)


def _by_seq(start: Instant | None, end: Instant | None) -> ColumnElement[int]:
    """A period that is not long is looked up and sorted. The planner does not know that its records
    lie together: by the plain number it would walk back to them from the newest."""
    if start and end and end - start <= SORTED_PERIOD:
        return records.c.seq + 0
    return records.c.seq


def _after(statement: Select[Any], cursor: str | None, *, newest: bool) -> Select[Any]:
    if cursor is None:
        return statement
    (seq,) = keys_of(cursor, tuple[int])
    return statement.where(records.c.seq < seq if newest else records.c.seq > seq)


def _record(link: Sealed, erased: Mapping[UUID, str]) -> AuditRecord:
    return AuditRecord(**_shown(link, erased), hash=link.hash)


def _shown(link: Sealed, erased: Mapping[UUID, str]) -> dict[str, Any]:
    """The fact, without a person who asked to be forgotten."""
    fact = link.fact
    for one in sorted(mentioned(link.content) & erased.keys()):
        for told in ("changes", "body"):
            fact[told] = without_person(fact[told], erased[one])
    return fact


def _entry(link: Sealed, role: str | None, erased: Mapping[UUID, str]) -> TimelineEntry:
    fact = _shown(link, erased)
    costs = frozenset() if may_see_cost(role) else costs_of(fact["event"], fact["body"])
    pay = frozenset() if may_see_pay(role) else PAY_FIELDS
    return TimelineEntry(**without(costs | pay, fact))
