"""Whatever orders do and in whatever order we hear of it, the books agree."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.ids import new_id
from tests.inventory.builders import an_ask, check_books, requested
from tests.inventory.history import OrderMessage, OrdersSide, WholeBook


class Post:
    """Delivers like the stream on a bad day: late, in any order, some twice, all in the end."""

    def __init__(self, whole: WholeBook, random: Random) -> None:
        self.whole = whole
        self.random = random
        self.waiting: list[tuple[int, OrderMessage]] = []
        self.delivered: list[tuple[int, OrderMessage]] = []

    def deliver_some(self) -> None:
        self.random.shuffle(self.waiting)
        for _ in range(self.random.randint(0, len(self.waiting))):
            self._deliver(self.waiting.pop())
        if self.delivered and self.random.random() < 0.3:
            at, message = self.random.choice(self.delivered)
            self.whole.hear(message, at)

    def deliver_all(self) -> None:
        """What comes too early is told again until nothing moves any more."""
        while True:
            before = len(self.waiting)
            waiting, self.waiting = self.waiting, []
            for item in waiting:
                self._deliver(item)
            if len(self.waiting) == before:
                return

    def _deliver(self, item: tuple[int, OrderMessage]) -> None:
        at, message = item
        if self.whole.hear(message, at):
            self.delivered.append(item)
        else:
            self.waiting.append(item)
        check_books(self.whole.book, self.whole.kept.moves)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(5, 60))
def test_the_books_agree_after_every_message_in_any_order(seed: int, steps: int) -> None:
    random = Random(seed)
    products, warehouses = [new_id(), new_id()], [new_id(), new_id()]
    whole = WholeBook(*products)
    orders = OrdersSide(products, random)
    post = Post(whole, random)
    for step in range(steps):
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
    for product in products:  # enough for everybody
        whole.receive(product, warehouses[0], Decimal(10_000), Decimal("1.50"))
    post.deliver_all()

    assert post.waiting == []
    book = whole.book
    for order in orders.orders:
        known = {line.line_id: line for line in book.lines.values() if line.order_id == order.id}
        if order.status == "cancelled":
            assert all(line.held == line.issued == 0 for line in known.values())
            continue
        wanted = {line_id: ask.wanted for line_id, ask in order.lines.items()}
        assert {i: line.wanted for i, line in known.items() if line.wanted} == wanted
        assert all(line.reserved == line.wanted for line in known.values())
        is_done = order.status == "done"
        assert all(
            (line.issued == line.wanted) == is_done for line in known.values() if line.wanted
        )
        assert all(line.held == 0 for line in known.values()) or not is_done


@settings(max_examples=100, deadline=None)
@given(
    wishes=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    comings=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    late=st.randoms(use_true_random=False),
)
def test_stock_goes_to_whoever_asked_first_however_it_comes(
    wishes: list[int], comings: list[int], late: Random
) -> None:
    product, warehouse = new_id(), new_id()
    whole = WholeBook(product)
    asks = [an_ask(product, wish) for wish in wishes]
    told = list(enumerate(asks))
    late.shuffle(told)  # nothing is there yet, so that only the time of asking may count
    for minute, ask in told:
        whole.hear(requested(new_id(), ask), minute)
    for amount in comings:
        whole.receive(product, warehouse, Decimal(amount), Decimal(1))

    left = sum(comings)
    for ask in asks:
        line = whole.book.lines[ask.line_id]
        assert line.held == min(ask.wanted, left)
        left -= int(line.held)
