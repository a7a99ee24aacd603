"""An operator's long command, written down at the gateway: seen on the page of long work and in
`pitlane status`, and found again by whoever has closed the terminal."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
import typer

from deploy.commands.reach import operator
from services.gateway.jobs import rows
from services.gateway.jobs.notes import note_of
from shared.database import engine_for_one_job
from shared.ids import new_id
from shared.settings import StationSettings

if TYPE_CHECKING:
    from deploy.progress import Progress
    from shared.contracts.jobs import JobKind

log = structlog.get_logger(__name__)

TELL_S = 1.0
END_S = 10.0
"""How long a command waits for its end to be written down."""


@contextmanager
def recorded(
    progress: Progress, kind: JobKind, title: str, gateway_url: str | None
) -> Iterator[JobProgress]:
    """``progress``, and the same as a job in the gateway's database. What cannot be written there
    is no reason for the command not to go on. What the command raises is its failure."""
    job = JobProgress(progress, kind, title, gateway_url)
    job.start()
    try:
        yield job
    except BaseException as error:
        # A command that has told itself what is wrong ends with a code.
        said = job.note if isinstance(error, typer.Exit) else str(error) or type(error).__name__
        told = job.particulars if said == job.note else {}
        job.finish("failed", failure=rows.COMMAND_FAILED, note=said, particulars=told)
        raise
    job.finish("done", note=job.note, particulars=job.particulars)


class JobProgress:
    """Tells the other one, too. The database is written to in a thread of its own: whoever makes
    progress does not wait for it. ``note``: what came of it, in a few words; ``particulars``: the
    same by code."""

    def __init__(self, other: Progress, kind: JobKind, title: str, url: str | None) -> None:
        self._other = other
        self._kind = kind
        self._title = title
        self._url = url
        self._said: dict[str, Any] = {"stage": "", "done": 0, "total": None}
        self._end: dict[str, Any] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="job", daemon=True)
        self.note = ""
        self.particulars: dict[str, str] = {}

    def came_to(self, code: str, **values: Any) -> None:
        """What came of it all, by a code of ``notes``."""
        self.note, self.particulars = note_of(code, **values)

    def start(self) -> None:
        if self._url:
            self._thread.start()

    def finish(self, state: str, **values: Any) -> None:
        self._end = {"state": state, "stage": "", **values}
        self._over.set()
        if self._url:
            self._thread.join(END_S)

    # --- Progress ---------------------------------------------------------------------------

    def begin(self, what: str, total: int | None) -> None:
        self._other.begin(what, total)
        self._said = {"stage": what, "done": 0, "total": total}

    def advance(self, done: int) -> None:
        self._other.advance(done)
        self._said = {**self._said, "done": done}

    def end(self, note: str) -> None:
        self._other.end(note)
        stage = self._said["stage"]
        self.note, self.particulars = f"{stage}: {note}" if note else stage, {}

    # --- the thread ---------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            asyncio.run(self._keep())
        except Exception as error:
            log.warning("job_not_recorded", kind=self._kind, error=repr(error))

    async def _keep(self) -> None:
        assert self._url
        async with engine_for_one_job(self._url) as engine:
            async with engine.begin() as connection:
                row = await rows.add(connection, **self._new())
            last, since = self._said, 0.0
            while not await asyncio.to_thread(self._over.wait, TELL_S):
                since += TELL_S
                if self._said is not last or since >= rows.RENEW_S:
                    last, since = self._said, 0.0
                    async with engine.begin() as connection:
                        await rows.go_on(connection, row.id, row.lease_id, **last)
            async with engine.begin() as connection:
                await rows.end(connection, row.id, row.lease_id, **self._end)

    def _new(self) -> dict[str, Any]:
        who, now = operator(), datetime.now(UTC)
        return {
            "id": new_id(),
            "kind": self._kind,
            "title": self._title,
            "login": who.login,
            "role": who.role,
            "station": StationSettings().station,
            "state": "running",
            "lease_id": new_id(),
            "lease_until": now + rows.LEASE,
            "created_at": now,
            "started_at": now,
            "expires_at": now + rows.KEEP_OF_MACHINES,
        }
