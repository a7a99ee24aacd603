"""Long work: a long table is asked for, left and found again; operators see what machines do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select, update

from services.gateway.jobs import rows, tables
from services.gateway.store import jobs, users
from shared.ids import new_id
from tests.browser.visitors import DESK, Open, Site, barriers, too_wide

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def a_job(site: Site, **values: Any) -> Any:
    """As somebody who works on it, here or at another gateway, writes it down."""
    now = datetime.now(UTC)
    fields = {
        "id": new_id(),
        "login": "root",
        "role": "operator",
        "station": "station-1",
        "state": "running",
        "created_at": now,
        "started_at": now,
        "lease_id": new_id(),
        "lease_until": now + timedelta(hours=1),
        "expires_at": now + rows.KEEP,
        **values,
    }
    async with site.gateway.service.engine.begin() as connection:
        return await rows.add(connection, **fields)


async def moves(site: Site, job: Any, **values: Any) -> None:
    """Who works on it keeps it for as long as the test looks at it, however slow the machine."""
    async with site.gateway.service.engine.begin() as connection:
        await rows.go_on(connection, job.id, job.lease_id, **values)
        kept = update(jobs).where(jobs.c.id == job.id)
        await connection.execute(kept.values(lease_until=datetime.now(UTC) + timedelta(hours=1)))


async def test_a_long_table_is_left_and_found_again(
    site: Site, browse: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "QUICK_PAGES", 0)
    await site.post("/warehouses", {"name": "Основной"})
    page = (await browse(role="owner", size=DESK)).page
    await page.goto(site.url + "/jobs")
    await expect(page.get_by_text("Долгих дел нет")).to_be_visible()

    await page.goto(site.url + "/reports/stock-balances")
    await page.get_by_role("button", name="CSV").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Долгие дела")
    await expect(page.get_by_text("она готовится")).to_be_visible()
    table = page.get_by_role("listitem").filter(has_text="Остатки на складах")
    await expect(table).to_contain_text("Готово", timeout=60_000)
    async with page.expect_download() as download:
        await table.get_by_role("link", name="Скачать").click()
    taken = await download.value
    assert taken.suggested_filename == "stock-balances.csv"
    assert "Склад" in Path(await taken.path()).read_text("utf-8-sig")

    # Another one goes on while one is somewhere else.
    async with site.gateway.service.engine.connect() as connection:
        owner_id = await connection.scalar(select(users.c.id).where(users.c.login == "owner"))
    await page.goto(site.url + "/clients")
    mark = page.get_by_role("link", name="Идут долгие дела: 1")
    await expect(mark).to_be_hidden()
    job = await a_job(
        site, kind="export", title="Маржа", user_id=owner_id, login="owner", role="owner",
        address="/reports/margin", format="xlsx", stage="reading", unit="rows",
    )  # fmt: skip
    await expect(mark).to_be_visible()
    await mark.click()
    going = page.get_by_role("listitem").filter(has_text="Маржа")
    await moves(site, job, done=15000)
    await expect(going).to_contain_text("Собираются строки: 15 000")
    backup = await a_job(site, kind="backup", title="/srv/backups/2026-11-27", stage="orders")
    await moves(site, backup, done=3, total=7)
    await expect(page.get_by_text("orders: 3 / 7")).to_be_visible()
    assert await barriers(page) == []
    assert await too_wide(page) == []
    await page.get_by_role("button", name="Отменить: Маржа").click()
    await expect(going).to_contain_text("Отменено")
    await expect(mark).to_be_hidden()

    await a_job(
        site, kind="restore", title="", state="failed", failure="job_abandoned", note="NATS",
        lease_id=None, lease_until=None,
    )  # fmt: skip
    phone = (await browse(role="administrator", language="en", scheme="dark")).page
    await phone.goto(site.url + "/jobs")
    await expect(phone.get_by_text("It was interrupted")).to_be_visible()
    assert await phone.get_by_text("Остатки").count() == 0
    assert await barriers(phone) == []
    assert await too_wide(phone) == []
    # What machines are at is for operators.
    advisor = (await browse(role="advisor")).page
    await advisor.goto(site.url + "/jobs")
    await expect(advisor.get_by_text("Долгих дел нет")).to_be_visible()
