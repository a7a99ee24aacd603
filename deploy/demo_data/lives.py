"""The steps of one order, taken at the station one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from deploy.demo_data.products import kopecks
from deploy.demo_data.requests import RequestFailed, Requests
from deploy.demo_data.steps import (
    AddWork,
    Await,
    Body,
    ChangeWork,
    Comment,
    Deliver,
    Move,
    Part,
    Pay,
    Quote,
    Refund,
    RequestParts,
    Spend,
    Step,
)

AWAIT_TIMEOUT_S = 60.0
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Ids:
    """By their places in the plan."""

    works: Sequence[str]
    employees: Sequence[str]
    products: Sequence[str]
    warehouse: str
    supplier: str
    """Of what is brought in for one order."""


class Life:
    """An order that is open. ``key`` is what the keys of its requests begin with."""

    def __init__(self, requests: Requests, ids: Ids, key: str, order_id: str, client: str) -> None:
        self._requests = requests
        self._ids = ids
        self._key = key
        self._path = f"/orders/{order_id}"
        self._order_id = order_id
        self._client_id = client
        self._works: list[str] = []
        """Ids of the lines."""
        # Only what commands answered, never what a question shows: a load that goes on after
        # it was cut short then asks for the very same sums.
        self._total = Decimal(0)
        self._paid = Decimal(0)
        self._last_payment: Body = {}

    async def take(self, steps: Sequence[Step]) -> None:
        for place, step in enumerate(steps):
            await self._take(step, f"{self._key}:{place}")

    async def _take(self, step: Step, key: str) -> None:
        match step:
            case AddWork():
                await self._add_work(step, key)
            case RequestParts():
                lines = [self._line(part) for part in step.parts]
                await self._post(step.by, "/parts", key, lines=lines)
            case Await():
                await self._await(step.what)
            case Deliver():
                await self._deliver(step, key)
            case Comment():
                path = f"{self._path}/comments"
                await self._requests.post(step.by, path, key, text=step.text)
            case ChangeWork():
                path = f"{self._path}/lines/{self._works[step.work]}"
                await self._requests.patch(step.by, path, key, **step.fields)
            case Quote():
                await self._post("advisor", "/quote", key)
            case Move():
                await self._post(step.by, "/status", key, to=step.to, reason=step.reason)
            case Pay():
                await self._pay(step, key)
            case Refund():
                await self._refund(step, key)
            case Spend():
                await self._requests.post(
                    "cashier", "/finance/expenses", key, order_id=self._order_id, **step.fields
                )

    async def _post(self, who: str, path: str, key: str, /, **fields: Any) -> Body:
        order = await self._requests.post(who, self._path + path, key, **fields)
        self._total = Decimal(order["total"])
        return order

    async def _add_work(self, step: AddWork, key: str) -> None:
        mechanic = self._ids.employees[step.mechanic]
        who: Body = {"mechanic_id": mechanic}
        if step.helper is not None:
            helper = self._ids.employees[step.helper]
            shares = ((mechanic, "60"), (helper, "40"))
            who = {"performers": [{"employee_id": one, "share": share} for one, share in shares]}
        order = await self._post(
            "advisor",
            "/services",
            key,
            service_id=self._ids.works[step.work],
            **who,
            **step.fields,
        )
        self._works.append(order["services"][-1]["id"])

    def _line(self, part: Part) -> Body:
        line = {
            "product_id": self._ids.products[part.product],
            "quantity": str(part.quantity),
            "kind": "product",
            **part.fields,
        }
        if part.carried_by is not None:
            line |= {"kind": "material", "service_line_id": self._works[part.carried_by]}
        return line

    async def _deliver(self, step: Deliver, key: str) -> None:
        line = {
            "product_id": self._ids.products[step.product],
            "quantity": str(step.quantity),
            "cost": str(step.cost),
        }
        await self._requests.post(
            "storekeeper",
            "/stock/receipts",
            key,
            warehouse_id=self._ids.warehouse,
            supplier_id=self._ids.supplier,
            lines=[line],
        )

    async def _pay(self, step: Pay, key: str) -> None:
        owed = kopecks((self._total - self._paid) * step.share)
        amount = owed if step.amount is None else step.amount
        if amount <= 0:
            return
        self._last_payment = await self._requests.post(
            "cashier",
            "/payments",
            key,
            order_id=self._order_id,
            customer_id=self._client_id,
            amount=str(amount),
            method=step.method,
            comment=step.comment,
        )
        self._paid += amount

    async def _refund(self, step: Refund, key: str) -> None:
        amount = kopecks(Decimal(self._last_payment["amount"]) * step.share)
        path = f"/payments/{self._last_payment['id']}/refund"
        await self._requests.post("cashier", path, key, amount=str(amount), reason=step.reason)
        self._paid -= amount

    async def _await(self, what: str) -> None:
        """Until services have told each other. Raises ``RequestFailed`` after a minute."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + AWAIT_TIMEOUT_S
        pause_s = FIRST_PAUSE_S
        while not _has_come(what, order := await self._requests.get("advisor", self._path)):
            if clock() > deadline:
                raise RequestFailed(f"order {order['number']} is not {what}: {order['status']}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def _has_come(what: str, order: Body) -> bool:
    """Also when the order has gone on since: then somebody loads it once more."""
    if what == "settled":
        return order["status"] != "done" or "settled" in order["flags"]
    if order["status"] not in ("draft", "new", "in_progress"):
        return True
    states = {line["state"] for line in (*order["products"], *order["materials"])}
    return states <= {"reserved"} if what == "reserved" else "requested" not in states
