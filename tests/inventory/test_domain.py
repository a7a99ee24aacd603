"""What may happen to stock, lines and lots; no server needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.book import Book, HandedOver
from services.inventory.domain.costing import (
    Consumption,
    Lot,
    check_books_can_hold,
    handed,
    kopecks,
    left_after,
    take,
)
from services.inventory.domain.pages import Rules
from services.inventory.domain.stock import (
    COMPLETION_STEPS,
    CompletionState,
    Hold,
    Line,
    Move,
    Stock,
    TooEarly,
    asked,
    drawn,
    first_of,
    moved,
)
from shared.contracts.base import MAX_MONEY, MAX_QUANTITY
from shared.contracts.inventory import MovementKind
from shared.ids import new_id
from shared.refusals import Refused
from tests.inventory.builders import (
    MORNING,
    Kept,
    a_book,
    a_lot,
    an_ask,
    check_books,
    decimals,
    minutes,
    quantity,
)

PRODUCT = new_id()
OLD, NEW = new_id(), new_id()
"""Two warehouses: ids grow with time."""
ORDER, OTHER_ORDER = new_id(), new_id()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def book(kept: Kept) -> Book:
    """Ten pieces in the old warehouse and five in the new one."""
    book = a_book(PRODUCT)
    kept.keep(book.receive([a_lot(PRODUCT, OLD, 10), a_lot(PRODUCT, NEW, 5)]))
    return book


def a_line(wanted: str | int, *holds: Hold, issued: str | int = 0, version: int = 1) -> Line:
    return Line(
        new_id(), ORDER, PRODUCT, version, quantity(wanted), MORNING, 0, quantity(issued), holds
    )


def held(book: Book, line_id: UUID) -> dict[UUID, Decimal]:
    return {hold.warehouse_id: hold.quantity for hold in book.lines[line_id].holds}


# --- movements -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "amount", "on_hand", "reserved"),
    [
        ("receipt", 4, 14, 3),
        ("reserve", 4, 10, 7),
        ("release", -2, 10, 1),
        ("issue", -3, 7, 0),
        ("return", 3, 13, 3),
        ("write_off", -4, 6, 3),
        ("transfer_out", -7, 3, 3),
        ("transfer_in", 1, 11, 3),
        ("count_difference", -1, 9, 3),
    ],
)
def test_a_movement_changes_stock_by_the_table(
    kind: MovementKind, amount: int, on_hand: int, reserved: int
) -> None:
    stock = Stock(PRODUCT, OLD, MORNING, Decimal(10), Decimal(3), Decimal(600))
    move = Move(kind, PRODUCT, OLD, Decimal(amount), Decimal(amount * 60))
    after = moved(stock, move)
    assert (after.on_hand, after.reserved) == decimals(on_hand, reserved)
    assert after.value == 600 + amount * 60


@pytest.mark.parametrize(
    ("kind", "amount"), [("issue", -4), ("release", -4), ("reserve", 8), ("write_off", -8)]
)
def test_a_movement_that_stock_does_not_have_cannot_happen(kind: MovementKind, amount: int) -> None:
    stock = Stock(PRODUCT, OLD, MORNING, Decimal(10), Decimal(3))
    with pytest.raises(ArithmeticError):
        moved(stock, Move(kind, PRODUCT, OLD, Decimal(amount)))


# --- wishes --------------------------------------------------------------------------------------


def test_the_oldest_warehouse_is_drawn_from_first_and_the_youngest_given_back_first(
    book: Book, kept: Kept
) -> None:
    ask = an_ask(PRODUCT, 12)
    kept.keep(book.request(ORDER, [ask], minutes(1)))
    assert held(book, ask.line_id) == {OLD: 10, NEW: 2}

    kept.keep(book.request(ORDER, [replace(ask, version=2, wanted=quantity(9))], minutes(2)))

    assert held(book, ask.line_id) == {OLD: 9}
    check_books(book, kept.moves)


def test_what_is_there_is_reserved_and_the_rest_is_short(book: Book) -> None:
    ask = an_ask(PRODUCT, 20)
    (line,) = book.request(ORDER, [ask], minutes(1)).named
    assert (line.reserved, line.short) == decimals(15, 5)
    assert line.answer == 1
    assert book.available(PRODUCT) == 0


def test_an_older_or_equal_version_changes_nothing(book: Book) -> None:
    ask = an_ask(PRODUCT, 3, version=2)
    book.request(ORDER, [ask], minutes(1))
    before = book.lines[ask.line_id]
    for version in (1, 2):
        late = replace(ask, version=version, wanted=quantity(9))
        decision = book.request(ORDER, [late], minutes(2))
        assert (decision.moves, decision.named, decision.filled) == ((), (), ())
    assert book.lines[ask.line_id] == before


def test_every_answer_counts_up(book: Book) -> None:
    ask = an_ask(PRODUCT, 3)
    answers = []
    for version in (1, 2, 3):
        (line,) = book.request(ORDER, [replace(ask, version=version)], minutes(version)).named
        answers.append((line.version, line.answer))
    assert answers == [(1, 1), (2, 2), (3, 3)]


def test_a_released_line_frees_what_it_held_and_a_later_wish_is_heard_again(
    book: Book, kept: Kept
) -> None:
    ask = an_ask(PRODUCT, 4)
    kept.keep(book.request(ORDER, [ask], minutes(1)))
    (line,) = kept.keep(book.release(ORDER, [replace(ask, version=2)], minutes(2))).named
    assert (line.wanted, line.reserved, book.available(PRODUCT)) == decimals(0, 0, 15)
    assert line.answer == 2

    kept.keep(book.request(ORDER, [replace(ask, version=3)], minutes(3)))

    assert held(book, ask.line_id) == {OLD: 4}
    check_books(book, kept.moves)


def test_a_release_that_overtakes_its_request_leaves_nothing_reserved(book: Book) -> None:
    ask = an_ask(PRODUCT, 4)
    assert book.release(ORDER, [replace(ask, version=2)], minutes(1)).named == ()
    assert book.request(ORDER, [ask], minutes(2)).named == ()
    assert book.available(PRODUCT) == 15


def test_a_cancelled_order_frees_everything_and_reserves_nothing_any_more(
    book: Book, kept: Kept
) -> None:
    first, second = an_ask(PRODUCT, 4), an_ask(PRODUCT, 20)
    kept.keep(book.request(ORDER, [first, second], minutes(1)))
    lines = kept.keep(book.cancel(ORDER, minutes(2))).named
    assert [(line.wanted, line.held, line.short) for line in lines] == [decimals(0, 0, 0)] * 2
    late = [replace(first, version=2), an_ask(PRODUCT, 1)]
    assert book.request(ORDER, late, minutes(3)).named == ()
    assert book.cancel(ORDER, minutes(4)).named == ()
    assert book.available(PRODUCT) == 15
    check_books(book, kept.moves)


def test_a_product_that_is_not_in_the_catalogue_is_an_error_not_a_shortage(book: Book) -> None:
    with pytest.raises(LookupError, match="catalogue"):
        book.request(ORDER, [an_ask(new_id(), 1)], minutes(1))


def test_a_line_cannot_change_its_product(book: Book) -> None:
    other = new_id()
    book.prices[other] = Decimal(1)
    ask = an_ask(PRODUCT, 1)
    book.request(ORDER, [ask], minutes(1))
    with pytest.raises(ValueError, match="another product"):
        book.request(ORDER, [replace(ask, version=2, product_id=other)], minutes(2))


def test_stock_that_becomes_free_without_its_queue_loaded_is_an_error(book: Book) -> None:
    ask = an_ask(PRODUCT, 15)
    book.request(ORDER, [ask], minutes(1))
    book.queues.clear()
    with pytest.raises(RuntimeError, match="queue"):
        book.release(ORDER, [replace(ask, version=2)], minutes(2))


# --- the queue -----------------------------------------------------------------------------------


def _by_receipt(book: Book, _: UUID) -> list[Line]:
    return list(book.receive([a_lot(PRODUCT, NEW, 3)]).filled)


def _by_release(book: Book, holder: UUID) -> list[Line]:
    gone = an_ask(PRODUCT, 0, line_id=holder, version=2)
    return list(book.release(OTHER_ORDER, [gone], minutes(9)).filled)


def _by_lowering(book: Book, holder: UUID) -> list[Line]:
    less = an_ask(PRODUCT, 12, line_id=holder, version=2)
    return list(book.request(OTHER_ORDER, [less], minutes(9)).filled)


def _by_cancelling(book: Book, _: UUID) -> list[Line]:
    return list(book.cancel(OTHER_ORDER, minutes(9)).filled)


@pytest.mark.parametrize("free", [_by_receipt, _by_release, _by_lowering, _by_cancelling])
def test_whoever_waits_longest_is_served_first_however_stock_becomes_free(
    book: Book, free: Callable[[Book, UUID], list[Line]]
) -> None:
    holder = an_ask(PRODUCT, 15)
    book.request(OTHER_ORDER, [holder], minutes(0))
    second, first, third = (an_ask(PRODUCT, 2) for _ in range(3))
    for ask, minute in ((second, 2), (first, 1), (third, 3)):
        book.request(new_id(), [ask], minutes(minute))

    served = free(book, holder.line_id)

    assert [line.line_id for line in served][:2] == [first.line_id, second.line_id]
    assert served[0].short == 0
    if len(served) == 2:  # three came free for six that were wanted
        assert (served[1].reserved, served[1].short) == decimals(1, 1)


def test_a_new_request_does_not_overtake_those_who_wait(book: Book) -> None:
    book.request(OTHER_ORDER, [an_ask(PRODUCT, 16)], minutes(1))
    (line,) = book.request(ORDER, [an_ask(PRODUCT, 1)], minutes(2)).named
    assert line.short == 1


def test_what_a_message_frees_goes_to_those_who_wait_before_its_own_new_wishes(
    book: Book,
) -> None:
    old, waiting, new = an_ask(PRODUCT, 15), an_ask(PRODUCT, 4), an_ask(PRODUCT, 5)
    book.request(ORDER, [old], minutes(1))
    book.request(OTHER_ORDER, [waiting], minutes(2))

    lowered = replace(old, version=2, wanted=quantity(10))
    decision = book.request(ORDER, [lowered, new], minutes(3))

    assert [line.reserved for line in decision.filled] == [4]
    assert [(line.reserved, line.short) for line in decision.named] == [
        decimals(10, 0),
        decimals(1, 4),
    ]


def test_a_line_that_waits_keeps_its_place_when_it_is_raised_and_a_satisfied_one_does_not() -> None:
    waiting, satisfied = a_line(5), a_line(5, Hold(OLD, quantity(5)))
    for line, place in ((waiting, MORNING), (satisfied, minutes(9))):
        ask = an_ask(PRODUCT, 7, line_id=line.line_id, version=2)
        raised = asked(line, ask, ORDER, minutes(9))
        assert raised
        assert raised.requested_at == place


# --- completions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [None, "issued", "returned", "void"])
@pytest.mark.parametrize("news", ["completed", "reopened"])
def test_every_step_of_a_completion(
    book: Book, kept: Kept, state: CompletionState | None, news: str
) -> None:
    """By the transition table: what it does not name changes nothing."""
    ask = an_ask(PRODUCT, 2)
    kept.keep(book.request(ORDER, [ask], minutes(1)))
    part = (ask.line_id, PRODUCT, quantity(2))
    if state in ("issued", "returned"):
        book.complete(ORDER, 1, [part], MORNING)
    if state in ("returned", "void"):
        book.reopen(ORDER, 1)
    assert book.completions.get((ORDER, 1)) == state

    outcome = (
        book.complete(ORDER, 1, [part], MORNING) if news == "completed" else book.reopen(ORDER, 1)
    )

    expected = COMPLETION_STEPS.get((state, news), state)
    assert book.completions.get((ORDER, 1)) == expected
    assert (outcome is not None) == (expected != state and expected != "void")


def test_a_done_order_takes_the_oldest_lots_first_at_their_own_cost() -> None:
    book, kept = a_book(PRODUCT), Kept()
    lots = [
        a_lot(PRODUCT, OLD, 2, "10.00", at=minutes(1)),
        a_lot(PRODUCT, OLD, 3, "20.00", at=minutes(2)),
    ]
    kept.keep(book.receive(lots[::-1]))
    ask = an_ask(PRODUCT, 4)
    kept.keep(book.request(ORDER, [ask], minutes(3)))

    issued = book.complete(ORDER, 1, [(ask.line_id, PRODUCT, quantity(4))], MORNING)

    assert issued
    assert [(part.quantity, part.cost) for part in kept.keep(issued).parts] == [decimals(4, 60)]
    assert issued.cost == Decimal("60.00")
    assert [book.lots[lot.id].remaining for lot in lots] == [0, 1]
    assert book.stocks[PRODUCT, OLD].value == 20
    check_books(book, kept.moves)


def test_a_reopened_order_has_the_very_same_lots_back_in_its_reservation(
    book: Book, kept: Kept
) -> None:
    ask = an_ask(PRODUCT, 12)
    kept.keep(book.request(ORDER, [ask], minutes(1)))
    lots = {lot.id: lot for lot in book.lots.values()}
    issued = book.complete(ORDER, 1, [(ask.line_id, PRODUCT, quantity(12))], MORNING)
    assert issued
    kept.keep(issued)
    kept.keep(book.receive([a_lot(PRODUCT, OLD, 1, 99, at=minutes(2))]))

    returned = book.reopen(ORDER, 1)

    assert returned
    assert kept.keep(returned).parts == issued.parts
    assert {lot_id: book.lots[lot_id] for lot_id in lots} == lots
    assert held(book, ask.line_id) == {OLD: 10, NEW: 2}
    check_books(book, kept.moves)


def test_what_a_reopened_line_no_longer_wants_goes_to_those_who_wait(
    book: Book, kept: Kept
) -> None:
    ask, waiting = an_ask(PRODUCT, 15), an_ask(PRODUCT, 9)
    kept.keep(book.request(ORDER, [ask], minutes(1)))
    kept.keep(book.request(OTHER_ORDER, [waiting], minutes(2)))
    issued = book.complete(ORDER, 1, [(ask.line_id, PRODUCT, quantity(15))], MORNING)
    assert issued
    kept.keep(issued)
    lowered = replace(ask, version=2, wanted=quantity(8))  # overtakes the reopening
    kept.keep(book.request(ORDER, [lowered], minutes(3)))

    returned = book.reopen(ORDER, 1)

    assert returned
    kept.keep(returned)
    assert [(line.reserved, line.short) for line in returned.filled] == [decimals(7, 2)]
    assert book.lines[ask.line_id].held == 8
    check_books(book, kept.moves)


def test_parts_come_back_to_free_stock_when_the_order_was_cancelled_first(
    book: Book, kept: Kept
) -> None:
    ask = an_ask(PRODUCT, 15)
    kept.keep(book.request(ORDER, [ask], minutes(1)))
    issued = book.complete(ORDER, 1, [(ask.line_id, PRODUCT, quantity(15))], MORNING)
    assert issued
    kept.keep(issued)
    kept.keep(book.cancel(ORDER, minutes(2)))
    returned = book.reopen(ORDER, 1)
    assert returned
    kept.keep(returned)
    assert book.available(PRODUCT) == 15
    check_books(book, kept.moves)


def test_an_order_without_parts_is_done_at_no_cost(book: Book) -> None:
    issued = book.complete(ORDER, 1, [], MORNING)
    assert issued
    assert issued == HandedOver()
    assert issued.cost == 0
    returned = book.reopen(ORDER, 1)
    assert returned
    assert returned == HandedOver()


def test_a_completion_whose_request_has_not_come_is_too_early(book: Book) -> None:
    with pytest.raises(TooEarly, match="holds 0"):
        book.complete(ORDER, 1, [(new_id(), PRODUCT, quantity(1))], MORNING)


def test_a_completion_of_a_line_that_is_still_short_is_too_early(book: Book) -> None:
    ask = an_ask(PRODUCT, 16)
    book.request(ORDER, [ask], minutes(1))
    with pytest.raises(TooEarly, match=r"holds 15\.000 of the 16"):
        book.complete(ORDER, 1, [(ask.line_id, PRODUCT, quantity(16))], MORNING)
    assert book.completions.get((ORDER, 1)) is None


def test_what_the_order_was_told_that_it_may_be_without_is_issued_whatever_the_rules_say_since(
    book: Book,
) -> None:
    """The warehouse gave it when the order was done, and allows it no more when that is heard."""
    ask = an_ask(PRODUCT, 16)
    book.request(ORDER, [ask], minutes(1))
    part = ask.line_id, PRODUCT, quantity(16)
    issued = book.complete(ORDER, 1, [part], MORNING, may_be_missing={ask.line_id})
    assert issued
    assert issued.parts[0].provisional == 1
    (shortage,) = book.shortages.values()
    assert shortage.warehouse_id == OLD
    assert shortage.missing == 1


def test_what_has_never_lain_anywhere_is_missing_in_the_oldest_warehouse() -> None:
    never = new_id()
    book = a_book(never)
    book.rules = {NEW: Rules(), OLD: Rules()}
    ask = an_ask(never, 2)
    book.request(ORDER, [ask], minutes(1))
    part = ask.line_id, never, quantity(2)
    assert book.complete(ORDER, 1, [part], MORNING, may_be_missing={ask.line_id})
    (shortage,) = book.shortages.values()
    assert shortage.warehouse_id == OLD


def test_the_next_completion_waits_for_the_reopening_of_the_one_before(book: Book) -> None:
    book.complete(ORDER, 1, [], MORNING)
    with pytest.raises(TooEarly, match="completion 1 is still issued"):
        book.complete(ORDER, 2, [], MORNING)
    book.reopen(ORDER, 1)
    assert book.complete(ORDER, 2, [], MORNING)


# --- drawing and costing -------------------------------------------------------------------------

_AMOUNTS = st.decimals(0, 50, places=3)
_COSTS = st.decimals(0, 1_000, places=2)


@given(available=st.lists(_AMOUNTS, max_size=5), wanted=_AMOUNTS)
def test_drawing_takes_all_that_is_wanted_or_all_that_is_there(
    available: list[Decimal], wanted: Decimal
) -> None:
    stocks = [Stock(PRODUCT, new_id(), MORNING, on_hand=amount) for amount in available]
    holds = drawn(stocks, wanted)
    assert sum(hold.quantity for hold in holds) == min(wanted, sum(available))
    by_warehouse = {stock.warehouse_id: stock.available for stock in stocks}
    for hold in holds:
        assert 0 < hold.quantity <= by_warehouse[hold.warehouse_id]
    # Every warehouse but the last is emptied before the next one is touched.
    emptied = [stock for stock in stocks if stock.on_hand][: max(0, len(holds) - 1)]
    assert [hold.quantity for hold in holds[:-1]] == [stock.on_hand for stock in emptied]


@given(held_amounts=st.lists(_AMOUNTS.filter(bool), max_size=5), wanted=_AMOUNTS)
def test_holds_give_exactly_what_is_asked_of_them_or_nothing(
    held_amounts: list[Decimal], wanted: Decimal
) -> None:
    holds = [Hold(new_id(), amount) for amount in held_amounts]
    if wanted > sum(held_amounts):
        with pytest.raises(ArithmeticError):
            first_of(holds, wanted)
    else:
        assert sum(part.quantity for part in first_of(holds, wanted)) == wanted


@given(
    lots=st.lists(st.tuples(_AMOUNTS.filter(bool), _COSTS), min_size=1, max_size=6),
    share=st.fractions(0, 1),
)
def test_the_cost_of_an_issue_is_its_share_of_the_lots_it_used_in_whole_kopecks(
    lots: list[tuple[Decimal, Decimal]], share: Fraction
) -> None:
    made = [
        replace(
            a_lot(PRODUCT, OLD, amount, at=minutes(n)), unit_cost=cost, value=kopecks(amount * cost)
        )
        for n, (amount, cost) in enumerate(lots)
    ]
    total = sum(lot.remaining for lot in made)
    wanted = Decimal(int(Fraction(total) * 1000 * share)) / 1000
    used = take(made[::-1], wanted, "fifo")
    assert sum(each.quantity for each in used) == wanted
    assert [each.lot.id for each in used] == [lot.id for lot in made][: len(used)]
    assert all(each.quantity == each.lot.remaining for each in used[:-1])
    assert all(each.cost == each.lot.value for each in used[:-1])
    for each in used:
        exact = each.lot.value * each.quantity / each.lot.remaining
        assert abs(each.cost - exact) <= Decimal("0.005")
        assert each.cost == kopecks(each.cost)
    left = left_after(made, used, "fifo")
    assert sum(lot.value for lot in left) + sum(each.cost for each in used) == sum(
        lot.value for lot in made
    )


def _consumption(lot: Lot, part: Decimal) -> Consumption:
    return Consumption(ORDER, 1, new_id(), lot.id, PRODUCT, OLD, part, part * lot.unit_cost)


def test_half_a_kopeck_of_a_line_rounds_up_once_not_per_lot() -> None:
    halves = [_consumption(a_lot(PRODUCT, OLD, 1, "0.01"), quantity("0.5")) for _ in range(2)]
    assert handed(halves).cost == Decimal("0.01")
    assert handed(halves[:1]).cost == Decimal("0.01")


def test_lots_that_lack_what_is_issued_are_an_error() -> None:
    with pytest.raises(ArithmeticError, match="lack"):
        take([a_lot(PRODUCT, OLD, 1)], quantity(2), "fifo")


@pytest.mark.parametrize(
    ("total", "before", "on_hand"),
    [
        (MAX_MONEY + Decimal("0.01"), Decimal(0), Decimal(1)),
        (Decimal(1), MAX_MONEY, Decimal(1)),
        (Decimal(1), Decimal(0), MAX_QUANTITY * 1000 + 1),
    ],
)
def test_a_receipt_that_the_books_cannot_hold_is_refused(
    total: Decimal, before: Decimal, on_hand: Decimal
) -> None:
    with pytest.raises(Refused, match="amount_too_large"):
        check_books_can_hold(total, before, [on_hand])
    check_books_can_hold(MAX_MONEY, Decimal(0), [MAX_QUANTITY * 1000])
