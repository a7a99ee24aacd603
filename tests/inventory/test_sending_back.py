"""Goods of a receipt go back to their supplier at what they lie there for; no server needed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.costing import Lot
from services.inventory.domain.pages import Rules
from services.inventory.domain.stock import Hold
from services.inventory.domain.storekeeping import StoreBook
from shared.ids import new_id
from shared.refusals import Refused
from tests.inventory.builders import Kept, a_lot, an_ask, check_books, decimals, minutes, quantity

OIL, SHELF = new_id(), new_id()


def a_store() -> StoreBook:
    book = StoreBook()
    book.prices = {OIL: Decimal(100)}
    book.queues = {OIL}
    return book


def a_line(receipt_id: UUID, amount: str | Decimal, total: str | Decimal, position: int = 1) -> Lot:
    """What a receipt's line brought, worth its total."""
    lot = a_lot(OIL, SHELF, amount)
    return replace(lot, receipt_id=receipt_id, position=position, value=Decimal(total))


def test_a_line_that_does_not_divide_goes_back_in_parts_at_all_of_its_worth() -> None:
    book, kept, receipt = a_store(), Kept(), new_id()
    kept.keep(book.receive([a_line(receipt, "7", "100.00")]))
    values = [
        -kept.keep(book.send_back(receipt, {1: quantity(part)})).moves[0].value
        for part in (3, 3, 1)
    ]
    assert values == [Decimal("42.86"), Decimal("42.86"), Decimal("14.28")]
    check_books(book, kept.moves)


def test_only_the_own_lot_is_taken_though_older_ones_lie_there() -> None:
    book, kept, receipt = a_store(), Kept(), new_id()
    older = a_lot(OIL, SHELF, 5, 10)
    kept.keep(book.receive([older]))
    kept.keep(book.receive([a_line(receipt, "2", "50")]))
    sent = kept.keep(book.send_back(receipt, {1: quantity(2)}))
    assert [(move.quantity, move.value) for move in sent.moves] == [decimals(-2, -50)]
    assert book.lots[older.id].remaining == 5
    check_books(book, kept.moves)


def test_of_a_pool_it_goes_at_the_average() -> None:
    book, kept, receipt = a_store(), Kept(), new_id()
    book.rules[SHELF] = Rules("average")
    kept.keep(book.receive([a_lot(OIL, SHELF, 1, 10)]))
    kept.keep(book.receive([a_line(receipt, "1", "30")]))
    (move,) = kept.keep(book.send_back(receipt, {1: quantity(1)})).moves
    assert move.value == -20
    check_books(book, kept.moves)


def test_two_lines_are_looked_at_before_either_goes() -> None:
    book, kept, receipt = a_store(), Kept(), new_id()
    kept.keep(book.receive([a_line(receipt, "2", "20"), a_line(receipt, "2", "20", 2)]))
    kept.keep(book.request(new_id(), [an_ask(OIL, 1)], minutes(1)))
    with pytest.raises(Refused) as refused:
        book.send_back(receipt, {1: quantity(2), 2: quantity(2)})
    assert refused.value.code == "return_not_there"
    assert refused.value.params == {"position": "2", "there": "1.000"}
    assert book.stocks[OIL, SHELF].on_hand == 4
    check_books(book, kept.moves)


def test_two_lots_of_an_earlier_version_are_one_line() -> None:
    book, kept, receipt = a_store(), Kept(), new_id()
    kept.keep(book.receive([a_line(receipt, "3", "42.84"), a_line(receipt, "4", "57.16")]))
    (move,) = kept.keep(book.send_back(receipt, {1: quantity(7)})).moves
    assert (move.quantity, move.value) == decimals(-7, -100)
    check_books(book, kept.moves)


def test_what_is_missing_comes_before_a_line_that_goods_were_bought_for() -> None:
    book, kept, done, waits, receipt = a_store(), Kept(), new_id(), an_ask(OIL, 5), new_id()
    book.rules[SHELF] = Rules(may_be_negative=True)
    short = an_ask(OIL, 2)
    kept.keep(book.request(done, [short], minutes(1)))
    issued = book.complete(done, 1, [(short.line_id, OIL, quantity(2))], minutes(2))
    assert issued
    kept.keep(issued, (done, 1))
    kept.keep(book.request(new_id(), [waits], minutes(3)))
    marks = [(waits.line_id, Hold(SHELF, quantity(3)))]
    kept.keep(book.receive([a_line(receipt, "3", "30")], marks))
    assert book.lines[waits.line_id].held == 1
    with pytest.raises(Refused, match="return_not_there"):
        book.send_back(receipt, {1: quantity(1)})


@given(
    lines=st.lists(
        st.tuples(st.decimals("0.001", "9", places=3), st.decimals("0", "99", places=2)),
        min_size=1,
        max_size=5,
    ),
    cuts=st.lists(st.tuples(st.integers(1, 5), st.decimals("0.001", "9", places=3)), max_size=8),
    average=st.booleans(),
)
def test_nothing_is_lost_whatever_goes_back(
    lines: list[tuple[Decimal, Decimal]], cuts: list[tuple[int, Decimal]], average: bool
) -> None:
    book, kept, receipt = a_store(), Kept(), new_id()
    book.rules[SHELF] = Rules("average" if average else "fifo")
    came = [a_line(receipt, *line, at) for at, line in enumerate(lines, start=1)]
    kept.keep(book.receive(came))
    for position, part in cuts:
        try:
            kept.keep(book.send_back(receipt, {position: part}))
        except Refused:
            continue
    left = {
        position: lot.remaining
        for position, lot in enumerate((book.lots[lot.id] for lot in came), start=1)
        if lot.remaining
    }
    kept.keep(book.send_back(receipt, left))
    assert (book.stocks[OIL, SHELF].on_hand, book.stocks[OIL, SHELF].value) == decimals(0, 0)
    check_books(book, kept.moves)
