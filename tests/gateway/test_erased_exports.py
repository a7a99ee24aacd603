"""A table that was made before somebody was erased names them still: it is taken back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from services.gateway.jobs import erased, rows, worker
from services.gateway.store import jobs
from shared.contracts.client_data import ClientErased
from shared.contracts.jobs import JobMoved
from shared.database import inbox, outbox
from shared.ids import new_id
from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_jobs import begun, file_of, over, refused
from tests.support.waiting import eventually

SEARCHED = "/clients?q=Забытова&limit=50"


@pytest.fixture
async def office(whole: TestGateway, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    monkeypatch.setattr(erased, "FORGOTTEN_WITHIN", timedelta(0))
    monkeypatch.setattr(worker, "TIDY_S", 1.0)
    return await whole.signed_in("administrator", "admin")


async def a_client(office: httpx.AsyncClient, name: str) -> str:
    made = await office.post(f"{API}/clients", json={"last_name": name}, headers=a_key())
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def erase(office: httpx.AsyncClient, client_id: str) -> None:
    gone = await office.post(
        f"{API}/clients/{client_id}/erase", json={"reason": "просит"}, headers=a_key()
    )
    assert gone.status_code == 200, gone.text


async def row_of(whole: TestGateway, job: Any) -> Any:
    async with whole.service.engine.connect() as connection:
        return (await connection.execute(select(jobs).where(jobs.c.id == job["id"]))).one()


async def test_tables_of_before_are_taken_back_with_what_was_searched_for(
    office: httpx.AsyncClient, whole: TestGateway
) -> None:
    client_id = await a_client(office, "Забытова")
    made = await over(office, (await begun(office, SEARCHED))["id"])
    assert "Забытова" in (await file_of(office, made["id"])).text
    (file,) = whole.settings.export_folder.iterdir()
    await erase(office, client_id)

    async def is_taken_back() -> bool:
        return bool((await row_of(whole, made)).state == "failed")

    await eventually(is_taken_back)  # without anybody looking for it
    assert await refused(await file_of(office, made["id"])) == (404, "job_has_no_file")
    assert not file.exists()
    shown = (await office.get(f"{API}/jobs/{made['id']}")).json()
    assert (shown["failure"], shown["file"]) == ("export_outdated", None)
    assert (await row_of(whole, made)).address == "/clients?q=…&limit=50"
    *_, told = await whole.told(JobMoved.subject)
    assert (told["state"], told["failure"]) == ("failed", "export_outdated")
    # What is made from now on stays.
    await whole.settle_down()
    again = await over(office, (await begun(office))["id"])
    await whole.app.state.gateway.jobs.take_back()
    assert (await file_of(office, again["id"])).status_code == 200


async def test_a_table_of_a_service_that_was_behind_with_the_erasure_is_taken_back_once_it_knows(
    office: httpx.AsyncClient, whole: TestGateway
) -> None:
    client_id = await a_client(office, "Забытова")
    await erase(office, client_id)
    await whole.settle_down()
    made = await over(office, (await begun(office))["id"])
    jobs = whole.app.state.gateway.jobs
    await jobs.take_back()
    assert (await file_of(office, made["id"])).status_code == 200
    # As if the service had heard of it only now.
    async with whole.behind["orders"].engine.begin() as connection:
        late = await connection.execute(
            update(inbox)
            .where(inbox.c.event_id.in_(await erasures(whole)))
            .values(handled_at=func.now())
        )
        assert late.rowcount == 1
    await jobs.take_back()
    assert await refused(await file_of(office, made["id"])) == (404, "job_has_no_file")


async def erasures(whole: TestGateway) -> list[UUID]:
    async with whole.behind["clients"].engine.connect() as connection:
        ids = select(outbox.c.event_id).where(outbox.c.subject == ClientErased.subject)
        return [*(await connection.execute(ids)).scalars()]


async def test_what_is_being_made_of_answers_of_before_is_made_anew(
    office: httpx.AsyncClient, whole: TestGateway
) -> None:
    client_id = await a_client(office, "Забытова")
    waiting = await over(office, (await begun(office))["id"])
    async with whole.service.engine.begin() as connection:
        await connection.execute(
            update(jobs).values(
                state="running",
                file_id=None,
                lease_id=new_id(),
                lease_until=func.now() + rows.LEASE,
            )
        )
    await erase(office, client_id)
    await whole.settle_down()
    await whole.app.state.gateway.jobs.take_back()
    done = await over(office, waiting["id"])
    assert done["state"] == "done"
    assert done["started_at"] > waiting["finished_at"]
    assert (await file_of(office, waiting["id"])).status_code == 200


async def test_who_is_erased_while_a_look_is_about_to_begin_is_looked_for_too(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the journal does not know yet is not found by that look."""
    looks: list[None] = []

    async def look() -> None:
        looks.append(None)

    jobs = gateway.app.state.gateway.jobs
    monkeypatch.setattr(jobs, "take_back", look)
    monkeypatch.setattr(worker, "AGAIN_S", 0.5)

    async def has_looked(times: int) -> None:
        async def has() -> bool:
            return len(looks) >= times

        await eventually(has)

    jobs.tidy_soon()
    await has_looked(1)
    jobs.tidy_soon()
    await asyncio.sleep(0.1)
    jobs.tidy_soon()
    await has_looked(3)
