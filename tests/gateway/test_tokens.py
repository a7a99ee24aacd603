"""Tokens of programs: as much as their owner may, within their scope, until they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update

from services.gateway import call, sessions
from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from services.gateway.store import api_tokens, users
from shared.contracts.orders import ListEmployees
from shared.contracts.users import TokenSaved
from shared.database import outbox, replies
from shared.permissions import may, scope_of
from shared.settings import SERVICES
from tests.gateway.support import API, FakeServices, TestGateway, a_key
from tests.gateway.test_routes import filled

TOKENS = f"{API}/tokens"


def soon(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**(after or {"days": 30}))).isoformat()


async def make(
    client: httpx.AsyncClient, *scopes: str, name: str = "Обмен", **fields: Any
) -> httpx.Response:
    body = {"name": name, "scopes": scopes or ["read"], "expires_at": soon(), **fields}
    return await client.post(TOKENS, json=body, headers=a_key())


async def program(
    gateway: TestGateway, owner: httpx.AsyncClient, *scopes: str
) -> httpx.AsyncClient:
    made = await make(owner, *scopes)
    assert made.status_code == 201, made.text
    return gateway.client({"Authorization": f"Bearer {made.json()['token']}"})


async def test_a_token_is_told_once_and_acts_for_its_owner(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients")
    advisor = await gateway.signed_in("advisor")
    made = (await make(advisor, "read", "clients:write")).json()
    assert made["token"].startswith("pit_")
    assert made["details"]["state"] == "active"
    bot = gateway.client({"Authorization": f"Bearer {made['token']}"})
    who = (await bot.get(f"{API}/session")).json()["user"]
    assert (who["login"], who["token"], who["session_id"]) == ("advisor", "Обмен", None)
    assert who["scopes"] == ["clients:write", "read"]
    assert (await bot.post(f"{API}/clients", json={}, headers=a_key())).status_code == 201
    actor = services.last.envelope.actor
    assert (actor.login, actor.role, actor.token) == ("advisor", "advisor", "Обмен")
    assert actor.scopes == frozenset({"read", "clients:write"})
    (item,) = (await advisor.get(TOKENS)).json()["items"]
    assert item["last_used_at"] is not None
    async with gateway.service.engine.connect() as connection:
        for table in (api_tokens, replies, outbox):
            kept = (await connection.execute(select(table))).all()
            assert made["token"] not in str(kept), table.name
    (told,) = await gateway.told(TokenSaved.subject)
    assert (told["name"], told["state"], told["login"]) == ("Обмен", "active", "advisor")


@pytest.mark.parametrize("scope", ["read", "clients:write", "finance:write"])
async def test_a_token_gets_through_exactly_where_its_scope_and_its_owners_role_let_it(
    gateway: TestGateway, services: FakeServices, scope: str
) -> None:
    await services.start(*SERVICES[:-1])
    for role in ("administrator", "technician"):
        bot = await program(gateway, await gateway.signed_in(role), scope)
        for endpoint in (endpoint for area in AREAS for endpoint in area.endpoints):
            message = endpoint.message
            if message is None:
                continue
            path, _ = filled(endpoint)
            response = await bot.request(
                endpoint.method, path, json=BODIES.get(message.__name__), headers=a_key()
            )
            let = may(role, message) and scope_of(message) == scope
            where = f"{role}, {scope}: {endpoint.method} {endpoint.path}"
            assert (response.status_code == 403) == (not let), (where, response.text)


async def test_a_program_cannot_do_what_takes_a_person(gateway: TestGateway) -> None:
    bot = await program(gateway, await gateway.signed_in("owner"), "read")
    for method, path, body in (
        ("POST", "/session/password", {"old": "x", "new": "long enough"}),
        ("POST", "/session/totp", {"password": "x"}),
        ("POST", "/session/totp/off", {"code": "x"}),
        ("GET", "/session/totp", None),
    ):
        response = await bot.request(method, API + path, json=body, headers=a_key())
        assert (response.status_code, response.json()["code"]) == (403, "person_required"), path
    # Nor make another token, with more rights or a later end.
    assert (await make(bot, "finance:write")).json()["code"] == "scope_missing"


async def test_a_revoked_and_an_expired_token_open_nothing(gateway: TestGateway) -> None:
    advisor = await gateway.signed_in("advisor")
    bot = await program(gateway, advisor)
    assert (await bot.get(f"{API}/session")).status_code == 200
    (item,) = (await advisor.get(TOKENS)).json()["items"]
    for _ in range(2):
        gone = await advisor.delete(f"{TOKENS}/{item['id']}", headers=a_key())
        assert gone.json()["state"] == "revoked"
    assert (await bot.get(f"{API}/session")).status_code == 401
    assert [told["state"] for told in await gateway.told(TokenSaved.subject)] == [
        "active",
        "revoked",
    ]
    late = await program(gateway, advisor)
    async with gateway.service.engine.begin() as connection:
        await connection.execute(text("UPDATE api_tokens SET expires_at = now()"))
    assert (await late.get(f"{API}/session")).status_code == 401
    states = [each["state"] for each in (await advisor.get(TOKENS)).json()["items"]]
    assert states == ["expired", "revoked"]


async def test_a_token_ends_with_its_owner_and_follows_the_owners_role(
    gateway: TestGateway,
) -> None:
    owner = await gateway.signed_in("owner")
    user_id = await gateway.a_user("anna", role="administrator")
    bot = await program(gateway, await gateway.signed_in("administrator", "anna"), "read")
    assert (await bot.get(f"{API}/finance/records")).json()["code"] == "service_unavailable"
    for fields, code in (
        ({"role": "technician"}, "forbidden"),
        ({"active": False}, "sign_in_required"),
    ):
        await owner.patch(f"{API}/users/{user_id}", json=fields, headers=a_key())
        assert (await bot.get(f"{API}/finance/records")).json()["code"] == code


@pytest.mark.parametrize("locked_out_by", ["now", "an older version"])
async def test_who_was_locked_out_and_is_let_in_again_makes_new_tokens(
    gateway: TestGateway, locked_out_by: str
) -> None:
    owner = await gateway.signed_in("owner")
    user_id = await gateway.a_user("anna", role="advisor")
    bot = await program(gateway, await gateway.signed_in("advisor", "anna"))
    for active in (False, True):
        if not active and locked_out_by != "now":
            async with gateway.service.engine.begin() as connection:
                await connection.execute(update(users).values(active=users.c.login != "anna"))
            continue
        answer = await owner.patch(
            f"{API}/users/{user_id}", json={"active": active}, headers=a_key()
        )
        assert answer.is_success, answer.text
    assert (await bot.get(f"{API}/session")).status_code == 401
    (item,) = (await owner.get(TOKENS, params={"user_id": str(user_id)})).json()["items"]
    assert item["state"] == "revoked"
    told = [(each["state"], each["actor"]) for each in await gateway.told(TokenSaved.subject)]
    assert told == [("active", "anna"), ("revoked", "owner")]


async def test_others_tokens_are_seen_and_revoked_only_by_who_manages_users(
    gateway: TestGateway,
) -> None:
    advisor = await gateway.signed_in("advisor")
    made = (await make(advisor)).json()["details"]
    cashier, owner = await gateway.signed_in("cashier"), await gateway.signed_in("owner")
    query = {"user_id": made["user_id"]}
    assert (await cashier.get(TOKENS)).json()["items"] == []
    assert (await cashier.get(TOKENS, params=query)).status_code == 403
    refused = await cashier.delete(f"{TOKENS}/{made['id']}", headers=a_key())
    assert (refused.status_code, refused.json()["code"]) == (404, "token_not_found")
    (item,) = (await owner.get(TOKENS, params=query)).json()["items"]
    assert item["id"] == made["id"]
    assert (await owner.delete(f"{TOKENS}/{made['id']}", headers=a_key())).status_code == 200


async def test_another_password_takes_the_tokens_too_unless_it_was_only_forgotten(
    gateway: TestGateway,
) -> None:
    advisor, owner = await gateway.signed_in("advisor"), await gateway.signed_in("owner")
    bot = await program(gateway, advisor)
    (item,) = (await advisor.get(TOKENS)).json()["items"]
    password = f"{API}/users/{item['user_id']}/password"
    assert (await owner.post(password, json={"keep_tokens": True}, headers=a_key())).is_success
    assert (await advisor.get(f"{API}/session")).status_code == 401
    # It goes on before its owner has chosen another password.
    assert (await bot.get(f"{API}/finance/records")).json()["code"] == "forbidden"
    assert (await owner.post(password, headers=a_key())).is_success
    assert (await bot.get(f"{API}/session")).status_code == 401
    told = await gateway.told(TokenSaved.subject)
    assert [(each["state"], each["actor"]) for each in told] == [
        ("active", "advisor"),
        ("revoked", "owner"),
    ]


async def test_the_page_says_what_another_password_ends(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    services.replies[ListEmployees.subject] = {"items": [], "next": None}
    advisor, owner = await gateway.signed_in("advisor"), await gateway.signed_in("owner")
    user_id = await gateway.a_user("advisor")
    for made, asked in ((False, False), (True, True)):
        if made:
            await program(gateway, advisor)
        page = await owner.get(f"/users/{user_id}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert ('name="keep_tokens"' in page.text) == asked


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ({"must_change_password": True}, "password_change_required"),
        ({"active": False}, "sign_in_required"),
        ({"active": True}, "sign_in_required"),
    ],
)
async def test_whoever_is_put_out_on_the_way_from_the_door_makes_no_token(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch, ended: dict[str, bool], code: str
) -> None:
    monkeypatch.setattr(sessions, "BELIEVED_FOR_S", 3600.0)  # however slow the machine
    monkeypatch.setattr(call, "_opens_doors", lambda _: False)
    advisor = await gateway.signed_in("advisor")
    assert (await advisor.get(f"{API}/session")).status_code == 200
    async with gateway.service.engine.begin() as connection:
        await connection.execute(text("DELETE FROM sessions"))
        await connection.execute(update(users).values(**ended))
    assert (await make(advisor)).json()["code"] == code


async def test_a_session_that_has_ended_elsewhere_opens_no_other_door_in_its_last_seconds(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although another of the user's goes on."""
    monkeypatch.setattr(sessions, "BELIEVED_FOR_S", 3600.0)  # however slow the machine
    ended = await gateway.signed_in("administrator", "anna")
    assert (await ended.get(f"{API}/session")).status_code == 200
    async with gateway.service.engine.begin() as connection:
        await connection.execute(text("DELETE FROM sessions"))
    going_on = await gateway.signed_in("administrator", "anna")
    user = {"login": "boris", "name": "Борис", "role": "administrator"}
    answers = [
        await make(ended),
        await ended.post(f"{API}/users", json=user, headers=a_key()),
        await ended.post(f"{API}/session/totp", json={"password": "x"}, headers=a_key()),
    ]
    assert [answer.json()["code"] for answer in answers] == ["sign_in_required"] * 3
    assert (await make(going_on)).status_code == 201


async def test_a_token_that_makes_no_sense_is_refused(gateway: TestGateway) -> None:
    advisor = await gateway.signed_in("advisor")
    for fields, status, code in (
        ({"expires_at": soon(days=-1)}, 422, "token_expiry_invalid"),
        ({"expires_at": soon(days=400)}, 422, "token_expiry_invalid"),
        ({"scopes": []}, 422, "request_invalid"),
        ({"scopes": ["gateway:write"]}, 422, "request_invalid"),
        ({"scopes": ["*"]}, 422, "request_invalid"),
    ):
        refused = await make(advisor, **fields)
        assert (refused.status_code, refused.json()["code"]) == (status, code), fields
    assert (await make(advisor)).status_code == 201
    taken = await make(advisor, name="обмен")
    assert (taken.status_code, taken.json()["code"]) == (409, "token_name_taken")
