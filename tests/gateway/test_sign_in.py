"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import insert, select, text, update

from services.gateway import passwords
from services.gateway.call import Call
from services.gateway.person import LASTS
from services.gateway.sessions import BELIEVED_FOR_S
from services.gateway.store import sign_in_failures, users
from services.gateway.throttling import RULES, place
from shared.contracts.gateway import PasswordChanged, SignedIn, SignedOut
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.furnishing import example
from tests.gateway.support import API, ORIGIN, FakeServices, TestGateway, a_key

SESSION = f"{API}/session"
PASSWORD = "correct horse"
PASSWORD_HASH = passwords.hashed(PASSWORD)


@pytest.fixture
async def anna(gateway: TestGateway) -> str:
    """Someone who may sign in."""
    await gateway.a_user("Анна", name="Анна Иванова", role="advisor", password_hash=PASSWORD_HASH)
    return "Анна"


async def sign_in(
    client: httpx.AsyncClient, login: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    return await client.post(SESSION, json={"login": login, "password": password}, headers=headers)


async def age_sessions(gateway: TestGateway, by: timedelta) -> None:
    async with gateway.service.engine.begin() as connection:
        await connection.execute(
            text("UPDATE sessions SET expires_at = expires_at - make_interval(secs => :by)"),
            {"by": by.total_seconds()},
        )
    gateway.app.state.gateway.sessions._believed.clear()


async def test_the_token_opens_what_the_role_may_see(
    gateway: TestGateway, services: FakeServices, anna: str
) -> None:
    await services.start("orders")
    answer = await sign_in(gateway.anyone, " анна ")
    assert answer.status_code == 200
    signed_in = answer.json()
    assert len(signed_in["token"]) >= 43
    assert signed_in["user"] == {
        "id": signed_in["user"]["id"],
        "login": "Анна",
        "name": "Анна Иванова",
        "role": "advisor",
        "must_change_password": False,
        "session_id": signed_in["user"]["session_id"],
        "token": None,
        "scopes": None,
    }
    bearer = gateway.client({"Authorization": f"Bearer {signed_in['token']}"})
    assert (await bearer.get(f"{API}/orders")).status_code == 200
    assert services.last.envelope.actor.login == "Анна"
    assert (await bearer.get(SESSION)).json() == {"user": signed_in["user"]}
    assert [event["login"] for event in await gateway.told(SignedIn.subject)] == ["Анна"]
    async with gateway.service.engine.connect() as connection:
        kept = (await connection.execute(text("SELECT * FROM sessions"))).all()
    assert signed_in["token"] not in str(kept)


async def test_a_wrong_password_and_an_unknown_login_are_told_the_same(
    gateway: TestGateway, anna: str
) -> None:
    wrong = await sign_in(gateway.anyone, anna, "wrong")
    unknown = await sign_in(gateway.anyone, "nobody", "wrong")
    for response in (wrong, unknown):
        assert response.status_code == 401
        assert response.json()["code"] == "sign_in_failed"
        assert response.json()["detail"] == "Wrong login or password"
    # Who tried is told where that is known; a password is never told.
    refusals = await gateway.refusals()
    assert [(refusal["actor"], refusal["code"]) for refusal in refusals] == [
        ("%D0%90%D0%BD%D0%BD%D0%B0", "sign_in_failed"),
        ("anonymous", "sign_in_failed"),
    ]
    assert "wrong" not in str(refusals).replace("Wrong login", "")


@pytest.mark.parametrize("login", ["", "а\0нна", "Анна" * 100])
async def test_a_login_that_nobody_can_have_is_told_the_same_at_the_page(
    gateway: TestGateway, anna: str, login: str
) -> None:
    said = {"login": login, "password": PASSWORD}
    answer = await gateway.anyone.post("/sign-in", data=said)
    assert answer.status_code == 401
    assert "Wrong login or password" in answer.text


@pytest.mark.usefixtures("slow_passwords")
def test_checking_an_unknown_login_takes_as_long_as_a_known_one() -> None:
    password_hash = passwords.hashed(PASSWORD)

    def seconds(password_hash: str | None) -> float:
        started = process_time()
        assert not passwords.matches("wrong", password_hash)
        return process_time() - started

    passwords.matches("warm up", password_hash)
    known = min(seconds(password_hash) for _ in range(3))
    unknown = min(seconds(None) for _ in range(3))
    assert unknown > known / 2


async def test_someone_who_left_cannot_sign_in_nor_go_on(gateway: TestGateway, anna: str) -> None:
    token = (await sign_in(gateway.anyone, anna)).json()["token"]
    async with gateway.service.engine.begin() as connection:
        await connection.execute(text("UPDATE users SET active = false"))
    gateway.app.state.gateway.sessions._believed.clear()
    bearer = gateway.client({"Authorization": f"Bearer {token}"})
    assert (await bearer.get(SESSION)).status_code == 401
    assert (await sign_in(gateway.anyone, anna)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"login": "a"},
        {"login": "a", "password": "b", "otp": "1"},
        {"login": "a\x00", "password": "b"},
        {"login": "", "password": "b"},
        {"login": "a", "password": "b" * 201},
        {"login": ["a"], "password": "b"},
    ],
)
async def test_a_malformed_sign_in_is_a_problem(
    gateway: TestGateway, body: dict[str, object]
) -> None:
    response = await gateway.anyone.post(SESSION, json=body)
    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")


async def test_failures_make_the_next_attempt_wait_ever_longer(
    gateway: TestGateway, anna: str
) -> None:
    for _ in range(RULES["place"].free):
        assert (await sign_in(gateway.anyone, anna, "wrong")).status_code == 401
    waits = []
    for _ in range(3):
        assert (await sign_in(gateway.anyone, anna, "wrong")).status_code == 401
        held_up = await sign_in(gateway.anyone, anna)
        assert (held_up.status_code, held_up.json()["code"]) == (429, "sign_in_throttled")
        waits.append(int(held_up.headers["retry-after"]))
        async with gateway.service.engine.begin() as connection:  # time goes by
            await connection.execute(
                text(
                    "UPDATE sign_in_failures"
                    " SET last_failed_at = last_failed_at - make_interval(secs => :by)"
                ),
                {"by": float(waits[-1])},
            )
    assert waits == [1, 2, 4]
    assert (await sign_in(gateway.anyone, anna)).status_code == 200
    # Who has signed in begins anew.
    assert (await sign_in(gateway.anyone, anna, "wrong")).status_code == 401
    assert (await sign_in(gateway.anyone, anna)).status_code == 200
    codes = [refusal["code"] for refusal in await gateway.refusals()]
    assert codes.count("sign_in_throttled") == 3


async def test_a_session_ends_twelve_hours_after_its_last_use(
    gateway: TestGateway, anna: str
) -> None:
    token = (await sign_in(gateway.anyone, anna)).json()["token"]
    bearer = gateway.client({"Authorization": f"Bearer {token}"})
    for _ in range(3):
        await age_sessions(gateway, LASTS - timedelta(minutes=1))
        assert (await bearer.get(SESSION)).status_code == 200
    await age_sessions(gateway, LASTS + timedelta(seconds=1))
    response = await bearer.get(SESSION)
    assert (response.status_code, response.json()["code"]) == (401, "sign_in_required")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_a_session_is_not_looked_up_for_every_request(
    gateway: TestGateway, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await sign_in(gateway.anyone, anna)).json()["token"]
    bearer = gateway.client({"Authorization": f"Bearer {token}"})
    await bearer.get(SESSION)
    async with gateway.service.engine.begin() as connection:
        await connection.execute(text("DELETE FROM sessions"))
    assert (await bearer.get(SESSION)).status_code == 200
    later = datetime.now(UTC).timestamp() + BELIEVED_FOR_S
    monkeypatch.setattr("services.gateway.sessions.monotonic", lambda: later)
    assert (await bearer.get(SESSION)).status_code == 401


async def test_signing_out_ends_the_session_and_may_be_repeated(
    gateway: TestGateway, anna: str
) -> None:
    token = (await sign_in(gateway.anyone, anna)).json()["token"]
    bearer = gateway.client({"Authorization": f"Bearer {token}"})
    assert (await bearer.get(SESSION)).status_code == 200
    for _ in range(2):
        assert (await bearer.delete(SESSION)).status_code == 204
    assert (await bearer.get(SESSION)).status_code == 401
    assert len(await gateway.told(SignedOut.subject)) == 1


async def test_other_ways_to_authorize_are_no_sign_in(gateway: TestGateway) -> None:
    for header in ("Basic YTpi", "Bearer", "Bearer ", "Bearer nonsense", "token abc", "Bearer ы"):
        response = await gateway.anyone.get(SESSION, headers=[(b"authorization", header.encode())])
        assert response.status_code == 401


# --- cookies ------------------------------------------------------------------------------------


async def test_pages_are_signed_in_by_a_cookie_that_scripts_cannot_read(
    gateway: TestGateway, anna: str
) -> None:
    plain = await sign_in(gateway.anyone, anna)
    assert plain.headers["set-cookie"].startswith("pitlane=")
    https = await sign_in(gateway.client(origin="https://station.test"), anna)
    assert https.headers["set-cookie"].startswith("__Host-pitlane=")
    for response, secure in ((plain, False), (https, True)):
        attributes = response.headers["set-cookie"].split("; ")[1:]
        assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(attributes)
        assert ("Secure" in attributes) == secure
        assert not any(attribute.startswith("Domain") for attribute in attributes)


async def test_who_guesses_from_many_places_keeps_nobody_out_of_the_station(
    gateway: TestGateway, anna: str
) -> None:
    await failed(gateway, f"login:{anna.casefold()}", RULES["login"].free + 9)
    for _ in range(2):
        kept_out = await sign_in(gateway.anyone, anna)
        assert (kept_out.status_code, kept_out.json()["code"]) == (429, "sign_in_throttled")
    await gateway.a_user("boris", password_hash=PASSWORD_HASH)
    assert (await sign_in(gateway.anyone, "boris")).status_code == 200
    assert (await sign_in(gateway.anyone, anna)).status_code == 200
    # What goes wrong here counts as ever.
    await failed(gateway, place(anna.casefold(), "127.0.0.1"), RULES["place"].free + 9)
    assert (await sign_in(gateway.anyone, anna)).status_code == 429


async def failed(gateway: TestGateway, subject: str, failures: int) -> None:
    """So often, just now."""
    async with gateway.service.engine.begin() as connection:
        await connection.execute(
            insert(sign_in_failures).values(
                subject=subject, failures=failures, last_failed_at=datetime.now(UTC)
            )
        )


async def test_a_line_of_ipv6_is_one_place_of_the_station_whichever_address_it_has_today(
    gateway: TestGateway, anna: str
) -> None:
    await gateway.a_user("boris", password_hash=PASSWORD_HASH)
    yesterday, today, elsewhere = (
        gateway.client(address=address)
        for address in ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9", "2001:db8:1:3::7")
    )
    assert (await sign_in(yesterday, "boris")).status_code == 200
    await failed(gateway, f"login:{anna.casefold()}", RULES["login"].free + 9)
    assert (await sign_in(elsewhere, anna)).status_code == 429
    assert (await sign_in(today, anna)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "http://station.test.evil.test"}, 403),
        ({"Origin": "http://station.test:81"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_what_a_cookie_signs_in_must_come_from_our_own_pages_to_change_anything(
    gateway: TestGateway,
    services: FakeServices,
    anna: str,
    headers: dict[str, str],
    status: int,
) -> None:
    await services.start("clients")
    page = gateway.client()
    page.cookies.set("pitlane", await gateway.token("advisor"))
    response = await page.post(f"{API}/clients", json={}, headers={**headers, **a_key()})
    assert response.status_code == status
    if status == 403:
        assert response.json()["code"] == "cross_site_request"
        assert services.sent == []
    assert (await page.get(f"{API}/clients", headers=headers)).status_code == 200


async def test_what_somebody_did_on_a_page_is_not_sent_as_somebody_elses(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    page = gateway.client()
    page.cookies.set("pitlane", await gateway.token("technician"))
    login = (await page.get(SESSION)).json()["user"]["login"]
    for done_by, end in ((login, (202, None)), ("Иванов", (403, "form_of_another"))):
        headers = {"Origin": ORIGIN, "Pitlane-Person": quote(done_by), **a_key()}
        path = f"{API}/orders/{new_id()}/parts"
        answer = await page.post(path, json=example("RequestParts"), headers=headers)
        assert (answer.status_code, answer.json().get("code")) == end
    assert len(services.sent) == 1


async def test_a_bearer_token_needs_no_origin(gateway: TestGateway, services: FakeServices) -> None:
    await services.start("clients")
    program = await gateway.signed_in("advisor")
    response = await program.post(
        f"{API}/clients", json={}, headers={"Origin": "http://elsewhere.test", **a_key()}
    )
    assert response.status_code == 201


async def test_another_site_cannot_sign_a_browser_in_or_out(
    gateway: TestGateway, anna: str
) -> None:
    response = await sign_in(gateway.anyone, anna, origin="http://evil.test")
    assert (response.status_code, response.json()["code"]) == (403, "cross_site_request")
    page = gateway.client()
    page.cookies.set("pitlane", await gateway.token("advisor"))
    response = await page.delete(SESSION, headers={"Origin": "http://evil.test"})
    assert response.status_code == 403
    assert (await page.get(SESSION)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.test"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ORIGIN}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ],
)
async def test_another_site_cannot_sign_a_browser_in_by_our_form(
    gateway: TestGateway, anna: str, headers: dict[str, str], status: int
) -> None:
    """Its first visit: there is no cookie yet that could tell."""
    browser = gateway.client({"Accept": "text/html"})
    # So that a browser says of our own form, also over plain http, whose it is.
    assert (await browser.get("/sign-in")).headers["referrer-policy"] == "same-origin"
    said = {"login": anna, "password": PASSWORD}
    answer = await browser.post("/sign-in", data=said, headers=headers)
    assert answer.status_code == status
    assert ("set-cookie" in answer.headers) == (status == 303)


# --- passwords ----------------------------------------------------------------------------------


async def change(client: httpx.AsyncClient, old: str, new: str, **key: str) -> httpx.Response:
    return await client.post(
        f"{SESSION}/password", json={"old": old, "new": new}, headers=key or a_key()
    )


async def test_a_new_password_ends_the_other_sessions_and_the_old_password(
    gateway: TestGateway, anna: str
) -> None:
    here, elsewhere = [
        gateway.client(
            {"Authorization": f"Bearer {(await sign_in(gateway.anyone, anna)).json()['token']}"}
        )
        for _ in range(2)
    ]
    key = a_key()
    assert (await change(here, PASSWORD, "battery staple", **key)).status_code == 204
    assert (await here.get(SESSION)).status_code == 200
    assert (await elsewhere.get(SESSION)).status_code == 401
    assert (await sign_in(gateway.anyone, anna)).status_code == 401
    assert (await sign_in(gateway.anyone, anna, "battery staple")).status_code == 200
    # The same request once more: its answer was lost, say.
    assert (await change(here, PASSWORD, "battery staple", **key)).status_code == 204
    assert len(await gateway.told(PasswordChanged.subject)) == 1


async def test_a_sign_in_that_is_under_way_does_not_outlive_the_password_that_it_knew(
    gateway: TestGateway, anna: str
) -> None:
    """It would end with nothing: whoever changed the password ended the sessions of then."""
    sessions = gateway.app.state.gateway.sessions
    call = Call({"type": "http", "method": "POST", "path": "/", "headers": []}, _nothing)
    for changed in ({"password_hash": "another"}, {"active": False}):
        proven = await sessions.proven(call, anna, PASSWORD)
        async with gateway.service.engine.begin() as connection:
            before = (await connection.execute(select(users))).one()
            await connection.execute(update(users).values(**changed))
        with pytest.raises(Refused, match="sign_in_failed"):
            await sessions.enter(call, proven, None)
        async with gateway.service.engine.begin() as connection:
            kept = {name: getattr(before, name) for name in changed}
            await connection.execute(update(users).values(**kept))
    assert (await sign_in(gateway.anyone, anna)).status_code == 200


async def _nothing() -> Any:
    raise AssertionError("there is no body")


async def test_a_password_is_changed_only_by_whoever_knows_the_old_one(
    gateway: TestGateway, anna: str
) -> None:
    token = (await sign_in(gateway.anyone, anna)).json()["token"]
    bearer = gateway.client({"Authorization": f"Bearer {token}"})
    wrong = await change(bearer, "wrong", "battery staple")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    short = await change(bearer, PASSWORD, "short")
    assert (short.status_code, short.json()["errors"][0]["field"]) == (422, "new")
    assert (await sign_in(gateway.anyone, anna)).status_code == 200
    assert "battery" not in str(await gateway.refusals())


async def test_a_one_time_password_opens_nothing_until_it_is_changed(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders")
    await gateway.a_user("new", password_hash=PASSWORD_HASH, must_change_password=True)
    answer = (await sign_in(gateway.anyone, "new")).json()
    assert answer["user"]["must_change_password"] is True
    bearer = gateway.client({"Authorization": f"Bearer {answer['token']}"})
    refused = await bearer.get(f"{API}/orders")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    assert (await bearer.get(SESSION)).status_code == 200
    assert (await change(bearer, PASSWORD, "battery staple")).status_code == 204
    assert (await bearer.get(f"{API}/orders")).status_code == 200
