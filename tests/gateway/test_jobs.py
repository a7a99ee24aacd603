"""Long work: it goes on by itself, is found again, and only who may takes away what came of it."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]
import pytest
from sqlalchemy import func, insert, select, update

from services.gateway.exports.answers import PAGE_ROWS
from services.gateway.handlers.jobs import MAX_GOING
from services.gateway.jobs import rows
from services.gateway.store import jobs, users
from shared.contracts.clients import FindClients
from shared.contracts.finance_reports import CategorySum, ProfitLoss, ProfitLossRow
from shared.contracts.inventory import StockBalance, StockBalances
from shared.contracts.jobs import JobMoved
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import API, FakeServices, TestGateway, a_key, running_gateway
from tests.support.broker import TestNats
from tests.support.waiting import PATIENCE_S, eventually

BALANCES = "/reports/stock-balances"
PRODUCT, WAREHOUSE = new_id(), new_id()


def balance(number: int) -> dict[str, Any]:
    return StockBalance(
        product_id=PRODUCT,
        product=f"Колодки {number}",
        oem=None,
        warehouse_id=WAREHOUSE,
        warehouse="Основной",
        measure="шт",
        on_hand=Decimal(number),
        reserved=Decimal(0),
        available=Decimal(number),
        value=Decimal("100.50"),
    ).model_dump(mode="json")


def stock(pages: int, rows_of_a_page: int = 1) -> Callable[[dict[str, Any]], Any]:
    """As inventory answers: so many pages, whoever asks."""
    items = [balance(number) for number in range(rows_of_a_page)]

    def answer(question: dict[str, Any]) -> Any:
        page = int(question.get("cursor", "0")) + 1
        return {"items": items, "next": str(page) if page < pages else None}

    return answer


@pytest.fixture
async def owner(gateway: TestGateway, services: FakeServices) -> httpx.AsyncClient:
    await services.start("inventory", "finance")
    services.replies[StockBalances.subject] = stock(1)
    return await gateway.signed_in("owner")


async def begun(client: httpx.AsyncClient, address: str = BALANCES, **body: Any) -> Any:
    response = await client.post(
        f"{API}/jobs/exports", json={"address": address, "format": "csv", **body}, headers=a_key()
    )
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"{API}/jobs/{response.json()['id']}"
    return response.json()


async def over(client: httpx.AsyncClient, job_id: str, timeout_s: float = PATIENCE_S) -> Any:
    async def is_over() -> Any:
        job = (await client.get(f"{API}/jobs/{job_id}")).json()
        return None if job["state"] in rows.GOING else job

    return await eventually(is_over, timeout_s=timeout_s)


async def file_of(client: httpx.AsyncClient, job_id: str) -> httpx.Response:
    return await client.get(f"{API}/jobs/{job_id}/file")


async def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_a_table_of_more_rows_than_at_once_is_made_in_the_background_and_taken_away(
    gateway: TestGateway, services: FakeServices, owner: httpx.AsyncClient
) -> None:
    services.replies[StockBalances.subject] = stock(21, PAGE_ROWS)
    key = a_key()
    body = {"address": f"{BALANCES}?warehouse_id={WAREHOUSE}&limit=3", "format": "csv"}
    spoken = {**key, "Accept-Language": "ru"}
    first = await owner.post(f"{API}/jobs/exports", json=body, headers=spoken)
    again = await owner.post(f"{API}/jobs/exports", json=body, headers=spoken)
    assert first.json() == again.json()
    assert (first.json()["title"], first.json()["state"]) == ("Остатки на складах", "waiting")

    job = await over(owner, first.json()["id"], 60)

    assert (job["state"], job["done"], job["total"], job["failure"]) == (
        "done", 21 * PAGE_ROWS, 21 * PAGE_ROWS, None,
    )  # fmt: skip
    response = await file_of(owner, job["id"])
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="stock-balances.csv"' in response.headers["content-disposition"]
    assert response.headers["cache-control"] == "private, no-store"
    assert len(response.content) == job["file"]["size"]
    lines = list(csv.reader(StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == 21 * PAGE_ROWS + 1
    assert lines[0][-1] == "Стоимость, руб."
    assert lines[PAGE_ROWS] == lines[-1] == [
        f"Колодки {PAGE_ROWS - 1}", "", "Основной", "шт", "4999", "0", "4999", "100,50",
    ]  # fmt: skip
    asked = [sent for sent in services.sent if sent.subject == StockBalances.subject]
    assert [sent.message.get("cursor") for sent in asked] == [None, *map(str, range(1, 21))]
    assert {sent.message["warehouse_id"] for sent in asked} == {str(WAREHOUSE)}
    assert {sent.envelope.actor.login for sent in asked} == {"owner"}
    [kept] = gateway.settings.export_folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    told = await gateway.told("evt.gateway.job_moved.v1")
    assert [(each["state"], each["rows"]) for each in told] == [
        ("waiting", 0),
        ("done", 21 * PAGE_ROWS),
    ]


async def test_a_workbook_has_the_columns_of_all_pages(
    services: FakeServices, owner: httpx.AsyncClient
) -> None:
    def month(question: dict[str, Any]) -> Any:
        names = ("orders", "rent") if question.get("cursor") else ("rent", "=cmd()")
        row = ProfitLossRow(
            day="2026-11-01",
            categories=tuple(CategorySum(category=name, amount=Decimal("1.5")) for name in names),
            **dict.fromkeys(("works", "goods", "materials", "revenue", "vat"), Decimal(0)),
            **dict.fromkeys(("cost", "gross_profit", "pay", "expenses"), Decimal(0)),
            **dict.fromkeys(("bonuses", "payroll", "other_income", "net_profit"), Decimal(0)),
        )
        more = None if question.get("cursor") else "second"
        return {"items": [row.model_dump(mode="json")], "next": more}

    services.replies[ProfitLoss.subject] = month
    address = "/reports/profit-loss?from=2026-11-01&to=2026-12-01&by=month"
    job = await over(owner, (await begun(owner, address, format="xlsx", language="ru"))["id"])
    page = openpyxl.load_workbook(BytesIO((await file_of(owner, job["id"])).content)).active
    assert page.title == "Прибыли и убытки"
    titles = [cell.value for cell in page[1]]
    # The station's own word is said in the reader's language; the others are somebody's.
    assert {"=cmd()", "Заказ-наряды", "rent"} <= set(titles)
    assert [page.cell(row, titles.index("rent") + 1).value for row in (2, 3)] == [1.5, 1.5]
    period = services.last.message["period"]
    assert period == {"start": "2026-10-31T21:00:00Z", "end": "2026-11-30T21:00:00Z"}


async def test_what_is_asked_for_is_refused_as_the_report_would_be(
    gateway: TestGateway, owner: httpx.AsyncClient
) -> None:
    technician = await gateway.signed_in("technician")
    for client, address, wanted in (
        (owner, "/reports/nothing", (422, "export_unknown")),
        (owner, "/sections", (422, "export_unknown")),
        (owner, "/clients/x/statement", (422, "request_invalid")),
        (owner, f"{BALANCES}?colour=red", (422, "request_invalid")),
        (owner, "/reports/margin?from=2026-12-01&to=2026-11-01", (422, "period_invalid")),
        (technician, BALANCES, (403, "forbidden")),
    ):
        body = {"address": address}
        response = await client.post(f"{API}/jobs/exports", json=body, headers=a_key())
        assert await refused(response) == wanted, address
    assert (await owner.get(f"{API}/jobs")).json() == {"items": [], "next": None}


async def test_only_who_asked_takes_it_away_and_only_in_the_same_role(
    gateway: TestGateway, owner: httpx.AsyncClient
) -> None:
    job = await over(owner, (await begun(owner))["id"])
    stranger = await gateway.signed_in("owner", "another")
    for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/file"):
        assert await refused(await stranger.get(API + path)) == (404, "job_not_found")
    path = f"{API}/jobs/{job['id']}/cancel"
    assert (await stranger.post(path, headers=a_key())).status_code == 404
    for role in ("administrator", "advisor", "technician"):
        async with gateway.service.engine.begin() as connection:
            await connection.execute(
                update(users).where(users.c.login == "owner").values(role=role)
            )
        gateway.app.state.gateway.sessions.forget()
        assert await refused(await file_of(owner, job["id"])) == (403, "forbidden"), role
    async with gateway.service.engine.begin() as connection:
        await connection.execute(update(users).where(users.c.login == "owner").values(role="owner"))
    gateway.app.state.gateway.sessions.forget()
    assert (await file_of(owner, job["id"])).status_code == 200


async def test_who_may_not_be_here_any_more_gets_nothing_made(
    gateway: TestGateway, services: FakeServices, owner: httpx.AsyncClient
) -> None:
    services.replies[StockBalances.subject] = stock(1_000_000)
    job = await begun(owner)
    await eventually(lambda: state_is(owner, job["id"], "running"))
    async with gateway.service.engine.begin() as connection:
        await connection.execute(update(users).where(users.c.login == "owner").values(active=False))
        # As after a crash of whoever worked on it.
        await connection.execute(
            update(jobs).values(lease_id=new_id(), lease_until=func.now() - timedelta(minutes=1))
        )

    async def failed() -> Any:
        async with gateway.service.engine.connect() as connection:
            row = (await connection.execute(select(jobs))).one()
        return row if row.state == "failed" else None

    row = await eventually(failed)
    assert (row.failure, row.file_id, row.attempts) == ("forbidden", None, 2)


async def state_is(client: httpx.AsyncClient, job_id: str, state: str) -> bool:
    return bool((await client.get(f"{API}/jobs/{job_id}")).json()["state"] == state)


async def test_the_journal_is_told_which_table_and_not_whom_somebody_searched_for(
    gateway: TestGateway, owner: httpx.AsyncClient, services: FakeServices
) -> None:
    await services.start("clients")
    services.replies[FindClients.subject] = {"items": [], "next": None}
    asked = f"/clients?q=%2B79161234567&tag_id={new_id()}"
    job = await begun(owner, asked)
    await over(owner, job["id"])
    assert services.last.message["q"] == "+79161234567"
    told = {event["address"] for event in await gateway.told(JobMoved.subject)}
    assert told == {asked.replace("%2B79161234567", "…")}


async def test_what_is_given_up_stops_and_leaves_nothing(
    gateway: TestGateway, services: FakeServices, owner: httpx.AsyncClient
) -> None:
    services.replies[StockBalances.subject] = stock(1_000_000)
    job, other = await begun(owner), await begun(owner)
    await eventually(lambda: state_is(owner, job["id"], "running"))
    # One of somebody at a time.
    assert await state_is(owner, other["id"], "waiting")
    for each in (other, job, job):
        response = await owner.post(f"{API}/jobs/{each['id']}/cancel", headers=a_key())
        assert response.json()["state"] == "cancelled"

    async def nothing_is_left() -> bool:
        return not list(gateway.settings.export_folder.iterdir())

    await eventually(nothing_is_left)
    assert await refused(await file_of(owner, job["id"])) == (404, "job_has_no_file")
    states = [each["state"] for each in (await owner.get(f"{API}/jobs")).json()["items"]]
    assert states == ["cancelled", "cancelled"]


async def test_a_report_that_refuses_is_told_in_the_readers_words(
    services: FakeServices, owner: httpx.AsyncClient
) -> None:
    services.replies[StockBalances.subject] = Refused("period_invalid")
    job = await over(owner, (await begun(owner))["id"])
    assert (job["state"], job["failure"], job["file"]) == ("failed", "period_invalid", None)
    assert job["failure_ru"] == Refused("period_invalid").words("ru")
    services.replies[StockBalances.subject] = {"items": [{"nonsense": 1}], "next": None}
    job = await over(owner, (await begun(owner))["id"])
    assert (job["state"], job["failure"]) == ("failed", "internal_error")


async def test_nobody_has_more_than_so_many_going(
    gateway: TestGateway, services: FakeServices, owner: httpx.AsyncClient
) -> None:
    services.replies[StockBalances.subject] = stock(1_000_000)
    for _ in range(MAX_GOING):
        await begun(owner)
    body = {"address": BALANCES}
    response = await owner.post(f"{API}/jobs/exports", json=body, headers=a_key())
    assert await refused(response) == (409, "too_many_jobs")
    advisor = await gateway.signed_in("advisor")
    # Others do not wait for them.
    job = await begun(advisor)
    await eventually(lambda: state_is(advisor, job["id"], "running"))


# --- when the gateway ends ----------------------------------------------------------------------


@pytest.fixture
async def starting(
    nats_server: TestNats, database: Callable[[str], str], services: FakeServices
) -> AsyncIterator[Callable[[], Any]]:
    """Gateways of one station, one after the other."""
    await nats_server.apply_topology()
    await services.start("inventory")
    url = database("gateway")
    async with AsyncExitStack() as stack:
        yield lambda: running_gateway(nats_server, url)
        await stack.aclose()


async def test_a_gateway_that_is_stopped_gives_its_work_back(
    starting: Callable[[], Any], services: FakeServices
) -> None:
    services.replies[StockBalances.subject] = stock(1_000_000)
    async with starting() as gateway:
        owner = await gateway.signed_in("owner")
        job = await begun(owner)
        await eventually(lambda: state_is(owner, job["id"], "running"))
    services.replies[StockBalances.subject] = stock(3)
    async with starting() as gateway:
        owner = await gateway.signed_in("owner")
        job = await over(owner, job["id"])
        assert (job["state"], job["done"]) == ("done", 3)
        async with gateway.service.engine.connect() as connection:
            assert await connection.scalar(select(jobs.c.attempts)) == 1
        assert len(list(gateway.settings.export_folder.iterdir())) == 1


async def test_what_a_crash_left_is_made_anew_once_and_not_for_ever(
    gateway: TestGateway, services: FakeServices, owner: httpx.AsyncClient
) -> None:
    """Whoever had the lease is gone, and its half of a file lies there."""
    half = new_id()
    folder: Path = gateway.settings.export_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / str(half)).write_bytes(b"half a table")
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    os.utime(folder / str(half), (long_ago.timestamp(), long_ago.timestamp()))
    common = {
        "kind": "export", "title": "Остатки", "login": "owner", "role": "owner",
        "station": "station-1", "address": BALANCES, "format": "csv", "language": "en",
        "state": "running", "created_at": long_ago, "started_at": long_ago, "done": 77,
        "expires_at": datetime.now(UTC) + timedelta(days=7), "lease_until": long_ago,
    }  # fmt: skip
    first, hopeless, machine = new_id(), new_id(), new_id()
    async with gateway.service.engine.begin() as connection:
        owner_id = await connection.scalar(select(users.c.id).where(users.c.login == "owner"))
        for job_id, values in (
            (first, {"user_id": owner_id, "lease_id": half, "attempts": 1}),
            (hopeless, {"user_id": owner_id, "lease_id": new_id(), "attempts": rows.ATTEMPTS}),
            (machine, {"kind": "backup", "address": None, "lease_id": new_id()}),
        ):
            await connection.execute(insert(jobs).values({**common, "id": job_id, **values}))
    async with gateway.service.engine.begin() as connection:
        found = await connection.execute(select(jobs).where(jobs.c.id == first))
        await rows.tell(connection, found.one())
    job = await over(owner, str(first))
    assert (job["state"], job["done"]) == ("done", 1)
    # The other one comes late and is told that it is not its own any more.
    with pytest.raises(rows.LeaseLost):
        async with gateway.service.engine.begin() as connection:
            await rows.end(connection, first, half, "done", file_id=half, file_size=12)
    await gateway.app.state.gateway.jobs.tidy()
    for job_id in (hopeless, machine):
        job = (await owner.get(f"{API}/jobs/{job_id}")).json()
        assert (job["state"], job["failure"]) == ("failed", "job_abandoned")
    assert not (folder / str(half)).exists()
    assert len(list(folder.iterdir())) == 1


async def test_what_is_old_goes_with_its_file(
    gateway: TestGateway, owner: httpx.AsyncClient
) -> None:
    job = await over(owner, (await begun(owner))["id"])
    [file] = gateway.settings.export_folder.iterdir()
    os.utime(file, (0, 0))
    async with gateway.service.engine.begin() as connection:
        await connection.execute(update(jobs).values(expires_at=func.now() - timedelta(days=1)))
    await gateway.app.state.gateway.jobs.tidy()
    assert not file.exists()
    assert await refused(await file_of(owner, job["id"])) == (404, "job_not_found")


async def test_screens_are_told_and_machines_work_is_for_operators(
    gateway: TestGateway, owner: httpx.AsyncClient
) -> None:
    screen = await gateway.app.state.gateway.changes.open()
    now = datetime.now(UTC)
    async with gateway.service.engine.begin() as connection:
        row = await rows.add(
            connection, id=new_id(), kind="backup", title="backup", login="root", role="operator",
            station="station-1", state="running", stage="database orders", done=3, total=7,
            created_at=now, started_at=now, expires_at=now + rows.KEEP_OF_MACHINES,
            lease_id=new_id(), lease_until=now + rows.LEASE,
        )  # fmt: skip
    heard: list[Any] = []

    async def is_told() -> bool:
        heard.extend(hint for _, hint in await screen.take(1))
        return ("operation", str(row.id)) in heard

    await eventually(is_told)
    [job] = (await owner.get(f"{API}/jobs?kind=backup")).json()["items"]
    assert (job["stage"], job["done"], job["total"]) == ("database orders", 3, 7)
    response = await owner.post(f"{API}/jobs/{row.id}/cancel", headers=a_key())
    assert await refused(response) == (409, "job_not_cancellable")
    advisor = await gateway.signed_in("advisor")
    assert (await advisor.get(f"{API}/jobs")).json()["items"] == []
    assert (await advisor.get(f"{API}/jobs/{row.id}")).status_code == 404
