"""Work that takes long: it goes on by itself, and is found again. Owned by ``services/gateway``.

A table to take away is made of a report's own answers; operators' commands (backup, restore,
rebuilds) write down here how far they are.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from shared.contracts.base import Command, Cursor, Event, Instant, Limit, Page, Question, View

JobKind = Literal["export", "backup", "restore", "events_rebuild", "reports_rebuild"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
TableFormat = Literal["csv", "xlsx"]
Language = Literal["ru", "en"]
Address = Annotated[
    str, StringConstraints(max_length=2000, pattern=r"^/[^\x00-\x20\x7f#]*$", strip_whitespace=True)
]
"""Of a report below ``/api/v1`` with its filters, as in ``/reports/margin?by=client``."""


class JobFile(View):
    """What came of it; ``size`` in bytes."""

    name: str
    media_type: str
    size: int


class JobView(View):
    """``done`` and ``total`` count ``unit`` (of exports: rows); how much there is in all may not be
    known. ``stage``: what it is at. ``failure``: the code of what it failed of, or was ended for.
    The file, and the job with it, goes at ``expires_at``."""

    id: UUID
    kind: JobKind
    title: str
    state: JobState
    asked_by: str
    stage: str
    done: int
    total: int | None
    unit: str
    note: str
    """What an operator's command said last, in its own words; of exports nothing."""
    note_ru: str = ""
    """The same in Russian, as far as it is no message of what went wrong."""
    failure: str | None = None
    failure_en: str | None = None
    failure_ru: str | None = None
    file: JobFile | None = None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    expires_at: Instant


class BeginExport(Command[JobView]):
    """A report as a table, however long; made in the background. ``language``: of its words and of
    its numbers in CSV; as ``Accept-Language`` says where it is not named.

    Refused: ``export_unknown`` (no report has that address), ``forbidden`` or ``scope_missing``
    (who may not ask for the report may not take it away), ``too_many_jobs``, and as the report
    itself.
    """

    subject: ClassVar[str] = "cmd.gateway.begin_export.v1"

    address: Address
    format: TableFormat = "xlsx"
    language: Language | None = None


class CancelJob(Command[JobView]):
    """Ends an export that waits or runs; what is over stays as it is. Refused: ``job_not_found``,
    ``job_not_cancellable`` (an operator ends their own command)."""

    subject: ClassVar[str] = "cmd.gateway.cancel_job.v1"

    job_id: UUID


class GetJob(Question[JobView]):
    """Refused: ``job_not_found``."""

    subject: ClassVar[str] = "ask.gateway.job.v1"

    job_id: UUID


class ListJobs(Question[Page[JobView]]):
    """One's own, newest first; for operators those of the station's machines too."""

    subject: ClassVar[str] = "ask.gateway.jobs.v1"

    kind: JobKind | None = None
    state: JobState | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class JobMoved(Event):
    """A table to take away was asked for, is there, failed or was given up. Producer: gateway.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.gateway.job_moved.v1"

    job_id: UUID
    kind: JobKind
    title: str
    state: JobState
    address: str | None = None
    """Of the report, with its filters but for what was searched for."""
    rows: int = 0
    failure: str | None = None

    def aggregate_id(self) -> UUID:
        return self.job_id
