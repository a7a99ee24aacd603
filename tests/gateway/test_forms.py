"""Papers over HTTP: which file is answered, under which name, and how it is held in."""

from __future__ import annotations

from base64 import b64encode

import pytest

from shared.contracts.forms import PreviewForm, PrintForm
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import API, FakeServices, TestGateway


def reply(format_: str, media_type: str) -> dict[str, object]:
    return {
        "file_name": f"Заказ-наряд A-000123.{format_}",
        "media_type": media_type,
        "pages": 1,
        "style_hashes": ["sha256-abc="],
        "content": b64encode(b"the paper").decode(),
    }


@pytest.mark.parametrize(
    ("query", "accept", "asked", "media_type"),
    [
        ("?format=pdf", "*/*", "pdf", "application/pdf"),
        ("?format=html", "application/json", "html", "text/html; charset=utf-8"),
        ("", "application/pdf", "pdf", "application/pdf"),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", "html", "text/html; charset=utf-8"),
        ("", "*/*", "pdf", "application/json"),
    ],
)
async def test_a_paper_comes_as_the_file_that_is_wanted(
    gateway: TestGateway,
    services: FakeServices,
    query: str,
    accept: str,
    asked: str,
    media_type: str,
) -> None:
    await services.start("documents")
    files = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}
    services.replies[PrintForm.subject] = reply(asked, files[asked])
    technician = await gateway.signed_in("technician")
    path = f"{API}/orders/{new_id()}/forms/work_order{query}"
    response = await technician.get(path, headers={"Accept": accept})
    assert response.status_code == 200, response.text
    assert services.last.message.get("format") == asked
    assert response.headers["content-type"] == media_type
    if media_type == "application/json":
        assert response.json()["pages"] == 1
        return
    assert response.content == b"the paper"
    disposition = response.headers["content-disposition"]
    assert "filename*=UTF-8''%D0%97%D0%B0%D0%BA%D0%B0%D0%B7-%D0%BD" in disposition
    assert disposition.endswith(f"%20A-000123.{asked}")
    disposition.encode("ascii")
    policy = response.headers["content-security-policy"]
    if asked == "html":
        assert policy.startswith("sandbox; default-src 'none'; img-src data:; font-src data:; ")
        assert "style-src 'unsafe-hashes' 'sha256-abc='" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'self'" in policy
    else:
        assert policy == "default-src 'none'; frame-ancestors 'none'"


async def test_what_nobody_makes_is_not_acceptable(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("documents")
    admin = await gateway.signed_in("administrator")
    response = await admin.get(
        f"{API}/orders/{new_id()}/forms/invoice", headers={"Accept": "image/png"}
    )
    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")


async def test_a_draft_is_shown_to_whoever_may_edit(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("documents")
    services.replies[PreviewForm.subject] = reply("html", "text/html; charset=utf-8")
    draft = {"form": "invoice", "template": "<p>{{ Number }}</p>"}
    admin = await gateway.signed_in("administrator")
    shown = await admin.post(f"{API}/forms/preview", json=draft)
    assert shown.content == b"the paper"
    assert services.last.message == draft
    advisor = await gateway.signed_in("advisor")
    refused = await advisor.post(f"{API}/forms/preview", json=draft)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    services.replies[PreviewForm.subject] = Refused("form_too_heavy")
    heavy = await admin.post(f"{API}/forms/preview", json=draft)
    assert (heavy.status_code, heavy.json()["code"]) == (422, "form_too_heavy")
