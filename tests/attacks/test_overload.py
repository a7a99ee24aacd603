"""Far more is asked at once than a station can do: it does what it can, tells the others to come
back, grows no fatter, and is itself again as soon as it is over."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.gateway.crowd import MAX_IN_WORK
from shared.ids import new_id
from tests.attacks.station import Attacked, attacked
from tests.gateway.support import API
from tests.support.waiting import eventually

AT_ONCE = MAX_IN_WORK * 2
BURST_S = 5.0
GROWTH_MB = 120
"""Of one process: buffers of what is in work, and no more."""
COME_AGAIN = re.compile(rb'"(busy|service_unavailable)"')
MARK = "Наплыв"


@pytest.mark.xdist_group("stations")
@pytest.mark.timeout(300)
async def test_a_burst_far_above_capacity_is_survived(tmp_path: Path) -> None:
    async with attacked(tmp_path / "data") as station, _crowd(station.url) as client:
        # What a first request brings into memory is no growth.
        assert await _is_itself(client)
        before = station.memory_mb()
        burst = Burst(client)
        await burst.last(BURST_S)

        assert burst.statuses.keys() <= {200, 201, 503}, burst.statuses
        assert burst.statuses[201] > 0
        assert burst.statuses[503] > 0, "it was not above capacity"
        assert burst.without_a_time_to_come_back == 0
        grown = {name: now - before[name] for name, now in station.memory_mb().items()}
        assert max(grown.values()) < GROWTH_MB, grown

        # Soon, and without help.
        await eventually(lambda: _is_itself(client), timeout_s=30, every_s=0.5)

        await burst.send_again_what_was_turned_away()
        assert await _number_of(client) == len(burst.keys)
        await eventually(lambda: _no_harm(station), timeout_s=60, every_s=1)


async def _no_harm(station: Attacked) -> bool:
    return await station.harm_done() == []


class Burst:
    """Many who ask again as soon as they are answered, on connections of their own."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.statuses: Counter[int] = Counter()
        self.without_a_time_to_come_back = 0
        self.keys: dict[str, bool] = {}
        """Of each client card that was asked for: whether it was made."""

    async def last(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._one(number, until) for number in range(AT_ONCE)))

    async def _one(self, number: int, until: float) -> None:
        url = self._client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            while time.monotonic() < until:
                key = None if number % 4 else str(new_id())
                writer.write(self._request(key))
                status = await self._answer(reader)
                if key:
                    self.keys[key] = status == 201
        finally:
            writer.close()

    def _request(self, key: str | None) -> bytes:
        """By hand: a client of many comforts is slower than the station."""
        body = json.dumps(_card(key)).encode() if key else b""
        lines = [
            f"POST {API}/clients HTTP/1.1" if key else f"GET {API}/orders?limit=5 HTTP/1.1",
            f"Host: {self._client.base_url.host}",
            f"Authorization: {self._client.headers['Authorization']}",
            f"Content-Length: {len(body)}",
            "Content-Type: application/json",
        ]
        lines += [f"Idempotency-Key: {key}"] if key else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def _answer(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        assert length, head
        body = await reader.readexactly(int(length[1]))
        status = int(head.split()[1])
        self.statuses[status] += 1
        if status == 503 and not ("retry-after: " in head and COME_AGAIN.search(body)):
            self.without_a_time_to_come_back += 1
        return status

    async def send_again_what_was_turned_away(self) -> None:
        turned_away = [key for key, made in self.keys.items() if not made]
        for begin in range(0, len(turned_away), 50):
            await asyncio.gather(*map(self._make, turned_away[begin : begin + 50]))

    async def _make(self, key: str) -> None:
        headers = {"Idempotency-Key": key}
        answer = await self._client.post(f"{API}/clients", json=_card(key), headers=headers)
        assert answer.status_code == 201, answer.text


def _card(key: str) -> dict[str, str]:
    return {"last_name": f"{MARK} {key}"}


@asynccontextmanager
async def _crowd(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        said = {"login": "admin", "password": "demo"}
        answer = await client.post(f"{API}/session", json=said)
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


async def _is_itself(client: httpx.AsyncClient) -> bool:
    looks = (f"{API}/orders", f"{API}/board", f"{API}/clients?q={MARK}")
    answers = [await client.get(path) for path in ("/health/ready", *looks)]
    return all(answer.status_code == 200 for answer in answers)


async def _number_of(client: httpx.AsyncClient) -> int:
    found: set[str] = set()
    cursor = ""
    while True:
        said = {"q": MARK, "limit": "200", "cursor": cursor}
        page = (await client.get(f"{API}/clients", params=said)).json()
        found |= {item["id"] for item in page["items"]}
        cursor = page["next"]
        if not cursor:
            return len(found)
