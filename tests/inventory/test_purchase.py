"""The life of a purchase order, and what comes of it for whom; no server needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.purchase import (
    PURCHASE_STEPS,
    PurchaseLine,
    PurchaseOrder,
    Step,
    arrived,
    as_expected,
    earmarked,
    missing,
    over_delivered,
    stepped,
    undone,
)
from services.inventory.domain.stock import Hold
from shared.contracts.purchase_orders import PurchaseState
from shared.ids import new_id
from shared.refusals import Refused
from tests.inventory.builders import (
    Kept,
    a_book,
    a_lot,
    an_ask,
    check_books,
    decimals,
    minutes,
    quantity,
)

OIL, BELT = new_id(), new_id()
CLIENTS_LINE = new_id()


def a_line(product_id: UUID, amount: str, *, line_id: UUID | None = None) -> PurchaseLine:
    return PurchaseLine(
        product_id,
        quantity(amount),
        None,
        Decimal(100),
        quantity(amount),
        order_id=line_id and new_id(),
        line_id=line_id,
    )


def an_order(*lines: PurchaseLine, state: PurchaseState = "sent") -> PurchaseOrder:
    return PurchaseOrder(
        id=new_id(),
        number="A-000001",
        supplier_id=new_id(),
        warehouse_id=new_id(),
        expected_on=None,
        comment=None,
        lines=lines,
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
        state=state,
    )


@pytest.mark.parametrize(
    ("state", "step"), list(product(get_args(PurchaseState), get_args(Step.__value__)))
)
def test_every_step_of_every_state_is_taken_or_refused(state: PurchaseState, step: Step) -> None:
    order = an_order(a_line(OIL, "1"), state=state)
    after = PURCHASE_STEPS.get((state, step))
    if after is None:
        with pytest.raises(Refused, match="purchase_order_step"):
            stepped(order, step)
    else:
        assert stepped(order, step) == replace(order, state=after, revision=2)


def test_what_comes_in_part_is_counted_until_all_is_there() -> None:
    order = an_order(a_line(OIL, "10"), a_line(BELT, "2"))
    order, taken = arrived(order, [(OIL, quantity(4))])
    assert (order.state, taken) == ("partly_received", {0: quantity(4)})
    assert [line.quantity for line in missing(order)] == [6, 2]
    order, _ = arrived(order, [(BELT, quantity(2)), (OIL, quantity(6))])
    assert order.state == "received"
    assert missing(order) == ()


def test_more_than_was_ordered_is_received_and_shown() -> None:
    order, taken = arrived(an_order(a_line(OIL, "10")), [(OIL, quantity(12))])
    assert (order.state, taken) == ("received", {0: quantity(12)})
    (line,) = order.view().lines
    assert (line.received, line.main_quantity, line.incoming) == decimals(12, 10, 0)
    assert [each.quantity for each in over_delivered(order, taken)] == [2]
    order, taken = arrived(order, [(OIL, quantity(3))])
    assert [each.quantity for each in over_delivered(order, taken)] == [3]


def test_what_is_bought_for_a_client_comes_first() -> None:
    order = an_order(a_line(OIL, "5"), a_line(OIL, "2", line_id=CLIENTS_LINE))
    order, taken = arrived(order, [(OIL, quantity(3))])
    assert taken == {1: quantity(2), 0: quantity(1)}
    assert earmarked(order, taken) == [(CLIENTS_LINE, quantity(2))]


def test_what_was_not_ordered_is_refused() -> None:
    with pytest.raises(Refused, match="product_not_ordered"):
        arrived(an_order(a_line(OIL, "5")), [(BELT, quantity(1))])
    with pytest.raises(Refused, match="product_not_ordered"):
        as_expected(an_order(a_line(OIL, "5")), BELT, None)


def test_a_cost_that_nobody_expected_has_to_be_said() -> None:
    order = an_order(replace(a_line(OIL, "5"), cost=None), a_line(BELT, "1"))
    with pytest.raises(Refused, match="cost_missing"):
        missing(order)
    with pytest.raises(Refused, match="cost_missing"):
        as_expected(order, OIL, None)
    with pytest.raises(Refused, match="cost_missing"):
        as_expected(order, BELT, "упак")
    assert as_expected(order, BELT, None) == 100


def test_after_the_rest_was_given_up_it_stays_so_until_a_receipt_is_undone() -> None:
    order, taken = arrived(an_order(a_line(OIL, "10")), [(OIL, quantity(4))])
    closed = replace(stepped(order, "close"), closed_reason="снят с производства")
    late, _ = arrived(closed, [(OIL, quantity(1))])
    assert late.state == "received"
    assert undone(closed, taken).state == "sent"


@given(
    ordered=st.lists(st.decimals("0.001", "50", places=3), min_size=1, max_size=4),
    came=st.lists(st.decimals("0.001", "50", places=3), min_size=1, max_size=6),
)
def test_all_that_came_is_counted_once_and_can_be_undone(
    ordered: list[Decimal], came: list[Decimal]
) -> None:
    order = an_order(*(a_line(OIL, str(amount)) for amount in ordered))
    before, history = order, []
    for amount in came:
        order, taken = arrived(order, [(OIL, amount)])
        assert sum(taken.values()) == amount
        history.append(taken)
    assert sum(line.received for line in order.lines) == sum(came)
    assert (order.state == "received") == (sum(came) >= sum(ordered))
    for taken in reversed(history):
        order = undone(order, taken)
    assert (order.lines, order.state) == (before.lines, "sent")


# --- goods that were bought for a line -----------------------------------------------------------


def test_goods_that_were_bought_for_a_line_are_not_given_to_those_before_it() -> None:
    book, kept, warehouse = a_book(OIL), Kept(), new_id()
    first, second = an_ask(OIL, 3), an_ask(OIL, 2)
    kept.keep(book.request(new_id(), [first], minutes(1)))
    kept.keep(book.request(new_id(), [second], minutes(2)))
    decision = kept.keep(
        book.receive([a_lot(OIL, warehouse, 3)], [(second.line_id, Hold(warehouse, quantity(2)))])
    )
    assert {line.line_id: line.held for line in decision.filled} == {
        second.line_id: 2,
        first.line_id: 1,
    }
    check_books(book, kept.moves)


def test_goods_whose_line_wants_nothing_any_more_are_for_the_queue() -> None:
    book, kept, warehouse = a_book(OIL), Kept(), new_id()
    waiting, gone, order = an_ask(OIL, 3), an_ask(OIL, 2), new_id()
    kept.keep(book.request(new_id(), [waiting], minutes(1)))
    kept.keep(book.request(order, [gone], minutes(2)))
    kept.keep(book.cancel(order, minutes(3)))
    marks = [(gone.line_id, Hold(warehouse, quantity(2))), (new_id(), Hold(warehouse, quantity(1)))]
    decision = kept.keep(book.receive([a_lot(OIL, warehouse, 2)], marks))
    assert [(line.line_id, line.held) for line in decision.filled] == [
        (waiting.line_id, quantity(2))
    ]
    check_books(book, kept.moves)


def test_a_line_that_got_its_goods_and_is_cancelled_leaves_them_to_the_queue() -> None:
    book, kept, warehouse = a_book(OIL), Kept(), new_id()
    waiting, special, order = an_ask(OIL, 3), an_ask(OIL, 2), new_id()
    kept.keep(book.request(new_id(), [waiting], minutes(1)))
    kept.keep(book.request(order, [special], minutes(2)))
    marks = [(special.line_id, Hold(warehouse, quantity(5)))]
    kept.keep(book.receive([a_lot(OIL, warehouse, 2)], marks))
    decision = kept.keep(book.cancel(order, minutes(3)))
    assert [(line.line_id, line.held) for line in decision.filled] == [
        (waiting.line_id, quantity(2))
    ]
    check_books(book, kept.moves)
