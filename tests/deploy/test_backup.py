"""The disaster drill: a station is lost with its disk, and is there again from its backup."""

import asyncio
import json
import os
import re
import shutil
import signal
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from shared.ids import new_id
from tests.gateway.test_pictures import a_photo
from tests.support.runner import Runner, pitlane
from tests.support.waiting import eventually

pytestmark = [pytest.mark.xdist_group("stations"), pytest.mark.timeout(300)]

PASSWORD = "a long enough password"


async def command(*arguments: str) -> tuple[int, str]:
    """``pitlane …`` as a process of its own: exit code, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *pitlane(*arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200"},
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


class Office:
    """A person at the counter, over HTTP."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30)

    async def sign_in(self, password: str) -> None:
        said = await self._http.post("/session", json={"login": "admin", "password": password})
        assert said.is_success, said.text
        self._http.headers["Authorization"] = f"Bearer {said.json()['token']}"

    async def choose_password(self, old: str) -> None:
        await self.post("/session/password", {"old": old, "new": PASSWORD})

    async def post(self, path: str, body: Any) -> Any:
        said = await self._http.post(path, json=body, headers=a_key())
        assert said.is_success, said.text
        return said.json() if said.content else None

    async def photo(self, order_id: str) -> None:
        headers = {**a_key(), "Content-Type": "image/jpeg"}
        path = f"/orders/{order_id}/photos"
        said = await self._http.post(path, content=a_photo((640, 480)), headers=headers)
        assert said.is_success, said.text

    async def get(self, path: str, **query: str) -> Any:
        said = await self._http.get(path, params=query)
        assert said.is_success, said.text
        return said.json()

    @property
    def signed_in_as(self) -> dict[str, str]:
        return {"Authorization": self._http.headers["Authorization"]}

    async def close(self) -> None:
        await self._http.aclose()


async def status_of(station: Runner, bearer: dict[str, str]) -> int:
    async with httpx.AsyncClient(base_url=station.url) as http:
        return (await http.get("/api/v1/session", headers=bearer)).status_code


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


async def paid_order(office: Office, name: str) -> str:
    """With a work, a photo and a payment; its id."""
    client = await office.post("/clients", {"last_name": name, "first_name": "Анна"})
    section = await office.post("/sections", {"name": f"Пост {name}"})
    technician = await office.post(
        "/employees", {"last_name": name, "first_name": "Пётр", "role": "technician"}
    )
    order = await office.post(
        "/orders",
        {
            "client_id": client["id"],
            "section_id": section["id"],
            "employee_id": technician["id"],
        },
    )
    work = {"name": "Замена масла", "initial_price": "1500"}
    await office.post(f"/orders/{order['id']}/services", work)
    await office.photo(order["id"])
    payment = {
        "order_id": order["id"],
        "customer_id": client["id"],
        "amount": "1000.00",
        "method": "card",
    }
    await office.post("/payments", payment)
    return str(order["id"])


async def orders_of(office: Office) -> set[str]:
    return {order["id"] for order in (await office.get("/orders"))["items"]}


async def photos_in(office: Office, order_id: str) -> int:
    return len((await office.get(f"/orders/{order_id}/photos"))["items"])


async def in_log(station: Runner) -> bool:
    """Whether all that was committed has come to the backups' log."""
    connection = await asyncpg.connect(station.told()["postgres"]["url"])
    try:
        return bool(
            await connection.fetchval(
                "SELECT bool_and(write_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication"
            )
        )
    finally:
        await connection.close()


async def test_station_whose_disk_is_gone_is_there_again_with_everything(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    station = Runner(tmp_path / "data")
    again = Runner(tmp_path / "data", port=station.port)
    office = Office(station.url)
    begun = datetime.now(UTC)
    try:
        await station.start()
        (shown,) = re.findall(r"one-time password\s+(\S+)", station.output())
        await office.sign_in(shown)
        await office.choose_password(shown)
        await office.sign_in(PASSWORD)
        until = (begun + timedelta(days=30)).isoformat()
        token = {"name": "Обмен", "scopes": ["read"], "expires_at": until}
        program = {"Authorization": f"Bearer {(await office.post('/tokens', token))['token']}"}
        assert await status_of(station, program) == 200
        first = await paid_order(office, "Первая")

        code, said = await command(
            "backup", "--to", str(backups), "--data-dir", str(station.data_dir)
        )
        assert code == 0, said
        assert "checked: it can be restored" in said
        (backup,) = backups.glob("20*")
        told = json.loads((backup / "manifest.json").read_text())
        assert told["checked"]["counts"] | {"audit": 0} == {
            "clients": 1, "orders": 1, "finance": 1, "audit": 0, "gateway": 1,
        }  # fmt: skip
        assert nobody_else_may_read(backups) == []
        (job,) = (await office.get("/jobs"))["items"]
        assert (job["kind"], job["state"], job["failure"]) == ("backup", "done", None)
        assert job["note"].endswith("checked: it can be restored")

        second = await paid_order(office, "Вторая")
        await eventually(lambda: in_log(station))
        between = datetime.now(UTC)
        third = await paid_order(office, "Третья")
        await eventually(lambda: in_log(station))

        # The power fails, and the disk with the station's folder is gone.
        await station.stop(signal.SIGKILL)
        await station.close()
        await asyncio.to_thread(shutil.rmtree, station.data_dir)

        back = tmp_path / "between"
        at = ["--to-time", between.isoformat(), "--data-dir", str(back)]
        code, said = await command("restore", str(backups), *at)
        assert code == 0, said
        assert "orders 2" in said
        assert "finance 2" in said
        (reached,) = re.findall(r"the last that is there is of (\S+)", said)
        assert begun < datetime.fromisoformat(reached) <= between

        code, said = await command("restore", str(backups), "--data-dir", str(station.data_dir))
        assert code == 0, said
        assert "users signed out: 1" in said
        assert "token revoked: Обмен, of admin" in said
        folder = ["--data-dir", str(station.data_dir)]
        code, said = await command("users", "password", "ADMIN", *folder)
        assert code == 0, said
        assert "sessions ended: 0; tokens revoked: none" in said
        await again.start()
        assert await status_of(again, program) == 401
        assert await status_of(again, office.signed_in_as) == 401
        await office.sign_in(said.split()[0])
        await office.choose_password(said.split()[0])
        await office.sign_in(PASSWORD)
        assert await orders_of(office) == {first, second, third}
        assert [await photos_in(office, each) for each in (first, second, third)] == [1, 1, 1]
        done = [each for each in (await office.get("/jobs"))["items"] if each["state"] == "done"]
        # Sooner or later the station itself has put back what its new stream lacks.
        asked_for = [each["kind"] for each in done if each["kind"] != "events_rebuild"]
        assert asked_for == ["restore", "backup"]
        fourth = await paid_order(office, "Четвёртая")
        assert fourth in await orders_of(office)

        await eventually(lambda: recorded_once(office), timeout_s=60, every_s=0.5)
        for subject, count in (("sessions_ended", 1), ("token_saved", 2), ("password_reset", 1)):
            found = (await office.get("/audit", event=f"evt.gateway.{subject}.v1"))["items"]
            assert len(found) == count, subject
        for check in (["reconcile"], ["audit", "verify"], ["events", "rebuild", "--check"]):
            code, said = await command(*check, "--data-dir", str(again.data_dir))
            assert code == 0, said
        assert await again.stop() == 0
    finally:
        await office.close()
        await station.close()
        await again.close()


async def recorded_once(office: Office) -> bool:
    """That the station was restored, and the order of after that."""
    found = (await office.get("/audit", event="evt.audit.station_restored.v1"))["items"]
    assert len(found) <= 1
    return len(found) == 1


def nobody_else_may_read(folder: Path) -> list[Path]:
    """What others may read all the same."""
    return [
        path
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    ]
