"""What is wrong with a page's form is told by the names that its fields have."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.gateway.pages.forms import Form, read
from services.gateway.problems import RequestInvalid
from shared.contracts.inventory import ReceiveStock
from shared.contracts.load import AddAbsence
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway

HTML = {"Accept": "text/html"}


def test_a_wrong_field_is_named_as_the_form_names_it() -> None:
    pairs = [("kind", "sick"), ("start", ""), ("end", "2250-01-01T09:00")]
    with pytest.raises(RequestInvalid) as refused:
        read(AddAbsence, pairs, ZoneInfo("Europe/Moscow"), employee_id=new_id())
    assert [error.field for error in refused.value.errors] == ["start", "end"]


def test_a_wrong_row_is_named_as_the_form_numbers_it() -> None:
    """Rows that say nothing are no lines of the document, and the form has them all the same."""
    pairs = [
        ("lines.0.quantity", ""),
        ("lines.3.product_id", str(new_id())),
        ("lines.3.quantity", "1"),
        ("lines.3.cost", "1"),
        ("lines.10.product_id", str(new_id())),
        ("lines.10.quantity", "1,2345"),
        ("lines.10.cost", "1"),
    ]
    with pytest.raises(RequestInvalid) as refused:
        read(
            ReceiveStock,
            pairs,
            ZoneInfo("Europe/Moscow"),
            warehouse_id=new_id(),
            supplier_id=new_id(),
        )
    assert [error.field for error in refused.value.errors] == ["lines.10.quantity"]


@pytest.mark.parametrize(
    ("typed", "amount"), [("1 000,50", "1000.50"), ("", "0"), ("7.100", "7.100")]
)
def test_an_amount_is_read_as_people_type_it(typed: str, amount: str) -> None:
    form = Form((("part.cash", typed),), ZoneInfo("Europe/Moscow"))
    assert form.amount("part.cash") == Decimal(amount)


@pytest.mark.parametrize("typed", ["-1", "1,005", "1e-3", "NaN", "сто"])
def test_what_is_no_amount_is_told_by_the_field_that_it_was_typed_in(typed: str) -> None:
    form = Form((("part.cash", typed),), ZoneInfo("Europe/Moscow"))
    with pytest.raises(RequestInvalid) as refused:
        form.amount("part.cash")
    assert [error.field for error in refused.value.errors] == ["part.cash"]


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
