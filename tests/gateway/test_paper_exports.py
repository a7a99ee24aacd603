"""What moved, came and was paid, taken away as tables: as the pages show it, by those who may."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from services.gateway.jobs import tables
from shared.contracts.finance import ListRecords
from shared.contracts.inventory import FindProducts, GetProducts, ListMovements, ListReceipts
from shared.contracts.purchasing import ListSupplierPayments
from shared.ids import new_id
from tests.gateway.support import API, FakeServices, TestGateway
from tests.gateway.test_list_exports import A_CLIENT, A_PRODUCT, CLIENT, NOW, ORDER, a_page, row

SUPPLIER, WAREHOUSE = str(new_id()), str(new_id())
A_MOVEMENT = {
    "id": str(new_id()), "at": NOW, "kind": "write_off", "product_id": A_PRODUCT["id"],
    "warehouse_id": WAREHOUSE, "quantity": "-2.500", "order_id": ORDER, "line_id": None,
    "document_id": None, "actor": "owner", "reason": "=разбито", "document": "A-000007",
    "warehouse": "Основной",
}  # fmt: skip
A_RECEIPT = {
    "id": str(new_id()), "number": "A-000004", "at": NOW, "warehouse_id": WAREHOUSE,
    "supplier_id": SUPPLIER, "lines": [
        {"product_id": A_PRODUCT["id"], "quantity": "10", "cost": "100.00"}
    ], "total_cost": "1100.00", "supplier_document": "@УПД 7",
    "supplier_document_date": "2026-11-26", "total_without_vat": "1000.00", "vat": "200.00",
    "total_with_vat": "1200.00", "charges": [
        {"supplier_id": SUPPLIER, "cost": "1000.00", "vat": "200.00"},
        {"supplier_id": str(new_id()), "cost": "100.00", "vat": "20.00"},
    ], "cancelled_at": NOW,
}  # fmt: skip
A_SUPPLIER_PAYMENT = {
    "id": str(new_id()), "at": NOW, "supplier_id": SUPPLIER, "amount": "500.00",
    "method": "transfer", "refunded": "20.50", "document": "+118", "comment": None,
    "actor": "owner",
}  # fmt: skip
A_RECORD = {
    "id": str(new_id()), "type": "income", "amount": "-70.00", "client_id": CLIENT,
    "order_id": ORDER, "category": "orders", "at": NOW, "comment": "Другая деталь",
    "actor": "owner", "reversed_at": NOW,
}  # fmt: skip
LISTS: dict[str, tuple[str, Any]] = {
    "/stock/movements": ("/stock/movements", ListMovements),
    "/stock/receipts": ("/stock/receipts", ListReceipts),
    "/supplier-payments": ("/money/suppliers", ListSupplierPayments),
    "/finance/records": ("/money/records", ListRecords),
}
"""By its address: the page that shows it, and what both ask."""


@pytest.fixture
async def asked(gateway: TestGateway, services: FakeServices) -> FakeServices:
    await services.start("orders", "inventory", "finance", "clients")
    supplier = {"id": SUPPLIER, "name": "-Автодок", "revision": 1}
    services.replies |= {
        "ask.clients.cards.v1": {"clients": [A_CLIENT], "vehicles": []},
        "ask.orders.names.v1": {"orders": [
            {"id": ORDER, "number": "A-000001", "client_name": "Петров", "vehicle_name": None}
        ]},
        "ask.inventory.warehouses.v1": a_page({"id": WAREHOUSE, "name": "Основной", "revision": 1}),
        "ask.inventory.suppliers.v1": a_page(supplier),
        "ask.inventory.suppliers_by_id.v1": a_page(supplier),
        "ask.finance.cash_boxes.v1": a_page(),
        "ask.finance.supplier_balances.v1": a_page(),
        GetProducts.subject: a_page(A_PRODUCT),
        FindProducts.subject: a_page({**A_PRODUCT, "active": False, "available": "3.000"}),
        ListMovements.subject: a_page(A_MOVEMENT),
        ListReceipts.subject: a_page(A_RECEIPT),
        ListSupplierPayments.subject: a_page(A_SUPPLIER_PAYMENT),
        ListRecords.subject: a_page(A_RECORD),
    }  # fmt: skip
    return services


async def test_papers_are_taken_away_in_words(gateway: TestGateway, asked: FakeServices) -> None:
    owner = await gateway.signed_in("owner")
    product = await row(owner, "/products")
    assert (product["Артикул"], product["Состояние"]) == ("'+74", "Больше не продаётся")
    moved = await row(owner, "/stock/movements")
    assert (moved["Товар"], moved["Что"], moved["Количество"]) == ("Масло", "Списание", "-2,500")
    assert (moved["Документ"], moved["Заказ-наряд"]) == ("A-000007", "A-000001")
    assert moved["Причина"] == "'=разбито"
    receipt = await row(owner, "/stock/receipts")
    assert (receipt["Поставщик"], receipt["Склад"]) == ("'-Автодок", "Основной")
    assert (receipt["Документ поставщика"], receipt["От"]) == ("'@УПД 7", "2026-11-26")
    assert [receipt[name] for name in (
        "Товары без НДС, руб.", "НДС, руб.", "Товары с НДС, руб.", "Доп. расходы с НДС, руб.",
        "К оплате, руб.", "Состояние",
    )] == ["1000,00", "200,00", "1200,00", "120,00", "1320,00", "Отменено"]  # fmt: skip
    paid = await row(owner, "/supplier-payments", "en")
    assert (paid["Supplier"], paid["Document"], paid["Method"]) == (
        "'-Автодок",
        "'+118",
        "Transfer",
    )
    assert (paid["Amount, RUB"], paid["Given back, RUB"]) == ("500.00", "20.50")
    record = await row(owner, "/finance/records")
    assert (record["Вид"], record["Категория"], record["Клиент"]) == (
        "Доход", "Заказ-наряды", "'=Петров",
    )  # fmt: skip
    assert (record["Сумма, руб."], record["Примечание"]) == (
        "-70,00", "Заказ открыт снова: расчёт от 27.11.2026 15:30 отменён (Другая деталь)",
    )  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
async def test_the_button_takes_away_what_its_page_shows(
    gateway: TestGateway, asked: FakeServices, address: str
) -> None:
    where, question = LISTS[address]
    owner = await gateway.signed_in("owner")
    page = await owner.get(f"{where}?start=2026-11-01&end=2026-11-02")
    (said, _) = re.findall(r'name="address" value="([^"]+)"', page.text)
    table = tables.table_at(unescape(said), "owner", None, gateway.settings.zone)
    shown: Any = next(sent for sent in asked.sent if sent.subject == question.subject)
    assert table.question == question.model_validate(shown.message)
    assert (table.question.start, table.question.end) == (
        datetime(2026, 10, 31, 21, tzinfo=UTC), datetime(2026, 11, 2, 21, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("technician", {"/stock/movements", "/products"}),
        ("advisor", {"/stock/movements", "/products"}),
        ("storekeeper", {"/stock/movements", "/products", "/stock/receipts", "/supplier-payments"}),
        ("cashier", {"/stock/movements", "/products", "/supplier-payments", "/finance/records"}),
    ],
)
async def test_whoever_may_not_look_takes_nothing_away(
    gateway: TestGateway, asked: FakeServices, role: str, may: set[str]
) -> None:
    person = await gateway.signed_in(role)
    got = set()
    for address in (*LISTS, "/products"):
        for table_format in ("csv", "xlsx"):
            answer = await person.get(f"{API}{address}?format={table_format}")
            assert answer.status_code in (200, 403), answer.text
            if answer.status_code == 200:
                got.add(address)
    assert got == may


async def test_a_supplier_is_paid_and_gives_back_on_the_page(
    gateway: TestGateway, asked: FakeServices
) -> None:
    asked.replies["ask.finance.supplier_balances.v1"] = a_page({
        "supplier_id": SUPPLIER, "supplier": "-Автодок", "owed": "1320.00", "advance": "0.00",
        "days_0_30": "1320.00", "days_31_60": "0.00", "days_61_90": "0.00", "days_over_90": "0.00",
        "oldest_at": NOW,
    })  # fmt: skip
    cashier = await gateway.signed_in("cashier")
    page = (await cashier.get(f"/money/suppliers?supplier_id={SUPPLIER}")).text
    assert 'action="/money/suppliers"' in page
    assert 'name="amount" value="1320"' in page, "what is owed is proposed"
    assert f'action="/money/suppliers/{A_SUPPLIER_PAYMENT["id"]}/refund"' in page
    assert 'name="amount" value="479.5"' in page, "what is left of it"
    storekeeper = await gateway.signed_in("storekeeper")
    page = (await storekeeper.get("/money/suppliers")).text
    assert "118" in page
    assert 'action="/money/suppliers"' not in page.replace('method="get" action', "")
    assert "/refund" not in page


async def test_a_suppliers_account_names_the_suppliers_own_papers(
    gateway: TestGateway, asked: FakeServices
) -> None:
    entry = {
        "id": str(new_id()), "at": NOW, "kind": "receipt", "document_id": A_RECEIPT["id"],
        "amount": "1320.00", "balance": "1320.00", "comment": A_RECEIPT["number"], "actor": "owner",
    }  # fmt: skip
    payment = {
        **entry, "id": str(new_id()), "kind": "supplier_payment", "amount": "-500.00",
        "document_id": A_SUPPLIER_PAYMENT["id"], "balance": "820.00", "comment": None,
    }  # fmt: skip
    asked.replies["ask.finance.supplier_statement.v1"] = a_page(payment, entry)
    storekeeper = await gateway.signed_in("storekeeper")
    page = (await storekeeper.get(f"/stock/suppliers/{SUPPLIER}")).text
    papers = re.findall(r'<td data-label="Document">(.*?)</td>', page)
    assert [re.sub(r"<[^>]+>", "", paper) for paper in papers] == ["+118", "@УПД 7 26/11/2026"]
    assert f'href="/money/suppliers?supplier_id={SUPPLIER}"' in page
    form = (await storekeeper.get("/stock/receipts/new")).text
    assert "count from the moment of posting" in form
