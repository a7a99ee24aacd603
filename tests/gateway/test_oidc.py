"""Signing in with a provider: who it vouches for, and everything that must not work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from services.gateway.provider import BACK_WITHIN_S
from services.gateway.sealing import sealed
from shared.contracts.gateway import SignedIn
from shared.ids import new_id
from tests.gateway.oidc import CLIENT_ID, CLIENT_SECRET, TestProvider, running_provider
from tests.gateway.support import API, ORIGIN, TestGateway, running_gateway
from tests.support.broker import TestNats

OIDC = f"{API}/session/oidc"
BACK = f"{OIDC}/callback"


@pytest.fixture
async def provider() -> AsyncIterator[TestProvider]:
    async with running_provider() as provider:
        yield provider


@pytest.fixture
async def gateway(
    nats_server: TestNats, database: Callable[[str], str], provider: TestProvider
) -> AsyncIterator[TestGateway]:
    await nats_server.apply_topology()
    async with running_gateway(
        nats_server,
        database("gateway"),
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=SecretStr(CLIENT_SECRET),
    ) as gateway:
        await gateway.a_user("anna", role="advisor")
        yield gateway


async def depart(browser: httpx.AsyncClient) -> str:
    """Where the provider sends the browser back to."""
    there = await browser.get(OIDC)
    assert there.status_code == 303, there.text
    async with httpx.AsyncClient() as outside:
        back = await outside.get(there.headers["location"])
    assert back.is_redirect, back.text
    return str(back.headers["location"])


async def arrive(browser: httpx.AsyncClient, **said: str | None) -> httpx.Response:
    """There and back; ``said`` instead of what the provider says."""
    back = urlsplit(await depart(browser))
    query = {name: values[0] for name, values in parse_qs(back.query).items()} | said
    return await browser.get(
        back.path, params={name: value for name, value in query.items() if value is not None}
    )


async def test_whoever_the_provider_names_is_signed_in_by_a_cookie(
    gateway: TestGateway, provider: TestProvider
) -> None:
    browser = gateway.client()
    there = await browser.get(OIDC)
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{ORIGIN}{BACK}"]
    assert {"HttpOnly", "SameSite=lax"} <= set(there.headers["set-cookie"].split("; "))
    arrived = await arrive(browser)
    assert arrived.status_code == 200, arrived.text
    assert 'http-equiv="refresh"' in arrived.text
    session, luggage = arrived.headers.get_list("set-cookie")
    assert "SameSite=strict" in session
    assert "HttpOnly" in session
    assert luggage.startswith('pitlane-oidc="";')
    who = (await browser.get(f"{API}/session")).json()["user"]
    assert (who["login"], who["role"]) == ("anna", "advisor")
    assert [told["login"] for told in await gateway.told(SignedIn.subject)] == ["anna"]


async def test_over_https_the_way_back_and_the_cookie_are_too(gateway: TestGateway) -> None:
    browser = gateway.client(origin="https://station.test")
    there = await browser.get(OIDC)
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    assert asked["redirect_uri"] == [f"https://station.test{BACK}"]
    cookie = there.headers["set-cookie"]
    assert cookie.startswith("__Host-pitlane-oidc=")
    assert "Secure" in cookie


async def test_people_find_the_provider_at_the_sign_in_page_and_see_a_page_when_it_fails(
    gateway: TestGateway, provider: TestProvider
) -> None:
    browser = gateway.client({"Accept": "text/html", "Accept-Language": "ru"})
    assert f'href="{OIDC}"' in (await browser.get("/sign-in")).text
    provider.claims["preferred_username"] = "nobody"
    refused = await arrive(browser)
    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("text/html")
    assert "Пользователя nobody здесь нет" in refused.text


@pytest.mark.parametrize("claims", [{"preferred_username": "nobody"}, {"preferred_username": "x"}])
async def test_a_stranger_is_not_let_in_and_nobody_is_made(
    gateway: TestGateway, provider: TestProvider, claims: dict[str, str]
) -> None:
    provider.claims |= claims
    async with gateway.service.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO users (id, login, login_key, name, role, password_hash,"
                " must_change_password, active) SELECT gen_random_uuid(), 'x', 'x', 'Left', role,"
                " password_hash, false, false FROM users"
            )
        )
    refused = await arrive(gateway.client())
    assert (refused.status_code, refused.json()["code"]) == (403, "user_unknown")
    assert "set-cookie" not in refused.headers
    async with gateway.service.engine.connect() as connection:
        count = await connection.execute(text("SELECT count(*) FROM users"))
        assert count.scalar_one() == 2
    (told,) = await gateway.refusals()
    assert told["code"] == "user_unknown"


@pytest.mark.parametrize(
    "in_token",
    [
        {"nonce": "of another sign-in"},
        {"aud": "another client"},
        {"iss": "http://elsewhere"},
        {"exp": 1},
        {"preferred_username": ""},
        {"preferred_username": ["anna"]},
        {"preferred_username": 7},
    ],
)
async def test_a_token_that_was_not_made_for_this_is_worth_nothing(
    gateway: TestGateway, provider: TestProvider, in_token: dict[str, Any]
) -> None:
    provider.in_token = in_token
    refused = await arrive(gateway.client())
    assert (refused.status_code, refused.json()["code"]) == (403, "oidc_failed")


async def test_a_token_signed_with_the_secret_of_clients_is_worth_nothing(
    gateway: TestGateway, provider: TestProvider
) -> None:
    provider.signs_with_client_secret = True
    assert (await arrive(gateway.client())).json()["code"] == "oidc_failed"


async def test_a_new_key_of_the_provider_is_found(
    gateway: TestGateway, provider: TestProvider
) -> None:
    assert (await arrive(gateway.client())).status_code == 200
    provider.roll_key()
    assert (await arrive(gateway.client())).status_code == 200


async def test_only_the_browser_that_began_comes_back_and_only_once(
    gateway: TestGateway, provider: TestProvider
) -> None:
    victim, thief = gateway.client(), gateway.client()
    back = await depart(thief)
    # Without the cookie, and with that of another departure: nobody is signed in under a name
    # that somebody else chose.
    assert (await victim.get(back)).json()["code"] == "oidc_failed"
    await depart(victim)
    assert (await victim.get(back)).json()["code"] == "oidc_failed"
    assert provider.redeemed == []
    assert (await thief.get(back)).status_code == 200
    assert (await thief.get(back)).json()["code"] == "oidc_failed"
    assert len(provider.redeemed) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"state": "guessed"},
        {"state": None},
        {"code": None, "error": "access_denied"},
        {"code": "made up"},
    ],
)
async def test_what_the_provider_did_not_say_is_refused(
    gateway: TestGateway, said: dict[str, str | None]
) -> None:
    refused = await arrive(gateway.client(), **said)
    assert (refused.status_code, refused.json()["code"]) == (403, "oidc_failed")


async def test_luggage_that_is_forged_or_too_old_is_refused(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = gateway.client()
    back = await depart(browser)
    late = float(BACK_WITHIN_S + 5)
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: _now() + late)
    assert (await browser.get(back)).json()["code"] == "oidc_failed"
    monkeypatch.undo()
    foreign = gateway.settings.model_copy(update={"gateway_key": SecretStr("x" * 24)})
    forged = gateway.client()
    forged.cookies.set("pitlane-oidc", sealed(foreign, '{"state": "s"}'))
    assert (await forged.get(f"{BACK}?state=s&code=c")).json()["code"] == "oidc_failed"


def _now() -> float:
    from datetime import UTC, datetime

    return datetime.now(UTC).timestamp()


async def test_a_provider_that_is_not_who_it_should_be_is_not_believed(
    gateway: TestGateway, provider: TestProvider
) -> None:
    provider.told_issuer = "http://elsewhere"
    refused = await gateway.anyone.get(OIDC)
    assert (refused.status_code, refused.json()["code"]) == (403, "oidc_failed")
    provider.told_issuer = provider.issuer
    assert (await gateway.anyone.get(OIDC)).status_code == 303


async def test_an_address_counts_only_if_the_provider_has_verified_it(
    nats_server: TestNats, database: Callable[[str], str], provider: TestProvider
) -> None:
    await nats_server.apply_topology()
    async with running_gateway(
        nats_server,
        database("gateway"),
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=SecretStr(CLIENT_SECRET),
        oidc_claim="email",
    ) as gateway:
        await gateway.a_user("anna@example.com", role="advisor")
        # Told by the userinfo address only; of the same person.
        provider.claims = {"sub": "1"}
        for told, status in (
            ({"sub": "1", "email": "anna@example.com"}, 403),
            ({"sub": "1", "email": "anna@example.com", "email_verified": False}, 403),
            ({"sub": "2", "email": "anna@example.com", "email_verified": True}, 403),
            ({"sub": "1", "email": "anna@example.com", "email_verified": True}, 200),
        ):
            provider.userinfo = told
            assert (await arrive(gateway.client())).status_code == status, told


async def test_without_a_provider_there_is_nowhere_to_go(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    await nats_server.apply_topology()
    async with running_gateway(nats_server, database("gateway")) as gateway:
        for path in (OIDC, f"{BACK}?code=c&state=s"):
            refused = await gateway.anyone.get(path)
            assert (refused.status_code, refused.json()["code"]) == (404, "oidc_off")


async def test_what_was_sealed_for_one_step_opens_no_other(gateway: TestGateway) -> None:
    browser = gateway.client()
    await browser.get(OIDC)
    luggage = browser.cookies["pitlane-oidc"]
    note = sealed(gateway.settings, f"{new_id()} mark")
    assert (await gateway.anyone.post("/sign-in", data={"note": luggage})).status_code == 401
    stranger = gateway.client()
    stranger.cookies.set("pitlane-oidc", note)
    answer = await stranger.get(BACK, params={"state": "s", "code": "c"})
    assert (answer.status_code, answer.json()["code"]) == (403, "oidc_failed")
