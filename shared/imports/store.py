"""Imports in and out of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pydantic_core
from sqlalchemy import Select, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import Page
from shared.contracts.imports import RowProblem
from shared.imports.columns import shown
from shared.imports.rows import FileRow, Problem
from shared.imports.tables import ENDED, chunks, imports, problems
from shared.imports.taking import Import
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_ALL = select(imports)


async def add(connection: AsyncConnection, job: Import) -> bool:
    """False: the same file of the same owner is there already."""
    made = await connection.execute(
        insert_or_not(imports)
        .values({column.name: getattr(job, column.name) for column in imports.columns})
        .on_conflict_do_nothing()
        .returning(imports.c.id)
    )
    return made.scalar_one_or_none() is not None


async def same_file(connection: AsyncConnection, job: Import) -> Import | None:
    row = (
        await connection.execute(
            _ALL.where(
                imports.c.live,
                imports.c.kind == job.kind,
                imports.c.digest == job.digest,
                imports.c.supplier_id.is_not_distinct_from(job.supplier_id),
            )
        )
    ).one_or_none()
    return _import(row) if row else None


async def load(connection: AsyncConnection, import_id: UUID, *, lock: bool = False) -> Import:
    """Refused: ``import_not_found``."""
    query = _ALL.where(imports.c.id == import_id)
    if lock:  # the key stays free: rows that are being checked refer to it
        query = query.with_for_update(key_share=True)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Refused("import_not_found", id=import_id)
    return _import(row)


async def change(
    connection: AsyncConnection, before: Import, now: datetime, **values: Any
) -> Import | None:
    """The import with these values, unless it is in another state by now, or was changed."""
    row = (
        await connection.execute(
            update(imports)
            .where(
                imports.c.id == before.id,
                imports.c.state == before.state,
                imports.c.revision == before.revision,
            )
            .values(updated_at=now, revision=imports.c.revision + 1, **values)
            .returning(imports)
        )
    ).one_or_none()
    return _import(row) if row else None


async def listed(
    connection: AsyncConnection, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Sequence[Import]:
    """``limit + 1`` of them, newest first."""
    query: Select[Any] = _ALL
    for name, value in filters.items():
        if value is not None:
            query = query.where(imports.c[name] == value)
    if cursor:
        (last_id,) = keys_of(cursor, tuple[UUID])
        query = query.where(imports.c.id < last_id)
    rows = await connection.execute(query.order_by(imports.c.id.desc()).limit(limit + 1))
    return [_import(row) for row in rows]


# --- rows ----------------------------------------------------------------------------------------


async def add_chunk(
    connection: AsyncConnection, import_id: UUID, first_row: int, rows: Sequence[Sequence[str]]
) -> bool:
    """False: it was there already."""
    made = await connection.execute(
        insert_or_not(chunks)
        .values(
            import_id=import_id,
            first_row=first_row,
            rows=len(rows),
            body=pydantic_core.to_json(rows),
        )
        .on_conflict_do_nothing()
        .returning(chunks.c.first_row)
    )
    return made.scalar_one_or_none() is not None


async def chunk_after(
    connection: AsyncConnection, import_id: UUID, row: int
) -> tuple[int, list[list[str]]] | None:
    """The chunk that follows this row of the file: the number of its first row, and its rows."""
    found = (
        await connection.execute(
            select(chunks.c.first_row, chunks.c.body)
            .where(chunks.c.import_id == import_id, chunks.c.first_row > row)
            .order_by(chunks.c.first_row)
            .limit(1)
        )
    ).one_or_none()
    return (found.first_row, pydantic_core.from_json(found.body)) if found else None


def file_rows(job: Import, first_row: int, rows: Sequence[Sequence[str]]) -> list[FileRow]:
    """Those below the header that are not empty."""
    numbered = [
        FileRow(
            first_row + at,
            {name: row[column] for name, column in job.columns.items() if column < len(row)},
        )
        for at, row in enumerate(rows)
        if first_row + at > job.header_row
    ]
    return [row for row in numbered if not row.empty]


async def drop_rows_of_ended(connection: AsyncConnection) -> None:
    """What came in is not needed when it is applied, or never will be; what was wrong stays."""
    ended = select(imports.c.id).where(imports.c.state.in_(ENDED))
    await connection.execute(delete(chunks).where(chunks.c.import_id.in_(ended)))


async def abandoned(connection: AsyncConnection, since: datetime) -> Sequence[Import]:
    """Those whose file stopped coming."""
    rows = await connection.execute(
        _ALL.where(imports.c.state == "uploading", imports.c.updated_at < since)
    )
    return [_import(row) for row in rows]


# --- what is wrong -------------------------------------------------------------------------------


async def add_problems(
    connection: AsyncConnection, job: Import, headers: Sequence[str], found: Sequence[Problem]
) -> None:
    if found:
        await connection.execute(
            insert(problems),
            [
                {
                    "import_id": job.id,
                    "row": each.row,
                    "field": each.field,
                    "header": shown(_header(job, headers, each.field)),
                    "value": shown(each.value),
                    "code": each.refusal.code,
                    "particulars": each.refusal.params,
                }
                for each in found
            ],
        )


async def drop_problems(connection: AsyncConnection, import_id: UUID) -> None:
    await connection.execute(delete(problems).where(problems.c.import_id == import_id))


async def list_problems(
    connection: AsyncConnection, import_id: UUID, limit: int, cursor: str | None
) -> Page[RowProblem]:
    query = select(problems).where(problems.c.import_id == import_id)
    if cursor:
        row_number, field = keys_of(cursor, tuple[int, str])
        query = query.where(tuple_(problems.c.row, problems.c.field) > tuple_(row_number, field))
    rows = (
        await connection.execute(query.order_by(problems.c.row, problems.c.field).limit(limit + 1))
    ).all()
    return page_of(rows, limit, _problem, lambda row: (row.row, row.field))


def _problem(row: Any) -> RowProblem:
    refusal = Refused(row.code, **row.particulars)
    return RowProblem(
        row=row.row,
        field=row.field,
        column=row.header,
        value=row.value,
        code=row.code,
        reason_en=refusal.words("en"),
        reason_ru=refusal.words("ru"),
    )


def _header(job: Import, headers: Sequence[str], field: str) -> str:
    column = job.columns.get(field)
    return headers[column] if column is not None and column < len(headers) else ""


def _import(row: Any) -> Import:
    return Import(**row._mapping)


async def at_work(connection: AsyncConnection) -> Import | None:
    """The oldest import that nobody else is working on; the lock on it lasts as long as the
    transaction, and keeps no message about it waiting."""
    candidates = await connection.execute(
        _ALL.where(imports.c.state.in_(("checking", "applying"))).order_by(imports.c.id).limit(20)
    )
    for row in candidates.all():
        key = int.from_bytes(row.id.bytes[8:], signed=True)
        if await connection.scalar(select(func.pg_try_advisory_xact_lock(key))):
            # As it is now: whoever held it before us may have moved it on.
            now = await load(connection, row.id)
            if now.state in ("checking", "applying"):
                return now
    return None
