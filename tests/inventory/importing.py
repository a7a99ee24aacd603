"""Handing the rows of a file to a running service as the gateway does."""

from __future__ import annotations

import os
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import batched
from typing import Any
from uuid import UUID

from shared.contracts.imports import ImportView
from shared.contracts.price_lists import (
    AddStockImportRows,
    BeginStockImport,
    EndStockImportUpload,
    GetStockImport,
)
from tests.support.day import Station
from tests.support.waiting import eventually

CHUNK = 200


async def bring(
    station: Station, rows: Iterable[Sequence[str]], *, end: bool = True, **fields: Any
) -> ImportView:
    """In chunks small enough that even a short list has several."""
    all_rows = [tuple(row) for row in rows]
    digest = sha256(repr(all_rows).encode()).hexdigest()
    begin = BeginStockImport(
        file_name="price.csv", digest=digest, **{"kind": "price_list", **fields}
    )
    job = await station.send(begin)
    first = 1
    for chunk in batched(all_rows, CHUNK):
        await station.send(AddStockImportRows(import_id=job.id, first_row=first, rows=chunk))
        first += len(chunk)
    if end:
        job = await station.send(EndStockImportUpload(import_id=job.id))
    return job


async def when(station: Station, import_id: UUID, *states: str) -> ImportView:
    async def arrived() -> ImportView | None:
        job = await station.ask(GetStockImport(import_id=import_id))
        return job if job.state in states else None

    found = await eventually(arrived)
    assert found
    return found


@asynccontextmanager
async def doomed(station: Station, service: str, point: str) -> AsyncIterator[Process]:
    """The service as a process of its own that dies at ``point``."""
    process = await create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crashing",
        service,
        point,
        env={
            **os.environ,
            "PITLANE_NATS_URL": station.nats.url(service),
            f"PITLANE_{service.upper()}_DATABASE_URL": station.database_urls[service],
            "PITLANE_LOG_LEVEL": "ERROR",
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
