"""Something of everything that a station keeps, so that no address has nothing to answer with."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.gateway.examples import BODIES
from tests.gateway.importing import Bringer
from tests.gateway.support import API, a_key
from tests.gateway.test_working_day import Person
from tests.support.tables import PRICE_HEADER, csv_file
from tests.support.waiting import eventually

PHONE = "+79165550199"
OWN_PAY = "/payroll/sheet?from=2026-01-01&to=2036-01-01"
REPORT_OF = {
    "advisor": "/reports/stock-balances",
    "cashier": OWN_PAY,
    "storekeeper": "/reports/stock-balances",
    "technician": OWN_PAY,
}
"""What each takes away as a table."""


async def furnish(people: dict[str, Person], day: dict[str, str], cost: str) -> None:
    """After ``a_days_work``; ``day`` has the ids of what was worked with, ``cost`` is what a
    supplier's list says of its parts."""
    owner = people["owner"]
    await _around_the_client(owner, day)
    await _around_the_product(owner, day)
    await _on_the_shelves(owner, day)
    await _what_is_still_to_do(owner, day)
    await _in_the_till(owner, day)
    await _a_debt(owner, day)
    await _of_people(people, day)
    await _a_price_list(owner, day, cost)
    await owner.post(f"/services/{day['work']}/variants", example("CreateVariant"))


def example(message: str, **fields: Any) -> dict[str, Any]:
    return {**deepcopy(BODIES[message]), **fields}


def next_monday() -> date:
    today = datetime.now(UTC).date()
    return today + timedelta(7 - today.weekday())


async def put(person: Person, path: str, body: dict[str, Any] | None = None) -> None:
    answer = await person.client.put(API + path, json=body or {}, headers=a_key())
    assert answer.is_success, answer.text


async def _around_the_client(owner: Person, day: dict[str, str]) -> None:
    client = f"/clients/{day['client']}"
    await owner.patch(client, {"consents": {"sms": True}})
    await owner.post(f"{client}/contracts", example("CreateContract"))
    driver = await owner.post("/clients", {"last_name": "Водителев", "phones": [PHONE]})
    link = {"role": "driver", "vehicle_id": day["car"]}
    await owner.post(f"/clients/{driver['id']}/links", link)
    tag = await owner.post("/tags", example("CreateTag"))
    await put(owner, f"{client}/tags/{tag['id']}")
    await put(owner, f"/vehicles/{day['car']}/tags/{tag['id']}")
    conditions = {"visits_from": 1}
    await owner.post("/segments", example("CreateSegment", conditions=conditions))
    await owner.post(f"{client}/bonuses", example("AdjustBonuses"))


async def _around_the_product(owner: Person, day: dict[str, str]) -> None:
    await owner.post("/products", example("CreateProduct", oem="OC 90", vendor="Knecht"))
    await owner.post(f"/products/{day['oil']}/part-numbers", example("AddPartNumber"))


async def _on_the_shelves(owner: Person, day: dict[str, str]) -> None:
    warehouse, oil = day["warehouse"], day["oil"]
    cell = await owner.post("/cells", example("CreateCell", warehouse_id=warehouse))
    await put(owner, f"/products/{oil}/cells/{warehouse}", {"cell_id": cell["id"]})
    other = await owner.post("/warehouses", {"name": "Второй"})
    one, two = ([{"product_id": oil, "quantity": quantity}] for quantity in "12")
    transfer = {"from_warehouse_id": warehouse, "to_warehouse_id": other["id"], "lines": one}
    await owner.post("/stock/transfers", transfer)
    await owner.post(
        "/stock/write-offs", example("WriteOffStock", warehouse_id=warehouse, lines=two)
    )
    await owner.post("/stock/counts", {"warehouse_id": warehouse})
    ordered = {"supplier_id": day["supplier"], "warehouse_id": warehouse}
    lines = [{"product_id": oil, "quantity": "2", "cost": "531.37"}]
    await owner.post("/purchase-orders", example("CreatePurchaseOrder", **ordered, lines=lines))
    (receipt,) = (await owner.get("/stock/receipts"))["items"]
    back = {"lines": [{"position": 1, "quantity": "2"}], "reason": "Брак"}
    await owner.post(f"/stock/receipts/{receipt['id']}/returns", back)
    await owner.post("/supplier-payments", example("PaySupplier", supplier_id=day["supplier"]))


async def _what_is_still_to_do(owner: Person, day: dict[str, str]) -> None:
    """An order with works that the client answered to, and with parts that are not there."""
    order = await owner.post(
        "/orders",
        {
            "client_id": day["client"],
            "vehicle_id": day["car"],
            "section_id": day["section"],
            "employee_id": day["mechanic"],
        },
    )
    path = f"/orders/{order['id']}"
    for _ in range(2):
        work = {"service_id": day["work"], "mechanic_id": day["mechanic"]}
        order = await owner.post(f"{path}/services", work)
    lines = [line["id"] for line in order["services"]]
    await owner.post(f"{path}/quote", {"lines": lines}, 200)
    answer = {"answers": [{"line_id": lines[0], "to": "declined"}], "how": "in_person"}
    await owner.post(f"{path}/approvals", answer, 200)
    wanted = [{"product_id": day["oil"], "quantity": "100"}]
    await owner.post(f"{path}/parts", {"lines": wanted}, 202)

    async def known_to_miss() -> bool:
        return bool((await owner.get(f"/products/{day['oil']}/waiting"))["items"])

    await eventually(known_to_miss)
    special = {"supplier_id": day["supplier"], "warehouse_id": day["warehouse"]}
    await owner.post(f"{path}/special-orders", example("OrderSpecially", **special))
    post = await owner.post("/posts", {"name": "Пост 1", "section_id": day["section"]})
    monday = next_monday()
    span = {"start": f"{monday}T08:00:00Z", "end": f"{monday}T10:00:00Z"}
    booking = {"post_id": post["id"], "technician_id": day["mechanic"], **span}
    await owner.post(f"{path}/bookings", booking)
    await owner.post("/messages", example("SendMessage", order_id=order["id"]))
    await owner.post("/holidays", example("AddHoliday", day=f"{monday + timedelta(1)}"))
    away = {
        "start": f"{monday + timedelta(2)}T00:00:00Z",
        "end": f"{monday + timedelta(3)}T00:00:00Z",
    }
    absence = example("AddAbsence", employee_id=day["mechanic"], **away)
    await owner.post("/absences", absence)
    await owner.post("/message-templates", example("CreateMessageTemplate"))
    day["order"] = order["id"]


async def _in_the_till(owner: Person, day: dict[str, str]) -> None:
    box = await owner.post("/cash-boxes", example("CreateCashBox"))
    shift = await owner.post("/shifts", {"cash_box_id": box["id"], "counted": "20000.00"})
    moved = example("MoveCash", cash_box_id=box["id"])
    await owner.post("/cash-documents", moved)
    orders = [{"order_id": day["order"], "amount": "100.00"}]
    parts = [{"method": "cash", "amount": "100.00"}]
    box_id = {"cash_box_id": box["id"]}
    document = {"payer_id": day["client"], **box_id, "orders": orders, "parts": parts}
    day["document"] = (await owner.post("/payment-documents", document))["id"]
    await owner.post(f"/shifts/{shift['id']}/close", example("CloseShift"), 200)
    category = await owner.post("/expense-categories", example("CreateExpenseCategory"))
    expense = {"amount": "100", "category": category["name"]}
    await owner.post("/finance/expenses", expense)
    recurring = example("CreateRecurringExpense", category=category["name"])
    await owner.post("/recurring-expenses", recurring)


async def _a_debt(owner: Person, day: dict[str, str]) -> None:
    """A car that went home unpaid."""
    client = await owner.post("/clients", {"last_name": "Должникова", "phones": [PHONE]})
    place = {"section_id": day["section"], "employee_id": day["mechanic"]}
    day["debtor"] = client["id"]
    order = await owner.post("/orders", {"client_id": client["id"], **place})
    path = f"/orders/{order['id']}"
    work = {"service_id": day["work"], "mechanic_id": day["mechanic"]}
    order = await owner.post(f"{path}/services", work)
    await owner.post(f"{path}/status", {"to": "in_progress"}, 200)
    line = f"{path}/lines/{order['services'][0]['id']}"
    await owner.patch(line, {"progress": "finished"})
    await owner.post(f"{path}/status", {"to": "done"}, 200)


async def _of_people(people: dict[str, Person], day: dict[str, str]) -> None:
    """Each is an employee who has earned something, has a program, and took a table away."""
    owner = people["owner"]
    day["employee of technician"] = day["mechanic"]
    for role, address in REPORT_OF.items():
        person = people[role]
        if role != "technician":
            card = {"last_name": role, "first_name": "А", "role": role, "login": role}
            day[f"employee of {role}"] = (await owner.post("/employees", card))["id"]
        earned = example("AdjustPay", employee_id=day[f"employee of {role}"])
        await owner.post("/payroll/adjustments", earned)
        await person.post("/tokens", example("CreateToken", scopes=["read"]))
        export = {"address": address, "format": "csv"}
        job = await person.post("/jobs/exports", export, 202)
        day[f"job of {role}"] = job["id"]
    for role in REPORT_OF:

        async def made(role: str = role) -> bool:
            job = await people[role].get(f"/jobs/{day[f'job of {role}']}")
            assert job["state"] != "failed", job
            return bool(job["state"] == "done")

        await eventually(made, timeout_s=60)


async def _a_price_list(owner: Person, day: dict[str, str], cost: str) -> None:
    """With a row that cannot be read."""
    store = Bringer(owner.client, "/price-lists/imports")
    good, bad = ("OC 90", "Knecht", "Фильтр", cost, "5", "1", "1"), ("X", "", "", "?", "", "", "")
    content = csv_file([PRICE_HEADER, good, bad])
    assert (await store.applied(content, supplier_id=day["supplier"]))["state"] == "applied"
