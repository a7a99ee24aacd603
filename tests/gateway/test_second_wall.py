"""Services hold the table of permissions themselves: whoever reaches them past the gateway's door
gets no further. Nor does anybody of another station, at the door or behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import text

from services.gateway import passwords
from services.gateway.routes import AREAS
from services.gateway.sessions import BELIEVED_FOR_S
from shared.contracts import jobs
from shared.contracts.base import Message
from shared.ids import new_id
from shared.messaging.envelope import Actor, opening
from shared.permissions import may, may_grant, scope_of, sent_by, within
from shared.refusals import Refused
from shared.roles import CLIENT, OPERATOR, ROLES, SERVICE
from tests.gateway.support import API, TestGateway, a_key, running_gateway
from tests.gateway.test_tokens import make
from tests.support.broker import TestNats
from tests.support.waiting import eventually

MESSAGES: list[Any] = sorted(
    {endpoint.message for area in AREAS for endpoint in area.endpoints if endpoint.message},
    key=lambda message: str(message.subject),
)
SENDERS = (*ROLES, SERVICE, OPERATOR, CLIENT)
ALL_MESSAGES: list[Any] = sorted(
    {message for role in SENDERS for message in sent_by(role)},
    key=lambda message: str(message.subject),
)
"""Also those that no address leads to."""
PASSWORD = "correct horse"


async def refusal(
    whole: TestGateway, message: type[Message], actor: Actor, source: str = "/station-1/gateway"
) -> str:
    """What a service says to an empty message; mostly that it is empty."""
    subject: str = message.subject  # type: ignore[attr-defined]
    subject = subject.replace("{service}", "orders")
    envelope = opening(source, subject, actor, idempotency_key=str(new_id()))
    try:
        await whole.service.client.request(subject, b"{", envelope)
    except Refused as refused:
        return refused.code
    return "taken"


@pytest.mark.timeout(300)
async def test_every_service_refuses_every_role_that_the_table_does_not_name(
    whole: TestGateway,
) -> None:
    for message in ALL_MESSAGES:
        for role in (*SENDERS, "root", ""):
            said = await refusal(whole, message, Actor("anna", role, new_id()))
            wanted = "request_invalid" if may(role, message) else "forbidden"
            assert said == wanted, (message.subject, role)
        nobody = await refusal(whole, message, Actor("anna"))
        assert nobody == "forbidden", message.subject


async def test_every_service_refuses_a_program_beyond_its_scope(whole: TestGateway) -> None:
    for message in MESSAGES:
        for scope in ("read", "orders:write"):
            role = next(role for role in ROLES if may(role, message))
            actor = Actor("anna", role, new_id(), "bot", frozenset({scope}))
            said = await refusal(whole, message, actor)
            wanted = "request_invalid" if scope_of(message) == scope else "scope_missing"
            assert said == wanted, (message.subject, scope)


async def test_every_service_refuses_messages_of_another_station(whole: TestGateway) -> None:
    actor = Actor("anna", "owner", new_id())
    for message in ALL_MESSAGES:
        for source in ("/station-2/gateway", "/station-1x/gateway", "gateway", "/"):
            said = await refusal(whole, message, actor, source)
            assert said == "station_forbidden", (message.subject, source)


async def test_what_a_program_does_names_its_token_in_the_audit(whole: TestGateway) -> None:
    advisor = await whole.signed_in("advisor")
    made = (await make(advisor, "clients:write")).json()
    bot = whole.client({"Authorization": f"Bearer {made['token']}"})
    created = await bot.post(f"{API}/clients", json={"last_name": "Иванов"}, headers=a_key())
    assert created.status_code == 201, created.text
    owner = await whole.signed_in("owner")
    records: list[Any] = []

    async def recorded() -> bool:
        page = await owner.get(f"{API}/audit", params={"event": "evt.clients.client_created.v1"})
        records[:] = page.json()["items"]
        return bool(records)

    await eventually(recorded)
    assert (records[0]["actor"], records[0]["actor_token"]) == ("advisor", "Обмен")
    assert (await owner.get(f"{API}/audit/verify")).json()["intact"] is True


# --- a user of another station ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stations", "let_in"),
    [
        (None, True),
        (["station-1"], True),
        (["station-2", "station-1"], True),
        (["station-2"], False),
        (["station-11"], False),
    ],
)
async def test_a_user_signs_in_at_ones_own_stations_only(
    gateway: TestGateway, stations: list[str] | None, let_in: bool
) -> None:
    await gateway.a_user(
        "anna", role="advisor", password_hash=passwords.hashed(PASSWORD), stations=stations
    )
    answer = await gateway.anyone.post(
        f"{API}/session", json={"login": "anna", "password": PASSWORD}
    )
    assert answer.status_code == (200 if let_in else 403), answer.text
    if not let_in:
        assert answer.json()["code"] == "station_forbidden"
        assert "set-cookie" not in answer.headers
    # With a wrong password nobody learns whose station it is.
    wrong = await gateway.anyone.post(f"{API}/session", json={"login": "anna", "password": "x"})
    assert wrong.json()["code"] == "sign_in_failed"


async def test_nothing_is_open_to_a_session_or_token_of_a_user_of_another_station(
    gateway: TestGateway,
) -> None:
    session = await gateway.signed_in("owner", "anna")
    made = (await make(session, "read")).json()
    bot = gateway.client({"Authorization": f"Bearer {made['token']}"})
    for client in (session, bot):
        assert (await client.get(f"{API}/session")).status_code == 200
    async with gateway.service.engine.begin() as connection:
        await connection.execute(text("UPDATE users SET stations = '{station-2}'"))
    gateway.app.state.gateway.sessions.forget()
    for client in (session, bot):
        for endpoint in (endpoint for area in AREAS for endpoint in area.endpoints):
            if endpoint.public:
                continue
            path = API + endpoint.path.replace("{", "").replace("}", "")
            answer = await client.request(endpoint.method, path, json={}, headers=a_key())
            assert answer.status_code == 401, endpoint.path


async def test_what_is_changed_at_one_gateway_counts_at_another_within_five_seconds(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await nats_server.apply_topology()
    url = database("gateway")
    async with (
        running_gateway(nats_server, url) as here,
        running_gateway(nats_server, url) as there,
    ):
        owner = await here.signed_in("owner")
        token = await here.token("advisor", "anna")
        anna = there.client({"Authorization": f"Bearer {token}"})
        assert (await anna.get(f"{API}/session")).status_code == 200
        user_id = await here.a_user("anna")
        began = monotonic()
        for nth, (fields, status) in enumerate(
            (({"role": "cashier"}, 200), ({"active": False}, 401)), 1
        ):
            changed = await owner.patch(f"{API}/users/{user_id}", json=fields, headers=a_key())
            assert changed.status_code == 200, changed.text
            later = began + nth * (BELIEVED_FOR_S + 60)
            monkeypatch.setattr("services.gateway.sessions.monotonic", partial(float, later))
            answer = await anna.get(f"{API}/session")
            assert answer.status_code == status
            if status == 200:
                assert answer.json()["user"]["role"] == "cashier"


# --- the table itself ---------------------------------------------------------------------------


def test_a_role_is_given_only_by_who_may_all_that_it_may() -> None:
    assert may_grant("administrator", "owner")
    assert may_grant("owner", "administrator")
    for role in ROLES:
        assert may_grant(role, role)
        assert may_grant("owner", role)
        if role not in {"owner", "administrator"}:
            assert not may_grant(role, "owner")
    assert not may_grant(None, "technician")


def test_no_scope_reaches_users_and_tokens() -> None:
    everything = frozenset({"read", *(f"{service}:write" for service in ("gateway", "orders"))})
    for message in MESSAGES:
        if ".gateway." in message.subject and message.__module__ != jobs.__name__:
            assert not within(everything, message)
