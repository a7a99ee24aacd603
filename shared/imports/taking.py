"""How the rows of one kind of table are taken: what a service says of its own imports."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.imports import Choice, ImportKind, ImportState
from shared.handlers import Store, Work
from shared.imports.columns import Field
from shared.imports.rows import Checked, FileRow


@dataclass(frozen=True, slots=True)
class Import:
    """A row of ``imports``."""

    id: UUID
    kind: ImportKind
    state: ImportState
    file_name: str
    digest: str
    supplier_id: UUID | None
    valid_from: date | None
    live: bool
    wanted: dict[str, Any]
    columns: dict[str, int]
    header_row: int
    rows_read: int
    rows_checked: int
    rows_good: int
    rows_bad: int
    checked_to: int
    on_duplicate: Choice | None
    failure: str | None
    particulars: dict[str, str]
    tries: int
    actor: str
    created_at: datetime
    updated_at: datetime
    revision: int


ROWS_A_TURN = 25


async def in_turns[RowT](rows: Iterable[RowT]) -> AsyncIterator[RowT]:
    """The rows; now and then whoever else has something to do in this process comes first."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % ROWS_A_TURN == 0:
            await asyncio.sleep(0)


class Taking[StoreT: Store](ABC):
    """One kind of table. Everything runs in transactions of the kit, never in its own."""

    kind: ClassVar[ImportKind]
    fields: ClassVar[tuple[Field, ...]]

    @abstractmethod
    async def check(
        self, store: StoreT, job: Import, rows: Sequence[FileRow], work: Work
    ) -> Checked:
        """Keeps the good ones aside, where nobody sees them yet, and says what is wrong with the
        others."""

    @abstractmethod
    async def forget(self, store: StoreT, import_id: UUID) -> None:
        """Drops what ``check`` has kept aside."""

    @abstractmethod
    async def sweep(self, store: StoreT, work: Work) -> None:
        """Drops, now and then, what was kept aside for imports that have ended otherwise."""

    @abstractmethod
    async def apply(self, store: StoreT, job: Import, work: Work) -> None:
        """All that was kept aside becomes visible, in this transaction."""

    async def refuse_to_apply(self, store: StoreT, job: Import) -> None:
        """Raises ``Refused`` for what a person has yet to decide."""
        return None

    async def actions(self, store: StoreT, job: Import) -> dict[str, int]:
        """How many rows come to which action, where there are several."""
        return {}
