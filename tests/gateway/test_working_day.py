"""A car goes through the station over HTTP: real services behind the real gateway."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]

from shared.roles import ROLES
from tests.gateway.support import API, TestGateway, a_key
from tests.support.waiting import eventually


class Person:
    """Someone at a screen."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, body: dict[str, Any], status: int = 201) -> Any:
        return await self._write("POST", path, status, body)

    async def patch(
        self, path: str, body: dict[str, Any], status: int = 200, *, if_match: str | None = None
    ) -> Any:
        headers = {"If-Match": if_match} if if_match else {}
        return await self._write("PATCH", path, status, body, headers)

    async def delete(self, path: str) -> Any:
        return await self._write("DELETE", path, 200)

    async def get(self, path: str, status: int = 200) -> Any:
        response = await self.client.get(API + path)
        assert response.status_code == status, response.text
        return response.json()

    async def file(self, path: str) -> httpx.Response:
        return await self.client.get(API + path)

    async def _write(
        self,
        method: str,
        path: str,
        status: int,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        response = await self.client.request(
            method, API + path, json=body, headers={**a_key(), **(headers or {})}
        )
        assert response.status_code == status, response.text
        return response.json()


async def sign_in(gateway: TestGateway, role: str) -> Person:
    login = "admin" if role == "administrator" else role
    response = await gateway.anyone.post(
        f"{API}/session", json={"login": login, "password": "demo"}
    )
    assert response.status_code == 200, response.text
    return Person(gateway.client({"Authorization": f"Bearer {response.json()['token']}"}))


async def test_a_car_goes_through_the_station(whole: TestGateway) -> None:
    people = {role: await sign_in(whole, role) for role in ROLES}
    station = await fit_out(people["administrator"], people["storekeeper"])
    client, car = await receive_client(people["administrator"])
    order = await people["advisor"].post(
        "/orders",
        {
            "client_id": client,
            "vehicle_id": car,
            "section_id": station["section"],
            "employee_id": station["mechanic"],
        },
    )
    assert (order["status"], order["total"]) == ("new", "0.00")
    path = f"/orders/{order['id']}"
    await write_down_works_and_parts(path, station, people)
    await work(path, order["id"], people["technician"])
    await finish(path, people)
    await pay(order["id"], client, people["cashier"])
    await look_back(path, order["number"], people)


async def fit_out(admin: Person, storekeeper: Person, cost: str = "500") -> dict[str, str]:
    """A section with a mechanic, a work, and oil in a warehouse; their ids."""
    section = await admin.post("/sections", {"name": "Слесарный"})
    mechanic = await admin.post(
        "/employees",
        {
            "last_name": "Петров",
            "first_name": "Пётр",
            "role": "technician",
            "section_id": section["id"],
            "login": "technician",
            "pay_percent": "40",
        },
    )
    work = await admin.post("/services", {"name": "Замена масла", "price": "1000"})
    warehouse = await storekeeper.post("/warehouses", {"name": "Основной"})
    supplier = await storekeeper.post("/suppliers", {"name": "Автодок"})
    oil = await storekeeper.post("/products", {"name": "Масло 5W-40", "price": "900"})
    await storekeeper.post(
        "/stock/receipts",
        {
            "warehouse_id": warehouse["id"],
            "supplier_id": supplier["id"],
            "lines": [{"product_id": oil["id"], "quantity": "10", "cost": cost}],
        },
    )
    made = {"section": section, "mechanic": mechanic, "work": work, "oil": oil}
    made |= {"warehouse": warehouse, "supplier": supplier}
    return {name: thing["id"] for name, thing in made.items()}


async def receive_client(admin: Person) -> tuple[str, str]:
    """A card with a car, found by a run of the phone's digits; their ids."""
    client = await admin.post(
        "/clients", {"last_name": "Сидорова", "first_name": "Анна", "phones": ["8 916 555-44-33"]}
    )
    car = await admin.post(f"/clients/{client['id']}/vehicles", {"plate": "А123ВС77"})
    (hit,) = (await admin.get("/clients?q=5554433"))["items"]
    assert (hit["id"], hit["vehicles"][0]["id"]) == (client["id"], car["id"])
    return client["id"], car["id"]


async def write_down_works_and_parts(
    path: str, station: dict[str, str], people: dict[str, Person]
) -> None:
    """Available stock falls, the line appears, the price is computed anew."""
    advisor, technician = people["advisor"], people["technician"]
    await advisor.post(
        f"{path}/services", {"service_id": station["work"], "mechanic_id": station["mechanic"]}
    )
    parts = {"lines": [{"product_id": station["oil"], "quantity": "4"}]}
    requested = await advisor.post(f"{path}/parts", parts, 202)
    assert requested["products"][0]["state"] in {"requested", "reserved"}

    async def reserved() -> bool:
        shown = await technician.get(path)
        return bool(shown["products"][0]["state"] == "reserved" and shown["total"] == "4600.00")

    await eventually(reserved)
    stock = (await people["storekeeper"].get(f"/stock?product_id={station['oil']}"))["items"][0]
    assert [float(stock[name]) for name in ("on_hand", "reserved", "available")] == [10, 4, 6]


async def work(path: str, order_id: str, technician: Person) -> None:
    """The technician's own list, progress, a comment; and what a technician may not see."""
    order = await technician.post(f"{path}/status", {"to": "in_progress"}, 200)
    mine = (await technician.get("/orders?status=in_progress&own=true"))["items"]
    assert [item["id"] for item in mine] == [order_id]
    line = f"{path}/lines/{order['services'][0]['id']}"
    await technician.patch(line, {"progress": "finished"}, if_match=f'"{order["revision"]}"')
    await technician.patch(line, {"progress": "started"}, 412, if_match='"1"')
    await technician.post(f"{path}/comments", {"text": "Готово"})
    await technician.get(f"{path}/profit", 403)


async def finish(path: str, people: dict[str, Person]) -> None:
    """Done, and settled: revenue, cost, pay, margin."""
    done = await people["technician"].post(f"{path}/status", {"to": "done"}, 200)
    assert done["total"] == "4600.00"
    await people["technician"].post(f"{path}/status", {"to": "in_progress"}, 403)
    refused = await people["advisor"].patch(path, {"comment": "поздно"}, 409)
    assert refused["code"] == "order_closed"
    owner = people["owner"]

    async def settled() -> bool:
        return "settled" in (await owner.get(path))["flags"]

    await eventually(settled)
    profit = await owner.get(f"{path}/profit")
    assert (profit["revenue"], profit["cost"], profit["pay"], profit["margin"]) == (
        "4600.00",
        "2000.00",
        "400.00",
        "2200.00",
    )


async def pay(order_id: str, client: str, cashier: Person) -> None:
    payment = await cashier.post(
        "/payments",
        {
            "order_id": order_id,
            "customer_id": client,
            "payer_id": client,
            "amount": "4600.00",
            "method": "card",
        },
    )
    assert (await cashier.get(f"/payments/{payment['id']}"))["amount"] == "4600.00"
    assert float((await cashier.get(f"/clients/{client}/balance"))["owes"]) == 0
    await cashier.post("/finance/expenses", {"amount": "100", "category": "Ветошь"})


async def look_back(path: str, number: str, people: dict[str, Person]) -> None:
    """All of it is logged, and every report counts it."""
    owner = people["owner"]

    async def logged() -> bool:
        timeline = (await people["technician"].get(f"{path}/timeline?limit=200"))["items"]
        told = {entry["event"] for entry in timeline}
        return told >= {"evt.finance.payment_taken.v1", "evt.finance.order_paid.v1"}

    await eventually(logged)
    assert (await owner.get("/audit/verify"))["intact"] is True
    for report in ("orders-by-section", "employee-workload", "stock-balances", "income-expenses"):
        assert (await owner.get(f"/reports/{report}"))["items"], report
    file = await owner.file("/reports/order-profit?format=xlsx")
    page = openpyxl.load_workbook(BytesIO(file.content)).active
    row = dict(zip([cell.value for cell in page[1]], [cell.value for cell in page[2]], strict=True))
    assert (row["Order"], row["Margin, RUB"]) == (number, 2200)


async def test_two_people_who_edit_one_thing_do_not_overwrite_each_other(
    whole: TestGateway,
) -> None:
    advisor = (await sign_in(whole, "advisor")).client
    made = await advisor.post(f"{API}/clients", json={"last_name": "Иванов"}, headers=a_key())
    path = API + f"/clients/{made.json()['id']}"
    seen = made.headers["etag"]
    answers = await asyncio.gather(
        *(
            advisor.patch(path, json={"comment": text}, headers={**a_key(), "If-Match": seen})
            for text in ("первый", "второй")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (late,) = [answer for answer in answers if answer.status_code == 412]
    assert late.json()["code"] == "revision_conflict"
    assert late.json()["params"] == {"expected": "1", "actual": "2"}
    assert (await advisor.get(path)).headers["etag"] == '"2"'
