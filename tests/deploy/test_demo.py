"""The demo's plan, and its load through the real gateway and services."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from deploy import demo
from deploy.demo_data import plan as plans
from deploy.demo_data.requests import RequestFailed
from deploy.demo_data.steps import Moment, RequestParts
from deploy.demo_data.stories import FATES
from deploy.demo_data.vehicles import check_digit
from deploy.demo_data.words import words
from services.gateway.users import ensure_demo_users
from shared.contracts.audit import VerifyChain
from shared.contracts.inventory import FindProducts, StockBalances
from shared.contracts.orders import FindOrders, ListEmployees, OrderSummary
from tests.gateway.support import running_gateway, served
from tests.support.broker import TestNats
from tests.support.day import Station, running_station

SCALE = 0.06
"""Few orders, and yet each fate at least once."""


# --- the plan --------------------------------------------------------------------------------


def test_a_whole_demo_has_the_size_of_a_station() -> None:
    plan = plans.made(demo.SEED)
    assert (len(plan.products), len(plan.clients), len(plan.orders)) == (300, 200, 250)
    assert len(words("works")["works"]) == 60
    station = words("station")
    assert (len(station["sections"]), len(station["warehouses"])) == (5, 2)
    assert len(station["suppliers"]) == 5
    logins = {employee.get("login") for employee in station["employees"]} - {None}
    assert logins == {"admin", "advisor", "technician", "storekeeper", "cashier", "owner"}


def test_same_seed_makes_the_same_plan_and_another_seed_another() -> None:
    assert plans.made(1, 0.1) == plans.made(1, 0.1)
    assert plans.made(1, 0.1) != plans.made(2, 0.1)


@pytest.mark.parametrize("scale", [0.01, SCALE, 0.5, 1.0, 2.0])
def test_every_fate_is_met_at_every_scale(scale: float) -> None:
    fates = Counter(order.fate for order in plans.made(demo.SEED, scale).orders)
    assert fates.keys() == FATES.keys()


@pytest.mark.parametrize("scale", [SCALE, 1.0])
def test_receipts_bring_what_orders_take_but_for_parts_on_order(scale: float) -> None:
    plan = plans.made(demo.SEED, scale)
    received: Counter[int] = Counter()
    for receipt in plan.receipts:
        for product, quantity, cost in receipt.lines:
            received[product] += quantity  # type: ignore[assignment]
            assert Decimal(0) < cost < plan.products[product].price
    wanted: Counter[int] = Counter()
    for order in plan.orders:
        for step in order.steps:
            if isinstance(step, RequestParts):
                for part in step.parts:
                    wanted[part.product] += part.quantity  # type: ignore[assignment]
    short = {product for product in wanted if wanted[product] > received[product]}
    assert short
    assert all(plan.products[product].on_order for product in short)


def test_cars_look_like_those_in_a_register() -> None:
    cars = [car for client in plans.made(demo.SEED).clients for car in client.cars]
    for car in cars:
        assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", car["vin"]), car["vin"]
        assert re.fullmatch(r"[АВЕКМНОРСТУХ]\d{3}[АВЕКМНОРСТУХ]{2}\d{2,3}", car["plate"])
        pattern = next(m["vin"] for m in words("cars")["makes"] if m["vendor"] == car["vendor"])
        if "*" in pattern:
            assert car["vin"][8] == check_digit(car["vin"])
    for field in ("vin", "plate"):
        assert len({car[field] for car in cars}) == len(cars)


@pytest.mark.parametrize(("vin", "digit"), [("1M8GDM9AXKP042788", "X"), ("11111111111111111", "1")])
def test_check_digit_is_that_of_the_standard(vin: str, digit: str) -> None:
    assert check_digit(vin) == digit


def test_times_lie_in_the_last_thirty_days_and_never_ahead() -> None:
    now = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    plan = plans.made(demo.SEED)
    moments = [order.arrives for order in plan.orders] + [order.leaves for order in plan.orders]
    moments += [expense.at for expense in plan.expenses]
    times = [datetime.fromisoformat(moment.past(now)) for moment in moments if moment]
    assert now - timedelta(days=31) < min(times)
    assert max(times) == now
    assert Moment.of(1, 9, 30).past(now) == "2026-02-28T06:30:00+00:00"


# --- the load ----------------------------------------------------------------------------------


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database) as station:
        yield station


@pytest.fixture
async def base_url(
    station: Station, nats_server: TestNats, database: Callable[[str], str]
) -> AsyncIterator[str]:
    """Of the station's gateway, with the demo's users and nothing else."""
    url = database("gateway")
    await ensure_demo_users(url)
    async with running_gateway(nats_server, url) as gateway, served(gateway) as (host, port):
        yield f"http://{host}:{port}"


async def all_orders(station: Station) -> list[OrderSummary]:
    return list((await station.ask(FindOrders(limit=200))).items)


async def journal(station: Station) -> Counter[str]:
    """How often each event is in the audit; sign-ins left out."""
    await station.settle_down()
    connection = await asyncpg.connect(station.database_urls["audit"])
    try:
        rows = await connection.fetch("SELECT event, count(*) AS n FROM records GROUP BY event")
    finally:
        await connection.close()
    return Counter({row["event"]: row["n"] for row in rows if ".signed_in." not in row["event"]})


@pytest.mark.timeout(300)
async def test_load_makes_orders_in_all_states_and_a_second_one_changes_nothing(
    station: Station, base_url: str
) -> None:
    told: list[tuple[str, int, int]] = []
    await demo.load(base_url, lambda *progress: told.append(progress), scale=SCALE)

    plan = plans.made(demo.SEED, SCALE)
    orders = await all_orders(station)
    assert len(orders) == len(plan.orders)
    assert {order.status for order in orders} == {
        "draft", "new", "in_progress", "done", "cancelled"
    }  # fmt: skip
    by_number = sorted(orders, key=lambda order: order.number)
    looks = {
        planned.fate: (order.status, set(order.flags), order.paid, order.total)
        for planned, order in zip(plan.orders, by_number, strict=True)
    }
    assert "waiting_for_parts" in looks["waiting"][1]
    status, flags, paid, total = looks["paid"]
    assert (status, flags, paid) == ("done", {"settled"}, total)
    status, flags, paid, total = looks["owed"]
    assert (status, flags, paid) == ("done", {"settled", "waiting_for_payment"}, Decimal(0))
    assert total > 0
    status, flags, paid, total = looks["filled"]
    assert (status, flags, paid) == ("done", {"settled"}, total)
    status, flags, paid, total = looks["paid_in_part"]
    assert Decimal(0) < paid < total
    status, flags, paid, total = looks["refunded"]
    assert paid < total
    assert looks["reopened"][0] == "in_progress"
    assert looks["done_again"][0] == "done"
    assert looks["warranty"][3] == 0
    assert told[-1] == ("expenses", len(plan.expenses), len(plan.expenses))

    first = await journal(station)
    assert not [event for event in first if "refused" in event]
    assert first["evt.orders.order_created.v1"] == len(plan.orders)
    assert first["evt.finance.payment_refunded.v1"] == 1
    assert first["evt.orders.order_reopened.v1"] == 2
    assert (await station.ask(VerifyChain())).intact

    await demo.load(base_url, lambda *_: None, scale=SCALE)
    assert await journal(station) == first
    assert await all_orders(station) == orders


@pytest.mark.timeout(300)
async def test_load_that_was_cut_short_is_finished_by_the_next(
    station: Station, base_url: str
) -> None:
    def cut(what: str, done: int, total: int) -> None:
        if what == "orders" and done > total // 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await demo.load(base_url, cut, scale=SCALE)
    assert 0 < len(await all_orders(station)) <= len(plans.made(demo.SEED, SCALE).orders)

    await demo.load(base_url, lambda *_: None, scale=SCALE)

    plan = plans.made(demo.SEED, SCALE)
    counted = await journal(station)
    assert counted["evt.orders.order_created.v1"] == len(plan.orders)
    # Each once; those priced by the matrix are told again when they are bought.
    products = (await station.ask(FindProducts(limit=200))).items
    assert len(products) == len(plan.products)
    assert counted["evt.clients.client_created.v1"] == len(plan.clients)
    people = (await station.ask(ListEmployees(limit=200))).items
    assert {person.login for person in people} >= {"admin", "technician", "cashier"}
    balances = (await station.ask(StockBalances())).items
    assert all(balance.available >= 0 for balance in balances)


async def test_station_without_the_demos_users_is_told_in_one_line(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    await nats_server.apply_topology()
    async with (
        running_gateway(nats_server, database("gateway")) as gateway,
        served(gateway) as (host, port),
    ):
        with pytest.raises(RequestFailed, match=r"^POST /session: 401 sign_in_failed: .*$"):
            await demo.load(f"http://{host}:{port}", lambda *_: None)
