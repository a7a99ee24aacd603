"""Two tills, and whoever presses in several windows, at the same money in the same moment: each
request has a key of its own, and the money goes once."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx

from tests.gateway.support import API, TestGateway, a_key
from tests.support.waiting import eventually

AMOUNT = Decimal("1000.00")


class Tills:
    """A cashier and the owner at a till each, and a client."""

    def __init__(self, cashier: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
        self._people = (cashier, owner)
        self.client = ""

    async def fit_out(self) -> None:
        client = await self.post("/clients", {"last_name": "Петров", "phones": ["+79165550101"]})
        self.client = client["id"]

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._people[1].post(API + path, json=body, headers=a_key())
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def settled_order(self, price: str) -> str:
        people = {"last_name": "Орлов", "first_name": "Иван", "role": "technician"}
        section = await self.post("/sections", {"name": f"Пост на {price}"})
        employee = await self.post("/employees", {**people, "section_id": section["id"]})
        where = {"section_id": section["id"], "employee_id": employee["id"]}
        order = await self.post("/orders", {"client_id": self.client, **where})
        path = f"/orders/{order['id']}"
        await self.post(f"{path}/services", {"name": "Диагностика", "initial_price": price})
        for status in ("in_progress", "done"):
            await self.post(f"{path}/status", {"to": status})

        async def is_settled() -> bool:
            return "settled" in (await self.get(path))["flags"]

        await eventually(is_settled)
        return str(order["id"])

    async def shifts(self) -> list[str]:
        """Of each till its own, with nothing in the drawer."""
        (main,) = (await self.get("/cash-boxes"))["items"]
        other = await self.post("/cash-boxes", {"name": "Вторая касса", "methods": ["cash"]})
        shifts = []
        for person, box in zip(self._people, (main, other), strict=True):
            body = {"cash_box_id": box["id"], "counted": "0.00"}
            answer = await person.post(f"{API}/shifts", json=body, headers=a_key())
            shifts.append(answer.json()["id"])
        return shifts

    async def deposit(self) -> dict[str, Any]:
        whose = {"customer_id": self.client, "payer_id": self.client}
        return await self.post("/payments", {**whose, "amount": str(AMOUNT), "method": "card"})

    async def at_once(self, *requests: tuple[str, dict[str, Any]]) -> Counter[str]:
        """Each from both tills, twice; how they ended."""
        answers = await asyncio.gather(
            *(
                person.post(API + path, json=body, headers=a_key())
                for _ in range(2)
                for person in self._people
                for path, body in requests
            )
        )
        return Counter("done" if one.is_success else one.json()["code"] for one in answers)

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self._people[1].get(API + path)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def balance(self) -> tuple[Decimal, Decimal]:
        """What the station owes the client, and what of that may be given back."""
        answer = await self._people[1].get(f"{API}/clients/{self.client}/balance")
        return -Decimal(answer.json()["owes"]), Decimal(answer.json()["free"])

    async def refunded(self, payment: dict[str, Any]) -> Decimal:
        answer = await self._people[1].get(f"{API}/payments/{payment['id']}")
        return Decimal(answer.json()["refunded"])


async def test_money_is_given_back_once_however_many_give_it_at_once(whole: TestGateway) -> None:
    tills = Tills(await whole.signed_in("cashier"), await whole.signed_in("owner"))
    await tills.fit_out()

    # All of one payment.
    payment = await tills.deposit()
    ends = await tills.at_once((f"/payments/{payment['id']}/refund", {"reason": "Передумал"}))
    assert ends == {"done": 1, "refund_exceeds_payment": 3}
    assert await tills.refunded(payment) == AMOUNT
    assert await tills.balance() == (Decimal(0), Decimal(0))

    # More of it than there is, in parts.
    payment = await tills.deposit()
    part = {"amount": "400.00", "reason": "Передумал"}
    ends = await tills.at_once((f"/payments/{payment['id']}/refund", part))
    assert ends == {"done": 2, "refund_exceeds_payment": 2}
    assert await tills.refunded(payment) == 800
    assert await tills.balance() == (Decimal(200), Decimal(200))

    # The payment at one till, the client's balance, of which it is a part, at the other.
    other = await tills.deposit()
    all_of_it = {"amount": "1200.00", "reason": "Переплата"}
    ends = await tills.at_once(
        (f"/payments/{other['id']}/refund", {"reason": "Передумал"}),
        (f"/clients/{tills.client}/balance/refund", all_of_it),
    )
    assert ends["done"] == 1, ends
    given = await tills.refunded(payment) + await tills.refunded(other)
    left, free = await tills.balance()
    assert given + left == 2 * AMOUNT
    assert left == free
    assert left in (0, 200)


async def test_an_order_takes_what_it_costs_however_many_pay_it_at_once(whole: TestGateway) -> None:
    tills = Tills(await whole.signed_in("cashier"), await whole.signed_in("owner"))
    await tills.fit_out()
    order, other = [await tills.settled_order(price) for price in ("1000.00", "500.00")]
    shifts = await tills.shifts()
    whose = {"customer_id": tills.client, "payer_id": tills.client}

    # Twice as much as it costs, and more: what is over is the client's, and of no other order.
    cash = {**whose, "order_id": order, "amount": "400.00", "method": "cash"}
    shared = {
        **whose,
        "orders": [{"order_id": order, "amount": "400.00"}],
        "parts": [{"method": "cash", "amount": "400.00"}],
    }
    ends = await tills.at_once(("/payments", cash), ("/payment-documents", shared))
    assert ends == {"done": 8}
    assert await tills.balance() == (Decimal(2200 - 500), Decimal(2200))
    payments = (await tills.get(f"/payments?order_id={order}"))["items"]
    assert sum(Decimal(payment["amount"]) for payment in payments) == 3200
    for shift in shifts:
        (taken,) = (await tills.get(f"/shifts/{shift}/x-report"))["receipts"]
        assert (taken["amount"], taken["documents"]) == ("1600.00", 4)

    # The other order is paid from that, once.
    pay = (f"/clients/{tills.client}/balance/pay", {"order_id": other})
    assert await tills.at_once(pay) == {"done": 1, "due_exceeded": 3}
    assert await tills.balance() == (Decimal(1700), Decimal(1700))

    # A shift is closed while it is paid into: what came in time is in its report, the rest nowhere.
    more = {**whose, "amount": "10.00", "method": "cash", "shift_id": shifts[0]}
    close = (f"/shifts/{shifts[0]}/close", {"counted": "1600.00"})
    ends = await tills.at_once(("/payments", more), ("/payments", more), close)
    assert ends == {"done": ends["done"], "shift_closed": 12 - ends["done"]}
    report = await tills.get(f"/shifts/{shifts[0]}/z-report")
    came = 10 * (ends["done"] - 1)
    assert Decimal(report["receipts"][0]["amount"]) == 1600 + came
    assert Decimal(report["difference"]) == -came
    assert await tills.balance() == (Decimal(1700 + came), Decimal(1700 + came))

    async def are_paid() -> bool:
        dues = [(await tills.get(f"/orders/{one}"))["due"] for one in (order, other)]
        return dues == ["0.00", "0.00"]

    await eventually(are_paid)
