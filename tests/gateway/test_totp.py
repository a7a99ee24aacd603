"""A second factor: set up, asked for, guessed at, lost, and turned off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from deploy.commands.reach import operator
from services.gateway import one_time_codes, passwords
from services.gateway.operating import put_everybody_out
from services.gateway.sealing import sealed
from services.gateway.throttling import RULES
from shared.contracts.users import RecoveryCodesTaken, TotpChanged
from shared.messaging.envelope import opening
from tests.gateway.support import API, TestGateway, a_key

SESSION = f"{API}/session"
TOTP = f"{SESSION}/totp"
PASSWORD = "correct horse"
PASSWORD_HASH = passwords.hashed(PASSWORD)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""For whoever checks a code and whoever shows one: the half minute must not end in between."""


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    step_of = one_time_codes.step_of
    monkeypatch.setattr(
        one_time_codes, "step_of", lambda secret, code, _: step_of(secret, code, NOW)
    )


class Phone:
    """An authenticator app; each code is of the next half minute, as if time went by."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret)
        self._steps = self._of_now()

    def _of_now(self) -> Iterator[int]:
        now = self._totp.timecode(NOW)
        yield from (now - 1, now, now + 1)

    def code(self) -> str:
        return self._totp.generate_otp(next(self._steps))

    def wrong(self) -> str:
        now = self._totp.timecode(NOW)
        near = {self._totp.generate_otp(now + offset) for offset in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in near)


async def post(client: httpx.AsyncClient, path: str, **body: str) -> httpx.Response:
    return await client.post(TOTP + path, json=body, headers=a_key())


async def sign_in(gateway: TestGateway, code: str | None = None) -> httpx.Response:
    body = {"login": "anna", "password": PASSWORD} | ({"code": code} if code else {})
    return await gateway.anyone.post(SESSION, json=body)


@pytest.fixture
async def anna(gateway: TestGateway, stopped_clock: None) -> httpx.AsyncClient:
    await gateway.a_user("anna", role="advisor", password_hash=PASSWORD_HASH)
    return await gateway.signed_in("advisor", "anna")


async def turned_on(anna: httpx.AsyncClient) -> tuple[Phone, list[str]]:
    begun = await post(anna, "", password=PASSWORD)
    assert begun.status_code == 200, begun.text
    phone = Phone(begun.json()["secret"])
    confirmed = await post(anna, "/confirm", code=phone.code())
    assert confirmed.status_code == 200, confirmed.text
    return phone, confirmed.json()["codes"]


async def test_a_second_factor_is_confirmed_and_asked_for_from_then_on(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    begun = (await post(anna, "", password=PASSWORD)).json()
    address = urlsplit(begun["address"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [begun["secret"]]
    # Not confirmed yet: whoever mistyped the secret is not locked out.
    assert (await sign_in(gateway)).status_code == 200
    phone = Phone(begun["secret"])
    wrong = await post(anna, "/confirm", code=phone.wrong())
    assert (wrong.status_code, wrong.json()["code"]) == (401, "totp_invalid")
    confirmed = await post(anna, "/confirm", code=phone.code())
    assert len(set(confirmed.json()["codes"])) == 10
    assert (await anna.get(TOTP)).json() == {"on": True, "recovery_codes": 10}
    asked = await sign_in(gateway)
    assert (asked.status_code, asked.json()["code"]) == (401, "totp_required")
    wrong = await sign_in(gateway, phone.wrong())
    assert (wrong.status_code, wrong.json()["code"]) == (401, "totp_invalid")
    assert (await sign_in(gateway, phone.code())).status_code == 200
    assert [told["what"] for told in await gateway.told(TotpChanged.subject)] == ["on"]
    async with gateway.service.engine.connect() as connection:
        kept = (await connection.execute(text("SELECT * FROM users"))).all()
        codes = (await connection.execute(text("SELECT * FROM recovery_codes"))).all()
    assert begun["secret"] not in str(kept)
    assert not [code for code in confirmed.json()["codes"] if code in str(codes)]


async def test_recovery_codes_open_the_door_when_the_key_that_sealed_the_secret_is_gone(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    _, codes = await turned_on(anna)
    other = gateway.settings.model_copy(update={"gateway_key": SecretStr("another")})
    async with gateway.service.engine.begin() as connection:
        await connection.execute(
            text("UPDATE users SET totp = :totp"), {"totp": sealed(other, "SECRET").encode()}
        )
    refused = await sign_in(gateway, "000000")
    assert (refused.status_code, refused.json()["code"]) == (401, "totp_invalid")
    assert (await sign_in(gateway, codes[0])).status_code == 200


async def test_a_code_opens_the_door_once_even_for_two_at_the_same_time(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    phone, _ = await turned_on(anna)
    code = phone.code()
    answers = await asyncio.gather(*(sign_in(gateway, code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
    # Nor an older one than the last that was taken.
    later = phone.code()
    assert (await sign_in(gateway, later)).status_code == 200
    assert (await sign_in(gateway, code)).status_code == 401


async def test_a_recovery_code_stands_in_for_the_phone_once(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    phone, codes = await turned_on(anna)
    assert (await sign_in(gateway, codes[0].lower().replace("-", " "))).status_code == 200
    assert (await sign_in(gateway, codes[0])).status_code == 401
    assert (await anna.get(TOTP)).json()["recovery_codes"] == 9
    renewed = await post(anna, "/recovery-codes", code=phone.code())
    assert renewed.status_code == 200
    assert (await sign_in(gateway, codes[1])).status_code == 401
    assert (await sign_in(gateway, renewed.json()["codes"][1])).status_code == 200


async def test_after_a_restore_no_recovery_code_of_before_opens(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    """Those that were used since the backup stand in it unused."""
    phone, codes = await turned_on(anna)
    cause = opening("/station-1/ops", "restore", operator())
    async with gateway.service.engine.begin() as connection:
        out = await put_everybody_out(connection, "/station-1/gateway", cause, keep_tokens=True)
    assert out.recovery_codes == ("anna",)
    refused = await sign_in(gateway, codes[0])
    assert (refused.status_code, refused.json()["code"]) == (401, "totp_invalid")
    entered = await sign_in(gateway, phone.code())
    again = {"Authorization": f"Bearer {entered.json()['token']}"}
    assert (await anna.get(TOTP, headers=again)).json() == {"on": True, "recovery_codes": 0}
    page = await anna.get("/profile", headers={**again, "Accept": "text/html"})
    assert "No recovery code is left" in page.text
    renewed = await anna.post(
        f"{TOTP}/recovery-codes", json={"code": phone.code()}, headers={**again, **a_key()}
    )
    assert (await sign_in(gateway, renewed.json()["codes"][0])).status_code == 200
    (told,) = await gateway.told(RecoveryCodesTaken.subject)
    assert told["login"] == "anna"


async def test_guessing_codes_is_slowed_down_although_the_password_is_right(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    phone, _ = await turned_on(anna)
    free = min(RULES["code"].free, RULES["place"].free)
    for _ in range(free + 1):
        assert (await sign_in(gateway, phone.wrong())).status_code == 401
    held_up = await sign_in(gateway, phone.code())
    assert (held_up.status_code, held_up.json()["code"]) == (429, "sign_in_throttled")
    # From elsewhere the codes of this user are slow all the same.
    async with gateway.service.engine.begin() as connection:
        await connection.execute(
            text("DELETE FROM sign_in_failures WHERE subject NOT LIKE 'code:%'")
        )
        await connection.execute(
            text("UPDATE sign_in_failures SET failures = 9, last_failed_at = now()")
        )
    assert (await sign_in(gateway, phone.code())).status_code == 429


async def test_it_is_turned_off_with_a_code_and_then_not_asked_for(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    phone, codes = await turned_on(anna)
    again = await post(anna, "", password=PASSWORD)
    assert (again.status_code, again.json()["code"]) == (409, "totp_already_on")
    assert (await post(anna, "/off", code=phone.wrong())).status_code == 401
    assert (await post(anna, "/off", code=phone.code())).status_code == 204
    assert (await anna.get(TOTP)).json() == {"on": False, "recovery_codes": 0}
    assert (await sign_in(gateway)).status_code == 200
    for path in ("/off", "/recovery-codes"):
        off = await post(anna, path, code=codes[0])
        assert (off.status_code, off.json()["code"]) == (409, "totp_off")
    nothing = await post(anna, "/confirm", code=phone.code())
    assert (nothing.status_code, nothing.json()["code"]) == (409, "totp_not_begun")


async def test_a_screen_that_somebody_left_is_not_enough_to_set_it_up(
    anna: httpx.AsyncClient,
) -> None:
    refused = await post(anna, "", password="not this")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_wrong")


async def test_a_lost_one_is_taken_away_by_who_manages_users(
    gateway: TestGateway, anna: httpx.AsyncClient
) -> None:
    await turned_on(anna)
    owner = await gateway.signed_in("owner")
    (user,) = (await owner.get(f"{API}/users", params={"q": "anna"})).json()["items"]
    assert user["totp"] is True
    taken = await owner.delete(f"{API}/users/{user['id']}/totp", headers=a_key())
    assert taken.json()["totp"] is False
    assert (await anna.get(SESSION)).status_code == 401
    assert (await sign_in(gateway)).status_code == 200
    told: list[Any] = await gateway.told(TotpChanged.subject)
    assert [(each["what"], each["actor"]) for each in told] == [("on", "anna"), ("off", "owner")]


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, of which six digits are shown here.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        moment = datetime.fromtimestamp(at, UTC)
        assert one_time_codes.step_of(secret, f"{code[:3]} {code[3:]}", moment) == at // 30
        late = moment + timedelta(seconds=95)
        assert one_time_codes.step_of(secret, code, late) is None
    assert one_time_codes.step_of(secret, "код", NOW) is None
