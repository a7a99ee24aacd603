"""Everything that a demo station is made of, drawn from a seed before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from random import Random

from deploy.demo_data.bookings import Booking, some_bookings
from deploy.demo_data.clients import Client, some_clients
from deploy.demo_data.products import Catalogue, Product, kopecks, some_products
from deploy.demo_data.steps import Body, Moment, Order, RequestParts
from deploy.demo_data.stories import Teller
from deploy.demo_data.words import words

CLIENTS = 200
ORDERS = 250
SECOND_WAREHOUSE = frozenset({"Шины", "Кузовные детали", "Лакокрасочные материалы"})
SUPPLIER_OF_GROUP = {
    "Шины": 2,
    "Расходные материалы шиномонтажа": 2,
    "Кузовные детали": 3,
    "Лакокрасочные материалы": 3,
    "Расходные материалы": 4,
    "Автохимия": 4,
}
DEARER = Decimal("1.03")
"""What the second half of the goods cost, so that lots differ."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery; warehouse and supplier by their places in ``words``."""

    warehouse: int
    supplier: int
    document: str
    lines: tuple[tuple[int, Decimal, Decimal], ...]
    """Product, quantity, cost of one."""


@dataclass(frozen=True, slots=True)
class Expense:
    """What the station paid for itself, and when."""

    fields: Body
    at: Moment


@dataclass(frozen=True, slots=True)
class Plan:
    """What stands in ``words`` counts too: sections, posts, employees, works."""

    products: tuple[Product, ...]
    receipts: tuple[Receipt, ...]
    clients: tuple[Client, ...]
    orders: tuple[Order, ...]
    bookings: tuple[Booking, ...]
    expenses: tuple[Expense, ...]


def made(seed: int, scale: float = 1.0) -> Plan:
    """The same for the same seed and scale. ``scale`` is of products, clients and orders; of
    every kind there is at least one."""
    random = Random(seed)
    catalogue = some_products(random, scale)
    clients = some_clients(random, max(20, round(CLIENTS * scale)))
    orders = Teller(random, catalogue, clients).orders(round(ORDERS * scale))
    return Plan(
        products=catalogue.products,
        receipts=tuple(_receipts(random, catalogue, orders)),
        clients=clients,
        orders=tuple(orders),
        # A chance of their own: what else is drawn stays as it was.
        bookings=tuple(some_bookings(Random(seed), orders)),
        expenses=tuple(_expenses(random)),
    )


def _receipts(random: Random, catalogue: Catalogue, orders: Sequence[Order]) -> Iterable[Receipt]:
    """Two of every supplier for each warehouse: together they bring what the orders will take,
    and what is left over."""
    wanted = _wanted(catalogue, orders)
    by_place: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, product in enumerate(catalogue.products):
        if wanted[place]:
            supplier = SUPPLIER_OF_GROUP.get(product.group, place % 2)
            by_place[int(product.group in SECOND_WAREHOUSE), supplier].append(place)
    first: list[Receipt] = []
    second: list[Receipt] = []
    for (warehouse, supplier), places in sorted(by_place.items()):
        early, late = [], []
        for place in places:
            cost = catalogue.products[place].cost
            half = _half(wanted[place], catalogue.products[place])
            early.append((place, half, cost))
            if wanted[place] > half:
                late.append((place, wanted[place] - half, kopecks(cost * DEARER)))
        for receipts, lines in ((first, early), (second, late)):
            document = f"УПД {random.randint(1000, 9999)}"
            if lines:
                receipts.append(Receipt(warehouse, supplier, document, tuple(lines)))
    return [*first, *second]


def _half(wanted: Decimal, product: Product) -> Decimal:
    """What comes first: in whole packs, if it has any and there is so much to come."""
    _, size = product.pack or ("", Decimal(1))
    packs = (wanted / 2 / size).to_integral_value(ROUND_CEILING)
    return packs * size if packs * size <= wanted else (wanted / 2).to_integral_value(ROUND_CEILING)


def _wanted(catalogue: Catalogue, orders: Sequence[Order]) -> list[Decimal]:
    """By product, what has to come in before the orders are made."""
    wanted = [product.left_over for product in catalogue.products]
    for order in orders:
        for step in order.steps:
            if isinstance(step, RequestParts):
                for part in step.parts:
                    if not catalogue.products[part.product].on_order:
                        wanted[part.product] += part.quantity
    return wanted


def _expenses(random: Random) -> Iterable[Expense]:
    """In the order in which they were paid."""
    expenses = [
        Expense(
            {name: told[name] for name in ("category", "comment", "amount", "method")},
            Moment.of(days_ago, random.randint(9, 18), random.randrange(0, 60, 5)),
        )
        for told in words("station")["expenses"]
        for days_ago in told["days_ago"]
    ]
    return sorted(expenses, key=lambda expense: expense.at)
