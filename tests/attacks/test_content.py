"""What strangers put into requests that are well-formed: bodies of no meaning, addresses that lead
elsewhere, tokens of their own choice."""

from __future__ import annotations

from services.gateway.passwords import hashed
from services.gateway.problems import MEDIA_TYPE
from tests.gateway.support import API, FakeServices, TestGateway, a_key

BODIES = [
    b'{"last_name": "\x00"}',
    b'{"last_name": "\xff\xfe"}',
    b'{"last_name": "\\ud800"}',
    b'{"last_name": "\\u0000"}',
    b'{"discount_percent": NaN}',
    b'{"discount_percent": Infinity}',
    b'{"discount_percent": "NaN"}',
    b'{"discount_percent": "Infinity"}',
    b'{"discount_percent": "1e999999999"}',
    b'{"discount_percent": 1e999999999}',
    b'{"discount_percent": "0.' + b"1" * 5000 + b'"}',
    b'{"discount_percent": ' + b"9" * 5000 + b"}",
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"[" * 100_000,
    b'{"last_name": "A", "last_name": {}}',
    b'{"__proto__": {"x": 1}, "constructor": 1}',
    b'{"phones": [' + b'"1",' * 100_000 + b'"1"]}',
    b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    b"\xef\xbb\xbf{}",
    b"null",
    b'"text"',
    b'{"comment": "' + b"a" * 2_000_000 + b'"}',
]


async def test_a_body_of_no_meaning_is_refused_as_a_problem(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients")
    owner = await gateway.signed_in("owner")
    for body in BODIES:
        headers = {**a_key(), "Content-Type": "application/json"}
        answer = await owner.post(f"{API}/clients", content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (body[:60], answer.text)
        assert answer.headers["content-type"] == MEDIA_TYPE
    for query in ("q=" + "a" * 60_000, "&".join(f"a{n}=1" for n in range(1000)), "q=a%00b"):
        answer = await owner.get(f"{API}/clients?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE), query[:60]
    assert services.sent == []


ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/%09/evil.example\r\nSet-Cookie: a=b",
    " //evil.example",
    "//evil.example%2f@station.test/",
)


async def test_no_address_leads_elsewhere_and_no_host_header_is_believed(
    gateway: TestGateway,
) -> None:
    token = await gateway.token("administrator", "admin")
    browser = gateway.client({"Cookie": f"pitlane={token}", "Accept": "text/html"})
    for where in ELSEWHERE:
        answer = await browser.get("/sign-in", params={"next": where})
        assert answer.status_code == 303, where
        place = answer.headers["location"]
        assert place.startswith("/"), (where, place)
        assert not place.startswith(("//", "/\\")), (where, place)
        assert "set-cookie" not in answer.headers, where
    for path in ("/", "/sign-in", "/board", "/api/v1/orders", "/nothing"):
        answer = await browser.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers), path


async def test_a_token_that_a_stranger_chose_signs_nobody_in(gateway: TestGateway) -> None:
    """Session fixation: signing in makes a new token, whatever the browser brought along."""
    await gateway.a_user("advisor", password_hash=hashed("a secret of one's own"))
    chosen = "chosen-by-a-stranger"
    browser = gateway.client({"Cookie": f"pitlane={chosen}"})
    said = {"login": "advisor", "password": "a secret of one's own"}
    signed_in = await browser.post(f"{API}/session", json=said)
    assert signed_in.status_code == 200
    assert signed_in.json()["token"] != chosen
    assert f"pitlane={chosen}" not in signed_in.headers["set-cookie"]
    stranger = gateway.client({"Cookie": f"pitlane={chosen}"})
    assert (await stranger.get(f"{API}/session")).status_code == 401
