"""Plain lists taken away as tables: with names in place of ids, narrowed as the page is, by those
who may."""

from __future__ import annotations

import csv
import re
import tracemalloc
from datetime import UTC, datetime
from html import unescape
from io import StringIO
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.gateway.exports.answers import rows_a_page
from services.gateway.exports.lists import Listing, Teller
from services.gateway.exports.sheets import CHARS_OF_A_CELL, CSV, JSON, fitting
from services.gateway.jobs import tables
from services.gateway.routes import AREAS
from shared.contracts.client_data import GetPersonalData
from shared.contracts.clients import FindClients, GetCards
from shared.contracts.finance_reports import Margin
from shared.contracts.orders import FindOrders
from shared.contracts.shelves import FindStock
from shared.ids import new_id
from shared.nobody import MARK, name_of
from shared.refusals import Refused
from tests.gateway.support import API, FakeServices, TestGateway

NOW = "2026-11-27T12:30:00Z"
CLIENT, ORDER, SECTION, EMPLOYEE = (str(new_id()) for _ in range(4))
A_CLIENT = {
    "id": CLIENT, "name": "=Петров", "last_name": "Петров", "phones": ["+79160000001"],
    "revision": 1, "created_at": NOW, "updated_at": NOW,
    "vehicles": [{
        "id": str(new_id()), "client_id": CLIENT, "vendor": "Lada", "plate": "А123ВС77",
        "revision": 1, "created_at": NOW, "updated_at": NOW,
    }],
}  # fmt: skip
AN_ORDER = {
    "id": ORDER, "number": "A-000001", "station_id": str(new_id()), "status": "in_progress",
    "flags": ["waiting_for_parts"], "type": "repair", "client_id": CLIENT,
    "client_name": "Петров", "vehicle_id": None, "vehicle_name": None, "section_id": SECTION,
    "employee_id": EMPLOYEE, "created_at": NOW, "completed_at": None, "total": "1500.50",
    "paid": "0.00", "revision": 1,
}  # fmt: skip
A_PRODUCT = {
    "id": str(new_id()), "name": "Масло", "oem": "+74", "vendor": None, "group": None,
    "measure": "л", "price": "900.00", "barcode": None, "min_stock": None, "comment": None,
    "active": True, "revision": 1,
}  # fmt: skip
A_PLACE = {
    "warehouse_id": str(new_id()), "warehouse": "Основной", "cell": "A-1", "on_hand": "3",
    "reserved": "1", "available": "2", "incoming": "0", "value": "1500.00",
}  # fmt: skip
A_SHELF = {
    "product": A_PRODUCT, "places": [A_PLACE], "on_hand": "3", "reserved": "1", "available": "2",
    "incoming": "0", "waiting": "0", "below_minimum": False, "last_cost": "500.00",
}  # fmt: skip
A_PAYMENT = {
    "id": str(new_id()), "at": NOW, "order_id": ORDER, "customer_id": CLIENT, "payer_id": CLIENT,
    "amount": "100.00", "method": "card", "refunded": "0.00", "comment": None, "actor": "owner",
    "fiscal_state": "sent",
}  # fmt: skip
AN_EXPENSE = {
    "id": str(new_id()), "at": NOW, "amount": "5.00", "category": "@rent", "category_id": None,
    "kind": None, "method": "cash", "shift_id": None, "order_id": None, "supplier_id": None,
    "recurring_id": None, "due_on": None, "comment": None, "actor": "nobody", "reversed": True,
}  # fmt: skip
A_RECORD = {
    "seq": 7, "event_id": str(new_id()), "event": "evt.orders.order_changed.v1", "at": NOW,
    "actor": "owner", "actor_role": "owner", "station": "station-1", "order_id": ORDER,
    "correlation_id": None, "body": {"order_id": ORDER}, "hash": "abc",
    "changes": [{"field": "section_id", "old": None, "new": SECTION}],
}  # fmt: skip


def a_page(*items: Any) -> dict[str, Any]:
    return {"items": items, "next": None}


@pytest.fixture
async def asked(gateway: TestGateway, services: FakeServices) -> FakeServices:
    await services.start("orders", "inventory", "finance", "clients", "audit")
    name = {"revision": 1, "active": True}
    services.replies |= {
        "ask.clients.find_clients.v1": a_page(A_CLIENT),
        "ask.clients.tags.v1": a_page(),
        "ask.inventory.warehouses.v1": a_page(),
        "ask.inventory.catalogue_names.v1": a_page(),
        "ask.clients.cards.v1": {"clients": [A_CLIENT], "vehicles": []},
        "ask.orders.find_orders.v1": a_page(AN_ORDER),
        "ask.orders.names.v1": {"orders": [
            {"id": ORDER, "number": "A-000001", "client_name": "Петров", "vehicle_name": None}
        ]},
        "ask.orders.sections.v1": a_page(
            {"id": SECTION, "name": "Слесарный", "station_id": str(new_id()), **name}
        ),
        "ask.orders.employees.v1": a_page(
            {"id": EMPLOYEE, "name": "Иванов", "last_name": "Иванов", "first_name": "Иван",
             "role": "advisor", "section_id": None, **name}
        ),
        "ask.orders.posts.v1": a_page(),
        "ask.inventory.suppliers.v1": a_page(),
        "ask.inventory.find_stock.v1": a_page(A_SHELF),
        "ask.finance.payments.v1": a_page(A_PAYMENT),
        "ask.finance.expenses.v1": a_page(AN_EXPENSE),
        "ask.audit.records.v1": a_page(A_RECORD),
    }  # fmt: skip
    return services


async def row(person: httpx.AsyncClient, path: str, language: str = "ru") -> dict[str, str]:
    response = await person.get(f"{API}{path}", headers={"Accept-Language": language},
                                params={"format": "csv"})  # fmt: skip
    assert response.status_code == 200, response.text
    read = csv.reader(
        StringIO(response.content.decode("utf-8-sig")), delimiter=";" if language == "ru" else ","
    )
    titles, values = read
    return dict(zip(titles, values, strict=True))


async def test_every_list_is_taken_away_in_words(gateway: TestGateway, asked: FakeServices) -> None:
    owner = await gateway.signed_in("owner")
    client = await row(owner, "/clients")
    assert (client["Клиент"], client["Телефон"]) == ("'=Петров", "'+79160000001")
    assert client["Автомобили"] == "Lada А123ВС77"
    order = await row(owner, "/orders")
    assert (order["Участок"], order["Исполнитель"]) == ("Слесарный", "Иванов")
    assert (order["Состояние"], order["Сумма, руб."]) == ("В работе", "1500,50")
    shelf = await row(owner, "/stock/shelves", "en")
    assert (shelf["Part number"], shelf["Where"]) == ("'+74", "Основной A-1")
    assert (shelf["Value at cost, RUB"], shelf["Available"]) == ("1500.00", "2")
    payment = await row(owner, "/payments")
    assert (payment["Плательщик"], payment["Заказ-наряд"]) == ("'=Петров", "A-000001")
    assert (payment["Способ"], payment["Чек"]) == ("Карта", "Чек пробит")
    expense = await row(owner, "/finance/expenses")
    assert (expense["Категория"], expense["Кто записал"]) == ("'@rent", "Автоматически")
    record = await row(owner, "/audit")
    assert (record["№"], record["Роль"], record["Заказ-наряд"]) == ("7", "Владелец", "A-000001")
    assert record["Было и стало"] == "Участок: — → Слесарный"
    assert record["Что произошло"] == "Шапка изменена"


async def test_lists_of_people_are_carried_away_by_few(
    gateway: TestGateway, asked: FakeServices
) -> None:
    technician = await gateway.signed_in("technician")
    for path, question in (("/clients", FindClients), ("/orders", FindOrders)):
        assert (await technician.get(API + path)).status_code == 200
        asked.sent.clear()
        refused = await technician.get(f"{API}{path}?format=xlsx")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), question
        assert asked.sent == []
        page = await technician.get(path)
        assert page.status_code == 200
        assert "/jobs/exports" not in page.text
    form = await technician.get("/stock")
    assert "/jobs/exports" in form.text


async def test_the_button_takes_away_what_the_page_shows(
    gateway: TestGateway, asked: FakeServices
) -> None:
    advisor = await gateway.signed_in("advisor")
    asked_for = f"status=new&section_id={SECTION}&from=2026-11-01&until=2026-11-02"
    page = await advisor.get(f"/orders?{asked_for}")
    (address, _) = re.findall(r'name="address" value="([^"]+)"', page.text)
    table = tables.table_at(unescape(address), "advisor", None, gateway.settings.zone)
    (question,) = [sent for sent in asked.sent if sent.subject == FindOrders.subject]
    wanted = FindOrders.model_validate(question.message)
    assert table.question == wanted.model_copy(update={"limit": table.question.limit})
    assert (table.question.status, table.question.start) == (
        "new", datetime(2026, 10, 31, 21, tzinfo=UTC),
    )  # fmt: skip


async def test_whoever_was_erased_is_called_so_in_the_readers_language(
    gateway: TestGateway, asked: FakeServices
) -> None:
    erased = name_of(UUID(CLIENT))
    russian = erased.replace(MARK, "Обезличенный клиент")
    order = {**AN_ORDER, "client_name": erased}
    asked.replies |= {
        FindOrders.subject: a_page(order),
        GetCards.subject: {"clients": [{**A_CLIENT, "name": erased}], "vehicles": []},
        GetPersonalData.subject: {"client": {"name": erased}},
    }
    owner = await gateway.signed_in("owner")
    for language, name in (("ru", russian), ("en", erased), ("de", erased)):
        wish = {"Accept-Language": language}
        answer = await owner.get(f"{API}/orders", headers=wish)
        assert answer.json()["items"] == [{**order, "client_name": name}]
        known = await owner.get(f"{API}/clients/{CLIENT}/personal-data", headers=wish)
        assert known.json() == {"client": {"name": name}}
        assert f">{name}<" in (await owner.get("/orders", headers=wish)).text
    assert (await row(owner, "/orders"))["Клиент"] == russian
    assert (await row(owner, "/payments"))["Плательщик"] == russian
    assert (await row(owner, "/payments", "en"))["Payer"] == erased


async def test_all_pages_of_a_list_are_asked_for(gateway: TestGateway, asked: FakeServices) -> None:
    owner = await gateway.signed_in("owner")
    asked.replies[FindStock.subject] = lambda message: {
        "items": [A_SHELF] * message["limit"],
        "next": None if message.get("cursor") else "more",
    }
    response = await owner.get(f"{API}/stock/shelves?format=csv")
    assert len(response.text.splitlines()) == 1 + 2 * rows_a_page(FindStock())


def test_as_many_rows_are_asked_for_as_an_answer_may_have() -> None:
    assert rows_a_page(FindOrders()) == 200
    assert rows_a_page(Margin.model_construct()) == 5_000
    listed = [endpoint for area in AREAS for endpoint in area.endpoints if endpoint.listing]
    assert sum(endpoint.is_plain_list for endpoint in listed) == 11
    for endpoint in listed:
        assert endpoint.listing
        assert endpoint.listing.question is endpoint.message


async def test_an_answer_that_is_not_as_agreed_is_no_fault_of_who_asked(
    gateway: TestGateway, asked: FakeServices
) -> None:
    owner = await gateway.signed_in("owner")
    page = {"Accept": "text/html"}
    asked.replies["ask.orders.find_orders.v1"] = a_page(AN_ORDER | {"number": None})
    for response in (
        await owner.get(f"{API}/orders", params={"format": "csv"}),
        await owner.get("/orders", headers=page),
    ):
        assert response.status_code == 503
        assert Refused("service_unavailable", service="orders").words() in unescape(response.text)
    # Of those who are asked for names besides, too.
    asked.replies["ask.orders.find_orders.v1"] = a_page(AN_ORDER)
    asked.replies["ask.orders.sections.v1"] = a_page({"id": SECTION})
    for response in (
        await owner.get(f"{API}/orders", params={"format": "csv"}),
        await owner.get("/orders", headers=page),
    ):
        assert response.status_code == 503


async def test_a_list_is_json_for_whoever_does_not_name_a_table(
    gateway: TestGateway, asked: FakeServices
) -> None:
    owner = await gateway.signed_in("owner")
    for accept, form in (
        ("text/html", JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("*/*", JSON),
        ("text/*", JSON),
        ("application/pdf", JSON),
        ("application/json;q=0, */*;q=0.1", JSON),
        ("text/csv;q=0", JSON),
        ("text/csv, application/json;q=0.9", CSV),
        ("text/html, text/csv;q=0.5", CSV),
    ):
        response = await owner.get(f"{API}/clients", headers={"Accept": accept})
        assert response.headers["content-type"].split(";")[0] == form, accept
        if form == JSON:
            assert response.json()["items"][0]["id"] == CLIENT


async def test_no_more_than_a_page_of_a_long_list_is_in_memory(
    gateway: TestGateway, asked: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await gateway.signed_in("owner")
    asked.replies[FindClients.subject] = lambda message: {
        "items": [A_CLIENT | {"comment": "x" * 2_000}] * message["limit"],
        "next": None if message.get("cursor") == "20" else str(int(message.get("cursor", 0)) + 1),
    }
    told = Listing.told
    most = 0

    async def watched(self: Listing, answer: bytes, teller: Teller) -> bytes:
        nonlocal most
        most = max(most, tracemalloc.get_traced_memory()[0])
        return await told(self, answer, teller)

    monkeypatch.setattr(Listing, "told", watched)
    tracemalloc.start()
    try:
        response = await owner.get(f"{API}/clients", params={"format": "csv"})
    finally:
        tracemalloc.stop()
    assert int(response.headers["content-length"]) == len(response.content) > 20 * 400_000
    # All of it is eight megabytes and more.
    assert most < 4_000_000


def test_a_text_too_long_for_a_cell_ends_with_a_sign_of_that() -> None:
    assert fitting("я" * CHARS_OF_A_CELL) == "я" * CHARS_OF_A_CELL
    cut = fitting("я" * (CHARS_OF_A_CELL + 1))
    assert (len(cut), cut.endswith("я […]")) == (CHARS_OF_A_CELL, True)
    # A sheet counts such a one as two.
    cut = fitting("🚗" * CHARS_OF_A_CELL)
    assert (len(cut.encode("utf-16-le")) // 2, cut.endswith("🚗 […]")) == (32_766, True)
