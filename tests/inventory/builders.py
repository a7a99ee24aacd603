"""Stock books, lots and messages of orders for tests, valid unless a test says otherwise."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.book import Book, Decision
from services.inventory.domain.costing import Lot, kopecks
from services.inventory.domain.stock import CHANGES_ON_HAND, CHANGES_RESERVED, Ask, Move
from shared.contracts.orders import (
    CompletedPart,
    OrderCancelled,
    OrderCompleted,
    OrderReopened,
    PartsReleased,
    PartsRequested,
    ReleasedPart,
    RequestedPart,
)
from shared.ids import new_id

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def minutes(number: int) -> datetime:
    """So many minutes into the day."""
    return MORNING + timedelta(minutes=number)


def quantity(amount: str | int | Decimal) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.001"))


def decimals(*amounts: str | int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def a_lot(
    product_id: UUID,
    warehouse_id: UUID,
    amount: str | int | Decimal,
    cost: str | int = 60,
    *,
    at: datetime = MORNING,
) -> Lot:
    return Lot(
        id=new_id(),
        product_id=product_id,
        warehouse_id=warehouse_id,
        receipt_id=new_id(),
        position=1,
        received_at=at,
        quantity=quantity(amount),
        unit_cost=Decimal(cost),
        remaining=quantity(amount),
        value=kopecks(quantity(amount) * Decimal(cost)),
    )


def an_ask(
    product_id: UUID, wanted: str | int, *, line_id: UUID | None = None, version: int = 1
) -> Ask:
    return Ask(line_id or new_id(), version, product_id, quantity(wanted))


def a_book(*product_ids: UUID) -> Book:
    """A whole book, with everything loaded: nothing has happened yet."""
    book = Book()
    book.prices = dict.fromkeys(product_ids, Decimal("100.00"))
    book.queues = set(product_ids)
    return book


class Kept:
    """What a book has decided so far, kept as the database would keep it."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.told: list[tuple[tuple[UUID, int] | None, Decision]] = []
        """With the completion that it is about, if it is about one."""

    def keep[DecisionT: Decision](
        self, decision: DecisionT, completion: tuple[UUID, int] | None = None
    ) -> DecisionT:
        self.moves += decision.moves
        self.told.append((completion, decision))
        return decision


type Places = defaultdict[tuple[UUID, UUID], Decimal]


def check_books(book: Book, moves: list[Move]) -> None:
    """Everything that must be true of a whole book, whatever has happened."""
    on_hand: Places = defaultdict(Decimal)
    reserved: Places = defaultdict(Decimal)
    value: Places = defaultdict(Decimal)
    for move in moves:
        key = (move.product_id, move.warehouse_id)
        on_hand[key] += move.quantity if move.kind in CHANGES_ON_HAND else 0
        reserved[key] += move.quantity if move.kind in CHANGES_RESERVED else 0
        value[key] += move.value
    left, worth, missing = _shelves(book)
    held = _held(book)
    for key, stock in book.stocks.items():
        assert stock.on_hand == on_hand[key] == left[key]
        assert stock.reserved == reserved[key] == held[key]
        assert stock.value == value[key] == worth[key]
        assert stock.missing == missing[key]
        assert 0 <= stock.reserved <= stock.on_shelves
        if stock.missing:
            assert stock.available == -stock.missing, "what lies free fills what is missing"
    assert {key for key, amount in on_hand.items() if amount} <= {
        key for key, _ in book.stocks.items()
    }
    _check_issued(book)


def _shelves(book: Book) -> tuple[Places, Places, Places]:
    """What lies in the lots less what is missing, what that is worth, and what is missing."""
    left: Places = defaultdict(Decimal)
    worth: Places = defaultdict(Decimal)
    missing: Places = defaultdict(Decimal)
    for lot in book.lots.values():
        assert 0 <= lot.remaining <= lot.quantity
        assert lot.value >= 0
        assert lot.remaining or not lot.value, "what is gone is worth nothing"
        left[lot.product_id, lot.warehouse_id] += lot.remaining
        worth[lot.product_id, lot.warehouse_id] += lot.value
    for shortage in book.shortages.values():
        key = (shortage.product_id, shortage.warehouse_id)
        assert 0 <= shortage.missing <= shortage.quantity
        assert shortage.missing or not shortage.value
        left[key] -= shortage.missing
        worth[key] -= shortage.value
        missing[key] += shortage.missing
    return left, worth, missing


def _held(book: Book) -> Places:
    held: Places = defaultdict(Decimal)
    for line in book.lines.values():
        assert line.surplus == 0
        assert line.wanted == line.reserved + line.short
        if line.short > 0:
            assert book.available(line.product_id) == 0, "somebody waits for what is there"
        for hold in line.holds:
            assert hold.quantity > 0
            held[line.product_id, hold.warehouse_id] += hold.quantity
    return held


def _check_issued(book: Book) -> None:
    issued: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for consumption in book.consumptions.values():
        state = book.completions[consumption.order_id, consumption.completion]
        assert state == ("returned" if consumption.returned else "issued")
        if not consumption.returned:
            issued[consumption.line_id] += consumption.quantity
    for shortage in book.shortages.values():
        issued[shortage.line_id] += shortage.missing
    for line in book.lines.values():
        assert line.issued == issued[line.line_id]


# --- what orders publish -------------------------------------------------------------------------


def requested(order_id: UUID, *asks: Ask) -> PartsRequested:
    return PartsRequested(
        order_id=order_id,
        number="A-000001",
        revision=1,
        lines=tuple(
            RequestedPart(
                line_id=ask.line_id,
                line_version=ask.version,
                product_id=ask.product_id,
                quantity=ask.wanted,
                write_off=ask.write_off,
                lost_completion=ask.lost_completion,
            )
            for ask in asks
        ),
        reason="сломалась" if any(ask.write_off for ask in asks) else None,
    )


def released(order_id: UUID, *asks: Ask) -> PartsReleased:
    return PartsReleased(
        order_id=order_id,
        number="A-000001",
        revision=1,
        lines=tuple(
            ReleasedPart(
                line_id=ask.line_id,
                line_version=ask.version,
                product_id=ask.product_id,
                write_off=ask.write_off,
                lost_completion=ask.lost_completion,
            )
            for ask in asks
        ),
        reason="сломалась" if any(ask.write_off for ask in asks) else None,
    )


def cancelled(order_id: UUID, reason: str = "передумал") -> OrderCancelled:
    return OrderCancelled(order_id=order_id, number="A-000001", revision=1, reason=reason)


def completed(order_id: UUID, completion: int, *parts: Ask) -> OrderCompleted:
    nothing = Decimal("0.00")
    return OrderCompleted(
        order_id=order_id,
        number="A-000001",
        revision=1,
        completion=completion,
        station_id=new_id(),
        section_id=new_id(),
        employee_id=new_id(),
        client_id=new_id(),
        payer_id=new_id(),
        completed_at=MORNING,
        total=nothing,
        services_total=nothing,
        products_total=nothing,
        materials_total=nothing,
        services=(),
        parts=tuple(
            CompletedPart(
                line_id=part.line_id,
                product_id=part.product_id,
                kind="product",
                quantity=part.wanted,
                total=nothing,
            )
            for part in parts
        ),
    )


def reopened(order_id: UUID, completion: int) -> OrderReopened:
    return OrderReopened(
        order_id=order_id,
        number="A-000001",
        revision=1,
        completion=completion,
        reason="клиент вернулся",
    )
