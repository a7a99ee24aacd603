"""More than a gateway does at once: who is turned away, and who takes nobody's place."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.gateway import edge
from services.gateway.edge import Edge
from services.gateway.pages.routing import present
from services.gateway.problems import RETRY_AFTER_S
from tests.gateway.support import API, TestGateway
from tests.support.waiting import PATIENCE_S

PAGE = {"Accept": "text/html"}
WITHIN = {**PAGE, "HX-Request": "true"}


async def test_people_are_told_to_come_back_on_a_page_and_programs_by_a_problem(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "MAX_IN_WORK", 0)
    advisor = await gateway.signed_in("advisor")

    looking = await advisor.get("/orders", headers=PAGE)
    assert looking.headers["content-type"].startswith("text/html")
    # What was typed stays on the page: this is shown above it.
    acting = await advisor.post("/clients", headers=WITHIN, data={"last_name": "Иванов"})
    assert acting.headers["hx-retarget"] == "#problems"
    assert 'data-code="busy"' in acting.text
    for program in (
        await advisor.get(f"{API}/orders", headers=PAGE),
        await advisor.get("/orders", headers={"Accept": "*/*"}),
    ):
        assert program.headers["content-type"] == "application/problem+json"
        assert program.json()["code"] == "busy"
    for response in (looking, acting, program):
        assert response.status_code == 503
        assert response.headers["retry-after"] == str(RETRY_AFTER_S)


async def test_who_takes_their_answer_slowly_keeps_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(edge, "MAX_IN_WORK", 1)
    takes, taken = asyncio.Event(), asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"much"})

    async def slowly(message: Message) -> None:
        if message["type"] == "http.response.body":
            takes.set()
            await taken.wait()

    statuses: list[int] = []

    async def at_once(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def nothing() -> Message:
        return {"type": "http.request"}

    def scope() -> Scope:
        return {
            "type": "http", "method": "GET", "path": "/orders", "headers": [], "scheme": "http",
        }  # fmt: skip

    whole = Edge(app, present)
    slow = asyncio.create_task(whole(scope(), nothing, slowly))
    async with asyncio.timeout(PATIENCE_S):
        await takes.wait()
        await whole(scope(), nothing, at_once)
        taken.set()
        await slow
    assert statuses == [200]
