"""Photos at their worst, as they come over HTTP: each is refused or redrawn soon, and everybody
works on."""

from __future__ import annotations

import io
import json
import zipfile
from time import process_time
from typing import Any

import httpx

from tests.attacks.making import Maker
from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_pictures import a_bomb, a_photo

SOON_S = 4.0
"""Of this process, in which gateway and services are: some tens of milliseconds are usual."""
MOST_BYTES = 1_000_000


async def told(
    person: httpx.AsyncClient, path: str, body: dict[str, Any], method: str = "POST"
) -> httpx.Response:
    """The answer: soon, not long, and no fault of ours. Sent as ASCII: some texts are none."""
    started = process_time()
    headers = {**a_key(), "Content-Type": "application/json"}
    content = json.dumps(body)
    answer = await person.request(method, API + path, content=content, headers=headers)
    where = (path, str(body)[:120], answer.status_code)
    assert process_time() - started < SOON_S, where
    assert answer.status_code < 500, where
    assert len(answer.content) < MOST_BYTES, where
    assert "Traceback" not in answer.text, where
    return answer


async def works_on(whole: TestGateway, person: httpx.AsyncClient) -> None:
    two = await told(person, "/formulas/try", {"text": "1 + 1"})
    assert (two.status_code, two.json()["text"]) == (200, "2")
    for path in ("/orders", "/products", "/forms", "/clients"):
        assert (await person.get(API + path)).status_code == 200, path
    ready = await whole.anyone.get("/health/ready")
    assert ready.status_code == 200, ready.text


NAMES = ("../../../etc/cron.d/x", "..\\..\\x.svg", "/etc/passwd", 'a".html', "x\x00.js")
SCRIPT = b"<script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9"/></svg>'


def a_zip_behind(picture: bytes) -> bytes:
    """A picture to those who read from the front, an archive to those who read from the end."""
    file = io.BytesIO(picture)
    file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("page.html", SCRIPT)
    return file.getvalue()


async def test_a_photo_is_a_photo_whatever_else_it_also_is(whole: TestGateway) -> None:
    office, technician = await whole.signed_in("owner"), await whole.signed_in("technician")
    maker = Maker(office)
    await maker.fit_out()
    path = f"{API}/orders/{maker.there['order_id']}/photos"
    for content in (SVG, SCRIPT, a_bomb(), b"%PDF-1.7 " + SCRIPT, b"\xff\xd8\xff" + SCRIPT):
        for kind in ("image/jpeg", "image/png", "image/svg+xml", "text/html"):
            headers = {**a_key(), "Content-Type": kind}
            started = process_time()
            answer = await technician.post(path, content=content, headers=headers)
            assert process_time() - started < SOON_S, content[:20]
            assert 400 <= answer.status_code < 500, (content[:20], kind, answer.text)
    for content in (a_photo() + SCRIPT, a_zip_behind(a_photo()), a_photo(kind="PNG") + SCRIPT):
        for name in NAMES:
            brought = {"file": (name, content, "text/html")}
            answer = await technician.post(path, files=brought, headers=a_key())
            assert answer.status_code == 201, (name, answer.text)
            assert name not in answer.text
        for size in ("", "/small"):
            photo = await technician.get(f"{API}/photos/{answer.json()['id']}{size}")
            assert photo.headers["content-type"] == "image/jpeg"
            assert photo.headers["x-content-type-options"] == "nosniff"
            assert photo.content.startswith(b"\xff\xd8\xff")
            assert SCRIPT not in photo.content
            assert not zipfile.is_zipfile(io.BytesIO(photo.content))
    await works_on(whole, technician)
