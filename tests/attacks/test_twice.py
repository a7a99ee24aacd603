"""Every address that changes something, sent twice at once with one key: one effect, one answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select

from shared.contracts.photos import AddPhoto
from shared.database import outbox
from shared.ids import new_id
from tests.attacks.making import ENDPOINTS, FILES, KEYED, Maker, Ready
from tests.gateway.support import TestGateway

EFFECTS = select(outbox.c.headers).where(outbox.c.subject.not_like("%refused%"))


@pytest.mark.timeout(900)
async def test_one_key_has_one_effect_however_often_and_whoever_sends_it(
    whole: TestGateway,
) -> None:
    first, second = await whole.signed_in("owner"), await whole.signed_in("administrator")
    maker = Maker(first)
    await maker.fit_out()
    wrong: list[str] = []
    ends: Counter[str] = Counter()
    for endpoint in [*KEYED, *FILES]:
        ready = await maker.ready(endpoint)
        tried = Tried(whole, ready, first, second)
        wrong += [f"{endpoint.method} {endpoint.path}: {what}" for what in await tried.wrongs()]
        ends[tried.end] += 1
    assert wrong == []
    # Most were really done: on refusals alone nothing would be proven.
    assert ends["done"] > len(KEYED) * 0.6, ends


class Tried:
    """One request in all ways in which it can come twice."""

    def __init__(
        self, whole: TestGateway, ready: Ready, first: httpx.AsyncClient, second: httpx.AsyncClient
    ) -> None:
        message = ready.endpoint.message or AddPhoto
        name = message.subject.split(".")[1]  # type: ignore[attr-defined]
        self._service = whole.behind.get(name, whole.service)
        self._ready = ready
        self._first, self._second = first, second
        self._key = str(new_id())
        self._began_at = datetime.now(UTC)
        self.end = "refused"

    async def wrongs(self) -> list[str]:
        at_once = await asyncio.gather(*(self._send() for _ in range(2)))
        again = await self._send()
        said = {(answer.status_code, _said(answer)) for answer in (*at_once, again)}
        requests = [answer.headers["x-correlation-id"] for answer in (*at_once, again)]
        effects = await self._with_effect(requests)
        wrong = []
        if any(answer.is_success for answer in at_once):
            self.end = "done" if effects else "nothing to do"
            if len(said) > 1:
                wrong.append(f"answered differently: {said}")
            wrong += await self._wrongs_of_another_request()
        elif effects:
            wrong.append(f"refused, and yet done: {said}")
        else:
            self.end = f"refused {at_once[0].status_code} {at_once[0].json()['code']}"
        if len(effects) > 1:
            wrong.append(f"done {len(effects)} times: {said}")
        return wrong

    async def _wrongs_of_another_request(self) -> list[str]:
        """The key with another body, and the same key of somebody else."""
        wrong = []
        other = await self._ready.send(self._first, self._key, otherwise=True)
        if other.status_code not in {409, 422}:
            wrong.append(f"another body with the same key: {other.status_code} {other.text[:200]}")
        if await self._with_effect([other.headers["x-correlation-id"]]):
            wrong.append("another body with the same key was done")
        theirs = await self._ready.send(self._second, self._key)
        if theirs.status_code == 422 and theirs.json()["code"] == "idempotency_key_reused":
            wrong.append("somebody else's key stood in the way")
        return wrong

    async def _send(self) -> httpx.Response:
        return await self._ready.send(self._first, self._key)

    async def _with_effect(self, requests: list[str]) -> set[str]:
        """Which of these requests have set anything in motion."""
        async with self._service.engine.connect() as connection:
            since = outbox.c.created_at >= self._began_at
            headers = (await connection.execute(EFFECTS.where(since))).scalars()
            return {each["correlationid"] for each in headers} & set(requests)


def _said(answer: httpx.Response) -> str:
    """A refusal names the request that it is an answer to."""
    if answer.is_success:
        return answer.text
    body = answer.json()
    return str({name: value for name, value in body.items() if name != "correlation_id"})


def test_nothing_that_changes_something_is_left_out() -> None:
    left_out = [
        endpoint for endpoint in ENDPOINTS if endpoint.keyed and endpoint not in [*KEYED, *FILES]
    ]
    assert {endpoint.path.rsplit("/", 1)[0] for endpoint in left_out} == {
        "/session",
        "/session/totp",
    }
