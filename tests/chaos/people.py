"""The load: people at work, each patient. Who gets no answer asks again with the same key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

from shared.ids import new_id
from tests.bench.http import Http, HttpError
from tests.chaos.memory import KnownOrder, Memory
from tests.chaos.station import HOST, ChaosStation

PATIENCE_S = (2.0, 2.0, 4.0, 15.0)
"""One of them at a time: most ask again before the gateway has given up on who died meanwhile."""
PAUSE_S = 0.4
PRODUCTS = 6
COME_BACK = (429, 502, 503, 504)
RESERVED_LOOKS = 12
ORDER_CREATED = "evt.orders.order_created.v1"


class Stopped(Exception):
    """The load ends; whoever was in the midst of something leaves it so."""


@dataclass(frozen=True, slots=True)
class Shop:
    section_id: str
    employee_id: str
    warehouses: tuple[str, str]
    supplier_id: str
    products: tuple[str, ...]


class Person:
    """One connection, one random number generator, and what is remembered."""

    def __init__(self, station: ChaosStation, memory: Memory, random: Random) -> None:
        self._station = station
        self.memory = memory
        self._random = random
        self._patience = Random(0)
        """By itself: how often somebody has to ask does not change what is asked."""
        self._http: Http | None = None
        self.stopping = False
        self.visits = 0
        """Seen through to their end."""

    # --- asking ----------------------------------------------------------------------------------

    async def write(
        self, method: str, path: str, event: str | None = None, /, **fields: Any
    ) -> dict[str, Any] | None:
        """The answer; None: refused. ``event`` is what the mark must come to: a field whose value
        is ``{mark}`` carries it, which also is the key."""
        if self.stopping:
            raise Stopped
        mark = f"chaos-{new_id().hex}"
        body = {name: mark if value == "{mark}" else value for name, value in fields.items()}
        try:
            answer: dict[str, Any] | None = await self._patiently(method, path, body, mark)
        except HttpError as error:
            self.memory.refused[mark] = error.code
            return None
        if event:
            self.memory.acknowledged[mark] = event
        return answer or {}

    async def read(self, path: str) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = await self._patiently("GET", path, None, None)
            return answer
        except HttpError:
            return None

    async def _patiently(
        self, method: str, path: str, body: dict[str, Any] | None, key: str | None
    ) -> Any:
        while True:
            try:
                async with asyncio.timeout(self._patience.choice(PATIENCE_S)):
                    answer = await (await self._connected()).send(method, path, body, key=key)
                self.memory.answers[200] += 1
                return answer
            except HttpError as error:
                self.memory.answers[error.status] += 1
                if error.status not in COME_BACK:
                    if error.status >= 500:
                        self.memory.broken.append(f"{method} {path}: {error}")
                    else:
                        raise
            except (OSError, EOFError, TimeoutError, ValueError):
                self.memory.answers[0] += 1
                await self.hang_up()
            self.memory.sent_again += 1
            await asyncio.sleep(PAUSE_S)

    async def _connected(self) -> Http:
        if self._http is None:
            http = Http(HOST, self._station.port, self._station.token)
            await http.__aenter__()
            self._http = http
        return self._http

    async def hang_up(self) -> None:
        if self._http:
            await self._http.__aexit__()
            self._http = None

    async def stop(self) -> None:
        """What it waits for it asks for once more, by a connection that it has not had before:
        an answer it gets."""
        self.stopping = True
        await self.hang_up()

    # --- a day -----------------------------------------------------------------------------------

    async def work(self, shop: Shop) -> None:
        """Until it is told to stop."""
        try:
            while True:
                if self._random.random() < 0.8:
                    await self._visit(shop)
                    self.visits += 1
                else:
                    await self._storekeeping(shop)
        except Stopped:
            pass
        finally:
            await self.hang_up()

    async def _visit(self, shop: Shop) -> None:
        order_id, client_id = await self._opened(shop)
        if not order_id:
            return
        for _ in range(self._random.randint(1, 2)):
            await self._add_work(order_id)
        await self._add_parts(order_id, shop)
        await self._change_price(order_id)
        await self._move(order_id, "in_progress")
        await self.write(
            "POST", f"/orders/{order_id}/comments", "evt.orders.comment_added.v1", text="{mark}"
        )
        if self._random.random() < 0.15:
            await self._move(order_id, "cancelled", reason="передумал")
            return
        await self._finish(order_id, client_id)
        if self._random.random() < 0.25:
            await self._move(order_id, "in_progress", reason="забыли")
            await self._add_work(order_id)
            await self._finish(order_id, client_id)

    async def _opened(self, shop: Shop) -> tuple[str | None, str]:
        client = await self.write(
            "POST",
            "/clients",
            "evt.clients.client_created.v1",
            last_name="Иванов",
            first_name="Пётр",
            phones=[f"+7916{self._random.randrange(10**7):07}"],
            comment="{mark}",
        )
        if not client:
            return None, ""
        self.memory.clients[client["id"]] = 0
        car = await self.write(
            "POST", f"/clients/{client['id']}/vehicles", vendor="Lada", model="Vesta"
        )
        if car:
            self.memory.clients[client["id"]] = 1
        order = await self.write(
            "POST",
            "/orders",
            client_id=client["id"],
            vehicle_id=car and car["id"],
            section_id=shop.section_id,
            employee_id=shop.employee_id,
        )
        if not order:
            return None, ""
        # The event has no text that could carry a mark; but the client is here for the first time.
        self.memory.acknowledged[client["id"]] = ORDER_CREATED
        self.memory.orders[order["id"]] = KnownOrder()
        return order["id"], client["id"]

    async def _add_work(self, order_id: str) -> None:
        order = await self.write(
            "POST",
            f"/orders/{order_id}/services",
            "evt.orders.service_added.v1",
            name="{mark}",
            initial_price=str(self._random.randint(100, 3000)),
        )
        self._note(order)

    async def _add_parts(self, order_id: str, shop: Shop) -> None:
        lines = [
            {
                "product_id": product_id,
                "quantity": str(self._random.choice(("1", "2", "0.5"))),
                "kind": "product",
            }
            for product_id in self._random.sample(shop.products, 2)
        ]
        self._note(await self.write("POST", f"/orders/{order_id}/parts", lines=lines))

    async def _change_price(self, order_id: str) -> None:
        works = self.memory.orders[order_id].works
        if works:
            line_id = self._random.choice(list(works))
            price = str(self._random.randint(100, 3000))
            path = f"/orders/{order_id}/lines/{line_id}"
            self._note(await self.write("PATCH", path, initial_price=price))

    async def _move(self, order_id: str, to: str, **why: str) -> dict[str, Any] | None:
        order = await self.write("POST", f"/orders/{order_id}/status", to=to, **why)
        self._note(order)
        return order

    async def _finish(self, order_id: str, client_id: str) -> None:
        """Done, as soon as the parts are there, and paid; perhaps some of it is given back."""
        for _ in range(RESERVED_LOOKS):
            order = await self.read(f"/orders/{order_id}")
            if order and all(line["state"] == "reserved" for line in order["products"]):
                break
            if self.stopping:
                raise Stopped
            await asyncio.sleep(PAUSE_S)
        done = await self._move(order_id, "done")
        known = self.memory.orders[order_id]
        if not done or Decimal(done["total"]) <= known.paid:
            return
        amount = Decimal(done["total"]) - known.paid
        payment = await self.write(
            "POST",
            "/payments",
            "evt.finance.payment_taken.v1",
            order_id=order_id,
            customer_id=client_id,
            amount=str(amount),
            method=self._random.choice(("card", "transfer")),
            comment="{mark}",
        )
        if not payment:
            return
        known.paid += amount
        if self._random.random() < 0.25:
            back = await self.write(
                "POST",
                f"/payments/{payment['id']}/refund",
                "evt.finance.payment_refunded.v1",
                amount="50",
                reason="{mark}",
            )
            if back:
                known.paid -= 50

    def _note(self, order: dict[str, Any] | None) -> None:
        if order is None:
            return
        known = self.memory.orders[order["id"]]
        known.status = order["status"]
        known.works = {line["id"]: Decimal(line["price"]) for line in order["services"]}
        known.parts = {
            line["id"]: (line["product_id"], Decimal(line["quantity"]))
            for line in order["products"]
        }

    # --- the store -------------------------------------------------------------------------------

    async def receive(self, shop: Shop, product_id: str, quantity: str) -> None:
        receipt = await self.write(
            "POST",
            "/stock/receipts",
            "evt.inventory.stock_received.v1",
            warehouse_id=shop.warehouses[0],
            supplier_id=shop.supplier_id,
            supplier_document="{mark}",
            lines=[{"product_id": product_id, "quantity": quantity, "cost": "60.00"}],
        )
        if receipt:
            self.memory.moved[product_id] += Decimal(quantity)

    async def _storekeeping(self, shop: Shop) -> None:
        await self.receive(shop, self._random.choice(shop.products), "7")
        # Where somebody was stopped in the midst of a count nobody can count any more: each has a
        # place to count in.
        place = await self.write("POST", "/warehouses", name=f"Склад {new_id().hex[-12:]}")
        if not place:
            return
        shop = replace(shop, warehouses=(place["id"], shop.warehouses[1]))
        # Of a product that nobody else touches it is known how much must be there.
        product = await self.write("POST", "/products", name="Свеча", price="10.00")
        if not product:
            return
        await self.receive(shop, product["id"], "5")
        if self.memory.moved[product["id"]] != 5:
            return
        await self._write_off(shop, product["id"])
        await self._transfer(shop, product["id"])
        await self._count(shop, product["id"])

    async def _write_off(self, shop: Shop, product_id: str) -> None:
        gone = await self.write(
            "POST",
            "/stock/write-offs",
            "evt.inventory.stock_written_off.v1",
            warehouse_id=shop.warehouses[0],
            reason="{mark}",
            lines=[{"product_id": product_id, "quantity": "0.5"}],
        )
        if gone:
            self.memory.moved[product_id] -= Decimal("0.5")

    async def _transfer(self, shop: Shop, product_id: str) -> None:
        sent = await self.write(
            "POST",
            "/stock/transfers",
            "evt.inventory.transfer_sent.v1",
            from_warehouse_id=shop.warehouses[0],
            to_warehouse_id=shop.warehouses[1],
            comment="{mark}",
            lines=[{"product_id": product_id, "quantity": "2"}],
        )
        if sent:
            self.memory.on_the_way[product_id] = Decimal(2)
            if await self.write("POST", f"/stock/transfers/{sent['id']}/receive"):
                self.memory.on_the_way[product_id] = Decimal(0)

    async def _count(self, shop: Shop, product_id: str) -> None:
        here = self.memory.moved[product_id] - 2
        count = await self.write(
            "POST",
            "/stock/counts",
            warehouse_id=shop.warehouses[0],
            product_ids=[product_id],
        )
        if not count:
            return
        path = f"/stock/counts/{count['id']}"
        if not await self.write(
            "POST", f"{path}/counted", product_id=product_id, quantity=str(here - 1)
        ):
            return
        if await self.write("POST", f"{path}/post"):
            self.memory.moved[product_id] -= 1


async def open_shop(station: ChaosStation, memory: Memory) -> Shop:
    """Before anything happens: places, people, goods, of which there is more than is asked for."""
    person = Person(station, memory, Random(0))
    mark = new_id().hex[-8:]

    async def made(path: str, **fields: Any) -> str:
        answer = await person.write("POST", path, **fields)
        assert answer, memory.refused
        return str(answer["id"])

    section_id = await made("/sections", name=f"Участок {mark}")
    shop = Shop(
        section_id=section_id,
        employee_id=await made(
            "/employees",
            last_name="Петров",
            first_name="Пётр",
            role="technician",
            section_id=section_id,
            pay_percent="40",
        ),
        warehouses=(
            await made("/warehouses", name=f"Главный {mark}"),
            await made("/warehouses", name=f"Второй {mark}"),
        ),
        supplier_id=await made("/suppliers", name=f"Поставщик {mark}"),
        products=tuple(
            [
                await made("/products", name=f"Масло {number}", price="100.00")
                for number in range(PRODUCTS)
            ]
        ),
    )
    for number, product_id in enumerate(shop.products):
        # Two of them are soon gone: orders that wait for them are not done.
        await person.receive(shop, product_id, "20" if number < 2 else "100000")
    await person.hang_up()
    return shop
