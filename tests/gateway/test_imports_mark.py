"""A file of rows on its way in is in the frame's mark of long work, wherever its owner goes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.gateway.jobs import imports
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import FakeServices, TestGateway

AT = "2026-11-27T12:30:00Z"


def an_import(actor: str, state: str) -> dict[str, Any]:
    return {
        "id": str(new_id()), "kind": "clients", "state": state, "file_name": "clients.xlsx",
        "digest": "0", "rows_read": 10, "rows_checked": 5, "rows_good": 5, "rows_bad": 0,
        "header_row": 1, "actor": actor, "created_at": AT, "updated_at": AT, "revision": 1,
    }  # fmt: skip


def marked(page: str) -> str:
    found = re.search(r'id="jobs-mark".*?</div>', page, re.DOTALL)
    assert found
    return found[0]


async def test_a_going_import_is_marked_until_it_ends(
    gateway: TestGateway, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.start("clients", "inventory")
    lists = ("ask.clients.imports.v1", "ask.inventory.imports.v1")
    services.replies |= {
        lists[0]: {"items": [an_import("owner", "checking"), an_import("other", "applying")]},
        lists[1]: {"items": [an_import("owner", "ready")]},
    }
    owner = await gateway.signed_in("owner")
    assert "<span>1</span>" in marked((await owner.get("/jobs/mark")).text)
    services.sent.clear()
    page = marked((await owner.get("/profile")).text)
    assert "<span>1</span>" in page
    assert "hx-get" not in page
    assert {sent.subject for sent in services.sent}.isdisjoint(lists)

    # It may have ended while nobody looked: the page asks.
    monkeypatch.setattr(imports, "OLD_S", 0.0)
    assert 'hx-get="/jobs/mark" hx-trigger="load"' in marked((await owner.get("/profile")).text)
    for each in lists:
        services.replies[each] = {"items": [an_import("owner", "applied")]}
    assert "<span>" not in marked((await owner.get("/jobs/mark")).text)
    assert "hx-get" not in marked((await owner.get("/profile")).text)

    # What is away has not ended anything.
    services.replies[lists[0]] = {"items": [an_import("owner", "checking")]}
    await owner.get("/jobs/mark")
    services.replies[lists[0]] = Refused("service_unavailable", service="clients")
    assert "<span>1</span>" in marked((await owner.get("/jobs/mark")).text)
    services.replies[lists[0]] = {"items": [an_import("owner", "applied")]}
    assert "<span>" not in marked((await owner.get("/jobs/mark")).text)

    technician = await gateway.signed_in("technician")
    services.sent.clear()
    assert "<span>" not in marked((await technician.get("/jobs/mark")).text)
    assert services.sent == []
