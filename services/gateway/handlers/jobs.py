"""Tables to take away are asked for, looked at and given up; what operators' commands are at is
looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.gateway.handlers.table import handlers, the_user
from services.gateway.jobs import rows
from services.gateway.jobs.notes import in_russian
from services.gateway.jobs.tables import file_name, media_type_of, table_at, title_of
from services.gateway.jobs.worker import moved
from services.gateway.store import jobs
from shared.contracts.base import Page
from shared.contracts.jobs import BeginExport, CancelJob, GetJob, JobFile, JobView, ListJobs
from shared.contracts.operations import GetServiceState
from shared.handlers import Store, Work
from shared.pagination import newest_first, page_of
from shared.permissions import may
from shared.refusals import Refused

MAX_GOING = 10
"""Of one user: what waits or runs."""


@handlers.command(BeginExport)
async def begin_export(command: BeginExport, store: Store, work: Work) -> JobView:
    actor = work.actor
    table = table_at(command.address, actor.role, actor.scopes, work.settings.zone)
    assert actor.user_id
    # Locked: one who asks for two at once must not have one too many.
    await the_user(store.connection, actor.user_id, lock=True)
    going = await store.connection.scalar(
        select(func.count()).where(jobs.c.user_id == actor.user_id, jobs.c.state.in_(rows.GOING))
    )
    if (going or 0) >= MAX_GOING:
        raise Refused("too_many_jobs", limit=MAX_GOING)
    language = command.language or "en"
    row = await rows.add(
        store.connection,
        id=work.new_id(),
        kind="export",
        title=title_of(table, language),
        user_id=actor.user_id,
        login=actor.login,
        role=actor.role,
        token=actor.token,
        scopes=None if actor.scopes is None else sorted(actor.scopes),
        station=work.settings.station,
        address=command.address,
        format=command.format,
        language=language,
        state="waiting",
        unit="rows",
        created_at=work.now,
        expires_at=work.now + rows.KEEP,
    )
    work.publish(moved(row))
    return shown(row)


@handlers.command(CancelJob)
async def cancel_job(command: CancelJob, store: Store, work: Work) -> JobView:
    """What is over stays as it is."""
    row = await _the_job(command.job_id, store, work, lock=True)
    if row.kind != "export":
        raise Refused("job_not_cancellable")
    if row.state not in rows.GOING:
        return shown(row)
    row = await rows.cancel(store.connection, row.id)
    work.publish(moved(row))
    return shown(row)


@handlers.question(GetJob)
async def get_job(question: GetJob, store: Store, work: Work) -> JobView:
    return shown(await _the_job(question.job_id, store, work))


@handlers.question(ListJobs)
async def list_jobs(question: ListJobs, store: Store, work: Work) -> Page[JobView]:
    statement = select(jobs).where(_visible(work))
    if question.kind:
        statement = statement.where(jobs.c.kind == question.kind)
    if question.state:
        statement = statement.where(jobs.c.state == question.state)
    statement = newest_first(statement, jobs.c.id, question.cursor, question.limit)
    found = (await store.connection.execute(statement)).all()
    return page_of(found, question.limit, shown, lambda row: (row.id,))


async def _the_job(job_id: UUID, store: Store, work: Work, *, lock: bool = False) -> Any:
    statement = select(jobs).where(jobs.c.id == job_id, _visible(work))
    found = await store.connection.execute(statement.with_for_update() if lock else statement)
    row = found.one_or_none()
    if row is None:
        raise Refused("job_not_found", id=job_id)
    return row


def _visible(work: Work) -> Any:
    operates = may(work.actor.role, GetServiceState) and work.actor.scopes is None
    return rows.visible(work.actor.user_id, operates=operates)


def shown(row: Any) -> JobView:
    return JobView(
        id=row.id,
        kind=row.kind,
        title=row.title,
        state=row.state,
        asked_by=row.login,
        stage=row.stage,
        done=row.done,
        total=row.total,
        unit=row.unit,
        note=row.note,
        note_ru=in_russian(row.note, row.particulars),
        failure=row.failure,
        failure_en=rows.words_of_failure(row, "en"),
        failure_ru=rows.words_of_failure(row, "ru"),
        file=_file(row),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )


def _file(row: Any) -> JobFile | None:
    if row.file_id is None:
        return None
    return JobFile(
        name=file_name(row.address, row.format),
        media_type=media_type_of(row.format),
        size=row.file_size,
    )
