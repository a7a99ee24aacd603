"""A way in from a shell, for who has lost theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from services.gateway import passwords
from services.gateway.one_time_codes import new_secret
from services.gateway.sealing import sealed
from services.gateway.store import users
from shared.contracts.users import PasswordReset, TokenSaved, TotpChanged
from tests.deploy.operating import Outcome, pitlane, pitlane_beside
from tests.gateway.support import API, TestGateway, running_gateway
from tests.gateway.test_tokens import program
from tests.support.broker import TestNats


@pytest.fixture
async def gateway(
    nats_server: TestNats, database: Callable[[str], str]
) -> AsyncIterator[TestGateway]:
    async with running_gateway(nats_server, database("gateway")) as running:
        yield running


async def on_it(gateway: TestGateway, *arguments: str) -> Outcome:
    environment = {
        "PITLANE_GATEWAY_DATABASE_URL": gateway.settings.database_url,
        "PITLANE_STATION": gateway.settings.station,
    }
    return await pitlane_beside("users", "password", *arguments, environment=environment)


async def sign_in(gateway: TestGateway, password: str) -> httpx.Response:
    return await gateway.anyone.post(
        f"{API}/session", json={"login": "admin", "password": password}
    )


async def test_an_administrator_who_forgot_the_password_is_given_one(gateway: TestGateway) -> None:
    old = "correct horse"
    hashed = passwords.hashed(old)
    await gateway.a_user("admin", role="administrator", password_hash=hashed)
    office = await gateway.signed_in("administrator", "admin")
    bot = await program(gateway, office)
    kept = await on_it(gateway, "Admin", "--keep-tokens")
    assert (kept.exit_code, kept.stderr) == (
        0,
        "admin signs in with it once and then chooses another; sessions ended: 1; "
        "tokens revoked: none\n",
    )
    given = await on_it(gateway, "admin")
    assert "sessions ended: 0; tokens revoked: Обмен\n" in given.stderr
    gateway.app.state.gateway.sessions.forget()
    for client in (office, bot):
        assert (await client.get(f"{API}/session")).status_code == 401
    for wrong in (old, kept.stdout.strip()):
        assert (await sign_in(gateway, wrong)).status_code == 401
    answer = await sign_in(gateway, given.stdout.strip())
    assert answer.json()["user"]["must_change_password"] is True
    assert len(await gateway.told(PasswordReset.subject)) == 2
    *_, revoked = await gateway.told(TokenSaved.subject)
    assert (revoked["name"], revoked["state"]) == ("Обмен", "revoked")
    assert revoked["actor"] != "admin"


async def test_a_second_factor_is_asked_for_unless_it_is_taken_away(gateway: TestGateway) -> None:
    await gateway.a_user("admin")
    secret = sealed(gateway.settings, new_secret()).encode()
    async with gateway.service.engine.begin() as connection:
        await connection.execute(update(users).values(totp=secret))
    given = await on_it(gateway, "admin")
    assert "the second factor is asked for as before\n" in given.stderr
    refused = await sign_in(gateway, given.stdout.strip())
    assert refused.json()["code"] == "totp_required"
    given = await on_it(gateway, "admin", "--without-second-factor")
    assert "second factor" not in given.stderr
    assert (await sign_in(gateway, given.stdout.strip())).status_code == 200
    assert [told["what"] for told in await gateway.told(TotpChanged.subject)] == ["off"]


async def test_an_unknown_login_is_told_who_manages_users(gateway: TestGateway) -> None:
    for login, fields in (
        ("anna", {"role": "owner"}),
        ("gone", {"active": False}),
        ("ivan", {"role": "technician"}),
    ):
        await gateway.a_user(login, **fields)
    refused = await on_it(gateway, "admin")
    said = "pitlane: there is no user admin; who manages users: anna\n"
    assert refused == Outcome(1, "", said)
    assert await gateway.told(PasswordReset.subject) == []
    locked_out = await on_it(gateway, "gone")
    assert "gone is locked out: somebody has to let them in first\n" in locked_out.stderr


@pytest.mark.parametrize("command", [("password", "admin"), ("first-admin",), ("demo",)])
def test_a_database_that_is_away_is_told_in_one_line(command: tuple[str, ...]) -> None:
    environment = {"PITLANE_GATEWAY_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x"}
    refused = pitlane("users", *command, environment=environment)
    assert (refused.exit_code, refused.stdout) == (69, "")
    assert refused.stderr.startswith("pitlane: a database does not answer: ")


def test_where_no_station_ever_was_nothing_is_made(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        refused = pitlane("users", "password", "admin", "--data-dir", str(folder))
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith("pitlane: there is no station in")
    assert list(tmp_path.iterdir()) == []
