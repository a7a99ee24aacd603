"""Who works on a job, and what becomes of its file when two things happen at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pydantic_core
import pytest
from sqlalchemy import insert

from services.gateway.api import Endpoint
from services.gateway.exports.answers import PAGE_ROWS
from services.gateway.exports.sheets import FORMATS, MEDIA_TYPES
from services.gateway.exports.titles import REPORTS
from services.gateway.jobs import rows, tables, worker
from services.gateway.jobs.files import Files
from services.gateway.jobs.worker import Jobs, _Hold
from services.gateway.jobs.writing import Orders
from services.gateway.routes import AREAS
from services.gateway.store import jobs, users
from shared.contracts.base import Message
from shared.contracts.inventory import StockBalances
from shared.database import engine_for
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway
from tests.gateway.test_jobs import BALANCES, begun, file_of, over, stock
from tests.support.waiting import eventually

TABLES = [
    endpoint for area in AREAS for endpoint in area.endpoints if endpoint.media_types == MEDIA_TYPES
]


async def test_two_who_claim_at_once_do_not_take_two_jobs_of_one_person(
    database: Callable[[str], str],
) -> None:
    engine = engine_for(database("gateway"))
    now, user_id = datetime.now(UTC), new_id()
    async with engine.begin() as connection:
        await connection.execute(
            insert(users).values(
                id=user_id, login="owner", login_key="owner", name="Owner", role="owner",
                password_hash="none", must_change_password=False, active=True,
            )
        )  # fmt: skip
        for _ in range(2):
            await connection.execute(
                insert(jobs).values(
                    id=new_id(), kind="export", title="Остатки", user_id=user_id, login="owner",
                    role="owner", station="station-1", address=BALANCES, format="csv",
                    language="en", state="waiting", created_at=now,
                    expires_at=now + timedelta(days=7),
                )
            )  # fmt: skip

    async def claimed() -> Any:
        async with engine.begin() as connection:
            return await rows.claim(connection)

    async with engine.begin() as connection:
        assert await rows.claim(connection)
        other = asyncio.create_task(claimed())
        # It has asked before this one is over; whether it waits here or is answered, it must not
        # have a job in the end.
        await asyncio.wait([other], timeout=0.5)
    assert await other is None
    await engine.dispose()


async def test_a_workbook_that_is_given_up_leaves_nothing_of_its_writer(tmp_path: Path) -> None:
    table = tables.table_at(BALANCES, "owner", None, ZoneInfo("UTC"))
    answer = stock(10, PAGE_ROWS)
    orders = Orders(
        name=table.name,
        row=table.row_type,
        media_type=FORMATS["xlsx"],
        language="en",
        time_zone="UTC",
    )
    files, file_id = Files(tmp_path / "exports"), new_id()

    async def send(question: Message) -> bytes:
        return pydantic_core.to_json(answer(question.model_dump(mode="json", exclude_unset=True)))

    def laid_aside() -> bool:
        found = [path for path in files.folder.rglob("*") if path.is_file()]
        return bool([path for path in found if path != files.path(file_id)])

    async def is_writing() -> bool:
        return laid_aside()

    names: Any = None  # a report asks nobody for any
    made = tables.make(table, orders, files, file_id, send, names, lambda *_: None)
    making = asyncio.create_task(made)
    await eventually(is_writing, timeout_s=60)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert list(files.folder.iterdir()) == [files.path(file_id)]


def test_what_a_dead_writer_laid_aside_is_swept_away(tmp_path: Path) -> None:
    files = Files(tmp_path)
    used, lost = new_id(), new_id()
    for file_id in (used, lost):
        aside = tmp_path / f"{file_id}.abc"
        aside.mkdir()
        (aside / "tmp1").write_bytes(b"costs")
        os.utime(aside, (0, 0))
    assert files.sweep({used}) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"{used}.abc"]


@pytest.mark.parametrize("fault", [ConnectionError, asyncio.CancelledError])
async def test_a_job_that_has_ended_with_nobody_told_keeps_its_file(
    gateway: TestGateway,
    services: FakeServices,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[BaseException],
) -> None:
    await services.start("inventory")
    services.replies[StockBalances.subject] = stock(1)
    owner: httpx.AsyncClient = await gateway.signed_in("owner")
    end, seen = Jobs._end, asyncio.Event()

    async def ended(self: Jobs, job: Any, actor: Any, state: str, **values: Any) -> None:
        await end(self, job, actor, state, **values)
        if state == "done":
            seen.set()
            raise fault

    monkeypatch.setattr(Jobs, "_end", ended)
    job = await over(owner, (await begun(owner))["id"])
    assert (job["state"], seen.is_set()) == ("done", True)
    # Whoever worked on it is through with it.
    [kept] = gateway.settings.export_folder.iterdir()
    await gateway.app.state.gateway.jobs.__aexit__(None, None, None)
    assert kept.exists()
    assert UUID(kept.name)
    assert (await file_of(owner, job["id"])).status_code == 200


@pytest.mark.parametrize(
    ("stops", "wanted"), [(True, asyncio.CancelledError), (False, rows.LeaseLost)]
)
async def test_who_is_asked_to_stop_stops_even_if_the_lease_is_lost_just_then(
    monkeypatch: pytest.MonkeyPatch, stops: bool, wanted: type[BaseException]
) -> None:
    monkeypatch.setattr(worker, "TELL_S", 0.0)
    monkeypatch.setattr(rows, "RENEW_S", 0.0)
    working: asyncio.Task[None]

    class Lost:
        """In the place of the journal: both come before either is noticed."""

        def entry(self) -> None:
            if stops:
                working.cancel()
            raise rows.LeaseLost

    class Job:
        id = lease_id = new_id()

    async def work() -> None:
        async with _Hold(Lost(), Job()):  # type: ignore[arg-type]
            await asyncio.sleep(60)

    working = asyncio.create_task(work())
    with pytest.raises(wanted):
        await working


@pytest.mark.parametrize("endpoint", TABLES, ids=lambda endpoint: endpoint.path)
def test_the_writer_finds_the_row_of_every_table_by_its_name(endpoint: Endpoint) -> None:
    told = Orders(
        name=endpoint.table_name,
        row=endpoint.row_type,
        media_type=FORMATS["csv"],
        language="en",
        time_zone="UTC",
    ).model_dump_json()
    assert Orders.model_validate_json(told).row is endpoint.row_type
    assert endpoint.table_name in REPORTS
