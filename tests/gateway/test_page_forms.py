"""What is wrong with a page's form is told by the names that its fields have."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import httpx
import pytest

from services.gateway.pages import request as pages
from services.gateway.pages.forms import Form, read
from services.gateway.pages.settings.packages import package_said
from services.gateway.problems import RequestInvalid
from services.gateway.uploads import Received
from shared.contracts.clients import CreateClient
from shared.contracts.forms import ChangeFormLook
from shared.contracts.inventory import GetProducts, ReceiveStock
from shared.contracts.load import AddAbsence
from shared.contracts.orders import ListEmployees
from shared.contracts.taxes import SetVatRates
from shared.contracts.works import CreatePackage
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import ORIGIN, FakeServices, TestGateway

HTML = {"Accept": "text/html"}
WITHIN = {**HTML, "HX-Request": "true", "HX-Boosted": "true"}
HIDDEN = re.compile(r'<input type="hidden" name="(_[a-z]+)" value="([^"]*)">')


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


def test_a_wrong_field_that_programs_call_otherwise_is_named_as_the_form_names_it() -> None:
    pairs = [("regime", "vat"), ("rates.0.since", ""), ("rates.2.percent", "500")]
    with pytest.raises(RequestInvalid) as refused:
        read(SetVatRates, pairs, ZoneInfo("Europe/Moscow"))
    named = {error.field for error in refused.value.errors}
    assert named == {"rates.2.since", "rates.2.percent"}


def test_a_wrong_quantity_in_a_package_is_named_as_the_form_names_it() -> None:
    work, good = new_id(), new_id()
    pairs = (("name", "ТО"), (f"work.{work}", "1"), (f"good.{good}", "много"))
    with pytest.raises(RequestInvalid) as refused:
        package_said(Form(pairs, ZoneInfo("Europe/Moscow")), None, CreatePackage)
    assert [error.field for error in refused.value.errors] == [f"good.{good}"]


def test_a_wrong_one_of_several_fields_with_one_name_is_numbered_with_the_empty_ones() -> None:
    pairs = [("last_name", "Иванов"), ("phones", ""), ("phones", "x" * 300)]
    with pytest.raises(RequestInvalid) as refused:
        read(CreateClient, pairs, ZoneInfo("Europe/Moscow"))
    assert [error.field for error in refused.value.errors] == ["phones.1"]


@pytest.mark.parametrize(
    ("typed", "amount"), [("1 000,50", "1000.50"), ("", "0"), ("7.100", "7.100")]
)
def test_an_amount_is_read_as_people_type_it(typed: str, amount: str) -> None:
    form = Form((("part.cash", typed),), ZoneInfo("Europe/Moscow"))
    assert form.amount("part.cash") == Decimal(amount)


@pytest.mark.parametrize("typed", ["-1", "1,005", "1e-3", "NaN", "сто", "9e9999999", "1e-9999999"])
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


async def browser_of(gateway: TestGateway, login: str, role: str = "cashier") -> httpx.AsyncClient:
    """With a new session of that user."""
    browser = gateway.client({**HTML, "Origin": ORIGIN, "Accept-Language": "en"})
    browser.cookies.set("pitlane", await gateway.token(role, login))
    return browser


async def test_a_form_proves_anew_whose_it_is_for_nobody_else(
    gateway: TestGateway, services: FakeServices
) -> None:
    """Keys are a person's own: what was taken for one would be taken for another once more."""
    await services.start("finance")
    page = await (await browser_of(gateway, "anna")).get("/profile")
    form = dict(HIDDEN.findall(page.text))

    again = await browser_of(gateway, "anna")
    refused = await again.post("/till/cash", data=form, headers=WITHIN)
    assert refused.status_code == 403
    assert 'data-code="cross_site_request"' in refused.text
    assert "Anna has signed in here. What you entered is still here" in refused.text
    (proof,) = re.findall(r'data-proof="([^"]+)"', refused.text)
    taken = await again.post("/till/cash", data={**form, "_csrf": proof}, headers=WITHIN)
    assert taken.status_code != 403

    # Without scripts the page that says so has nothing of what was entered.
    refused = await again.post("/till/cash", data=form)
    assert refused.status_code == 403
    assert "Anna has signed in here. Go back" in refused.text

    other = await browser_of(gateway, "boris")
    own = dict(HIDDEN.findall((await other.get("/profile")).text))
    for each in (form["_csrf"], proof, own["_csrf"]):
        refused = await other.post("/till/cash", data={**form, "_csrf": each}, headers=WITHIN)
        assert refused.status_code == 403
        assert 'data-code="form_of_another"' in refused.text
        assert "data-proof" not in refused.text
        assert "made for somebody else, and Boris is signed in" in refused.text
    assert services.sent == []


async def test_a_file_is_closed_when_the_key_beside_it_is_refused(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = BytesIO(b"a wheel")

    async def came(*_: object) -> Received:
        return Received(file, "wheel.png", "digest", {"_key": "a b"})

    monkeypatch.setattr(pages, "received", came)
    admin = await gateway.signed_in("administrator")
    answer = await admin.post("/settings/forms/logo", headers=HTML)
    assert answer.status_code == 400
    assert file.closed


async def test_of_a_no_sums_are_written_as_people_do_and_names_as_they_are(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("documents")
    admin = await gateway.signed_in("administrator")
    russian = {**HTML, "Accept-Language": "ru"}
    for refusal, words in (
        (Refused("part_number_exists", vendor="PEUGEOT", number="1109.91"), "PEUGEOT 1109.91"),
        (Refused("name_taken", name="1109.91"), "1109.91"),
        (Refused("not_enough_cash", left="1109.91"), "1\N{NO-BREAK SPACE}109,91"),
    ):
        services.replies[ChangeFormLook.subject] = refusal
        answer = await admin.post(
            "/settings/forms/logo", data={"expected_revision": "1"},
            files={"file": ("a.png", b"a wheel", "image/png")}, headers=russian,
        )  # fmt: skip
        assert words in answer.text


async def test_what_was_taken_before_the_last_edit_is_opened_anew_past_what_is_in_hand(
    gateway: TestGateway, services: FakeServices
) -> None:
    """A link inside the app would be given the key that the form has now."""
    await services.start("documents")
    admin = await gateway.signed_in("administrator")
    services.replies[ChangeFormLook.subject] = Refused("idempotency_key_reused")
    answer = await admin.post(
        "/settings/forms/logo", data={"expected_revision": "1"},
        files={"file": ("a.png", b"a wheel", "image/png")}, headers=WITHIN,
    )  # fmt: skip
    assert 'data-code="idempotency_key_reused"' in answer.text
    assert '<a href="" hx-boost="false">' in answer.text


async def test_a_no_is_told_though_what_it_is_about_is_refused_a_name(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("documents", "inventory")
    admin = await gateway.signed_in("administrator")
    product_id = new_id()
    services.replies[ChangeFormLook.subject] = Refused("cost_missing", id=product_id)
    services.replies[GetProducts.subject] = Refused("busy")
    answer = await admin.post(
        "/settings/forms/logo", data={"expected_revision": "1"},
        files={"file": ("a.png", b"a wheel", "image/png")}, headers=WITHIN,
    )  # fmt: skip
    assert 'data-code="cost_missing"' in answer.text
    assert str(product_id) in answer.text


async def test_a_no_names_people_and_fields_as_pages_do(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("documents", "orders")
    admin = await gateway.signed_in("administrator")
    employee_id = new_id()
    services.replies[ListEmployees.subject] = {
        "items": [
            {
                "id": employee_id, "last_name": "Петров", "first_name": "Пётр", "revision": 1,
                "name": "Петров П.", "role": "technician", "section_id": None, "active": True,
            }
        ],
        "next": None,
    }  # fmt: skip
    for refusal, words in (
        (
            Refused("payout_exceeds_balance", employee_id=employee_id, balance="10.50"),
            "Сотруднику Петров П. причитается только 10,50",
        ),
        (Refused("field_required", field="accent"), "Поле «Цвет заголовков» нельзя очистить"),
    ):
        services.replies[ChangeFormLook.subject] = refusal
        answer = await admin.post(
            "/settings/forms/logo", data={"expected_revision": "1"},
            files={"file": ("a.png", b"a wheel", "image/png")},
            headers={**WITHIN, "Accept-Language": "ru"},
        )  # fmt: skip
        assert words in answer.text
