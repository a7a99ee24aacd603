"""Whatever the warehouses' rules are and however they change, nothing is lost: not a piece, not a
kopeck."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain.book import HandedOver
from services.inventory.domain.pages import Rules
from shared.contracts.costing import CostingMethod
from shared.ids import new_id
from tests.inventory.builders import check_books
from tests.inventory.history import OrdersSide, WholeBook
from tests.inventory.test_history import Post


class Ledger:
    """What finance would have by the kopecks that inventory tells, order by order."""

    def __init__(self, whole: WholeBook) -> None:
        self.cost: defaultdict[tuple[UUID, int, UUID], Decimal] = defaultdict(Decimal)
        self._issued: set[tuple[UUID, int]] = set()
        self._whole = whole
        self._seen = 0

    def follow(self) -> None:
        """Issues and corrections add up, line by line, to what the line is known to cost."""
        for key, decision in self._whole.kept.told[self._seen :]:
            if isinstance(decision, HandedOver) and key:
                sign = -1 if key in self._issued else 1
                self._issued.add(key)
                for part in decision.parts:
                    self.cost[(*key, part.line_id)] += sign * part.cost
            for each in decision.corrections:
                line = (each.order_id, each.completion, each.line_id)
                self.cost[line] += each.amount
                assert self.cost[line] == each.cost
        self._seen = len(self._whole.kept.told)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(5, 60))
def test_no_rule_and_no_change_of_rules_loses_anything(seed: int, steps: int) -> None:
    random = Random(seed)
    products, warehouses = [new_id(), new_id()], [new_id(), new_id()]
    whole = WholeBook(*products)
    orders = OrdersSide(products, random)
    post = Post(whole, random)
    ledger = Ledger(whole)
    for step in range(steps):
        if random.random() < 0.2:
            method: CostingMethod = random.choice(get_args(CostingMethod))
            rules = Rules(method, may_be_negative=random.random() < 0.6)
            whole.rule(random.choice(warehouses), rules)
            check_books(whole.book, whole.kept.moves)
        if random.random() < 0.25:
            whole.receive(
                random.choice(products),
                random.choice(warehouses),
                Decimal(random.randint(1, 9_000)) / 1000,
                Decimal(random.randint(0, 10_000)) / 100,
            )
            check_books(whole.book, whole.kept.moves)
        elif message := orders.next_message():
            post.waiting.append((step, message))
        post.deliver_some()
        ledger.follow()
    for product in products:  # enough for everybody, and for everything that is missing
        for warehouse in warehouses:
            whole.receive(product, warehouse, Decimal(10_000), Decimal("1.50"))
    post.deliver_all()
    ledger.follow()

    book = whole.book
    assert post.waiting == []
    assert not any(stock.missing for stock in book.stocks.values())
    for order in orders.orders:
        issued = {
            line.line_id: line.issued
            for line in book.lines.values()
            if line.order_id == order.id and line.issued
        }
        wanted = {line_id: ask.wanted for line_id, ask in order.lines.items()}
        assert issued == (wanted if order.status == "done" else {})
    # Whatever was brought back cost what it had been issued at, corrections and all.
    for (order_id, completion, _), cost in ledger.cost.items():
        assert cost == 0 or book.completions[order_id, completion] == "issued"
    _sell_all(whole, products)


def _sell_all(whole: WholeBook, products: list[UUID]) -> None:
    """When the last piece has left, nothing is left of the value, by whichever method."""
    book = whole.book
    for product in products:
        for stock in book.stocks_of(product):
            if stock.available:
                book._take(product, stock.warehouse_id, stock.on_shelves)
        for lot in book.lots.values():
            if lot.product_id == product and not lot.remaining:
                assert lot.value == 0
