"""The table of jobs: who works on what, how far it is, and what came of it.

Whoever works on a job holds a lease and renews it while it works. When the lease runs out (a crash,
a power cut), an export is free for the next and is made anew from its beginning; an operator's
command is over. Every statement of a worker names its lease: what somebody else has taken over, or
a person has cancelled, nobody else finishes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.store import jobs
from shared.ids import new_id
from shared.refusals import REASONS, Refused

CHANNEL = "pitlane_jobs"
"""PostgreSQL tells on it that a job has moved: its id, a space, and the id of whose it is (nothing
for the machines')."""
LEASE = timedelta(seconds=30)
RENEW_S = 5.0
ATTEMPTS = 3
"""What has ended so many workers is not tried again."""
KEEP = timedelta(days=7)
"""A file, and the job that made it."""
KEEP_OF_MACHINES = timedelta(days=90)
GOING = ("waiting", "running")
COMMAND_FAILED = "job_failed"
"""Of an operator's command; its note says what was wrong."""

_NOW = func.now()
_CLAIMING = select(func.pg_advisory_xact_lock(func.hashtext(CHANNEL)))
_FREE = {"lease_id": None, "lease_until": None}
GIVEN_BACK = {
    "state": "waiting",
    "stage": "",
    "done": 0,
    "total": None,
    # Nothing went wrong with it.
    "attempts": jobs.c.attempts - 1,
    **_FREE,
}
"""Somebody else may take it at once."""


class LeaseLost(Exception):
    """Somebody cancelled the job, or works on it instead of us."""


async def tell(connection: AsyncConnection, row: Any) -> None:
    """At the commit, whoever listens knows that the job has moved, and whose it is."""
    told = f"{row.id} {row.user_id or ''}"
    await connection.execute(
        text("SELECT pg_notify(:channel, :told)"), {"channel": CHANNEL, "told": told}
    )


async def add(connection: AsyncConnection, **values: Any) -> Any:
    """A new job; the row."""
    made = await connection.execute(insert(jobs).values(**values).returning(jobs))
    row = made.one()
    await tell(connection, row)
    return row


# --- taking, going on, ending --------------------------------------------------------------------


async def claim(connection: AsyncConnection) -> Any:
    """The export that has waited longest, of somebody who has none running yet; its row with a new
    lease, or None."""
    # One after the other: who claims at the same moment does not see that somebody has one now.
    await connection.execute(_CLAIMING)
    running = jobs.alias("running")
    has_one = exists().where(
        running.c.user_id == jobs.c.user_id,
        running.c.state == "running",
        running.c.lease_until > _NOW,
    )
    free = or_(
        jobs.c.state == "waiting",
        and_(jobs.c.state == "running", jobs.c.lease_until <= _NOW, jobs.c.attempts < ATTEMPTS),
    )
    found = await connection.execute(
        select(jobs.c.id)
        .where(jobs.c.kind == "export", free, ~has_one)
        .order_by(jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job_id = found.scalar_one_or_none()
    if job_id is None:
        return None
    taken = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            state="running",
            stage="reading",
            done=0,
            total=None,
            attempts=jobs.c.attempts + 1,
            lease_id=new_id(),
            lease_until=_NOW + LEASE,
            started_at=func.coalesce(jobs.c.started_at, _NOW),
        )
        .returning(jobs)
    )
    row = taken.one()
    await tell(connection, row)
    return row


async def go_on(connection: AsyncConnection, job_id: UUID, lease_id: UUID, **values: Any) -> None:
    """Renews the lease; ``values``: how far it is. Raises ``LeaseLost``."""
    await _of_holder(connection, job_id, lease_id, lease_until=_NOW + LEASE, **values)


async def end(
    connection: AsyncConnection, job_id: UUID, lease_id: UUID, state: str, **values: Any
) -> Any:
    """It is over, one way or another. Raises ``LeaseLost``."""
    return await _of_holder(
        connection, job_id, lease_id, state=state, finished_at=_NOW, **_FREE, **values
    )


async def give_back(connection: AsyncConnection, job_id: UUID, lease_id: UUID) -> None:
    """Somebody else may take it at once: we are asked to stop. Raises ``LeaseLost``."""
    await _of_holder(connection, job_id, lease_id, **GIVEN_BACK)


async def _of_holder(
    connection: AsyncConnection, job_id: UUID, lease: UUID, /, **values: Any
) -> Any:
    changed = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.lease_id == lease, jobs.c.state == "running")
        .values(**values)
        .returning(jobs)
    )
    row = changed.one_or_none()
    if row is None:
        raise LeaseLost
    await tell(connection, row)
    return row


async def cancel(connection: AsyncConnection, job_id: UUID) -> Any:
    """The row as it is afterwards; whoever works on it finds out with its next word."""
    changed = await connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(state="cancelled", finished_at=_NOW, **_FREE)
        .returning(jobs)
    )
    row = changed.one()
    await tell(connection, row)
    return row


async def bury(connection: AsyncConnection) -> Sequence[Any]:
    """Ends what nobody works on any more and nobody will; the rows."""
    hopeless = or_(jobs.c.kind != "export", jobs.c.attempts >= ATTEMPTS)
    ended = await connection.execute(
        update(jobs)
        .where(jobs.c.state == "running", jobs.c.lease_until <= _NOW, hopeless)
        .values(state="failed", failure="job_abandoned", finished_at=_NOW, **_FREE)
        .returning(jobs)
    )
    rows: Sequence[Any] = ended.all()
    for row in rows:
        await tell(connection, row)
    return rows


async def forget_old(connection: AsyncConnection, most: int) -> None:
    old = select(jobs.c.id).where(jobs.c.expires_at < _NOW, jobs.c.state.not_in(GOING)).limit(most)
    await connection.execute(delete(jobs).where(jobs.c.id.in_(old)))


# --- looking -------------------------------------------------------------------------------------


async def going(connection: AsyncConnection) -> Mapping[UUID, int]:
    """How many wait or run, by user."""
    rows = await connection.execute(
        select(jobs.c.user_id, func.count().label("number"))
        .where(literal_column("state IN ('waiting', 'running')"), jobs.c.user_id.is_not(None))
        .group_by(jobs.c.user_id)
    )
    return {row.user_id: row.number for row in rows}


async def machines_at_work(connection: AsyncConnection) -> Sequence[Any]:
    """What operators' commands are at, oldest first."""
    rows = await connection.execute(
        select(jobs)
        .where(jobs.c.user_id.is_(None), jobs.c.state == "running", jobs.c.lease_until > _NOW)
        .order_by(jobs.c.id)
    )
    return rows.all()


async def last_backup(connection: AsyncConnection) -> Any:
    """The newest that is good, or None."""
    rows = await connection.execute(
        select(jobs)
        .where(jobs.c.user_id.is_(None), jobs.c.kind == "backup", jobs.c.state == "done")
        .order_by(jobs.c.id.desc())
        .limit(1)
    )
    return rows.one_or_none()


async def files_in_use(connection: AsyncConnection) -> set[UUID]:
    """What the folder of exports must keep: what came of jobs, and what is being written."""
    rows = await connection.execute(
        select(func.coalesce(jobs.c.file_id, jobs.c.lease_id)).where(
            or_(jobs.c.file_id.is_not(None), jobs.c.state == "running")
        )
    )
    return {each for each in rows.scalars() if each}


def visible(user_id: UUID | None, *, operates: bool) -> ColumnElement[bool]:
    """One's own; for operators those of the machines too."""
    own = jobs.c.user_id == user_id
    return or_(own, jobs.c.user_id.is_(None)) if operates else own


def words_of_failure(row: Any, language: str) -> str | None:
    if row.failure is None:
        return None
    code = row.failure if row.failure in REASONS else "internal_error"
    return Refused(code, **row.particulars).words(language)
