"""What belongs to one person is nobody else's: sessions, programs, tables that were made for them,
and what clients see by a link. Pay: tests/finance/test_pay_sheet.py and test_hidden_costs.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.gateway.examples import BODIES
from shared.contracts.base import Message
from shared.contracts.jobs import CancelJob, GetJob
from shared.contracts.users import EndSession, RevokeToken
from shared.ids import new_id
from shared.messaging.envelope import Actor, opening
from shared.refusals import Refused
from shared.roles import ADMINISTRATOR, OWNER, ROLES
from tests.attacks.foreign import fitted
from tests.attacks.making import ENDPOINTS, Maker
from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_pictures import a_photo
from tests.support.waiting import eventually

LISTS = (f"{API}/sessions", f"{API}/tokens", f"{API}/jobs", "/jobs", "/profile")
SECRETS = ("Обмен с бухгалтерией", "/reports/cash-flow")
"""The name of the owner's program, and what the owner took away."""
MANAGE_USERS = {OWNER, ADMINISTRATOR}
"""They end anybody's programs."""


async def things_of(owner: httpx.AsyncClient) -> dict[str, str]:
    """A session, a program and a table that was made, by the names that addresses have."""
    token = await owner.post(f"{API}/tokens", json=BODIES["CreateToken"], headers=a_key())
    export = {"address": "/reports/cash-flow?from=2026-01-01&to=2026-02-01", "format": "csv"}
    job = (await owner.post(f"{API}/jobs/exports", json=export, headers=a_key())).json()["id"]

    async def made() -> bool:
        return bool((await owner.get(f"{API}/jobs/{job}")).json()["state"] == "done")

    await eventually(made, timeout_s=60)
    (session,) = (await owner.get(f"{API}/sessions")).json()["items"]
    return {
        "token_id": token.json()["details"]["id"],
        "job_id": job,
        "session_id": session["id"],
    }


@pytest.mark.timeout(300)
async def test_sessions_programs_and_tables_of_others_are_not_there(whole: TestGateway) -> None:
    owner = await whole.signed_in("owner", "the owner of things")
    things = await things_of(owner)
    ways = [
        (endpoint.method, API + endpoint.path)
        for endpoint in ENDPOINTS
        if any(f"{{{name}}}" in endpoint.path for name in things)
    ]
    assert len(ways) == 5
    for role in ROLES:
        token = await whole.token(role, f"another {role}")
        stranger = whole.client({"Authorization": f"Bearer {token}"})
        browser = whole.client({"Cookie": f"pitlane={token}", "Accept": "text/html"})
        for path in LISTS:
            listed = await (stranger if path.startswith(API) else browser).get(path)
            assert listed.status_code == 200, (role, path)
            for thing in (*things.values(), *SECRETS):
                assert thing not in listed.text, (role, path)
        for method, path in ways:
            if "token_id" in path and role in MANAGE_USERS:
                continue
            answer = await stranger.request(method, path.format_map(things), headers=a_key())
            assert answer.status_code == 404, (role, path, answer.text)
            assert not any(secret in answer.text for secret in SECRETS), (role, path)
        # Past the gateway's door, to its own service.
        for message in (EndSession, RevokeToken, GetJob, CancelJob):
            if message is not RevokeToken or role not in MANAGE_USERS:
                said = await _told(whole, message, role, things)
                assert said.endswith("_not_found"), (role, message)
    for path in LISTS[:3]:
        assert (await owner.get(path)).json()["items"], path
    file = await owner.get(f"{API}/jobs/{things['job_id']}/file")
    assert file.status_code == 200


async def _told(
    whole: TestGateway, message: type[Message], role: str, things: dict[str, str]
) -> str:
    subject: str = message.subject  # type: ignore[attr-defined]
    body = message.model_validate({name: things[name] for name in message.model_fields})
    actor = Actor(f"another {role}", role, new_id())
    envelope = opening("/station-1/gateway", subject, actor, idempotency_key=str(new_id()))
    try:
        await whole.service.client.request(subject, body.model_dump_json().encode(), envelope)
    except Refused as refused:
        return refused.code
    return "taken"


async def test_a_hint_of_ones_own_work_is_on_no_other_screen(whole: TestGateway) -> None:
    """And what a screen asks for again after it was away is no more."""
    changes = whole.app.state.gateway.changes
    anna, boris = new_id(), new_id()
    place = await changes.place()
    screens = {user: await changes.open(user_id=user) for user in (anna, boris)}
    changes.tell(("job", "a"), anna)
    changes.tell(("operation", "b"))
    late = {user: await changes.open(place, user) for user in (anna, boris)}
    for shown in (screens, late):
        told = {user: [hint for _, hint in await shown[user].take(1)] for user in shown}
        assert told == {anna: [("job", "a"), ("operation", "b")], boris: [("operation", "b")]}
    for screen in (*screens.values(), *late.values()):
        changes.close(screen)


async def test_a_clients_link_leads_to_nothing_of_another_order(whole: TestGateway) -> None:
    owner = await whole.signed_in("owner")
    maker = Maker(owner)
    await maker.fit_out()
    ours, theirs = [await Quoted.made(owner, maker.there) for _ in range(2)]
    before = await theirs.approvals(owner)
    page = await whole.anyone.get(ours.link)
    assert page.status_code == 200
    assert ours.photo_id in page.text
    for thing in (theirs.order_id, theirs.line_id, theirs.photo_id):
        assert thing not in page.text
    for below in ("", "/small"):
        answer = await whole.anyone.get(f"{ours.link}/photos/{theirs.photo_id}{below}")
        assert answer.status_code == 404
    version = page.text.partition('name="version" value="')[2].partition('"')[0]
    form = {"version": version, "line": theirs.line_id, "to": "approved"}
    answer = await whole.anyone.post(ours.link, data=form)
    assert answer.headers["location"].endswith("said=changed"), answer.headers
    assert await theirs.approvals(owner) == before
    form["line"] = ours.line_id
    answer = await whole.anyone.post(ours.link, data=form)
    assert answer.headers["location"].endswith("said=approved"), answer.headers


@dataclass(frozen=True)
class Quoted:
    """An order with a work that its client is asked about, and a photo that they see."""

    order_id: str
    line_id: str
    photo_id: str
    link: str

    @classmethod
    async def made(cls, owner: httpx.AsyncClient, there: dict[str, str]) -> Quoted:
        async def post(path: str, **said: Any) -> Any:
            headers = {**a_key(), **said.pop("headers", {})}
            answer = await owner.post(API + path, headers=headers, **said)
            assert answer.is_success, answer.text
            return answer.json()

        order = await post("/orders", json=fitted(BODIES["CreateOrder"], there))
        path = f"/orders/{order['id']}"
        order = await post(f"{path}/services", json=fitted(BODIES["AddService"], there))
        line_id = order["services"][0]["id"]
        kind = {"Content-Type": "image/jpeg"}
        photo = await post(f"{path}/photos?visible_to_client=true", content=a_photo(), headers=kind)
        await post(f"{path}/quote", json={"lines": [line_id]})
        link = (await owner.get(f"{API}{path}/estimate-link")).json()["path"]
        return cls(order["id"], line_id, photo["id"], link)

    async def approvals(self, owner: httpx.AsyncClient) -> Any:
        order = (await owner.get(f"{API}/orders/{self.order_id}")).json()
        return [line["approval"] for line in order["services"]]
