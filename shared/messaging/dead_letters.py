"""Events that could not be handled: counted while they are retried, parked after the last try."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pydantic_core
import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.base import Page
from shared.contracts.operations import DeadLetterView
from shared.database import dead_letters, inbox
from shared.ids import new_id
from shared.refusals import Refused

if TYPE_CHECKING:
    from shared.messaging.jobs import Job

log = structlog.get_logger(__name__)

ABANDONED_AFTER = timedelta(hours=1)
"""Tries are never so far apart (see ``RETRY_DELAYS_S``) unless the broker is away:
then the next one takes it back."""
ABANDONED = "no more tries came"


class DeadLetters:
    """The table of failures of one service. Outside the handlers' transactions: those failed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note_failure(self, job: Job, error: Exception) -> int:
        """Counts a failure of an event; answers how many there have been."""
        letter = {
            "event_id": job.envelope.id,
            "subject": job.envelope.type,
            "headers": job.envelope.headers(),
            "body": job.body,
            "order_id": job.envelope.order_id,
            "reason": f"{type(error).__name__}: {error}"[:4000],
        }
        statement = upsert(dead_letters).values(**letter, attempts=1)
        statement = statement.on_conflict_do_update(
            index_elements=["event_id"],
            set_={
                "attempts": dead_letters.c.attempts + 1,
                "reason": statement.excluded.reason,
                "last_failed_at": func.now(),
                "parked_at": None,
            },
        )
        async with self._engine.begin() as connection:
            result = await connection.execute(statement.returning(dead_letters.c.attempts))
            attempts: int = result.scalar_one()
        return attempts

    async def park(self, event_id: UUID) -> None:
        """No more tries: operators decide."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(dead_letters)
                .where(dead_letters.c.event_id == event_id)
                .values(parked_at=func.now())
            )

    async def park_abandoned(self) -> None:
        """What nobody tries any more, because it went with the broker's store and no outbox has
        it, is parked as well. What was handled since it failed, brought anew, is forgotten, parked
        or not; what failed after it was handled has more to it, and what was parked at first sight
        is no event, whatever id it claims: both stay."""
        tried = dead_letters.c.parked_at.is_(None)
        async with self._engine.begin() as connection:
            handled = exists().where(
                inbox.c.event_id == dead_letters.c.event_id,
                inbox.c.handled_at >= dead_letters.c.last_failed_at,
            )
            an_event = or_(tried, dead_letters.c.attempts > 1)
            await connection.execute(delete(dead_letters).where(handled, an_event))
            parked = await connection.execute(
                update(dead_letters)
                .where(tried, dead_letters.c.last_failed_at < func.now() - ABANDONED_AFTER)
                .values(parked_at=func.now())
                .returning(dead_letters)
            )
        for row in parked:
            log.error(
                "event_parked", event_id=str(row.event_id), subject=row.subject, why=ABANDONED
            )

    async def park_invalid(
        self, subject: str, headers: dict[str, str], body: bytes, reason: str
    ) -> None:
        """Parks a message that is not even an event."""
        statement = upsert(dead_letters).values(
            event_id=_claimed_id(headers) or new_id(),
            subject=subject,
            headers=headers,
            body=body,
            reason=reason[:4000],
            attempts=1,
            parked_at=func.now(),
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement.on_conflict_do_nothing())

    async def list(self) -> Page[DeadLetterView]:
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                select(dead_letters)
                .where(dead_letters.c.parked_at.is_not(None))
                .order_by(dead_letters.c.first_failed_at)
                .limit(1000)
            )
            return Page(items=tuple(map(_view, rows)))

    async def count(self) -> int:
        async with self._engine.connect() as connection:
            result = await connection.execute(
                select(func.count()).where(dead_letters.c.parked_at.is_not(None))
            )
            return result.scalar_one()

    async def raw(self, event_id: UUID) -> tuple[DeadLetterView, bytes]:
        """A parked event and its body, to handle it once more."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(dead_letters).where(_is_parked(event_id)))
            row = rows.one_or_none()
        if row is None:
            raise Refused("dead_letter_not_found", id=event_id)
        return _view(row), row.body

    async def forget(self, event_id: UUID) -> None:
        """It was handled after all."""
        async with self._engine.begin() as connection:
            await connection.execute(
                delete(dead_letters).where(dead_letters.c.event_id == event_id)
            )

    async def take(self, connection: AsyncConnection, event_id: UUID) -> DeadLetterView | None:
        """Deletes a parked event within the caller's transaction, and answers what it was."""
        rows = await connection.execute(
            delete(dead_letters).where(_is_parked(event_id)).returning(dead_letters)
        )
        row = rows.one_or_none()
        return _view(row) if row else None


def _is_parked(event_id: UUID) -> ColumnElement[bool]:
    return and_(dead_letters.c.event_id == event_id, dead_letters.c.parked_at.is_not(None))


def _claimed_id(headers: Mapping[str, str]) -> UUID | None:
    with contextlib.suppress(KeyError, ValueError):
        return UUID(headers["ce-id"])
    return None


def _view(row: Any) -> DeadLetterView:
    body: Any = row.body.decode(errors="replace")
    with contextlib.suppress(ValueError):
        parsed = pydantic_core.from_json(row.body)
        body = parsed if isinstance(parsed, dict) else body
    return DeadLetterView(
        event_id=row.event_id,
        subject=row.subject,
        order_id=row.order_id,
        reason=row.reason,
        attempts=row.attempts,
        first_failed_at=row.first_failed_at,
        last_failed_at=row.last_failed_at,
        body=body,
        headers=row.headers,
    )
