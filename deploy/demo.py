"""Fills an empty station with a month of a believable working life, in Russian.

It is done by the same requests over HTTP that people send, signed in as the demo's users. What
happens, happens now: the API has no way to date an order back, and must not have one. So all
orders are created on the day of the load, one after the other as the cars came, while the times
that people tell (a car taken in or given back, an expense paid) lie in the thirty days before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from deploy.demo_data import plan as plans
from deploy.demo_data.bookings import CLOSES, OPENS, Booking
from deploy.demo_data.clients import Client
from deploy.demo_data.lives import Ids, Life
from deploy.demo_data.products import Product, kopecks
from deploy.demo_data.requests import Requests
from deploy.demo_data.steps import Body, Moment, Order
from deploy.demo_data.words import words

SEED = 1
AT_ONCE = 16
"""Things that are made together."""

type Progress = Callable[[str, int, int], None]
"""Is told what is being made, how many of it there are, and how many there will be."""


async def load(base_url: str, progress: Progress, *, scale: float = 1.0) -> None:
    """Loads the station at ``base_url`` (``http://127.0.0.1:8080``).

    However often it is called with one ``scale``, every thing is made once: the
    ``Idempotency-Key`` of a request says what it makes. (Services keep keys for thirty days.)
    ``scale`` counts for products, clients and orders. Raises ``RequestFailed``.
    """
    async with Requests(base_url, key_prefix=f"demo-{SEED}") as requests:
        await requests.sign_in("admin", "advisor", "technician", "storekeeper", "cashier")
        await _Load(plans.made(SEED, scale), requests, progress).run()


class _Load:
    """The plan's things by their places, and the ids that the station gave them."""

    def __init__(self, plan: plans.Plan, requests: Requests, progress: Progress) -> None:
        self._plan = plan
        self._requests = requests
        self._progress = progress
        self._counter = asyncio.Lock()
        """Numbers follow the calendar: orders are opened one at a time, as the cars came."""

    async def run(self) -> None:
        await self._open_station()
        await self._fill_warehouses()
        await self._write_price_list()
        await self._write_clients()
        self._order_ids = await self._each("orders", self._plan.orders, self._order)
        await self._fill_the_panel()
        await self._plan_expenses()
        await self._each("expenses", self._plan.expenses, self._expense)
        await self._pay_an_advance()
        await self._buy()

    # --- before anybody comes ----------------------------------------------------------------

    async def _open_station(self) -> None:
        station = words("station")
        stations = await self._requests.get("admin", "/stations")
        path = f"/stations/{stations['items'][0]['id']}"
        await self._requests.patch("admin", path, "requisites", **station["requisites"])
        await self._each("order types", station["order_types"], self._order_type, at_once=1)
        # One after the other: lists show them as they are written down.
        self._sections = await self._each("sections", station["sections"], self._section, at_once=1)
        places = {section["key"]: place for place, section in enumerate(station["sections"])}
        posts = [
            (place, name)
            for place, section in enumerate(station["sections"])
            for name in section["posts"]
        ]
        ids = await self._each("posts", posts, self._post, at_once=1)
        self._posts = [
            [post for post, (where, _) in zip(ids, posts, strict=True) if where == place]
            for place in places.values()
        ]
        self._section_ids = dict(zip(places, self._sections, strict=True))
        self._employees = await self._each("employees", station["employees"], self._employee)
        roles = [employee["role"] for employee in station["employees"]]
        self._storekeeper = self._employees[roles.index("storekeeper")]
        self._works = await self._each("works", words("works")["works"], self._work)
        await self._each("pay rules", station["pay_rules"], self._pay_rule)
        await self._made(
            "admin",
            "/bonus-rules",
            "bonus-rule",
            name="3 % частным лицам",
            condition='TotalMoney > 3000 and Customer.Kind == "person"',
            amount="TotalMoney * 0.03",
            cap_per_order="1500",
            days_to_live=180,
        )

    async def _order_type(self, place: int, order_type: Body) -> str:
        return await self._made("admin", "/order-types", f"order_type:{place}", **order_type)

    async def _section(self, place: int, section: Body) -> str:
        return await self._made("admin", "/sections", f"section:{place}", name=section["name"])

    async def _post(self, place: int, post: tuple[int, str]) -> str:
        section, name = post
        return await self._made(
            "admin", "/posts", f"post:{place}", name=name, section_id=self._sections[section]
        )

    async def _employee(self, place: int, employee: Body) -> str:
        fields = {**employee, "section_id": self._section_ids.get(employee.get("section"))}
        fields.pop("section", None)
        return await self._made("admin", "/employees", f"employee:{place}", **fields)

    async def _pay_rule(self, place: int, rule: Body) -> str:
        return await self._made("admin", "/payroll/rules", f"pay_rule:{place}", **rule)

    async def _work(self, place: int, work: Body) -> str:
        fields = {
            name: work.get(name) for name in ("name", "price", "warranty_days", "warranty_km")
        }
        if "hours" in work:
            rate = words("works")["rates"][work["section"]]
            fields |= {"labor_hours": work["hours"], "labor_rate": rate}
        fields["estimation_minutes"] = work["minutes"]
        fields["group"] = words("works")["groups"][work["section"]]
        return await self._made("admin", "/services", f"work:{place}", **fields)

    async def _fill_warehouses(self) -> None:
        station = words("station")
        # The oldest warehouse is drawn from first.
        self._warehouses = await self._each(
            "warehouses", station["warehouses"], self._warehouse, at_once=1
        )
        self._suppliers = await self._each("suppliers", station["suppliers"], self._supplier)
        await self._requests.put(
            "admin", "/markup-rules", "markup", rules=words("prices")["markup"]
        )
        self._products = await self._each("products", self._plan.products, self._product)
        await self._each("receipts", self._plan.receipts, self._receipt, at_once=1)
        cells = await self._each("cells", station["cells"], self._cell)
        for place, product_id in enumerate(self._products[: 4 * len(cells)]):
            await self._requests.put(
                "storekeeper",
                f"/products/{product_id}/cells/{self._warehouses[0]}",
                f"home-cell:{place}",
                cell_id=cells[place % len(cells)],
            )

    async def _warehouse(self, place: int, name: str) -> str:
        return await self._made("storekeeper", "/warehouses", f"warehouse:{place}", name=name)

    async def _cell(self, place: int, name: str) -> str:
        return await self._made(
            "storekeeper", "/cells", f"cell:{place}", name=name, warehouse_id=self._warehouses[0]
        )

    async def _supplier(self, place: int, name: str) -> str:
        return await self._made("storekeeper", "/suppliers", f"supplier:{place}", name=name)

    async def _product(self, place: int, product: Product) -> str:
        return await self._made("storekeeper", "/products", f"product:{place}", **product.fields)

    async def _receipt(self, place: int, receipt: plans.Receipt) -> str:
        return await self._received(f"receipt:{place}", receipt)

    async def _received(self, key: str, receipt: plans.Receipt) -> str:
        return await self._made(
            "storekeeper",
            "/stock/receipts",
            key,
            warehouse_id=self._warehouses[receipt.warehouse],
            supplier_id=self._suppliers[receipt.supplier],
            supplier_document=receipt.document,
            lines=[self._bought(*line) for line in receipt.lines],
        )

    def _bought(self, place: int, much: Decimal, cost: Decimal) -> Body:
        line = {"product_id": self._products[place], "quantity": str(much), "cost": str(cost)}
        pack = self._plan.products[place].pack
        if pack is None or much % pack[1]:
            return line
        unit, size = pack
        in_packs = {"quantity": str(much / size), "cost": str(kopecks(cost * size))}
        return {**line, **in_packs, "measure": unit}

    async def _write_price_list(self) -> None:
        named = (work["name"] for work in words("works")["works"])
        self._work_ids = dict(zip(named, self._works, strict=True))
        families = (product.family for product in reversed(self._plan.products))
        # The first of each family: it is there at every scale.
        self._first_of = dict(zip(families, reversed(self._products), strict=True))
        prices = words("prices")
        await self._each("variants", prices["variants"], self._variant)
        await self._each("packages", prices["packages"], self._package, at_once=1)

    async def _variant(self, place: int, variant: Body) -> str:
        fields = {name: value for name, value in variant.items() if name != "work"}
        path = f"/services/{self._work_ids[variant['work']]}/variants"
        return await self._made("admin", path, f"variant:{place}", **fields)

    async def _package(self, place: int, package: Body) -> str:
        services = [
            {
                "service_id": self._work_ids[service["work"]],
                "materials": self._parts(service.get("materials", {})),
            }
            for service in package["services"]
        ]
        fields = {**package, "services": services, "goods": self._parts(package["goods"])}
        return await self._made("admin", "/packages", f"package:{place}", **fields)

    def _parts(self, amounts: Body) -> list[Body]:
        return [
            {"product_id": self._first_of[family], "quantity": quantity}
            for family, quantity in amounts.items()
        ]

    # --- clients and orders ------------------------------------------------------------------

    async def _write_clients(self) -> None:
        first = await self._card(0)
        # The day of the load, also for whoever goes on with a load that was cut short.
        self._now = datetime.fromisoformat(first["created_at"])
        self._clients = await self._each("clients with cars", self._plan.clients, self._client)

    async def _client(self, place: int, client: Client) -> tuple[str, list[str]]:
        card = await self._card(place)
        path = f"/clients/{card['id']}/vehicles"
        cars = [
            await self._made("advisor", path, f"car:{place}:{car}", **fields)
            for car, fields in enumerate(client.cars)
        ]
        return card["id"], cars

    async def _card(self, place: int) -> Body:
        fields = self._plan.clients[place].card
        return await self._requests.post("advisor", "/clients", f"client:{place}", **fields)

    async def _order(self, place: int, order: Order) -> str:
        async with self._counter:
            order_id = await self._opened(place, order)
        ids = Ids(
            works=self._works,
            employees=self._employees,
            products=self._products,
            warehouse=self._warehouses[0],
            supplier=self._suppliers[0],
        )
        client_id, _ = self._clients[order.client]
        life = Life(self._requests, ids, f"order:{place}", order_id, client_id)
        await life.take(order.steps)
        return order_id

    async def _opened(self, place: int, order: Order) -> str:
        client_id, cars = self._clients[order.client]
        return await self._made(
            "advisor",
            "/orders",
            f"order:{place}",
            client_id=client_id,
            vehicle_id=cars[order.car],
            section_id=self._sections[order.section],
            post_id=self._posts[order.section][order.post],
            employee_id=self._employees[order.mechanic],
            product_responsible_id=self._storekeeper,
            vehicle_in_at=self._past(order.arrives),
            vehicle_out_at=self._past(order.leaves),
            **order.fields,
        )

    async def _fill_the_panel(self) -> None:
        hours = {"opens": f"{OPENS:02}:00", "closes": f"{CLOSES:02}:00"}
        week = [{"weekday": weekday, **hours} for weekday in range(1, 8)]
        await self._requests.put("admin", "/working-hours", "working-hours", week=week)
        closed = Moment.of(-20, 12).told(self._now)[:10]
        await self._made("admin", "/holidays", "holiday", day=closed, name="Санитарный день")
        await self._each("bookings", self._plan.bookings, self._booking)
        # Whoever falls ill leaves bookings behind: the panel shows them as conflicts.
        await self._made(
            "admin",
            "/absences",
            "absence",
            employee_id=self._employees[self._plan.orders[self._plan.bookings[0].order].mechanic],
            kind="sick",
            start=Moment.of(-2, OPENS).told(self._now),
            end=Moment.of(-4, OPENS).told(self._now),
        )

    async def _booking(self, place: int, booking: Booking) -> str:
        order = self._plan.orders[booking.order]
        return await self._made(
            "advisor",
            f"/orders/{self._order_ids[booking.order]}/bookings",
            f"booking:{place}",
            post_id=self._posts[order.section][order.post],
            technician_id=self._employees[order.mechanic],
            start=booking.starts.told(self._now),
            end=booking.ends.told(self._now),
        )

    async def _plan_expenses(self) -> None:
        """What money goes for, and the rent, which comes again every month."""
        station = words("station")
        for place, category in enumerate(station["expense_categories"]):
            key = f"expense_category:{place}"
            await self._made("admin", "/expense-categories", key, **category)
        for place, expense in enumerate(station["recurring_expenses"]):
            starts_on = (self._now + timedelta(days=1)).date().isoformat()
            key = f"recurring_expense:{place}"
            await self._made("admin", "/recurring-expenses", key, starts_on=starts_on, **expense)

    async def _expense(self, place: int, expense: plans.Expense) -> str:
        at = self._past(expense.at)
        return await self._made(
            "cashier", "/finance/expenses", f"expense:{place}", at=at, **expense.fields
        )

    async def _pay_an_advance(self) -> None:
        logins = [employee.get("login") for employee in words("station")["employees"]]
        line = {"employee_id": self._employees[logins.index("technician")], "amount": "5000"}
        await self._requests.post(
            "admin",
            "/payroll/payouts",
            "advance",
            lines=[line],
            method="cash",
            advance=True,
            comment="Аванс",
        )

    # --- how ---------------------------------------------------------------------------------

    async def _buy(self) -> None:
        """Something is on its way, and a supplier has been paid in part."""
        supplier_id = self._suppliers[0]
        ordered = await self._made(
            "storekeeper",
            "/purchase-orders",
            "purchase-order",
            supplier_id=supplier_id,
            warehouse_id=self._warehouses[0],
            expected_on=Moment.of(-3, 12).told(self._now)[:10],
            lines=[
                {"product_id": product_id, "quantity": "10", "cost": "450.00"}
                for product_id in self._products[:3]
            ],
        )
        await self._made("storekeeper", f"/purchase-orders/{ordered}/send", "purchase-order:sent")
        await self._made(
            "cashier",
            "/supplier-payments",
            "supplier-payment",
            supplier_id=supplier_id,
            amount="50000.00",
            method="transfer",
            document="п/п 118",
        )

    def _past(self, moment: Moment | None) -> str | None:
        return moment.past(self._now) if moment else None

    async def _made(self, who: str, path: str, key: str, /, **fields: object) -> str:
        """Makes a thing, and answers its id."""
        made = await self._requests.post(who, path, key, **fields)
        return str(made["id"])

    async def _each[ThingT, MadeT](
        self,
        what: str,
        things: Sequence[ThingT],
        make: Callable[[int, ThingT], Awaitable[MadeT]],
        *,
        at_once: int = AT_ONCE,
    ) -> list[MadeT]:
        """Makes all, some of them together, begun in their order. The first failure ends it."""
        made: dict[int, MadeT] = {}
        waiting = iter(enumerate(things))
        self._progress(what, 0, len(things))

        async def work() -> None:
            for place, thing in waiting:
                made[place] = await make(place, thing)
                self._progress(what, len(made), len(things))

        workers = [asyncio.create_task(work()) for _ in range(min(at_once, len(things)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return [made[place] for place in range(len(things))]
