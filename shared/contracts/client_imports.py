"""Clients and cars that are brought as a file: who is new, who is known, what becomes of each."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Command, Cursor, Done, Limit, Page, Question, Revision, View
from shared.contracts.imports import (
    BeginFields,
    Choice,
    Columns,
    ImportMoved,
    ImportView,
    OneImport,
    ProblemsFields,
    RowProblem,
    RowsFields,
    UploadEndFields,
)

MatchedBy = Literal["phone", "vin", "plate"]
RowNumber = Annotated[int, Field(ge=1, le=1_000_000)]


class BeginClientImport(Command[ImportView], BeginFields):
    """The same file once more is answered with the import that it has, ``repeated``. Nobody's
    consent to messages comes out of a file."""

    subject: ClassVar[str] = "cmd.clients.begin_import.v1"
    model_config = {"extra": "forbid"}

    on_duplicate: Choice = "ask"
    """What becomes of whoever is known already, unless a row is decided on its own. A row that
    fits several clients is asked about whatever it says."""


class AddClientImportRows(Command[Done], RowsFields):
    """Refused: ``import_not_found``, ``import_not_uploading``, ``import_too_many_rows``."""

    subject: ClassVar[str] = "cmd.clients.add_import_rows.v1"
    model_config = {"extra": "forbid"}
    secret_fields: ClassVar[frozenset[str]] = frozenset({"rows"})


class EndClientImportUpload(Command[ImportView], UploadEndFields):
    """Refused: ``import_not_found``."""

    subject: ClassVar[str] = "cmd.clients.end_import_upload.v1"
    model_config = {"extra": "forbid"}


class ChangeClientImport(Command[ImportView]):
    """Other columns: every row is checked anew, and decisions are forgotten. Another rule: counts
    at once. Refused: ``import_not_found``, ``import_state``, ``import_column_unknown``,
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.clients.change_import.v1"

    import_id: UUID
    expected_revision: Revision | None = None
    columns: Columns | None = None
    on_duplicate: Choice | None = None


class DecideClientRow(Command[ImportView]):
    """What becomes of one row, whatever the rule says. ``update`` fills what is empty on the card
    of ``client_id``, by default the first that the row fits.

    Refused: ``import_not_found``, ``import_state``, ``import_row_not_found``,
    ``import_row_fits_nobody`` (there is no card to update), ``client_not_found``.
    """

    subject: ClassVar[str] = "cmd.clients.decide_import_row.v1"

    import_id: UUID
    row: RowNumber
    action: Choice
    client_id: UUID | None = None


class ApplyClientImport(Command[ImportView], OneImport):
    """Takes the rows, all at once. Refused: ``import_not_found``, ``import_state``,
    ``import_columns_missing``, ``import_empty``, ``import_undecided``."""

    subject: ClassVar[str] = "cmd.clients.apply_import.v1"
    model_config = {"extra": "forbid"}


class CancelClientImport(Command[ImportView], OneImport):
    """Refused: ``import_not_found``, ``import_state`` (it is applied, or about to be)."""

    subject: ClassVar[str] = "cmd.clients.cancel_import.v1"
    model_config = {"extra": "forbid"}


class GetClientImport(Question[ImportView], OneImport):
    """Refused: ``import_not_found``."""

    subject: ClassVar[str] = "ask.clients.import.v1"


class ListClientImports(Question[Page[ImportView]]):
    """Newest first; without their samples."""

    subject: ClassVar[str] = "ask.clients.imports.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class ListClientImportProblems(Question[Page[RowProblem]], ProblemsFields):
    """Refused: ``import_not_found``."""

    subject: ClassVar[str] = "ask.clients.import_problems.v1"


class RowMatch(View):
    """A client whom a row fits, and by what."""

    client_id: UUID
    name: str
    by: tuple[MatchedBy, ...]


class ClientRowView(View):
    """A good row, and what is going to become of it."""

    row: int
    action: Choice
    decided: bool
    """By a person, not by the rule."""
    name: str
    phones: tuple[str, ...]
    car: str | None
    matches: tuple[RowMatch, ...]
    same_as_row: int | None
    """An earlier row of the file that is the same client."""
    client_id: UUID | None
    """Whose card it updates, where a person has said so."""


class ListClientImportRows(Question[Page[ClientRowView]]):
    """In the order of the file. Refused: ``import_not_found``."""

    subject: ClassVar[str] = "ask.clients.import_rows.v1"

    import_id: UUID
    action: Choice | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ClientImportMoved(ImportMoved):
    """A file of clients has come a step further. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.import_moved.v1"
