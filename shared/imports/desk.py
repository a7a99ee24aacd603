"""What the messages about imports do. Each service registers them under its own subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts.base import Done, Page
from shared.contracts.imports import (
    MAX_ROWS,
    BeginFields,
    Choice,
    ImportColumn,
    ImportKind,
    ImportMoved,
    ImportView,
    OneImport,
    ProblemsFields,
    RowProblem,
    RowsFields,
    UploadEndFields,
)
from shared.handlers import Store, Work
from shared.imports import store as rows_store
from shared.imports.columns import HEADER_WITHIN, mapped
from shared.imports.taking import Import, Taking
from shared.pagination import cursor_after
from shared.refusals import REASONS, Refused

SAMPLE_ROWS = 10


@dataclass(slots=True)
class Moves:
    """How often a message has moved an import on, in this process."""

    count: int = 0


@dataclass(frozen=True)
class Desk:
    """A service's imports: how each kind is taken, and the event that tells of a step."""

    takings: Mapping[ImportKind, Taking[Any]]
    moved: type[ImportMoved]
    moves: Moves = field(default_factory=Moves)

    # --- the file comes in -----------------------------------------------------------------------

    async def take_in(
        self,
        command: BeginFields,
        store: Store,
        work: Work,
        *,
        kind: ImportKind,
        supplier_id: UUID | None = None,
        valid_from: date | None = None,
        on_duplicate: Choice | None = None,
    ) -> ImportView:
        """A file once more is its import once more, whatever state that is in."""
        job = Import(
            id=work.new_id(),
            kind=kind,
            state="uploading",
            file_name=command.file_name,
            digest=command.digest,
            supplier_id=supplier_id,
            valid_from=valid_from,
            live=True,
            wanted=dict(command.columns or {}),
            columns={},
            header_row=0,
            rows_read=0,
            rows_checked=0,
            rows_good=0,
            rows_bad=0,
            checked_to=0,
            on_duplicate=on_duplicate,
            failure=None,
            particulars={},
            tries=0,
            actor=work.actor.login,
            created_at=work.now,
            updated_at=work.now,
            revision=1,
        )
        if not await rows_store.add(store.connection, job):
            before = await rows_store.same_file(store.connection, job)
            if before is None:  # it has just ended
                raise Refused("busy", service=work.settings.service)
            view = await self.shown(before, store)
            return view.model_copy(update={"repeated": True})
        work.publish(self.told(job))
        return await self.shown(job, store)

    async def add_rows(self, command: RowsFields, store: Store, work: Work) -> Done:
        job = await rows_store.load(store.connection, command.import_id, lock=True)
        if job.state != "uploading":
            raise Refused("import_not_uploading", state=job.state)
        if command.first_row + len(command.rows) - 1 > MAX_ROWS + 1:
            raise Refused("import_too_many_rows", limit=MAX_ROWS)
        new = await rows_store.add_chunk(store.connection, job.id, command.first_row, command.rows)
        read = job.rows_read + (len(command.rows) if new else 0)
        after = await rows_store.change(store.connection, job, work.now, rows_read=read)
        if after and read * 10 // MAX_ROWS != job.rows_read * 10 // MAX_ROWS:
            work.publish(self.told(after))
        return Done()

    async def end_upload(self, command: UploadEndFields, store: Store, work: Work) -> ImportView:
        job = await rows_store.load(store.connection, command.import_id, lock=True)
        if job.state != "uploading":
            return await self.shown(job, store)
        if command.failure in REASONS:
            values: dict[str, Any] = {
                "state": "failed",
                "live": False,
                "failure": command.failure,
                "particulars": dict(command.particulars),
            }
        elif not job.rows_read:
            values = {"state": "failed", "live": False, "failure": "import_empty"}
        else:
            values = await self._mapping(job, store, job.wanted, strict=False)
        return await self._moved(job, store, work, **values)

    # --- a person decides ------------------------------------------------------------------------

    async def change(
        self,
        import_id: UUID,
        expected_revision: int | None,
        store: Store,
        work: Work,
        *,
        columns: Mapping[str, int | str] | None = None,
        on_duplicate: Choice | None = None,
    ) -> ImportView:
        """Of other columns every row is checked anew; another rule counts at once."""
        job = await self.in_state(import_id, store, "checking", "ready")
        if expected_revision not in (None, job.revision):
            raise Refused("revision_conflict", expected=expected_revision, actual=job.revision)
        values: dict[str, Any] = {}
        if columns:
            wanted = {**job.wanted, **columns}
            values = await self._mapping(job, store, wanted, strict=True)
            values |= {"wanted": wanted, "state": "checking"}
        if on_duplicate:
            values["on_duplicate"] = on_duplicate
        return await self._moved(job, store, work, **values)

    async def apply(self, command: OneImport, store: Store, work: Work) -> ImportView:
        """What is applied, or about to be, already is answered as it is."""
        job = await rows_store.load(store.connection, command.import_id, lock=True)
        if job.state in ("applying", "applied"):
            return await self.shown(job, store)
        if job.state != "ready":
            raise Refused("import_state", state=job.state)
        taking = self.takings[job.kind]
        if missing := self._missing(job):
            raise Refused("import_columns_missing", columns=", ".join(missing))
        if not job.rows_good:
            raise Refused("import_empty")
        await taking.refuse_to_apply(store, job)
        return await self._moved(job, store, work, state="applying", tries=0)

    async def cancel(
        self, command: OneImport, store: Store, work: Work, *, taken_back: bool = False
    ) -> ImportView:
        """``taken_back``: what it brought was applied, and has been let go of again."""
        job = await rows_store.load(store.connection, command.import_id, lock=True)
        if job.state == "cancelled":
            return await self.shown(job, store)
        if job.state in ("applying", "applied", "failed") and not taken_back:
            raise Refused("import_state", state=job.state)
        return await self._moved(job, store, work, state="cancelled", live=False)

    # --- a person looks --------------------------------------------------------------------------

    async def get(self, question: OneImport, store: Store) -> ImportView:
        return await self.shown(await self.found(question.import_id, store), store)

    async def found(self, import_id: UUID, store: Store) -> Import:
        """Refused: ``import_not_found``."""
        return await rows_store.load(store.connection, import_id)

    async def listed(
        self, filters: Mapping[str, Any], limit: int, cursor: str | None, store: Store
    ) -> Page[ImportView]:
        found = await rows_store.listed(store.connection, filters, limit, cursor)
        shown = tuple([self._view(job) for job in found[:limit]])
        more = len(found) > limit
        return Page(items=shown, next=cursor_after(shown[-1].id) if more else None)

    async def list_problems(self, question: ProblemsFields, store: Store) -> Page[RowProblem]:
        await rows_store.load(store.connection, question.import_id)
        return await rows_store.list_problems(
            store.connection, question.import_id, question.limit, question.cursor
        )

    async def shown(self, job: Import, store: Store) -> ImportView:
        first = await rows_store.chunk_after(store.connection, job.id, 0)
        view = self._view(job)
        if first is None:
            return view
        rows = first[1]
        headers = rows[job.header_row - 1] if 0 < job.header_row <= len(rows) else []
        of_column = {at: name for name, at in job.columns.items()}
        return view.model_copy(
            update={
                "columns": tuple(
                    ImportColumn(position=at + 1, header=header, field=of_column.get(at))
                    for at, header in enumerate(headers)
                ),
                "sample": tuple(
                    tuple(row) for row in rows[job.header_row : job.header_row + SAMPLE_ROWS]
                ),
                "actions": await self.takings[job.kind].actions(store, job),
            }
        )

    # --- its parts -------------------------------------------------------------------------------

    async def in_state(self, import_id: UUID, store: Store, *states: str) -> Import:
        """Locked. Refused: ``import_not_found``, ``import_state``."""
        job = await rows_store.load(store.connection, import_id, lock=True)
        if job.state not in states:
            raise Refused("import_state", state=job.state)
        return job

    def told(self, job: Import) -> ImportMoved:
        """The event that says where it stands."""
        values = asdict(job)
        names = self.moved.model_fields.keys() & values.keys()
        return self.moved(import_id=job.id, **{name: values[name] for name in names})

    async def _moved(self, job: Import, store: Store, work: Work, **values: Any) -> ImportView:
        after = await rows_store.change(store.connection, job, work.now, **values)
        assert after, "its row is locked"
        self.moves.count += 1
        work.publish(self.told(after))
        return await self.shown(after, store)

    async def _mapping(
        self, job: Import, store: Store, wanted: Mapping[str, int | str], *, strict: bool
    ) -> dict[str, Any]:
        """Of an upload nothing is refused any more: what cannot be followed is looked for by the
        headers, and a person sees it in the preview."""
        first = await rows_store.chunk_after(store.connection, job.id, 0)
        rows = first[1][:HEADER_WITHIN] if first else []
        fields = self.takings[job.kind].fields
        try:
            found = mapped(rows, fields, wanted)
        except Refused:
            if strict:
                raise
            found = mapped(rows, fields)
        return {
            "state": "checking",
            "columns": dict(found.columns),
            "header_row": found.header_row + 1,
            "checked_to": 0,
            "rows_checked": 0,
            "rows_good": 0,
            "rows_bad": 0,
            "tries": 0,
        }

    def _missing(self, job: Import) -> list[str]:
        fields = self.takings[job.kind].fields
        return [field.name for field in fields if field.required and field.name not in job.columns]

    def _view(self, job: Import) -> ImportView:
        values = {name: getattr(job, name) for name in _SHOWN}
        failure = Refused(job.failure, **job.particulars) if job.failure else None
        return ImportView(
            **values,
            failure_en=failure and failure.words("en"),
            failure_ru=failure and failure.words("ru"),
            missing=() if job.state == "uploading" else tuple(self._missing(job)),
        )


_SHOWN = sorted(ImportView.model_fields.keys() & Import.__dataclass_fields__.keys() - {"columns"})
