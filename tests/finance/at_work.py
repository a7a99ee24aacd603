"""Finance's handlers at work on a real database: batches as the lane makes them, and a look at
what they have written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import event as sqlalchemy_events
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.finance.app import service
from services.finance.store import FinanceStore
from services.finance.store.schema import (
    accounts,
    applications,
    entries,
    payments,
    postings,
    settlements,
)
from shared.contracts.base import Command, Event, Question
from shared.database import outbox
from shared.handlers import Work
from shared.messaging.beforehand import Beforehand
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import Actor, opening
from shared.messaging.jobs import Job
from shared.refusals import Refused
from shared.service import Running
from shared.settings import ServiceSettings
from shared.vat import vat_within

CASHIER = Actor("kassa", "cashier")
NOBODY = cast(ServiceClient, None)
"""For handlers that must find all they need in their own tables."""


def job(message: Event | Command[Any], *, at: datetime | None = None) -> Job:
    """A message as the consumer or the server hands it to the lane, sent at that instant."""
    subject: str = type(message).subject
    envelope = replace(
        opening("/station-1/orders", subject, CASHIER, order_id=getattr(message, "order_id", None)),
        time=at or datetime.now(UTC),
    )
    routes = {**service.handlers.events, **service.handlers.commands}
    return Job(routes[subject], message, envelope, message.model_dump_json().encode())


async def together(
    running: Running, *messages: Event | Command[Any] | Job
) -> list[bytes | BaseException]:
    """All at once, so that they share a transaction; how each has ended."""
    jobs = [message if isinstance(message, Job) else job(message) for message in messages]
    return await asyncio.gather(*map(running.lane.submit, jobs), return_exceptions=True)


async def in_turn(running: Running, *messages: Event | Command[Any] | Job) -> None:
    """One transaction each; fails with the first that does."""
    for message in messages:
        (end,) = await together(running, message)
        if isinstance(end, BaseException):
            raise end


async def in_one_transaction(
    engine: AsyncEngine, settings: ServiceSettings, *jobs: Job, client: ServiceClient = NOBODY
) -> list[Event]:
    """As the lane runs a batch, without a broker; what was published. A refusal ends one job.
    ``client``: who answers for the other services."""
    todo: list[tuple[Job, Work]] = []
    for job in jobs:
        work = Work(job.envelope, job.envelope.time, settings, client, answers=job.answers)
        with suppress(Refused):
            if job.route.before:
                beforehand = Beforehand(settings, engine, service.handlers, client)
                await beforehand.prepare(job, job.route.before)
            todo.append((job, work))
    async with engine.begin() as connection:
        store = FinanceStore(connection)
        await store.prefetch([job.message for job, _ in todo])
        facts: list[Event] = []
        for job, work in todo:
            with suppress(Refused):
                await job.route.handler(job.message, store, work)
            facts += work.published
        await store.write()
    return facts


async def answer[ReplyT](
    engine: AsyncEngine,
    settings: ServiceSettings,
    question: Question[ReplyT],
    *,
    client: ServiceClient = NOBODY,
    now: datetime | None = None,
    actor: Actor = CASHIER,
) -> ReplyT:
    """As the server answers a question, without a broker."""
    route = service.handlers.questions[type(question).subject]
    envelope = opening("/station-1/gateway", type(question).subject, actor)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        work = Work(envelope, now or datetime.now(UTC), settings, client)
        reply: ReplyT = await route.handler(question, FinanceStore(connection), work)
    return reply


@dataclass
class Statements:
    """What was sent to the database."""

    made: list[str] = field(default_factory=list)


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[Statements]:
    """Every statement that the service's lane sends meanwhile: its background works on its own."""
    statements = Statements()

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        task = asyncio.current_task()
        if task and task.get_name() == "lane":
            # SQLAlchemy asks a single insert for its key, and no others: the same statement.
            statements.made.append(" ".join(statement.split()).split(" RETURNING outbox")[0])

    sqlalchemy_events.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sqlalchemy_events.remove(engine.sync_engine, "before_cursor_execute", note)


async def published[EventT: Event](running: Running, kind: type[EventT]) -> list[EventT]:
    """What the outbox has of this kind, in order."""
    async with running.engine.connect() as connection:
        rows = await connection.execute(
            select(outbox.c.body).where(outbox.c.subject == kind.subject).order_by(outbox.c.seq)
        )
        return [kind.model_validate_json(row.body) for row in rows]


async def ledger(
    engine: AsyncEngine, order_id: UUID | None = None
) -> list[tuple[str, str, str, Decimal]]:
    """``kind, debit, credit, amount`` of every posting, as they were written."""
    statement = (
        select(entries.c.kind, postings.c.debit, postings.c.credit, postings.c.amount)
        .join(postings, postings.c.entry_id == entries.c.id)
        .order_by(entries.c.id, postings.c.line)
    )
    if order_id:
        statement = statement.where(entries.c.order_id == order_id)
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(statement)]


async def rows_of(engine: AsyncEngine, table: Any) -> Sequence[Any]:
    async with engine.connect() as connection:
        return (await connection.execute(select(table))).all()


async def check_books(engine: AsyncEngine) -> None:
    """Whatever stands beside the ledger is the sum of its postings, in both directions."""
    receivable: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    deposits: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    held: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    held_vat: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    applied: defaultdict[tuple[UUID, UUID], Decimal] = defaultdict(Decimal)
    for row in await rows_of(engine, postings):
        owed = row.amount * ((row.debit == "receivable") - (row.credit == "receivable"))
        kept = row.amount * ((row.credit == "deposits") - (row.debit == "deposits"))
        receivable[row.client_id] += owed
        deposits[row.client_id] += kept
        if row.payment_id:
            held[row.payment_id] += kept
            held_vat[row.payment_id] += row.amount * (
                (row.debit == "vat.advances") - (row.credit == "vat.advances")
            )
            applied[row.payment_id, row.order_id] -= owed
    found = await rows_of(engine, accounts)
    assert {row.client_id: row.receivable for row in found if row.receivable} == _nonzero(
        receivable
    )
    assert {row.client_id: row.deposits for row in found if row.deposits} == _nonzero(deposits)
    paid = await rows_of(engine, payments)
    assert {row.id: row.held for row in paid if row.held} == _nonzero(held)
    within = {row.id: vat_within(row.held, row.vat_percent) for row in paid}
    assert {payment: vat for payment, vat in within.items() if vat} == _nonzero(held_vat)
    on_orders = await rows_of(engine, applications)
    assert {(row.payment_id, row.order_id): row.amount for row in on_orders} == _nonzero(applied)
    covered: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in on_orders:
        covered[row.order_id] += row.amount
    standing = [row for row in await rows_of(engine, settlements) if row.state == "settled"]
    assert {row.order_id: row.paid for row in standing if row.paid} == dict(covered)


def _nonzero[KeyT](sums: dict[KeyT, Decimal]) -> dict[KeyT, Decimal]:
    return {key: amount for key, amount in sums.items() if amount}
