"""Each provider against a server that answers as its documentation says: what was taken is
accepted, what surely was not is told apart from what may have been."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from deploy.local.postgres import free_port
from services.documents.providers.base import (
    Accepted,
    Fate,
    Letter,
    Passing,
    Permanent,
    Provider,
    Unclear,
)
from services.documents.providers.file import FileProvider
from services.documents.providers.http import HttpProvider
from services.documents.providers.settings import (
    HttpSettings,
    MessageSettings,
    SmscSettings,
    SmsRuSettings,
    SmtpSettings,
    TwilioSettings,
)
from services.documents.providers.smsc import SmscProvider
from services.documents.providers.smsru import SmsRuProvider
from services.documents.providers.smtp import SmtpProvider
from services.documents.providers.twilio import TwilioProvider
from tests.documents.fake_servers import FakeHttp, FakeSmtp, Reply, fake_http, fake_smtp

ID = UUID("019ab0c6-c101-7a11-8b22-0c1d2e3f4a5b")
SMS = Letter(ID, "sms", "+79165550102", "Готово: 1&2 {text}")
MAIL = Letter(ID, "email", "olga@example.com", "Смета готова\n.\nЖдём", "Смета А-1")
TIMEOUT_S = 0.3


@pytest.fixture
async def server() -> AsyncIterator[FakeHttp]:
    async with fake_http() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
        yield client


def smsru(url: str, client: httpx.AsyncClient) -> Provider:
    settings = SmsRuSettings(api_id=SecretStr("KEY"), sender="Pitlane", url=url)
    return SmsRuProvider(settings, client)


def smsc(url: str, client: httpx.AsyncClient) -> Provider:
    settings = SmscSettings(login="station", password=SecretStr("PSW"), url=url)
    return SmscProvider(settings, client)


def twilio(url: str, client: httpx.AsyncClient) -> Provider:
    settings = TwilioSettings(
        account_sid="AC1", auth_token=SecretStr("TOKEN"), sender="+15005550006", url=url
    )
    return TwilioProvider(settings, client)


def http(base: str, client: httpx.AsyncClient, **more: Any) -> Provider:
    named = {"url": f"{base}/send", "id_path": "result.0.id", **more}
    return HttpProvider(HttpSettings(**named), client)


OVER_HTTP = [smsru, smsc, twilio, http]
TAKEN: dict[Any, Any] = {
    smsru: {
        "status": "OK",
        "status_code": 100,
        "sms": {"79165550102": {"status": "OK", "status_code": 100, "sms_id": "000000-1"}},
        "balance": 4122.56,
    },
    smsc: {"id": ID.hex, "cnt": 1},
    twilio: {"sid": "SM1", "status": "queued", "error_code": None},
    http: {"result": [{"id": 17}]},
}

# --- the same for all that speak HTTP ----------------------------------------------------------


@pytest.mark.parametrize("made", OVER_HTTP)
async def test_what_is_taken_is_accepted(
    made: Any, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(TAKEN[made], status=201 if made is twilio else 200))
    accepted = await made(server.url, client).send(SMS)
    assert isinstance(accepted, Accepted)
    assert accepted.provider_id in {"000000-1", ID.hex, "SM1", "17"}
    assert len(server.requests) == 1


@pytest.mark.parametrize("made", OVER_HTTP)
async def test_server_that_is_not_there_has_taken_nothing(
    made: Any, client: httpx.AsyncClient
) -> None:
    with pytest.raises(Passing, match="ConnectError"):
        await made(f"http://127.0.0.1:{free_port(0)}", client).send(SMS)


@pytest.mark.parametrize("made", OVER_HTTP)
@pytest.mark.parametrize("status", [429, 503])
async def test_server_that_is_too_busy_has_taken_nothing(
    made: Any, status: int, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply({}, status=status))
    with pytest.raises(Passing):
        await made(server.url, client).send(SMS)


@pytest.mark.parametrize("made", OVER_HTTP)
@pytest.mark.parametrize(
    "reply",
    [
        Reply({}, delay_s=3 * TIMEOUT_S),
        Reply(answers=False),
        Reply({}, status=500),
        Reply({}, status=502),
        Reply({}, status=302),
        Reply(b"<html>"),
        Reply(b""),
        Reply([1, 2]),
        Reply({}),
        Reply({"status_code": 100, "sms": []}),
        Reply({"status_code": "?", "error": "?"}),
    ],
    ids=lambda reply: f"{reply.status}-{str(reply.body)[:20]}-{reply.answers}-{reply.delay_s}",
)
async def test_answer_that_is_lost_or_says_nothing_may_mean_that_it_was_taken(
    made: Any, reply: Reply, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(reply)
    with pytest.raises(Unclear):
        await made(server.url, client).send(SMS)
    assert len(server.requests) == 1, "nothing repeats a request by itself"


@pytest.mark.parametrize("made", OVER_HTTP)
async def test_page_of_a_proxy_that_forbids_is_no_answer_of_the_provider(
    made: Any, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(b"<html>Forbidden", status=403))
    with pytest.raises(Passing):
        await made(server.url, client).send(SMS)


@pytest.mark.parametrize(
    "reply", [Reply(answers=False), Reply(b"<html>"), Reply({}, status=500), Reply({}, status=401)]
)
@pytest.mark.parametrize("made", OVER_HTTP)
async def test_fate_that_cannot_be_told_now_is_asked_for_later(
    made: Any, reply: Reply, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(reply)
    more = {"status_url": f"{server.url}/status/{{id}}"} if made is http else {}
    try:
        fate = await made(server.url, client, **more).fate(SMS, "000000-1")
    except Passing:
        return
    assert (made, fate.state) == (http, "under_way"), "an answer without a state is none"


# --- sms.ru ------------------------------------------------------------------------------------


async def test_smsru_is_sent_the_documented_fields(
    server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(TAKEN[smsru]))
    await smsru(server.url, client).send(SMS)
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/sms/send")
    assert request.form == {
        "api_id": "KEY",
        "json": "1",
        "to": "79165550102",
        "msg": SMS.text,
        "from": "Pitlane",
    }


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((code, Passing) for code in (201, 220, 231, 500)),
        *((code, Permanent) for code in (200, 202, 204, 207, 209)),
    ],
)
@pytest.mark.parametrize("where", ["request", "recipient"])
async def test_smsru_tells_errors_of_the_request_and_of_the_recipient(
    code: int, expected: type[Exception], where: str, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    error = {"status": "ERROR", "status_code": code, "status_text": "нет"}
    whole = {"status": "OK", "status_code": 100, "sms": {"79165550102": error}}
    server.will(Reply(error if where == "request" else whole))
    with pytest.raises(expected, match=f"{code} нет"):
        await smsru(server.url, client).send(SMS)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (100, "under_way"),
        (102, "under_way"),
        (103, "delivered"),
        (110, "delivered"),
        (104, "failed"),
        (150, "failed"),
        (-1, "unknown"),
    ],
)
async def test_smsru_tells_what_became_of_a_message(
    code: int, expected: str, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    about = {"status": "OK", "status_code": code, "status_text": "…"}
    server.will(Reply({"status": "OK", "status_code": 100, "sms": {"000000-1": about}}))
    assert (await smsru(server.url, client).fate(SMS, "000000-1")).state == expected
    assert server.requests[0].target == "/sms/status"
    assert server.requests[0].form["sms_id"] == "000000-1"


# --- smsc.ru -----------------------------------------------------------------------------------


async def test_smsc_is_sent_our_id_and_asked_by_it(
    server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(TAKEN[smsc]), Reply({"status": 1, "last_date": "01.01.2026 10:00:00"}))
    provider = smsc(server.url, client)
    await provider.send(SMS)
    assert await provider.fate(SMS, None) == Fate("delivered")
    sent, asked = server.requests
    signed = {"login": "station", "psw": "PSW", "fmt": "3", "charset": "utf-8"}
    assert sent.target == "/sys/send.php"
    assert sent.form == {**signed, "phones": SMS.to, "mes": SMS.text, "id": ID.hex}
    assert asked.target == "/sys/status.php"
    assert asked.form == {**signed, "phone": SMS.to, "id": ID.hex}


async def test_smsc_is_signed_in_by_a_key_where_there_is_one(
    server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(TAKEN[smsc]))
    settings = SmscSettings(api_key=SecretStr("KEY"), url=server.url)
    await SmscProvider(settings, client).send(SMS)
    assert server.requests[0].form["apikey"] == "KEY"
    assert not {"login", "psw"} & server.requests[0].form.keys()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((code, Passing) for code in (2, 3, 4, 9)),
        *((code, Permanent) for code in (1, 6, 7, 8)),
    ],
)
async def test_smsc_tells_its_errors(
    code: int, expected: type[Exception], server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply({"error": "no", "error_code": code, "id": ID.hex}))
    with pytest.raises(expected, match=f"{code} no"):
        await smsc(server.url, client).send(SMS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"status": -3}, "unknown"),
        ({"error": "not found", "error_code": 3}, "unknown"),
        ({"status": -1}, "under_way"),
        ({"status": 0}, "under_way"),
        ({"status": 1}, "delivered"),
        ({"status": 2}, "delivered"),
        ({"status": 3}, "failed"),
        ({"status": 20}, "failed"),
        ({"status": 22}, "failed"),
    ],
)
async def test_smsc_tells_what_became_of_a_message(
    said: dict[str, Any], expected: str, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(said))
    assert (await smsc(server.url, client).fate(SMS, None)).state == expected


# --- Twilio ------------------------------------------------------------------------------------


async def test_twilio_is_sent_the_documented_fields_and_asked_by_its_sid(
    server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(TAKEN[twilio], status=201), Reply({"sid": "SM1", "status": "delivered"}))
    provider = twilio(server.url, client)
    await provider.send(SMS)
    assert await provider.fate(SMS, "SM1") == Fate("delivered")
    sent, asked = server.requests
    assert sent.target == "/2010-04-01/Accounts/AC1/Messages.json"
    assert sent.form == {"To": SMS.to, "Body": SMS.text, "From": "+15005550006"}
    assert sent.headers["authorization"] == f"Basic {base64.b64encode(b'AC1:TOKEN').decode()}"
    assert (asked.method, asked.target) == ("GET", "/2010-04-01/Accounts/AC1/Messages/SM1.json")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, Permanent),
        (400, 21610, Permanent),
        (400, 21611, Passing),
        (401, 20003, Passing),
        (429, 20429, Passing),
        (404, 20404, Permanent),
    ],
)
async def test_twilio_tells_its_errors(
    status: int,
    code: int,
    expected: type[Exception],
    server: FakeHttp,
    client: httpx.AsyncClient,
) -> None:
    server.will(Reply({"code": code, "message": "no", "status": status}, status=status))
    with pytest.raises(expected):
        await twilio(server.url, client).send(SMS)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("queued", "under_way"),
        ("sent", "under_way"),
        ("read", "delivered"),
        ("undelivered", "failed"),
        ("failed", "failed"),
    ],
)
async def test_twilio_tells_what_became_of_a_message(
    status: str, expected: str, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply({"sid": "SM1", "status": status, "error_code": 30003}))
    assert (await twilio(server.url, client).fate(SMS, "SM1")).state == expected


# --- any HTTP ----------------------------------------------------------------------------------


async def test_words_are_filled_into_whatever_is_configured(
    server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply(TAKEN[http]))
    provider = http(
        server.url,
        client,
        url=f"{server.url}/v2/{{to}}",
        method="PUT",
        headers={"X-Key": SecretStr("s3cret"), "Idempotency-Key": SecretStr("{id}")},
        body={"message": {"to": ["{to}"], "text": "{text}", "ttl": 60}},
    )
    await provider.send(SMS)
    (request,) = server.requests
    assert (request.method, request.target) == ("PUT", "/v2/%2B79165550102")
    assert request.headers["x-key"] == "s3cret"
    assert request.headers["idempotency-key"] == str(ID)
    # What looks like a place to fill in is, within a text, a text.
    assert json.loads(request.body) == {
        "message": {"to": [SMS.to], "text": "Готово: 1&2 {text}", "ttl": 60}
    }


async def test_query_is_escaped(server: FakeHttp, client: httpx.AsyncClient) -> None:
    server.will(Reply(TAKEN[http]))
    await http(server.url, client, format="query", body={"m": "{text}"}).send(SMS)
    assert server.requests[0].target.startswith("/send?m=%D0%93")
    assert "1%262" in server.requests[0].target


@pytest.mark.parametrize(("status", "expected"), [(400, Permanent), (401, Passing), (402, Passing)])
async def test_status_of_an_unknown_provider_is_read_as_http_means_it(
    status: int, expected: type[Exception], server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(Reply({}, status=status))
    with pytest.raises(expected):
        await http(server.url, client).send(SMS)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply({"state": "delivered"}), "delivered"),
        (Reply({"state": "undelivered"}), "failed"),
        (Reply({"state": "on its way"}), "under_way"),
        (Reply({}, status=404), "unknown"),
    ],
)
async def test_fate_is_read_where_it_is_configured(
    reply: Reply, expected: str, server: FakeHttp, client: httpx.AsyncClient
) -> None:
    server.will(reply)
    provider = http(
        server.url, client, status_url=f"{server.url}/s/{{provider_id}}", status_path="state"
    )
    assert provider.abilities.tracks == "provider_id"
    assert (await provider.fate(SMS, "17/4")).state == expected
    assert server.requests[0].target == "/s/17%2F4"


# --- a mail server -----------------------------------------------------------------------------


@pytest.fixture
async def mail() -> AsyncIterator[FakeSmtp]:
    async with fake_smtp() as mail:
        yield mail


def smtp(port: int) -> SmtpProvider:
    settings = SmtpSettings(
        host="127.0.0.1", port=port, security="none", sender="station@example.com"
    )
    return SmtpProvider(settings, TIMEOUT_S)


async def test_letter_arrives_as_it_was_written(mail: FakeSmtp) -> None:
    accepted = await smtp(mail.port).send(MAIL)
    (raw,) = mail.letters
    letter = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=policy.default)
    assert letter["Subject"] == "Смета А-1"
    assert letter["To"] == "olga@example.com"
    assert letter["Message-ID"] == accepted.provider_id == f"<{ID}@example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Смета готова\n.\nЖдём" in letter.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("verb", "said", "expected"),
    [
        ("MAIL", "451 later", Passing),
        ("MAIL", "550 not you", Permanent),
        ("RCPT", "450 full", Passing),
        ("RCPT", "550 no such user", Permanent),
        ("RCPT", None, Passing),
        ("DATA", "451 later", Passing),
        ("DATA", "554 no", Permanent),
        (".", "452 full", Passing),
        (".", "554 spam", Permanent),
        (".", None, Unclear),
    ],
)
async def test_only_the_letter_itself_can_have_been_taken(
    verb: str, said: str | None, expected: type[Exception], mail: FakeSmtp
) -> None:
    mail.says[verb] = said
    with pytest.raises(expected):
        await smtp(mail.port).send(MAIL)
    assert mail.letters == []


async def test_mail_server_that_is_not_there_has_taken_nothing() -> None:
    with pytest.raises(Passing):
        await smtp(free_port(0)).send(MAIL)


@pytest.mark.parametrize(
    "letter",
    [
        Letter(ID, "email", "olga@example.com\r\nBcc: all@example.com", "x", "y"),
        Letter(ID, "email", "olga@example.com", "x", "y\r\nBcc: all@example.com"),
    ],
)
async def test_no_header_is_smuggled_in(letter: Letter, mail: FakeSmtp) -> None:
    with pytest.raises(Permanent):
        await smtp(mail.port).send(letter)
    assert mail.letters == []


# --- the file ----------------------------------------------------------------------------------


async def test_file_has_a_line_for_each_message_however_often_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "new" / "messages.jsonl"
    provider = FileProvider(path)
    assert await provider.fate(SMS, None) == Fate("unknown")
    for _ in range(2):
        await provider.send(SMS)
    (line,) = map(json.loads, path.read_text().splitlines())
    assert (line["id"], line["to"], line["text"]) == (str(ID), SMS.to, SMS.text)
    assert path.stat().st_mode & 0o077 == 0
    assert await provider.fate(SMS, None) == Fate("delivered")


async def test_line_that_a_crash_cut_short_is_written_again_whole(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text(f'{{"id":"{ID}","channel":"sm')
    provider = FileProvider(path)
    assert await provider.fate(SMS, None) == Fate("unknown")
    await provider.send(SMS)
    assert json.loads(path.read_text().splitlines()[-1])["text"] == SMS.text


async def test_disk_that_is_full_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "messages.jsonl").mkdir()
    with pytest.raises(Passing):
        await FileProvider(tmp_path / "messages.jsonl").send(SMS)


# --- configuration -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"sms_provider": "smsru"}, "SMSRU__API_ID"),
        ({"sms_provider": "smsc"}, "SMSC__LOGIN"),
        ({"sms_provider": "twilio"}, "TWILIO__ACCOUNT_SID"),
        ({"email_provider": "smtp"}, "SMTP__HOST"),
        ({"email_provider": "http"}, "HTTP__URL"),
        ({"quiet_hours": "21:00-24:30"}, "24:30"),
    ],
)
def test_provider_that_is_not_wholly_configured_does_not_start(
    given: dict[str, Any], missing: str
) -> None:
    with pytest.raises(ValueError, match=missing):
        MessageSettings(**given)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITLANE_MESSAGES_SMS_PROVIDER", "http")
    monkeypatch.setenv("PITLANE_MESSAGES_HTTP__URL", "https://sms.example.com/send")
    monkeypatch.setenv("PITLANE_MESSAGES_HTTP__HEADERS", '{"X-Key": "s3cret"}')
    monkeypatch.setenv("PITLANE_MESSAGES_QUIET_HOURS", "")
    settings = MessageSettings()
    assert settings.http.headers["X-Key"].get_secret_value() == "s3cret"
    assert "s3cret" not in str(settings)
    assert settings.quiet_hours == ""
