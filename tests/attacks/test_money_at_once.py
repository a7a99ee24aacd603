"""Two tills, and whoever presses in several windows, at the same money in the same moment: each
request has a key of its own, and the money goes once."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx

from tests.gateway.support import API, TestGateway, a_key

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
