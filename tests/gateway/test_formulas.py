"""Formulas over HTTP: the reference, its page, and trying a text out; real services behind."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.gateway.support import API, TestGateway, a_key

PAGE = "/docs/formulas"


async def an_order(whole: TestGateway) -> dict[str, Any]:
    """With one work of 1000."""
    admin = await whole.signed_in("administrator")

    async def post(path: str, body: dict[str, Any]) -> Any:
        response = await admin.post(API + path, json=body, headers=a_key())
        assert response.status_code < 300, response.text
        return response.json()

    client = await post("/clients", {"last_name": "Смирнова", "phones": ["+79165550102"]})
    section = await post("/sections", {"name": "Слесарный"})
    name = {"last_name": "Орлов", "first_name": "Иван", "role": "technician"}
    mechanic = await post("/employees", {**name, "section_id": section["id"]})
    ids = {"client_id": client["id"], "section_id": section["id"], "employee_id": mechanic["id"]}
    order = await post("/orders", ids)
    work = {"name": "Мойка <двигателя>", "quantity": "2", "initial_price": "500"}
    return dict(await post(f"/orders/{order['id']}/services", work))


async def tried(person: httpx.AsyncClient, text: str, **more: Any) -> Any:
    response = await person.post(f"{API}/formulas/try", json={"text": text, **more})
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_formula_is_tried_on_an_order_as_its_reader_may_see_it(whole: TestGateway) -> None:
    order = await an_order(whole)
    advisor = await whole.signed_in("advisor")
    id_ = order["id"]
    assert await tried(advisor, "TotalMoney * 0.1", order_id=id_) == {
        "kind": "money",
        "text": "100,00",
    }
    assert await tried(advisor, "money(TotalMoney)", order_id=id_, language="en") == {
        "kind": "text",
        "text": "1,000.00\N{NO-BREAK SPACE}₽",
    }
    text = "{{ Number }}: {% for line in Services %}{{ line.Name }}{% endfor %}"
    assert (await tried(advisor, text, kind="template", order_id=id_))["text"] == (
        f"{order['number']}: Мойка <двигателя>"
    )
    # Without an order, on one that has everything: the cost of parts is not the advisor's.
    assert await tried(advisor, "CostTotal") == {"kind": "money", "text": ""}
    owner = await whole.signed_in("owner")
    assert await tried(owner, "CostTotal") == {"kind": "money", "text": "5948,40"}


@pytest.mark.parametrize(
    ("kind", "text", "line", "column"),
    [
        ("formula", "1 +\n TotalMony", "2", "2"),
        ("template", "Итого:\n{{ TotalMony }}", "2", "4"),
    ],
)
async def test_a_mistake_is_a_problem_with_its_place_and_the_nearest_name(
    whole: TestGateway, kind: str, text: str, line: str, column: str
) -> None:
    advisor = await whole.signed_in("advisor")
    response = await advisor.post(
        f"{API}/formulas/try",
        json={"text": text, "kind": kind},
        headers={"Accept-Language": "ru"},
    )
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "formula_invalid"
    words = "Здесь нет имени TotalMony; возможно, имелось в виду TotalMoney"
    assert problem["detail"] == f"text, строка {line}, позиция {column}: {words}"
    assert problem["params"] == {
        "field": "text",
        "error": "unknown_name",
        "line": line,
        "column": column,
        "name": "TotalMony",
        "nearest": "TotalMoney",
        "problem_ru": words,
        "problem_en": "There is no name TotalMony here; did you mean TotalMoney?",
    }


async def test_the_reference_has_the_values_of_the_order_that_is_asked_for(
    whole: TestGateway,
) -> None:
    order = await an_order(whole)
    technician = await whole.signed_in("technician")
    response = await technician.get(
        f"{API}/formulas/reference", params={"order_id": order["id"], "language": "en"}
    )
    assert response.status_code == 200, response.text
    shown = response.json()
    assert (shown["order_id"], shown["order_number"]) == (order["id"], order["number"])
    fields = {item["name"]: item for item in shown["objects"][0]["fields"]}
    assert (fields["TotalMoney"]["label"], fields["TotalMoney"]["value"]) == (
        "What the client owes for it",
        "1000.00",
    )
    assert fields["Customer"]["value"] == "Смирнова"
    assert (fields["Margin"]["value"], fields["Margin"]["is_hidden"]) == (None, True)


async def test_formulas_are_for_those_who_are_signed_in(whole: TestGateway) -> None:
    for response in (
        await whole.anyone.get(f"{API}/formulas/reference"),
        await whole.anyone.post(f"{API}/formulas/try", json={"text": "1"}),
    ):
        assert response.status_code == 401
    advisor = await whole.signed_in("advisor")
    missing = {"text": "1", "order_id": "019ab0c6-0b5e-7c11-8a43-6f1d2e3c4b5a"}
    response = await advisor.post(f"{API}/formulas/try", json=missing)
    assert (response.status_code, response.json()["code"]) == (404, "order_not_found")


# --- the page -----------------------------------------------------------------------------------


class Seen(HTMLParser):
    """A page as it is read: its text, the addresses that it loads, and what stands inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.inline += [name for name in said if name == "style" or name.startswith("on")]
        if tag in ("script", "link", "img"):
            address = said.get("src") or said.get("href")
            if address is None:
                self.inline.append(tag)
            elif not address.startswith("data:"):
                self.loaded.append(address)
        if tag == "style":
            self.inline.append(tag)
        if id_ := said.get("id"):
            self.ids.append(id_)
        if tag == "a" and (href := said.get("href") or "").startswith("#"):
            self.targets.append(href[1:])

    def handle_data(self, data: str) -> None:
        self.text += data


async def page_of(person: httpx.AsyncClient, **query: str) -> Seen:
    response = await person.get(PAGE, params=query)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    return Seen(response.text)


async def test_the_page_reads_well_without_a_sign_in_or_a_script(gateway: TestGateway) -> None:
    russian = await page_of(gateway.anyone, lang="ru")
    assert "Формулы и шаблоны" in russian.text
    assert "Войдите в систему" in russian.text
    assert "Сумма к оплате клиентом" in russian.text
    assert "12536,00" in russian.text
    english = await page_of(gateway.anyone, lang="en")
    assert "What the client owes for it" in english.text
    assert "12536.00" in english.text
    for page in (russian, english):
        assert page.targets
        assert set(page.targets) <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))


async def test_the_page_loads_only_our_own_files_and_has_nothing_inline(
    gateway: TestGateway,
) -> None:
    response = await gateway.anyone.get(PAGE)
    page = Seen(response.text)
    assert page.inline == []
    for address in page.loaded:
        assert address.startswith("/static/docs/")
        assert (await gateway.anyone.get(address)).status_code == 200
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "form-action 'self'" in policy
    assert "script-src 'self'" in policy


async def test_the_language_is_the_browsers_unless_the_address_says_another(
    gateway: TestGateway,
) -> None:
    for query, accepted, expected in (
        ("", "ru-RU,ru;q=0.9,en;q=0.5", "ru"),
        ("", "en", "en"),
        ("?lang=ru", "en", "ru"),
        ("?lang=en", "ru", "en"),
    ):
        response = await gateway.anyone.get(PAGE + query, headers={"Accept-Language": accepted})
        assert re.search(r'<html lang="(\w+)"', response.text)[1] == expected  # type: ignore[index]


async def test_whoever_is_signed_in_chooses_an_order_by_its_number(whole: TestGateway) -> None:
    order = await an_order(whole)
    cookie = f"pitlane={await whole.token('owner')}"
    owner = whole.client({"Cookie": cookie})
    page = await page_of(owner, lang="ru", order=order["number"].lower())
    assert f"Значения — для заказ-наряда {order['number']}" in page.text
    assert "1000,00" in page.text
    assert "Мойка <двигателя>" in page.text
    sample = await page_of(owner, lang="ru")
    assert "Значения — для образца" in sample.text
    assert "Войдите" not in sample.text
    missing = await page_of(owner, lang="ru", order='<b>"нет такого"</b>')
    assert 'Заказ-наряд <b>"нет такого"</b> не найден' in missing.text


async def test_on_the_page_too_each_sees_what_his_role_may(whole: TestGateway) -> None:
    seen = {}
    for role in ("technician", "owner"):
        person = whole.client({"Cookie": f"pitlane={await whole.token(role)}"})
        seen[role] = (await page_of(person, lang="ru")).text
    assert "5948,40" in seen["owner"]
    assert "скрыто от вас" not in seen["owner"]
    assert "5948,40" not in seen["technician"]
    assert "скрыто от вас" in seen["technician"]


async def test_the_page_is_there_while_the_services_are_away(gateway: TestGateway) -> None:
    person = gateway.client({"Cookie": f"pitlane={await gateway.token('owner')}"})
    page = await page_of(person, lang="en")
    assert "does not answer now" in page.text
    assert "What the client owes for it" in page.text
