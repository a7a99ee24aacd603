"""The gateway's own hand: works jobs off, keeps the folder tidy, and knows whose work goes on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import select

from services.gateway.changes import Changes
from services.gateway.exports.lists import Teller
from services.gateway.exports.sheets import FORMATS
from services.gateway.jobs import erased, rows, tables
from services.gateway.jobs.files import Files
from services.gateway.jobs.writing import Orders
from services.gateway.journal import Journal
from services.gateway.person import is_of
from services.gateway.store import users
from shared.contracts.base import Message
from shared.contracts.jobs import JobMoved
from shared.messaging.envelope import SYSTEM, Actor, Envelope, opening
from shared.messaging.outages import is_outage
from shared.refusals import Refused
from shared.service import Running

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Exports of one gateway that are made at the same time; each has a process for its file."""
LOOK_S = 10.0
"""When nobody tells of anything: a lease may have run out."""
TELL_S = 1.0
"""How often a job says how far it is."""
TIDY_S = 300.0
AGAIN_S = 2.0
BATCH = 500


class Jobs:
    """Background tasks, for as long as the context lasts."""

    def __init__(self, running: Running, journal: Journal, changes: Changes) -> None:
        self._engine = running.engine
        self._settings = running.settings
        self._client = running.client
        self._source = running.settings.source("gateway")
        self._journal = journal
        self._changes = changes
        self._tasks: list[asyncio.Task[None]] = []
        self._called = asyncio.Event()
        self._moved: set[str] = set()
        self._heard = asyncio.Event()
        self._untidy = asyncio.Event()
        self._going: Mapping[UUID, int] = {}
        self.files = Files(running.settings.export_folder)

    async def __aenter__(self) -> None:
        work: list[Coroutine[Any, Any, None]] = [self._listen(), self._follow(), self._tidy()]
        work += [self._work() for _ in range(AT_ONCE)]
        self._tasks = [asyncio.create_task(each, name="jobs") for each in work]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def going(self, user_id: UUID) -> int:
        """How many of somebody's jobs wait or run."""
        return self._going.get(user_id, 0)

    # --- hearing of jobs ----------------------------------------------------------------------

    async def _listen(self) -> None:
        """PostgreSQL tells what any gateway, or an operator's command, does to a job."""
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                connection = await asyncpg.connect(
                    self._settings.database_url,
                    timeout=5,
                    server_settings={"application_name": "pitlane"},
                )
                try:
                    ended = asyncio.Event()
                    connection.add_termination_listener(lambda _, ended=ended: ended.set())
                    await connection.add_listener(rows.CHANNEL, self._on_moved)
                    # What moved while nobody listened.
                    self._on_moved(None, 0, "", "")
                    await ended.wait()
                finally:
                    connection.terminate()
            await asyncio.sleep(AGAIN_S)

    def _on_moved(self, _: Any, __: int, ___: str, told: object) -> None:
        self._moved.add(str(told))
        self._heard.set()

    async def _follow(self) -> None:
        """Screens are told after whose work goes on is known: they ask for it at once."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            moved, self._moved = self._moved, set()
            try:
                async with self._engine.connect() as connection:
                    self._going = await rows.going(connection)
            except Exception as error:
                log.warning("jobs_not_read", error=error)
            self._called.set()
            for told in moved - {""}:
                job_id, _, user_id = told.partition(" ")
                if user_id:
                    self._changes.tell(("job", job_id), UUID(user_id))
                else:
                    self._changes.tell(("operation", job_id))

    # --- working ------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            try:
                async with self._journal.entry() as entry:
                    job = await rows.claim(entry.connection)
                if job is not None:
                    await self._work_off(job)
                    continue
            except Exception as error:
                if is_outage(error):
                    log.warning("jobs_not_looked_for", error=error)
                else:
                    log.exception("job_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), LOOK_S)
            self._called.clear()

    async def _work_off(self, job: Any) -> None:
        hold = _Hold(self._journal, job)
        try:
            async with hold:
                actor = await self._who_asked(job)
                size = await self._made(job, actor, hold)
            await self._end(
                job, actor, "done", file_id=job.lease_id, file_size=size, role=actor.role,
                done=hold.rows, total=hold.rows, stage="",
                expires_at=datetime.now(UTC) + rows.KEEP,
            )  # fmt: skip
        except rows.LeaseLost:
            log.info("job_left", id=str(job.id))
            self.files.drop(job.lease_id)
        except Refused as refusal:
            await self._failed(job, refusal)
        except asyncio.CancelledError:
            await asyncio.shield(self._given_back(job))
            raise
        except Exception:
            log.exception("export_failed", id=str(job.id), address=job.address)
            await self._failed(job, Refused("internal_error"))

    async def _who_asked(self, job: Any) -> Actor:
        """As they are now. Raises ``forbidden`` for who may not be here any more."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                select(users.c.login, users.c.role).where(
                    users.c.id == job.user_id, users.c.active, is_of(self._settings.station)
                )
            )
            user = found.one_or_none()
        if user is None:
            raise Refused("forbidden")
        scopes = None if job.scopes is None else frozenset(job.scopes)
        return Actor(user.login, user.role, job.user_id, job.token, scopes)

    async def _made(self, job: Any, actor: Actor, hold: _Hold) -> int:
        table = tables.table_at(job.address, actor.role, actor.scopes, self._settings.zone)
        orders = Orders(
            name=table.name,
            row=table.row_type,
            media_type=FORMATS[job.format],
            language=job.language,
            time_zone=self._settings.time_zone,
        )

        async def send(question: Message) -> bytes:
            subject = type(question).subject  # type: ignore[attr-defined]
            body = question.model_dump_json(exclude_unset=True).encode()
            return await self._client.request(subject, body, self._envelope(job, subject, actor))

        teller = Teller(self._client, self._engine, job.language, self._settings.zone)
        size = await tables.make(table, orders, self.files, job.lease_id, send, teller, hold.tell)
        await asyncio.to_thread(_to_disk, self.files.path(job.lease_id))
        return size

    def _envelope(self, job: Any, message_type: str, actor: Actor) -> Envelope:
        return opening(self._source, message_type, actor, correlation_id=job.id)

    async def _end(self, job: Any, actor: Actor, state: str, **values: Any) -> None:
        async with self._journal.entry() as entry:
            row = await rows.end(entry.connection, job.id, job.lease_id, state, **values)
            entry.publish(moved(row), self._envelope(job, JobMoved.subject, actor))

    # A job that has ended after all, with nobody told, keeps its file: only while the lease was
    # still ours is the file nobody's. What cannot be asked now is swept away later.

    async def _failed(self, job: Any, refusal: Refused) -> None:
        actor = Actor(job.login, job.role, job.user_id, job.token)
        with suppress(rows.LeaseLost):
            await self._end(
                job, actor, "failed", failure=refusal.code, particulars=refusal.params, stage=""
            )
            self.files.drop(job.lease_id)

    async def _given_back(self, job: Any) -> None:
        try:
            async with self._journal.entry() as entry:
                await rows.give_back(entry.connection, job.id, job.lease_id)
            self.files.drop(job.lease_id)
        except rows.LeaseLost:
            pass
        except Exception as error:
            # Whoever stops us does not wait: the lease runs out by itself.
            log.warning("job_not_given_back", id=str(job.id), error=error)

    # --- keeping order ------------------------------------------------------------------------

    def tidy_soon(self) -> None:
        """Somebody was erased, which the journal knows in a moment."""
        self._untidy.set()

    async def _tidy(self) -> None:
        while True:
            for work in (self.tidy, self.take_back):
                try:
                    await work()
                except Exception as error:
                    log.warning("jobs_not_tidied", error=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._untidy.wait(), TIDY_S)
                # Before the sleep: who is erased during it is not known in time for this look.
                self._untidy.clear()
                await asyncio.sleep(AGAIN_S)

    async def tidy(self) -> None:
        """Ends what nobody works on, forgets what is old, and removes files that belong to no
        job."""
        async with self._journal.entry() as entry:
            for row in await rows.bury(entry.connection):
                if row.kind == "export":
                    entry.publish(moved(row), self._envelope(row, JobMoved.subject, SYSTEM))
            await rows.forget_old(entry.connection, BATCH)
        async with self._engine.connect() as connection:
            in_use = await rows.files_in_use(connection)
        await asyncio.to_thread(self.files.sweep, in_use)

    async def take_back(self) -> None:
        """What names a person who was erased since."""
        async with self._engine.connect() as connection:
            until = await erased.named_until(connection, self._client)
        if until is None:
            return
        async with self._journal.entry() as entry:
            outdated, files = await erased.take_back(entry.connection, until)
            for row in outdated:
                entry.publish(moved(row), self._envelope(row, JobMoved.subject, SYSTEM))
        for file_id in files:
            self.files.drop(file_id)


class _Hold:
    """A lease, renewed while the context lasts, and with it how far the job is. Whoever works in
    the context is stopped by ``LeaseLost`` when it is lost."""

    def __init__(self, journal: Journal, job: Any) -> None:
        self._journal = journal
        self._job = job
        self._said: dict[str, Any] = {}
        self._lost = False
        self.rows = 0

    def tell(self, stage: str, done: int, total: int | None) -> None:
        if stage == "reading":
            self.rows = done
        self._said = {"stage": stage, "done": done, "total": total}

    async def __aenter__(self) -> None:
        self._worker = asyncio.current_task()
        self._renewing = asyncio.create_task(self._renew(), name="lease")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._renewing.cancel()
        await asyncio.gather(self._renewing, return_exceptions=True)
        if self._lost and kind is asyncio.CancelledError:
            assert self._worker
            # We may have been asked to stop at the same moment: that goes before.
            if self._worker.uncancel() == 0:
                raise rows.LeaseLost

    async def _renew(self) -> None:
        last, since = self._said, 0.0
        while True:
            await asyncio.sleep(TELL_S)
            since += TELL_S
            if self._said is last and since < rows.RENEW_S:
                continue
            last, since = self._said, 0.0
            try:
                async with self._journal.entry() as entry:
                    await rows.go_on(entry.connection, self._job.id, self._job.lease_id, **last)
            except rows.LeaseLost:
                self._lost = True
                assert self._worker
                self._worker.cancel()
                return
            except Exception as error:
                # The database may be back before the lease is over; if not, another takes it.
                log.warning("lease_not_renewed", id=str(self._job.id), error=error)


def moved(row: Any) -> JobMoved:
    return JobMoved(
        job_id=row.id,
        kind=row.kind,
        title=row.title,
        state=row.state,
        address=row.address and tables.without_search(row.address),
        rows=row.done,
        failure=row.failure,
    )


def _to_disk(path: Any) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
