"""Handing messages to a running inventory without the broker, and reading its books whole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event as sqlalchemy_events
from sqlalchemy import select

from services.inventory.app import service
from services.inventory.store.tables import (
    allocations,
    cancelled_orders,
    completions,
    consumptions,
    lots,
    requests,
    stock,
)
from shared.contracts.base import Command, Event
from shared.database import outbox
from shared.messaging.envelope import Actor, opening
from shared.messaging.jobs import Job
from shared.service import Running

STOREKEEPER = Actor("kladov", "storekeeper")
ADMIN = Actor("admin", "administrator")


def job(
    message: Event | Command[Any], *, at: datetime | None = None, actor: Actor = STOREKEEPER
) -> Job:
    """A message as the consumer or server hands it to the lane, sent at that instant."""
    subject: str = type(message).subject
    source = "/station-1/orders" if isinstance(message, Event) else "/station-1/gateway"
    envelope = replace(
        opening(source, subject, actor, order_id=getattr(message, "order_id", None)),
        time=at or datetime.now(UTC),
    )
    routes = {**service.handlers.events, **service.handlers.commands}
    return Job(routes[subject], message, envelope, message.model_dump_json().encode())


async def together(running: Running, *jobs: Job) -> list[bytes | BaseException]:
    """All at once, so that they share a transaction; how each has ended."""
    return await asyncio.gather(*map(running.lane.submit, jobs), return_exceptions=True)


@dataclass
class Statements:
    made: list[str] = field(default_factory=list)


@contextmanager
def counted(running: Running) -> Iterator[Statements]:
    """Every statement that the service's lane sends meanwhile: its background works on its own."""
    statements = Statements()
    engine = running.lane.engine.sync_engine

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        task = asyncio.current_task()
        if task and task.get_name() == "lane":
            # SQLAlchemy asks a single insert for its key, and no others: the same statement.
            statements.made.append(" ".join(statement.split()).split(" RETURNING outbox")[0])

    sqlalchemy_events.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sqlalchemy_events.remove(engine, "before_cursor_execute", note)


async def published[EventT: Event](running: Running, kind: type[EventT]) -> list[EventT]:
    """What the outbox has of this kind, in order."""
    async with running.engine.connect() as connection:
        rows = await connection.execute(
            select(outbox.c.body).where(outbox.c.subject == kind.subject).order_by(outbox.c.seq)
        )
        return [kind.model_validate_json(row.body) for row in rows]


async def rows_of(running: Running, table: Any) -> Sequence[Any]:
    async with running.engine.connect() as connection:
        return (await connection.execute(select(table))).all()


BOOKS = (stock, lots, requests, allocations, completions, consumptions, cancelled_orders)
