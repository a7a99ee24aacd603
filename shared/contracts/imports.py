"""Tables that people bring from elsewhere: what every import shares, whoever owns its rows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import Cursor, Event, Instant, Limit, Name, Revision, Text, View

MAX_ROWS = 200_000
MAX_COLUMNS = 100
MAX_CELL_CHARS = 1_000
MAX_CHUNK_ROWS = 2_000

ImportKind = Literal["price_list", "crosses", "clients"]
ImportState = Literal[
    "uploading", "checking", "ready", "applying", "applied", "failed", "cancelled"
]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of the file, hexadecimal."""
Cell = Annotated[str, StringConstraints(max_length=MAX_CELL_CHARS, pattern=r"^[^\x00]*$")]
Row = Annotated[tuple[Cell, ...], Field(max_length=MAX_COLUMNS)]
ColumnChoice = Annotated[int, Field(ge=1, le=MAX_COLUMNS)] | Name
"""A column by its number, from 1, or by its header."""
Columns = Annotated[dict[FieldName, ColumnChoice], Field(max_length=50)]
Choice = Literal["skip", "update", "create", "ask"]
"""What becomes of a row that is somebody known: nothing; empty fields are filled; another card is
made all the same; a person is asked."""
ProblemCode = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class ImportColumn(View):
    """A column of the file, and the field that it fills."""

    position: int
    header: str
    field: str | None


class ImportView(View):
    """One file on its way in. Rows are counted without the header and what stands above it."""

    id: UUID
    kind: ImportKind
    state: ImportState
    file_name: str
    digest: str
    supplier_id: UUID | None = None
    valid_from: date | None = None
    live: bool = False
    """Under way, or what it brought holds or is going to: the same file once more is this one."""
    rows_read: int
    rows_checked: int
    rows_good: int
    rows_bad: int
    header_row: int
    """The row of the file, from 1, whose cells name the columns."""
    columns: tuple[ImportColumn, ...] = ()
    missing: tuple[str, ...] = ()
    """Fields that no column fills, and without which nothing can be applied."""
    sample: tuple[tuple[str, ...], ...] = ()
    """The first rows as they stand in the file; in lists of imports none."""
    on_duplicate: Choice | None = None
    """Of clients only: what becomes of whoever is known already."""
    actions: dict[str, int] = {}
    """Of clients only: how many rows come to which action."""
    failure: str | None = None
    """The code of what it failed of."""
    failure_en: str | None = None
    failure_ru: str | None = None
    repeated: bool = False
    """The same file was brought before: this is that import, and nothing is done twice."""
    actor: str
    created_at: Instant
    updated_at: Instant
    revision: Revision


class RowProblem(View):
    """Why a row is not taken. ``row`` counts from 1 at the top of the file, as spreadsheets do."""

    row: int
    field: str
    column: str
    value: str
    code: str
    reason_en: str
    reason_ru: str


class BeginFields(View):
    """A file has come; its rows follow."""

    file_name: Name
    digest: Digest
    columns: Columns | None = None
    """Which column fills which field; what is not named here is found by the headers."""


class RowsFields(View):
    """Some of its rows, as they stand there. The same rows once more change nothing."""

    import_id: UUID
    first_row: Annotated[int, Field(ge=1, le=MAX_ROWS + 100)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=MAX_CHUNK_ROWS)]


class UploadEndFields(View):
    """All rows have come; or they never will, for a reason."""

    import_id: UUID
    failure: ProblemCode | None = None
    particulars: dict[FieldName, Text] = {}


class OneImport(View):
    """A message about one import and nothing else."""

    import_id: UUID


class ProblemsFields(View):
    """A page of the rows that are not taken, in the order of the file."""

    import_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class ImportMoved(Event):
    """What both facts of imports carry: where one stands, told at every step of its way and every
    so many rows."""

    import_id: UUID
    kind: ImportKind
    state: ImportState
    file_name: str
    supplier_id: UUID | None = None
    rows_read: int
    rows_checked: int
    rows_good: int
    rows_bad: int
    failure: str | None = None

    def aggregate_id(self) -> UUID:
        return self.import_id
