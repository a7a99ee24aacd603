"""Goods that leave and come without a client: the book stays true whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain.storekeeping import Goods, Portion, StoreBook, worth
from services.inventory.domain.transfers import Transfer, arrive, call_back, parcels_of
from shared.contracts.stock_documents import ArrivedLine
from shared.ids import new_id
from shared.refusals import Refused
from tests.inventory.builders import Kept, a_lot, an_ask, check_books, minutes, quantity

NOTHING = Decimal(0)


def a_store(*product_ids: UUID) -> StoreBook:
    book = StoreBook()
    book.prices = dict.fromkeys(product_ids, Decimal("100.00"))
    book.queues = set(product_ids)
    return book


def test_what_leaves_keeps_its_cost_and_age() -> None:
    product, shelf, other = new_id(), new_id(), new_id()
    book, kept = a_store(product), Kept()
    kept.keep(book.receive([a_lot(product, shelf, 3, 10, at=minutes(0))]))
    kept.keep(book.receive([a_lot(product, shelf, 5, 20, at=minutes(9))]))
    taken = kept.keep(book.take_out("transfer_out", shelf, [Goods(product, quantity(4))]))
    assert taken.portions == (
        (
            Portion(quantity(3), Decimal(10), Decimal(30), minutes(0)),
            Portion(quantity(1), Decimal(20), Decimal(20), minutes(9)),
        ),
    )
    kept.keep(
        book.bring_in("transfer_in", other, [(product, taken.portions[0])], minutes(30), ids())
    )
    check_books(book, kept.moves)
    assert book.stocks[product, other].value == Decimal(50)
    # The older ones are issued first there, too.
    again = book.take_out("write_off", other, [Goods(product, quantity(3))])
    assert worth(again.portions[0]) == Decimal(30)


def test_what_is_reserved_does_not_leave_and_nothing_is_done_by_halves() -> None:
    plenty, scarce, shelf = new_id(), new_id(), new_id()
    book, kept = a_store(plenty, scarce), Kept()
    kept.keep(book.receive([a_lot(plenty, shelf, 5), a_lot(scarce, shelf, 5)]))
    kept.keep(book.request(new_id(), [an_ask(scarce, 3)], minutes(1)))
    asked = [Goods(plenty, quantity(1)), Goods(scarce, quantity(1)), Goods(scarce, quantity(2))]
    with pytest.raises(Refused) as refused:
        book.take_out("write_off", shelf, asked)
    assert refused.value.code == "stock_lacking"
    assert refused.value.params == {
        "id": str(scarce),
        "available": "2.000",
        "short": "1.000",
    }
    check_books(book, kept.moves)


def test_a_shortage_takes_from_the_youngest_and_is_filled_from_elsewhere() -> None:
    product, shelf, other = new_id(), new_id(), new_id()
    book, kept = a_store(product), Kept()
    kept.keep(book.receive([a_lot(product, shelf, 10)]))
    old, young = an_ask(product, 4), an_ask(product, 5)
    kept.keep(book.request(new_id(), [old], minutes(1)))
    kept.keep(book.request(new_id(), [young], minutes(2)))
    kept.keep(book.receive([a_lot(product, other, 1)]))
    corrected = kept.keep(
        book.correct(shelf, [Goods(product, quantity(-4))], {}, minutes(9), ids())
    )
    check_books(book, kept.moves)
    assert book.lines[old.line_id].short == 0
    # Three of its five were missing; one lay in the other warehouse.
    assert book.lines[young.line_id].short == 2
    assert [line.line_id for line in corrected.named] == [young.line_id]


def test_a_surplus_is_worth_what_lies_there_else_the_last_purchase() -> None:
    known, unknown, shelf = new_id(), new_id(), new_id()
    book, kept = a_store(known, unknown), Kept()
    kept.keep(book.receive([a_lot(known, shelf, 2, 10), a_lot(known, shelf, 2, 20)]))
    corrected = kept.keep(
        book.correct(
            shelf,
            [Goods(known, quantity(1)), Goods(unknown, quantity(2))],
            {known: Decimal(99), unknown: Decimal("7.50")},
            minutes(9),
            ids(),
        )
    )
    check_books(book, kept.moves)
    assert corrected.differences == (
        (known, quantity(1), Decimal("15.00")),
        (unknown, quantity(2), Decimal("15.00")),
    )


def test_more_than_lies_there_cannot_be_missing() -> None:
    product, shelf = new_id(), new_id()
    book = a_store(product)
    book.receive([a_lot(product, shelf, 2)])
    with pytest.raises(Refused, match="count_moved"):
        book.correct(shelf, [Goods(product, quantity(-3))], {}, minutes(9), ids())


def test_a_transfer_arrives_in_parts_and_the_rest_is_called_back() -> None:
    product = new_id()
    portions = (
        Portion(quantity(2), Decimal(10), Decimal(20), minutes(0)),
        Portion(quantity(3), Decimal(20), Decimal(60), minutes(1)),
    )
    transfer = a_transfer((product, portions))
    transfer, arrival = arrive(
        transfer, [ArrivedLine(position=1, quantity=Decimal(3))], minutes(10)
    )
    assert transfer.state == "in_transit"
    assert transfer.in_transit == {1: 2}
    assert sum(part.value for _, parts in arrival for part in parts) == Decimal(40)
    with pytest.raises(Refused, match="transfer_exceeded"):
        arrive(transfer, [ArrivedLine(position=1, quantity=Decimal("2.001"))], minutes(11))
    with pytest.raises(Refused, match="transfer_line_not_found"):
        arrive(transfer, [ArrivedLine(position=2, quantity=Decimal(1))], minutes(11))
    transfer, back = call_back(transfer, minutes(12))
    assert transfer.state == "received_in_part"
    assert transfer.in_transit == {1: 0}
    assert sum(part.value for _, parts in back for part in parts) == Decimal(40)
    with pytest.raises(Refused, match="transfer_closed"):
        arrive(transfer, None, minutes(13))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_unit_and_no_kopeck_is_lost_on_the_way(seed: int) -> None:
    """Transfers, write-offs and counts between orders that come and go: the books hold, and what
    is in no warehouse is on its way."""
    random = Random(seed)
    products, shelves = [new_id(), new_id()], [new_id(), new_id()]
    book, kept = a_store(*products), Kept()
    came = left = NOTHING
    on_way: list[Transfer] = []
    for minute in range(60):
        product, shelf = random.choice(products), random.choice(shelves)
        amount = Decimal(random.randint(1, 5_000)) / 1000
        match random.randrange(6):
            case 0:
                lot = a_lot(product, shelf, amount, random.randint(1, 99), at=minutes(minute))
                kept.keep(book.receive([lot]))
                came += lot.value
            case 1:
                kept.keep(book.request(new_id(), [an_ask(product, str(amount))], minutes(minute)))
            case 2:
                try:
                    taken = book.take_out("transfer_out", shelf, [Goods(product, amount)])
                except Refused:
                    continue
                kept.keep(taken)
                on_way.append(a_transfer((product, taken.portions[0])))
            case 3 if on_way:
                transfer = on_way.pop(random.randrange(len(on_way)))
                if random.random() < 0.4:
                    _, arrival = call_back(transfer, minutes(minute))
                else:
                    part = random.randint(1, int(transfer.in_transit[1] * 1000))
                    lines = [ArrivedLine(position=1, quantity=Decimal(part) / 1000)]
                    transfer, arrival = arrive(transfer, lines, minutes(minute))
                    if transfer.state == "in_transit":
                        on_way.append(transfer)
                kept.keep(book.bring_in("transfer_in", shelf, arrival, minutes(minute), ids()))
            case 4:
                stock = book.stocks.get((product, shelf))
                found = Decimal(random.randint(0, 4_000)) / 1000
                difference = found - (stock.on_hand if stock else NOTHING)
                if difference:
                    before = book_value(book)
                    kept.keep(
                        book.correct(
                            shelf,
                            [Goods(product, difference)],
                            {product: Decimal(9)},
                            minutes(minute),
                            ids(),
                        )
                    )
                    came += book_value(book) - before
            case _:
                try:
                    gone = kept.keep(book.take_out("write_off", shelf, [Goods(product, amount)]))
                except Refused:
                    continue
                left += sum((portion.value for portion in gone.portions[0]), NOTHING)
        check_books(book, kept.moves)
    underway = sum(
        (parcel.left_value for transfer in on_way for parcel in transfer.parcels),
        NOTHING,
    )
    assert book_value(book) + underway == came - left


def book_value(book: StoreBook) -> Decimal:
    return sum((stock.value for _, stock in book.stocks.items()), NOTHING)


def a_transfer(*goods: tuple[UUID, tuple[Portion, ...]]) -> Transfer:
    return Transfer(
        id=new_id(),
        number="A-000001",
        at=minutes(0),
        from_warehouse_id=new_id(),
        to_warehouse_id=new_id(),
        comment=None,
        actor="kladov",
        parcels=parcels_of(goods),
    )


def ids() -> Iterator[UUID]:
    return (new_id() for _ in count())
