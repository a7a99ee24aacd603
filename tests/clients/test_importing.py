"""A list of clients that dies in the midst of being taken: all of it, or nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from hashlib import sha256

from sqlalchemy import text

from shared.contracts.client_imports import (
    AddClientImportRows,
    ApplyClientImport,
    BeginClientImport,
    EndClientImportUpload,
    GetClientImport,
)
from shared.contracts.clients import ClientCreated, CreateClient, FindClients
from shared.contracts.imports import ImportView
from shared.database import engine_for, outbox
from shared.refusals import Refused
from tests.support.crashing import EXIT_CODE
from tests.support.day import Station
from tests.support.waiting import PATIENCE_S, eventually

ROWS = (
    ("Фамилия", "Имя", "Телефон", "Госномер"),
    *((f"Волков{n}", "Иван", f"+7905{n:07d}", f"А{n % 1000:03d}ВС77") for n in range(700)),
)


async def ready(station: Station) -> ImportView:
    digest = sha256(b"list").hexdigest()
    begin = BeginClientImport(file_name="clients.csv", digest=digest, on_duplicate="update")
    job = await station.send(begin)
    await station.send(AddClientImportRows(import_id=job.id, first_row=1, rows=ROWS))
    await station.send(EndClientImportUpload(import_id=job.id))
    return await when(station, job, "ready")


async def when(station: Station, job: ImportView, state: str) -> ImportView:
    async def arrived() -> ImportView | None:
        shown = await station.ask(GetClientImport(import_id=job.id))
        return shown if shown.state == state else None

    found = await eventually(arrived, timeout_s=60.0)
    assert found
    return found


async def counted(station: Station) -> tuple[int, int, int]:
    """Cards, cars and events of new cards in the database, whether the service runs or not."""
    engine = engine_for(station.database_urls["clients"])
    async with engine.connect() as connection:
        numbers = [
            await connection.scalar(text(statement)) or 0
            for statement in (
                "SELECT count(*) FROM clients",
                "SELECT count(*) FROM vehicles",
                f"SELECT count(*) FROM {outbox.name} WHERE subject = '{ClientCreated.subject}'",
            )
        ]
    await engine.dispose()
    return numbers[0], numbers[1], numbers[2]


async def test_a_crash_while_clients_are_taken_takes_none_and_the_next_start_all(
    station: Station,
) -> None:
    job = await ready(station)
    await station.stop("clients")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crashing",
        "clients",
        "in_import_apply",
        env={
            **os.environ,
            "PITLANE_NATS_URL": station.nats.url("clients"),
            "PITLANE_CLIENTS_DATABASE_URL": station.database_urls["clients"],
            "PITLANE_LOG_LEVEL": "ERROR",
        },
    )

    async def asked() -> bool:
        try:
            applying = await station.send(ApplyClientImport(import_id=job.id))
        except Refused:
            return process.returncode is not None
        return applying.state == "applying"

    await eventually(asked, timeout_s=60.0)
    assert await process.wait() == EXIT_CODE
    assert await counted(station) == (0, 0, 0)
    await station.start("clients")
    await when(station, job, "applied")
    assert await counted(station) == (700, 700, 700)


async def test_the_counter_enters_clients_while_a_list_is_taken(station: Station) -> None:
    """With the very names and words that are in the list."""
    job = await ready(station)
    await station.send(ApplyClientImport(import_id=job.id))
    for n in range(20):
        command = CreateClient(last_name=f"Волков{n}", first_name="Иван")
        await asyncio.wait_for(station.send(command), timeout=PATIENCE_S / 2)
    await when(station, job, "applied")
    page = await station.ask(FindClients(q="Волков7 Иван", limit=200))
    assert sum(client.last_name == "Волков7" for client in page.items) == 2
