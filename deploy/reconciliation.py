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
from functools import partial
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
    GetReceiptDebts,
    GetReceiptFigures,
    GetStockFigures,
    GetStockWorth,
    GetVisitFigures,
    HeldPart,
    OrderFigures,
    ReceiptFigures,
    StockFigures,
    VisitFigures,
    WantedPart,
)
from shared.contracts.statements import CheckClients
from shared.contracts.stock_reports import CheckStockReports
from shared.contracts.visits import CheckVisits, GetKeptVisits

LOOKS = 4
PAUSE_S = 1.5
PAGE = 500
NOTHING = Decimal(0)

type Ask = Callable[[Question[Any]], Awaitable[Any]]
"""Asks the service that the question is for."""
type Debts = dict[UUID | None, Decimal]
"""By the supplier."""


OWN: tuple[Question[Page[Difference]], ...] = (
    CheckClients(),
    CheckStock(limit=200),
    CheckVisits(),
    CheckReports(),
    CheckOrderReports(),
    CheckStockReports(),
)
"""What services recount by themselves."""
OF_ORDERS = (
    ("orders", GetOrderFigures),
    ("stock", GetStockFigures),
    ("books", GetBooksFigures),
    ("visits", GetVisitFigures),
)
OF_RECEIPTS = (("stock", GetReceiptFigures), ("books", GetReceiptDebts))


@dataclass(frozen=True, slots=True)
class Seen:
    """An order as each service has it; ``None``: not at all. ``counted``: clients has all visits
    that there ever were."""

    order_id: UUID
    orders: OrderFigures | None = None
    stock: StockFigures | None = None
    books: BooksFigures | None = None
    visits: VisitFigures | None = None
    counted: bool = True

    @property
    def number(self) -> str | None:
        named = self.orders or self.books
        return named.number if named else None


@dataclass(frozen=True, slots=True)
class SeenReceipt:
    """A receipt as each of the two has it."""

    receipt_id: UUID
    stock: ReceiptFigures | None = None
    books: ReceiptFigures | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """What several services have figures of. ``key``: what all of them, and what is seen of one,
    call its id. ``figures``: under which name each one's answer is seen."""

    key: str
    seen: Callable[[UUID], Any]
    figures: tuple[tuple[str, Callable[..., Question[Page[Any]]]], ...]
    compared: Callable[[Any], Iterator[Difference]]


async def differences(ask: Ask, *, pause_s: float | None = None) -> list[Difference]:
    """All of them, each with what it belongs to; empty: everything agrees."""
    pause_s = PAUSE_S if pause_s is None else pause_s
    # After an upgrade those from before are still being fetched, and none of them is missing.
    counted = (await ask(GetKeptVisits())).done
    orders = Kind("order_id", partial(Seen, counted=counted), OF_ORDERS, compared)
    receipts = Kind("receipt_id", SeenReceipt, OF_RECEIPTS, owed)
    return [
        *await _side_by_side(ask, orders, pause_s),
        *await _side_by_side(ask, receipts, pause_s),
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
    yield from _visits(seen)


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


def _visits(seen: Seen) -> Iterator[Difference]:
    """A visit is a settlement that stands."""
    books, visits = seen.books, seen.visits
    settled = (books.completion,) if books and books.completion else ()
    counted = visits.completions if visits else ()
    if settled != counted:
        if counted or seen.counted:
            yield from _same(seen, "visit counted = settled", _listed(settled), _listed(counted))
        return
    if books is None or visits is None:
        return
    yield from _same(seen, "revenue of the visit = settled amount", books.revenue, visits.revenue)
    if visits.at is not None:
        yield from _same(seen, "time of the visit = work done", books.completed_at, visits.at)
    if visits.client_id != books.client_id:
        # Of the client rather than of the order: news of no order say which cards are one client's.
        yield Difference(
            what="client of the visit = client of the settlement",
            expected=str(books.client_id),
            actual=str(visits.client_id),
            number=seen.number,
            client_id=visits.client_id,
        )


def _listed(completions: Sequence[int]) -> str:
    return ", ".join(map(str, completions)) or "none"


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


# --- one receipt ----------------------------------------------------------------------------------


def owed(seen: SeenReceipt) -> Iterator[Difference]:
    """What each supplier is owed for a receipt, less what went back."""
    stock, books = _debts(seen.stock), _debts(seen.books)
    if None in books:  # an older version did not write down whom it owed
        stock, books = _in_all(stock), _in_all(books)
    for supplier_id in sorted(stock.keys() | books.keys(), key=str):
        expected = stock.get(supplier_id, NOTHING)
        actual = books.get(supplier_id, NOTHING)
        if expected != actual:
            yield Difference(
                what="owed for the receipt = owed in the ledger",
                expected=str(expected),
                actual=str(actual),
                number=seen.stock.number if seen.stock else None,
                document_id=seen.receipt_id,
                supplier_id=supplier_id,
            )


def _debts(figures: ReceiptFigures | None) -> Debts:
    return {each.supplier_id: each.amount for each in figures.owed} if figures else {}


def _in_all(debts: Debts) -> Debts:
    return {None: sum(debts.values(), NOTHING)}


# --- all of them ----------------------------------------------------------------------------------


async def _side_by_side(ask: Ask, kind: Kind, pause_s: float) -> list[Difference]:
    """What stays different, however often it is looked at."""
    found: dict[UUID, list[Difference]] = {}
    async for seen in _every(ask, kind):
        if wrong := list(kind.compared(seen)):
            found[getattr(seen, kind.key)] = wrong
    for _ in range(LOOKS - 1):
        if not found:
            break
        await asyncio.sleep(pause_s)
        found = await _still(ask, kind, list(found))
    return [each for wrong in found.values() for each in wrong]


async def _every(ask: Ask, kind: Kind) -> AsyncIterator[Any]:
    """The lists side by side, by the id; none of them is ever held whole."""
    streams = [(name, _all(ask, question)) for name, question in kind.figures]
    heads = {name: await anext(stream, None) for name, stream in streams}
    while waiting := [getattr(head, kind.key) for head in heads.values() if head is not None]:
        first = min(waiting)
        seen = kind.seen(first)
        for name, stream in streams:
            head = heads[name]
            if head is not None and getattr(head, kind.key) == first:
                seen = replace(seen, **{name: head})
                heads[name] = await anext(stream, None)
        yield seen


async def _all(ask: Ask, question: Callable[..., Question[Page[Any]]]) -> AsyncIterator[Any]:
    cursor: str | None = None
    while True:
        page: Page[Any] = await ask(question(limit=PAGE, cursor=cursor))
        for item in page.items:
            yield item
        if (cursor := page.next) is None:
            return


async def _still(ask: Ask, kind: Kind, ids: Sequence[UUID]) -> dict[UUID, list[Difference]]:
    """Those with which something is wrong now."""
    found: dict[UUID, list[Difference]] = {}
    for start in range(0, len(ids), PAGE):
        named = tuple(ids[start : start + PAGE])
        by_id = {each: kind.seen(each) for each in named}
        for name, question in kind.figures:
            page = await ask(question(**{f"{kind.key}s": named}, limit=PAGE))
            for item in page.items:
                key = getattr(item, kind.key)
                by_id[key] = replace(by_id[key], **{name: item})
        for key, seen in by_id.items():
            if wrong := list(kind.compared(seen)):
                found[key] = wrong
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
