"""What services must agree on, compared: each is asked for its figures, and what differs is named.

Services hear of each other by events, so that two of them may differ for a moment and be right
both. Whatever differs is therefore looked at again after a pause; only what stays different, while
nothing is on its way any more, is a difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from deploy.copies import COPIES
from deploy.side_by_side import LOOKS, Ask, Kind, side_by_side
from shared.contracts.base import Page, Question
from shared.contracts.costing import CheckStock
from shared.contracts.finance_reports import CheckReports
from shared.contracts.order_reports import CheckOrderReports
from shared.contracts.reconciliation import (
    CANCELLED_IN_BOOKS,
    COST_AGREES,
    ISSUED_AGREES,
    KNOWN_TO_BOOKS,
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

PAUSE_S = 1.5
NOTHING = Decimal(0)

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
VISIT_COUNTED = "visit counted = settled"
VISIT_REVENUE = "revenue of the visit = settled amount"
VISIT_TIME = "time of the visit = work done"
VISIT_SECTION = "section of the visit = section of the settlement"
VISIT_CLIENT = "client of the visit = client of the settlement"
OF_VISITS = frozenset({VISIT_COUNTED, VISIT_REVENUE, VISIT_TIME, VISIT_SECTION, VISIT_CLIENT})
OF_COUNTERS = frozenset(
    {
        "client_visits",
        "client_revenue",
        "client_first_visit",
        "client_last_visit",
        "client_last_section",
    }
)
"""What clients counts of visits, and so of each that is wrong."""


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
class Comparison:
    """``differences``: each with what it belongs to; none: what was looked at agrees. ``counted``:
    clients has all visits that there ever were; if not, those from before it counted are still
    being fetched, and whether one is missing was not looked at."""

    differences: list[Difference]
    counted: bool


async def compare(ask: Ask, *, pause_s: float | None = None) -> Comparison:
    """All that services must agree on."""
    pause_s = PAUSE_S if pause_s is None else pause_s
    # After an upgrade those from before are still being fetched, and none of them is missing.
    counted = (await ask(GetKeptVisits())).done
    orders = Kind("order_id", partial(Seen, counted=counted), OF_ORDERS, compared)
    receipts = Kind("receipt_id", SeenReceipt, OF_RECEIPTS, owed)
    found = await side_by_side(ask, (orders, receipts, *COPIES), pause_s)
    found += await _worth(ask, pause_s)
    return Comparison([*found, *_besides(found, await _own(ask, pause_s))], counted)


# --- one order ------------------------------------------------------------------------------------


def compared(seen: Seen) -> Iterator[Difference]:
    """What is wrong with one order."""
    if seen.orders is None:
        yield _of(seen, "known to orders", "an order", "no such order")
        return
    yield from _copied(seen, seen.orders)
    yield from _money(seen, seen.orders)
    yield from _parts(seen, seen.orders)
    yield from _visits(seen, seen.orders)


def _copied(seen: Seen, order: OrderFigures) -> Iterator[Difference]:
    """Whose order it is, by which number, and whether it was called off, as others copied it."""
    books, stock = seen.books, seen.stock
    cancelled = _yes_or_no(order.status == "cancelled")
    there = _yes_or_no(stock is not None and stock.cancelled)
    yield from _same(seen, "cancelled in the warehouse = cancelled", cancelled, there)
    if books is None:
        yield _of(seen, KNOWN_TO_BOOKS, "an order", "no such order")
        return
    yield from _same(seen, "number in the books = number of the order", order.number, books.number)
    there = _yes_or_no(books.cancelled)
    yield from _same(seen, CANCELLED_IN_BOOKS, cancelled, there)
    clients = {books.ordered_by, books.client_id if books.completion else None, order.client_id}
    for other in sorted(clients - {None, order.client_id}, key=str):
        yield _of_client(seen, "client in the books = client of the order", order.client_id, other)


def _money(seen: Seen, order: OrderFigures) -> Iterator[Difference]:
    books = seen.books
    yield from _same(seen, "total = sum of its lines", order.lines_total, order.total)
    if books:  # that they do not know the order is told already
        yield from _same(seen, "settled as often as done", order.completion, books.completion)
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
    yield from _same(seen, "paid = payments in the books", books.paid, order.paid)
    # An older version was not told the rest.
    for what, expected, actual in (
        ("due = due in the books", books.due, order.due),
        ("pay = pay in the books", books.pay, order.pay),
        ("VAT = VAT in the books", books.vat, order.vat),
    ):
        if actual is not None:
            yield from _same(seen, what, expected, actual)


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
        cost = there.cost if there and part.state == "issued" else None
        if None not in (cost, part.cost) and cost != part.cost:
            yield _of(seen, "cost of a line = what it was issued at", cost, part.cost, part)
    for left in held.values():
        if left.wanted or left.held or left.issued:
            yield _of(seen, "reserved for a line that is", "none", left.held + left.issued, left)


def _got(part: HeldPart) -> Decimal:
    """What the line has: what was issued short has not come."""
    return part.held + part.issued - part.missing


def _counts(part: WantedPart) -> bool:
    return part.state != "released"


def _visits(seen: Seen, order: OrderFigures) -> Iterator[Difference]:
    """A visit is a settlement that stands. Where the books do not know the order, which is told
    already, none is missing, and that it was done is what one may be of."""
    books, visits = seen.books, seen.visits
    completion = books.completion if books else order.completion
    settled = (completion,) if completion else ()
    counted = visits.completions if visits else ()
    if books is None and not counted:
        return
    if settled != counted:
        if counted or seen.counted:
            yield from _visit(seen, VISIT_COUNTED, _listed(settled), _listed(counted))
        return
    if books is None or visits is None:
        return
    yield from _visit(seen, VISIT_REVENUE, books.revenue, visits.revenue)
    if visits.at is not None:
        yield from _visit(seen, VISIT_TIME, books.completed_at, visits.at)
        yield from _visit(seen, VISIT_SECTION, books.section_id, visits.section_id)
    if visits.client_id != books.client_id:
        yield _of_client(seen, VISIT_CLIENT, books.client_id, visits.client_id)


def _visit(seen: Seen, what: str, expected: Any, actual: Any) -> Iterator[Difference]:
    """With the client, whose counters are not what they should be then."""
    whose = seen.visits or seen.books
    for difference in _same(seen, what, expected, actual):
        yield difference.model_copy(update={"client_id": whose and whose.client_id})


def _yes_or_no(told: bool) -> str:
    return "yes" if told else "no"


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


def _of_client(seen: Seen, what: str, expected: UUID | None, actual: UUID | None) -> Difference:
    """Of the client rather than of the order: news of no order say which cards are one client's."""
    return Difference(
        what=what,
        expected=str(expected),
        actual=str(actual),
        number=seen.number,
        client_id=actual,
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


def _besides(found: Sequence[Difference], own: Sequence[Difference]) -> Iterator[Difference]:
    """A client's counters are what the visits come to: where a visit is named as wrong, they are
    not named once more."""
    visits = [each for each in found if each.what in OF_VISITS]
    clients = {client for each in visits for client in (str(each.client_id), each.expected)}
    for each in own:
        if not (each.what in OF_COUNTERS and str(each.client_id) in clients):
            yield each
