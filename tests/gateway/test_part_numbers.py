"""Further numbers and barcodes of products over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.importing import Bringer
from tests.gateway.support import API, TestGateway, a_key


@pytest.fixture
async def store(whole: TestGateway) -> Bringer:
    return await Bringer.of(whole, "/price-lists/imports")


async def a_product(store: Bringer, **fields: Any) -> Any:
    return await store.post("/products", {"name": "Масло 5W-30", "price": "900", **fields})


async def removed(store: Bringer, path: str, status: int = 200) -> Any:
    response = await store.client.delete(API + path, headers=a_key())
    assert response.status_code == status, response.text
    return response.json()


async def test_a_product_is_found_by_any_of_its_numbers(store: Bringer) -> None:
    product = await a_product(store, oem="W 914/2", vendor="MANN")
    await a_product(store)
    path = f"/products/{product['id']}/part-numbers"
    added = await store.post(path, {"kind": "oem", "number": "2101-1012005", "vendor": "ВАЗ"})
    for q in ("21011012005", "2101 1012", "w9142"):
        found = (await store.get("/products", q=q))["items"]
        assert [item["id"] for item in found] == [product["id"]], q
    again = await store.post(path, {"number": "21011012005", "vendor": "ваз"}, 409)
    assert again["code"] == "part_number_exists"
    assert (await store.post(path, {"number": "--"}, 422))["code"] == "part_number_empty"
    assert (await store.get(path))["items"] == [added]
    await removed(store, f"{path}/{added['id']}")
    assert (await removed(store, f"{path}/{added['id']}", 404))["code"] == "part_number_not_found"
    assert (await store.get("/products", q="21011012005"))["items"] == []


async def test_cards_that_name_each_others_numbers_are_analogues(store: Bringer) -> None:
    one = await a_product(store, oem="A1", vendor="X")
    other = await a_product(store, oem="B2", vendor="Y")
    await store.post(
        f"/products/{one['id']}/part-numbers",
        {"kind": "superseded_by", "number": "B-2", "vendor": "y"},
    )
    for asked, answered in ((one, other), (other, one)):
        (item,) = (await store.get(f"/products/{asked['id']}/analogues"))["items"]
        assert (item["product"]["id"], item["step"]) == (answered["id"], 1)


async def test_analogues_that_are_there_come_first_page_by_page(store: Bringer) -> None:
    asked = await a_product(store, oem="Q1", vendor="Q")
    others = [await a_product(store, oem=f"R{n}", vendor="R", name=f"R{n}") for n in range(3)]
    for other in others:
        await store.post(
            f"/products/{asked['id']}/part-numbers", {"number": other["oem"], "vendor": "R"}
        )
    warehouse = (await store.post("/warehouses", {"name": "Склад аналогов"}))["id"]
    await store.post(
        "/stock/receipts",
        {
            "warehouse_id": warehouse,
            "supplier_id": await store.a_supplier(),
            "lines": [{"product_id": others[2]["id"], "quantity": "3", "cost": "10"}],
        },
    )
    path = f"/products/{asked['id']}/analogues"
    first = await store.get(path, limit=2)
    rest = await store.get(path, limit=2, cursor=first["next"])
    names = [item["product"]["name"] for item in (*first["items"], *rest["items"])]
    assert (names, rest["next"]) == (["R2", "R0", "R1"], None)
    assert first["items"][0]["product"]["available"] == "3.000"


async def test_a_scan_tells_product_and_unit(store: Bringer) -> None:
    product = await a_product(
        store, measure="л", barcode="4006381333931", units=[{"measure": "канистра", "factor": "4"}]
    )
    path = f"/products/{product['id']}/barcodes"
    added = await store.post(path, {"code": "96385075", "measure": "кан"})
    assert (added["factor"], added["warnings"]) == ("4", ["check_digit"])
    scanned = await store.get("/products/by-barcode/96385075")
    assert scanned["product"]["id"] == product["id"]
    assert scanned["unit"] == {"name": "канистра", "short_name": "кан", "factor": "4"}
    assert scanned["product"]["barcode"] == "4006381333931"
    main = await store.get("/products/by-barcode/4006381333931")
    assert main["unit"]["short_name"] == "л"
    assert (await store.get("/products", q="96385075"))["items"][0]["id"] == product["id"]
    assert (await store.get("/products/by-barcode/none", 404))["code"] == "barcode_not_found"


async def test_a_barcode_is_on_one_product_only(store: Bringer) -> None:
    one, other = await a_product(store, barcode="ONE"), await a_product(store)
    await store.post(f"/products/{one['id']}/barcodes", {"code": "TWO"})
    for code in ("ONE", "TWO"):
        refused = await store.post(f"/products/{other['id']}/barcodes", {"code": code}, 409)
        assert refused["code"] == "barcode_taken"
        refused = await store.post("/products", {"name": "x", "price": "1", "barcode": code}, 409)
        assert refused["code"] == "barcode_taken"


async def test_the_first_barcode_is_the_products_own(store: Bringer) -> None:
    product = await a_product(store)
    path = f"/products/{product['id']}"
    made = await store.post(f"{path}/own-barcode", {})
    assert (made["code"][0], len(made["code"]), made["warnings"]) == ("2", 13, [])
    assert (await store.post(f"{path}/own-barcode", {}, 409))["code"] == "barcode_exists"
    shown = await store.get(path)
    assert (shown["barcode"], shown["revision"]) == (made["code"], 2)
    await store.post(f"{path}/barcodes", {"code": "SECOND"})
    await removed(store, f"{path}/barcodes/{made['code']}")
    assert (await store.get(path))["barcode"] == "SECOND"
    response = await store.client.patch(API + path, json={"barcode": "THIRD"}, headers=a_key())
    assert response.json()["barcode"] == "THIRD"
    items = (await store.get(f"{path}/barcodes"))["items"]
    assert [item["code"] for item in items] == ["THIRD"]
