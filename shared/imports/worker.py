"""What goes on with imports beside the lane: rows are checked a chunk at a time, and taken all in
one transaction. Whatever dies in between leaves what was there, and the next start goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from shared.handlers import Handlers, Store, Work
from shared.imports import store as rows_store
from shared.imports.desk import Desk
from shared.imports.rows import FileRow
from shared.imports.taking import Import
from shared.messaging.envelope import Actor
from shared.messaging.errand import errand, errand_envelope
from shared.messaging.outages import is_outage
from shared.service import Running

log = structlog.get_logger(__name__)

IDLE_S = 1.0
QUIET_S = 15.0
"""Without a commit here: another process of the service may have taken a file in."""
AT_ONCE = 2
"""Imports of one process."""
TRIES = 3
"""An import that ends in an error of ours so often has failed."""
ABANDONED_AFTER = timedelta(minutes=10)
SWEEP_S = 60.0
TOLD_EVERY_ROWS = 10_000


class _Overtaken(Exception):
    """A person has cancelled or changed the import meanwhile: what was done of it is void."""


class ImportWorker:
    """Runs beside a service, some imports at a time: a small file does not wait for a large one.
    Several processes share the work: an import is done by one of them, in one hand."""

    def __init__(self, desk: Desk, handlers: Handlers[Any]) -> None:
        self._desk = desk
        self._handlers = handlers

    async def run(self, running: Running) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._work(running))
            tasks.create_task(self._keep_order(running))

    async def _work(self, running: Running) -> None:
        again = False
        while True:
            seen, moves = running.lane.commits.count, self._desk.moves.count
            try:
                while await self._step(running):
                    pass
            except Exception as error:
                log.warning("imports_failed", error=error)
            await asyncio.sleep(IDLE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S):
                    await self._moved_on(running, seen, moves, again=again)
            # What is seen now may be committed only with the next commit.
            again = self._desk.moves.count != moves

    async def _moved_on(self, running: Running, seen: int, moves: int, *, again: bool) -> None:
        """Until a commit after a message has moved an import; most commits have to do with none.
        ``again``: the next commit is looked at in any case."""
        while True:
            await running.lane.commits.after(seen, QUIET_S)
            seen = running.lane.commits.count
            if again or self._desk.moves.count != moves:
                return

    async def _keep_order(self, running: Running) -> None:
        while True:
            try:
                await self._sweep(running, datetime.now(UTC))
            except Exception as error:
                log.warning("imports_not_swept", error=error)
            await asyncio.sleep(SWEEP_S)

    async def _step(self, running: Running) -> bool:
        """One chunk, or one apply; false when there is nothing to do."""
        job: Import | None = None
        now = datetime.now(UTC)
        try:
            async with errand(
                running, self._handlers, errand_envelope(running, "imports", now), now
            ) as (store, work):
                job = await rows_store.at_work(store.connection)
                if job is None:
                    return False
                await self._one(job, store, work)
        except _Overtaken:
            return True
        except Exception as error:
            if job is None or is_outage(error):
                raise
            log.exception("import_step_failed", id=str(job.id), state=job.state)
            await self._count_failure(running, job)
        return True

    async def _one(self, job: Import, store: Store, work: Work) -> None:
        # What comes of it is the doing of whoever brought the file.
        work.envelope = replace(work.envelope, actor=Actor(job.actor))
        if job.state == "applying":
            await self._apply(job, store, work)
            return
        found = await rows_store.chunk_after(store.connection, job.id, job.checked_to)
        if found is None:
            await self._moved(job, store, work, tell=True, state="ready")
            return
        await self._check(job, *found, store, work)

    async def _check(
        self, job: Import, first_row: int, raw: Sequence[Sequence[str]], store: Store, work: Work
    ) -> None:
        rows: list[FileRow] = rows_store.file_rows(job, first_row, raw)
        taking = self._desk.takings[job.kind]
        if job.checked_to == 0:  # perhaps anew, with other columns
            await taking.forget(store, job.id)
            await rows_store.drop_problems(store.connection, job.id)
        checked = await taking.check(store, job, rows, work)
        await store.write()
        if checked.problems:
            first = await rows_store.chunk_after(store.connection, job.id, 0)
            headers = first[1][job.header_row - 1] if first else ()
            await rows_store.add_problems(store.connection, job, headers, checked.problems)
        bad = len({problem.row for problem in checked.problems})
        before, after = job.rows_checked, job.rows_checked + len(rows)
        await self._moved(
            job,
            store,
            work,
            tell=before // TOLD_EVERY_ROWS != after // TOLD_EVERY_ROWS,
            checked_to=first_row + len(raw) - 1,
            rows_checked=after,
            rows_good=job.rows_good + checked.good,
            rows_bad=job.rows_bad + bad,
        )

    async def _apply(self, job: Import, store: Store, work: Work) -> None:
        await self._desk.takings[job.kind].apply(store, job, work)
        await self._moved(job, store, work, tell=True, state="applied")

    async def _moved(
        self, job: Import, store: Store, work: Work, *, tell: bool, **values: Any
    ) -> None:
        after = await rows_store.change(store.connection, job, work.now, **values)
        if after is None:
            raise _Overtaken
        if tell:
            work.publish(self._desk.told(after))

    async def _count_failure(self, running: Running, job: Import) -> None:
        values: Mapping[str, Any] = {"tries": job.tries + 1}
        if job.tries + 1 >= TRIES:
            values = {**values, "state": "failed", "live": False, "failure": "import_failed"}
        now = datetime.now(UTC)
        async with errand(
            running, self._handlers, errand_envelope(running, "imports", now), now
        ) as (store, work):
            after = await rows_store.change(store.connection, job, now, **values)
            if after and after.state == "failed":
                work.publish(self._desk.told(after))
        await asyncio.sleep(IDLE_S)

    async def _sweep(self, running: Running, now: datetime) -> None:
        """Files that stopped coming have failed; what ended imports had kept aside goes."""
        async with errand(
            running, self._handlers, errand_envelope(running, "imports", now), now
        ) as (store, work):
            for job in await rows_store.abandoned(store.connection, now - ABANDONED_AFTER):
                after = await rows_store.change(
                    store.connection,
                    job,
                    now,
                    state="failed",
                    live=False,
                    failure="import_abandoned",
                )
                if after:
                    work.publish(self._desk.told(after))
            await rows_store.drop_rows_of_ended(store.connection)
            for taking in self._desk.takings.values():
                await taking.sweep(store, work)
