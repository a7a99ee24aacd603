"""What is wrong with a page's form is told by the names that its fields have."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from services.gateway.pages.forms import read
from services.gateway.problems import RequestInvalid
from shared.contracts.load import AddAbsence
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway

HTML = {"Accept": "text/html"}


def test_a_wrong_field_is_named_as_the_form_names_it() -> None:
    pairs = [("kind", "sick"), ("start", ""), ("end", "2250-01-01T09:00")]
    with pytest.raises(RequestInvalid) as refused:
        read(AddAbsence, pairs, ZoneInfo("Europe/Moscow"), employee_id=new_id())
    assert [error.field for error in refused.value.errors] == ["start", "end"]


@pytest.mark.parametrize("typed", ["x" * 300, "A-\0"])
async def test_what_no_question_takes_is_told_as_any_other_wrong_field(
    gateway: TestGateway, typed: str
) -> None:
    admin = await gateway.signed_in("administrator")
    headers = {"Accept": "text/html"}
    answer = await admin.get("/audit", params={"order": typed}, headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("key", ["a\0b", "x" * 129, " ", "a b", "ключ", "a\r\nactorrole: owner"])
async def test_a_key_that_no_service_could_keep_is_refused_before_any_is_asked(
    gateway: TestGateway, services: FakeServices, key: str
) -> None:
    await services.start("clients")
    admin = await gateway.signed_in("administrator")
    form = {"_key": key, "kind": "person", "last_name": "Иванов"}
    answer = await admin.post("/clients", data=form, headers=HTML)
    assert answer.status_code == 400
    assert services.sent == []


@pytest.mark.parametrize(("path", "status"), [("/jobs", 404), ("/nowhere", 404), ("/sign-in", 200)])
async def test_an_address_with_too_many_fields_is_answered_with_a_page(
    gateway: TestGateway, path: str, status: int
) -> None:
    browser = gateway.client(HTML)
    if path != "/sign-in":
        browser.cookies.set("pitlane", await gateway.token("administrator"))
    answer = await browser.get(f"{path}?{'a=b&' * 300}")
    assert answer.status_code == status
    assert "</html>" in answer.text
