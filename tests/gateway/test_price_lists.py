"""Suppliers' price lists and tables of analogues over HTTP, to what is found with them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.importing import Bringer
from tests.gateway.support import API, TestGateway, a_key
from tests.support.tables import PRICE_HEADER, csv_file, price_rows, xlsx_file

LISTS = "/price-lists/imports"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def store(whole: TestGateway) -> Bringer:
    return await Bringer.of(whole, LISTS)


async def test_a_price_list_goes_its_way_and_its_offers_are_found(store: Bringer) -> None:
    supplier = await store.a_supplier()
    rows = [*price_rows(3000), ("", "MANN", "без номера", "5", "", "", ""),
            ("B-1", "MANN", "без цены", "дорого", "1", "1", "1")]  # fmt: skip
    shown = await store.ready(csv_file(rows, encoding="cp1251"), supplier_id=supplier)
    assert (shown["state"], shown["rows_read"], shown["rows_checked"]) == ("ready", 3003, 3002)
    assert (shown["rows_good"], shown["rows_bad"], shown["missing"]) == (3000, 2, [])
    fields = {column["header"]: column["field"] for column in shown["columns"]}
    assert fields == dict(
        zip(
            PRICE_HEADER,
            ("number", "vendor", "name", "price", "stock", "multiplicity", "delivery_days"),
            strict=True,
        )
    )
    assert shown["sample"][0][0] == "A-000000"
    problems = (await store.get(f"{LISTS}/{shown['id']}/problems"))["items"]
    assert [(item["row"], item["field"], item["code"]) for item in problems] == [
        (3002, "number", "import_value_missing"),
        (3003, "price", "import_number_invalid"),
    ]
    assert problems[1]["reason_ru"] == "«дорого» — не число"
    # Nothing is offered before it is applied.
    assert (await store.get("/offers", q="A-000007"))["items"] == []
    await store.post(f"{LISTS}/{shown['id']}/apply", {}, 202)
    await store.when(shown["id"], "applied")
    (offer,) = (await store.get("/offers", q="a000007"))["items"]
    assert Decimal(offer["price"]) == Decimal("1107.50")
    assert (offer["stock"], offer["multiplicity"], offer["delivery_days"]) == (
        "10.000", "1.000", 3,
    )  # fmt: skip
    assert (offer["supplier_id"], offer["product_id"]) == (supplier, None)
    found = (await store.get("/offers", q="тормозная mann", limit=50))["items"]
    prices = [Decimal(each["price"]) for each in found]
    assert len(prices) == 50
    assert prices == sorted(prices)
    pages, cursor = [], None
    for _ in range(5):
        page = await store.get(
            "/offers", q="тормозная mann", limit=10, **({"cursor": cursor} if cursor else {})
        )
        pages += page["items"]
        cursor = page["next"]
    assert pages == found


async def test_an_offer_becomes_a_product_and_is_linked_to_it(store: Bringer) -> None:
    supplier = await store.a_supplier()
    await store.applied(csv_file(price_rows(5)), supplier_id=supplier)
    (offer,) = (await store.get("/offers", q="A000001"))["items"]
    product = await store.post(f"/offers/{offer['id']}/product", {"price": "1990.00"})
    assert (product["oem"], product["vendor"], product["name"]) == (
        "A-000001", "Bosch", "Деталь тормозная 1",
    )  # fmt: skip
    (linked,) = (await store.get("/offers", product_id=product["id"]))["items"]
    assert (linked["product_id"], linked["product"]) == (product["id"], product["name"])


async def test_a_new_list_replaces_the_suppliers_last_one_whole(store: Bringer) -> None:
    supplier, other = await store.a_supplier(), await store.a_supplier()
    first = csv_file(price_rows(10))
    before = await store.applied(first, supplier_id=supplier)
    await store.applied(first, supplier_id=other)
    repeated = await store.bring(first, 200, supplier_id=supplier)
    assert (repeated["id"], repeated["repeated"]) == (before["id"], True)
    await store.applied(xlsx_file(price_rows(5, start=8)), supplier_id=supplier)
    of_supplier = (await store.get("/offers", supplier_id=supplier))["items"]
    assert {each["number"] for each in of_supplier} == {f"A-{n:06d}" for n in range(8, 13)}
    assert len((await store.get("/offers", supplier_id=other))["items"]) == 10
    # What was replaced may come back.
    again = await store.applied(first, supplier_id=supplier)
    assert again["id"] != before["id"]
    assert len((await store.get("/offers", supplier_id=supplier))["items"]) == 10


async def test_a_list_of_a_day_to_come_can_be_dropped_until_then(store: Bringer) -> None:
    supplier = await store.a_supplier()
    file, day = csv_file(price_rows(5)), date.today() + timedelta(days=30)

    async def button_on(shown: dict[str, Any]) -> bool:
        page = await store.client.get(f"/stock/import/{shown['id']}", headers=HTML)
        assert page.status_code == 200
        return f'"/stock/import/{shown["id"]}/cancel"' in page.text

    waiting = await store.applied(file, supplier_id=supplier, valid_from=day.isoformat())
    assert await button_on(waiting)
    dropped = await store.post(f"{LISTS}/{waiting['id']}/cancel", {}, 200)
    assert (dropped["state"], dropped["live"]) == ("cancelled", False)
    assert not await button_on(waiting)
    holds = await store.applied(file, supplier_id=supplier)
    assert holds["id"] != waiting["id"]
    assert not await button_on(holds)
    refused = await store.post(f"{LISTS}/{holds['id']}/cancel", {}, 409)
    assert refused["code"] == "import_state"


async def test_columns_can_be_said_and_said_again(store: Bringer) -> None:
    supplier = await store.a_supplier()
    rows = [["Прайс ООО «Ромашка»"], [], ["Позиция", "Розница", "Закуп"], ["X-1", "200", "100"]]
    shown = await store.ready(csv_file(rows), supplier_id=supplier)
    assert (shown["missing"], shown["rows_good"]) == (["number", "price"], 0)
    refused = await store.post(f"{LISTS}/{shown['id']}/apply", {}, 409)
    assert refused["code"] == "import_columns_missing"
    response = await store.client.patch(
        f"{API}{LISTS}/{shown['id']}",
        json={"columns": {"number": "позиция", "price": 3}},
        headers=a_key(),
    )
    assert response.status_code == 200, response.text
    shown = await store.when(shown["id"], "ready")
    assert (shown["header_row"], shown["rows_good"], shown["rows_bad"]) == (3, 1, 0)
    await store.post(f"{LISTS}/{shown['id']}/apply", {}, 202)
    await store.when(shown["id"], "applied")
    (offer,) = (await store.get("/offers", supplier_id=supplier))["items"]
    assert offer["price"] == "100.00"
    said = await store.ready(
        csv_file([*rows, ["X-2", "1", "2"]]),
        supplier_id=supplier,
        columns={"number": "Позиция", "price": "Розница"},
    )
    assert (said["rows_good"], said["missing"]) == (2, [])


async def test_what_cannot_be_read_fails_with_its_reason(store: Bringer) -> None:
    supplier = await store.a_supplier()
    failed = await store.ready(b"\x00\x01\x02", supplier_id=supplier)
    assert (failed["state"], failed["failure"]) == ("failed", "import_encoding_unknown")
    assert "Windows-1251" in failed["failure_ru"]
    only_header = await store.ready(csv_file([PRICE_HEADER]), supplier_id=supplier)
    assert (only_header["state"], only_header["rows_good"]) == ("ready", 0)
    refused = await store.post(f"{LISTS}/{only_header['id']}/apply", {}, 409)
    assert refused["code"] == "import_empty"
    await store.post(f"{LISTS}/{only_header['id']}/cancel", {}, 200)
    # A failed or cancelled file may be brought again.
    assert (await store.bring(csv_file([PRICE_HEADER]), supplier_id=supplier))["id"] != (
        only_header["id"]
    )


async def test_requests_that_make_no_sense_are_refused(store: Bringer) -> None:
    supplier = await store.a_supplier()
    for content, fields, code in (
        (b"", {"supplier_id": supplier}, "import_file_missing"),
        (b"a;b", {}, "import_supplier_missing"),
        (b"a;b", {"supplier_id": supplier, "colour": "red"}, "request_invalid"),
        (b"a;b", {"supplier_id": supplier, "columns": ["price"]}, "request_invalid"),
    ):
        assert (await store.bring(content, 422, **fields))["code"] == code
    too_large = await store.bring(b" " * (30 * 1024 * 1024 + 1), 413, supplier_id=supplier)
    assert too_large["code"] == "body_too_large"


async def test_a_form_brings_a_file_too_and_its_name_is_only_shown(store: Bringer) -> None:
    supplier = await store.a_supplier()
    response = await store.client.post(
        API + LISTS,
        files={"file": ("../../etc/прайс.csv", csv_file(price_rows(2)), "text/csv")},
        data={"supplier_id": supplier, "valid_from": "2026-11-01"},
        headers=a_key(),
    )
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"{API}{LISTS}/{response.json()['id']}"
    shown = await store.when(response.json()["id"], "ready")
    assert (shown["file_name"], shown["valid_from"]) == ("прайс.csv", "2026-11-01")


async def test_bad_rows_can_be_taken_home(store: Bringer) -> None:
    supplier = await store.a_supplier()
    rows = [PRICE_HEADER, *(("=1+1", "", "", "=дорого", "", "", "") for _ in range(450))]
    shown = await store.ready(csv_file(rows), supplier_id=supplier)
    assert shown["rows_bad"] == 450
    response = await store.client.get(
        f"{API}{LISTS}/{shown['id']}/problems?format=csv", headers={"Accept-Language": "ru"}
    )
    lines = response.content.decode("utf-8-sig").splitlines()
    assert (len(lines), lines[0]) == (451, "Строка;Столбец;Значение;Причина")
    assert lines[1] == "2;Цена, руб;'=дорого;«=дорого» — не число"


async def test_who_may_not_see_cost_sees_offers_without_prices(
    store: Bringer, whole: TestGateway
) -> None:
    supplier = await store.a_supplier()
    await store.applied(csv_file(price_rows(3)), supplier_id=supplier)
    advisor = await Bringer.of(whole, LISTS, "advisor")
    items = (await advisor.get("/offers", supplier_id=supplier))["items"]
    assert [(item["price"], item["stock"]) for item in items].count((None, "4.000")) == 2
    assert (await advisor.get(LISTS, 403))["code"] == "forbidden"
    assert (await advisor.bring(b"a;b", 403, supplier_id=supplier))["code"] == "forbidden"


async def test_analogues_are_found_from_both_sides_and_their_offers_too(store: Bringer) -> None:
    async def a_product(number: str, vendor: str) -> Any:
        body = {"name": f"Фильтр {number}", "oem": number, "vendor": vendor, "price": "500"}
        return (await store.post("/products", body))["id"]

    mann = await a_product("W 914/2", "MANN")
    knecht = await a_product("OC 90", "Knecht")
    filtron = await a_product("OP 520", "Filtron")
    table = [
        ["Номер", "Производитель", "Кросс-номер", "Бренд кросса"],
        ["W914/2", "mann", "OC90", "KNECHT"],
        ["OP520", "Filtron", "OC 90", "Knecht"],
        ["OC 90", "Knecht", "OC-90", "knecht"],
    ]
    shown = await store.ready(csv_file(table), to="/crosses/imports")
    assert (shown["kind"], shown["rows_good"], shown["rows_bad"]) == ("crosses", 2, 1)
    await store.post(f"{LISTS}/{shown['id']}/apply", {}, 202)
    await store.when(shown["id"], "applied")

    async def analogues(product_id: str) -> list[tuple[str, int]]:
        page = await store.get(f"/products/{product_id}/analogues")
        return [(item["product"]["id"], item["step"]) for item in page["items"]]

    assert await analogues(mann) == [(knecht, 1), (filtron, 2)]
    assert sorted(await analogues(knecht)) == sorted([(mann, 1), (filtron, 1)])
    assert await analogues(filtron) == [(knecht, 1), (mann, 2)]
    supplier = await store.a_supplier()
    prices = [PRICE_HEADER, ("OC 90", "Knecht", "Фильтр", "300", "5", "1", "1"),
              ("W 914/2", "MANN", "Фильтр", "400", "5", "1", "1")]  # fmt: skip
    await store.applied(csv_file(prices), supplier_id=supplier)
    items = (await store.get("/offers", product_id=mann))["items"]
    assert [(item["product_id"], item["analogue"]) for item in items] == [
        (knecht, True),
        (mann, False),
    ]
    by_number = (await store.get("/offers", q="w9142"))["items"]
    assert [item["number"] for item in by_number] == ["OC 90", "W 914/2"]
