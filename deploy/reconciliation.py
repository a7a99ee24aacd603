"""What services must agree on, compared: each is asked for its figures, and what differs is named.

Services hear of each other by events, so that two of them may differ for a moment and be right
both. Whatever differs is therefore looked at again after a pause; only what stays different, while
nothing is on its way any more, is a difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts.base import Page, Question
from shared.contracts.costing import CheckStock
from shared.contracts.finance_reports import CheckReports
from shared.contracts.order_reports import CheckOrderReports
from shared.contracts.reconciliation import (
    COST_AGREES,
    ISSUED_AGREES,
    STOCK_AGREES,
    BooksFigures,
    Difference,
    GetAccountBalances,
    GetBooksFigures,
    GetOrderFigures,
    GetStockFigures,
    GetStockWorth,
    HeldPart,
    OrderFigures,
    StockFigures,
    WantedPart,
)
from shared.contracts.statements import CheckClients
from shared.contracts.stock_reports import CheckStockReports

LOOKS = 4
PAUSE_S = 1.5
PAGE = 500
NOTHING = Decimal(0)

type ByOrder = type[GetOrderFigures | GetStockFigures | GetBooksFigures]
type Ask = Callable[[Question[Any]], Awaitable[Any]]
"""Asks the service that the question is for."""


OWN: tuple[Question[Page[Difference]], ...] = (
    CheckClients(),
    CheckStock(limit=200),
    CheckReports(),
    CheckOrderReports(),
    CheckStockReports(),
)
"""What services recount by themselves."""
FIGURES: tuple[tuple[str, ByOrder], ...] = (
    ("orders", GetOrderFigures),
    ("stock", GetStockFigures),
    ("books", GetBooksFigures),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An order as each service has it; ``None``: not at all."""

    order_id: UUID
    orders: OrderFigures | None = None
    stock: StockFigures | None = None
    books: BooksFigures | None = None

    @property
    def number(self) -> str | None:
        named = self.orders or self.books
        return named.number if named else None


async def differences(ask: Ask, *, pause_s: float = PAUSE_S) -> list[Difference]:
    """All of them, each with the order it belongs to; empty: everything agrees."""
    found: dict[UUID, list[Difference]] = {}
    async for seen in _every_order(ask):
        if wrong := list(compared(seen)):
            found[seen.order_id] = wrong
    for _ in range(LOOKS - 1):
        if not found:
            break
        await asyncio.sleep(pause_s)
        found = await _still(ask, list(found))
    return [
        *(each for wrong in found.values() for each in wrong),
        *await _worth(ask, pause_s),
        *await _own(ask, pause_s),
    ]


# --- one order ------------------------------------------------------------------------------------


def compared(seen: Seen) -> Iterator[Difference]:
    """What is wrong with one order."""
    if seen.orders is None:
        yield _of(seen, "known to orders", "an order", "no such order")
        return
    yield from _money(seen, seen.orders)
    yield from _parts(seen, seen.orders)


def _money(seen: Seen, order: OrderFigures) -> Iterator[Difference]:
    books = seen.books
    yield from _same(seen, "total = sum of its lines", order.lines_total, order.total)
    settled = books.completion if books else 0
    yield from _same(seen, "settled as often as done", order.completion, settled)
    issued = seen.stock.completion if seen.stock else 0
    if order.completion and any(_counts(part) for part in order.parts):
        yield from _same(seen, "parts issued as often as done", order.completion, issued)
    if books is None:
        return
    revenue = order.total if order.completion else NOTHING
    yield from _same(seen, "settled amount = total", revenue, books.revenue)
    cost = seen.stock.cost if seen.stock else NOTHING
    yield from _same(seen, COST_AGREES, cost, books.cost)
    yield from _same(seen, "revenue in the ledger", books.revenue, books.posted_revenue)
    yield from _same(seen, "cost in the ledger", books.cost, books.posted_cost)
    yield from _same(seen, "pay in the ledger", books.pay, books.posted_pay)
    if order.due is not None:
        yield from _same(seen, "due = due in the books", books.due, order.due)


def _parts(seen: Seen, order: OrderFigures) -> Iterator[Difference]:
    """What the order believes to hold, and what the warehouse holds for it."""
    held = {part.line_id: part for part in seen.stock.parts} if seen.stock else {}
    for part in order.parts:
        there = held.pop(part.line_id, None)
        if order.status == "cancelled" or part.state == "released":
            expected = (NOTHING, NOTHING)
        else:
            expected = (part.quantity, part.reserved)
        actual = (there.wanted, _got(there)) if there else (NOTHING, NOTHING)
        for what, wanted, got in zip(
            ("wanted by the order", ISSUED_AGREES),
            expected,
            actual,
            strict=True,
        ):
            if wanted != got:
                yield _of(seen, what, wanted, got, part)
    for left in held.values():
        if left.wanted or left.held or left.issued:
            yield _of(seen, "reserved for a line that is", "none", left.held + left.issued, left)


def _got(part: HeldPart) -> Decimal:
    """What the line has: what was issued short has not come."""
    return part.held + part.issued - part.missing


def _counts(part: WantedPart) -> bool:
    return part.state != "released"


def _same(seen: Seen, what: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if expected != actual:
        yield _of(seen, what, expected, actual)


def _of(
    seen: Seen, what: str, expected: Any, actual: Any, part: WantedPart | HeldPart | None = None
) -> Difference:
    return Difference(
        what=what,
        expected=str(expected),
        actual=str(actual),
        order_id=seen.order_id,
        number=seen.number,
        product_id=part.product_id if part else None,
        line_id=part.line_id if part else None,
    )


# --- all of them ----------------------------------------------------------------------------------


async def _every_order(ask: Ask) -> AsyncIterator[Seen]:
    """The three lists side by side, by the order's id; none of them is ever held whole."""
    streams = [(name, _all(ask, question)) for name, question in FIGURES]
    heads = {name: await anext(stream, None) for name, stream in streams}
    while waiting := [head.order_id for head in heads.values() if head is not None]:
        seen = Seen(min(waiting))
        for name, stream in streams:
            head = heads[name]
            if head is not None and head.order_id == seen.order_id:
                seen = replace(seen, **{name: head})
                heads[name] = await anext(stream, None)
        yield seen


async def _all(ask: Ask, question: ByOrder) -> AsyncIterator[Any]:
    cursor: str | None = None
    while True:
        page: Page[Any] = await ask(question(limit=PAGE, cursor=cursor))
        for item in page.items:
            yield item
        if (cursor := page.next) is None:
            return


async def _still(ask: Ask, order_ids: Sequence[UUID]) -> dict[UUID, list[Difference]]:
    """Those of the orders with which something is wrong now."""
    found: dict[UUID, list[Difference]] = {}
    for start in range(0, len(order_ids), PAGE):
        named = tuple(order_ids[start : start + PAGE])
        by_order = {order_id: Seen(order_id) for order_id in named}
        for name, question in FIGURES:
            page = await ask(question(order_ids=named, limit=PAGE))
            for item in page.items:
                seen = by_order[item.order_id]
                by_order[item.order_id] = replace(seen, **{name: item})
        for seen in by_order.values():
            if wrong := list(compared(seen)):
                found[seen.order_id] = wrong
    return found


async def _worth(ask: Ask, pause_s: float) -> list[Difference]:
    """The stock account against what lies in the warehouses and is on its way between them."""
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(pause_s)
        worth = (await ask(GetStockWorth())).value
        balances = await ask(GetAccountBalances())
        booked = next(
            (balance.amount for balance in balances.items if balance.account == "inventory"),
            NOTHING,
        )
        if worth == booked:
            return []
    return [Difference(what=STOCK_AGREES, expected=str(worth), actual=str(booked))]


async def _own(ask: Ask, pause_s: float) -> list[Difference]:
    """What each service finds wrong with its own books; of very many differences, the first."""
    wrong = {question: list((await ask(question)).items) for question in OWN}
    for _ in range(LOOKS - 1):
        again = [question for question, found in wrong.items() if found]
        if not again:
            break
        await asyncio.sleep(pause_s)
        wrong |= {question: list((await ask(question)).items) for question in again}
    return [each for found in wrong.values() for each in found]
