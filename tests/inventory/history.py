"""Random histories of orders and receipts, and a book that hears of them in any order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from services.inventory.domain.book import Book
from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import Ask, TooEarly
from services.inventory.domain.units import purchased
from shared.contracts.orders import (
    OrderCancelled,
    OrderCompleted,
    OrderReopened,
    PartsReleased,
    PartsRequested,
)
from shared.ids import new_id
from tests.inventory.builders import (
    Kept,
    a_book,
    a_lot,
    cancelled,
    completed,
    minutes,
    released,
    reopened,
    requested,
)

type OrderMessage = PartsRequested | PartsReleased | OrderCancelled | OrderCompleted | OrderReopened


@dataclass
class _Order:
    """An order as the orders service knows it: it publishes nothing that cannot be."""

    id: UUID = field(default_factory=new_id)
    status: str = "open"
    completion: int = 0
    lines: dict[UUID, Ask] = field(default_factory=dict)


class OrdersSide:
    """Decides at random what orders do next; knows nothing of the stock."""

    def __init__(self, product_ids: list[UUID], random: Random, orders: int = 4) -> None:
        self._products = product_ids
        self._random = random
        self.orders = [_Order() for _ in range(orders)]

    def next_message(self) -> OrderMessage | None:
        order = self._random.choice(self.orders)
        if order.status == "cancelled":
            return None
        if order.status == "done":
            order.status = "open"
            return reopened(order.id, order.completion)
        steps = [self._add, self._add, self._change, self._remove, self._complete, self._cancel]
        weights = [6, 3, 6, 3, 5, 1]
        step: Any = self._random.choices(steps, weights)[0]
        message: OrderMessage | None = step(order)
        return message

    def _add(self, order: _Order) -> OrderMessage:
        asks = [
            Ask(new_id(), 1, self._random.choice(self._products), self._amount())
            for _ in range(self._random.randint(1, 3))
        ]
        order.lines |= {ask.line_id: ask for ask in asks}
        return requested(order.id, *asks)

    def _change(self, order: _Order) -> OrderMessage | None:
        if not order.lines:
            return None
        ask = self._random.choice(list(order.lines.values()))
        ask = replace(ask, version=ask.version + 1, wanted=self._amount())
        order.lines[ask.line_id] = ask
        return requested(order.id, ask)

    def _remove(self, order: _Order) -> OrderMessage | None:
        if not order.lines:
            return None
        ask = order.lines.pop(self._random.choice(list(order.lines)))
        return released(order.id, replace(ask, version=ask.version + 1))

    def _complete(self, order: _Order) -> OrderMessage:
        order.status = "done"
        order.completion += 1
        return completed(order.id, order.completion, *order.lines.values())

    def _cancel(self, order: _Order) -> OrderMessage:
        order.status = "cancelled"
        return cancelled(order.id)

    def _amount(self) -> Decimal:
        return Decimal(self._random.randint(1, 6_000)) / 1000


class WholeBook:
    """A book that holds everything there is, and hears messages as the handlers do."""

    def __init__(self, *product_ids: UUID) -> None:
        self.book: Book = a_book(*product_ids)
        self.kept = Kept()

    def hear(self, message: OrderMessage, at: int) -> bool:
        """False: too early, to be told again."""
        book, keep = self.book, self.kept.keep
        match message:
            case PartsRequested():
                asks = [
                    Ask(line.line_id, line.line_version, line.product_id, line.quantity)
                    for line in message.lines
                ]
                keep(book.request(message.order_id, asks, minutes(at)))
            case PartsReleased():
                asks = [
                    Ask(line.line_id, line.line_version, line.product_id, Decimal("0.000"))
                    for line in message.lines
                ]
                keep(book.release(message.order_id, asks, minutes(at)))
            case OrderCancelled():
                keep(book.cancel(message.order_id, minutes(at)))
            case OrderCompleted():
                parts = [(part.line_id, part.product_id, part.quantity) for part in message.parts]
                try:
                    issued = book.complete(message.order_id, message.completion, parts)
                except TooEarly:
                    return False
                if issued:
                    keep(issued)
            case OrderReopened():
                if returned := book.reopen(message.order_id, message.completion):
                    keep(returned)
        return True

    def receive(self, product_id: UUID, warehouse_id: UUID, amount: Decimal, cost: Decimal) -> None:
        lot = a_lot(product_id, warehouse_id, 1)
        lots = [
            replace(lot, id=new_id(), quantity=part, remaining=part, unit_cost=unit_cost)
            for part, unit_cost in purchased(amount, kopecks(amount * cost)).lots
        ]
        self.kept.keep(self.book.receive(lots))
