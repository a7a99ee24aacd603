"""What a client is shown of an order by its link, with the sums that go with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.orders.domain.approval import quoted
from services.orders.domain.estimate import Link, Sender, estimate_view
from services.orders.domain.life import DueTold, due_told
from services.orders.domain.order import Order
from services.orders.domain.pricing import formed
from shared.contracts.approvals import ClientStage, EstimateView
from shared.ids import new_id
from tests.orders.builders import LATER, NOW, a_part, a_reserved_part, a_service, an_order, money


def shown(order: Order) -> EstimateView:
    link = Link(new_id(), order.id, made_at=NOW, expires_at=NOW + timedelta(days=14))
    return estimate_view(order, link, Sender("Pitlane", None), LATER)


def given_back(order: Order, **later: int) -> Order:
    return replace(order, header=replace(order.header, vehicle_out_at=LATER + timedelta(**later)))


def done_at(at: datetime) -> Order:
    """What was promised for a time before it, was not kept."""
    return an_order(status="done", completed_at=at)


@pytest.mark.parametrize(
    ("order", "stage"),
    [
        (an_order(status="draft"), "estimate"),
        (an_order(status="new"), "accepted"),
        (an_order(status="in_progress"), "in_work"),
        (an_order(status="in_progress", parts=(a_part(state="short"),)), "waiting_for_parts"),
        (an_order(status="new", parts=(a_part(),)), "waiting_for_parts"),
        (an_order(status="done"), "ready"),
        (given_back(an_order(status="done"), hours=1), "ready"),
        (given_back(an_order(status="done"), hours=-1), "given_out"),
        (given_back(done_at(LATER - timedelta(minutes=30)), hours=-1), "ready"),
        (given_back(done_at(LATER - timedelta(minutes=59)), hours=-1), "ready"),
        (given_back(done_at(LATER - timedelta(minutes=60, seconds=-20)), hours=-1), "given_out"),
        (given_back(an_order(status="in_progress"), hours=-1), "in_work"),
        (an_order(status="cancelled"), "cancelled"),
    ],
)
def test_a_client_is_told_how_far_the_order_is(order: Order, stage: ClientStage) -> None:
    assert shown(order).stage == stage


def test_a_bill_is_shown_when_the_order_is_done_and_not_before() -> None:
    order = an_order(status="in_progress", services=(a_service(1000),), paid=money(300))
    view = shown(order)
    assert (view.bill, view.paid, view.due) == (None, money(300), None)
    done = shown(replace(order, status="done"))
    assert (done.bill, done.paid, done.due) == (money(1000), money(300), None)
    # Of it 200 came from the client's balance.
    settled = shown(replace(order, status="done", settled=True, completion=1, owed=money(500)))
    assert (settled.bill, settled.paid, settled.due) == (money(1000), money(300), money(500))


def test_a_payment_and_a_step_leave_what_the_client_was_asked_as_it_is() -> None:
    asked = a_service(1000)
    asked = replace(asked, approval=quoted(asked.approval, NOW))
    order = an_order(status="new", services=(asked,))
    paid = replace(order, status="in_progress", paid=money(300))
    assert shown(order).version == shown(paid).version


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"status": "new"}, 1000),
        ({"status": "new", "paid": money(1200)}, 0),
        ({"status": "done", "paid": money(400)}, 600),
        ({"status": "cancelled"}, 0),
        # Money that named no order has paid it: finance says so.
        ({"status": "done", "settled": True, "completion": 1, "paid_completion": 1}, 0),
        ({"status": "done", "settled": True, "completion": 2, "paid_completion": 1}, 1000),
        # … or a part of it.
        ({"status": "done", "settled": True, "completion": 1, "owed": money(150)}, 150),
    ],
)
def test_what_is_due_is_what_no_money_covers(fields: dict[str, Any], due: int) -> None:
    assert an_order(services=(a_service(1000),), **fields).due == money(due)


@pytest.mark.parametrize(
    ("completion", "minutes", "due", "owed", "told"),
    [
        (2, 1, 0, 0, 1),
        (2, 1, 700, 700, 1),
        (2, -1, 0, 300, 0),
        (2, -1, 700, 300, 0),
        # One command of an older version told several, as it paid more and more.
        (2, 0, 100, 100, 0),
        (2, 0, 700, 300, 0),
        # What is said of another completion is of no use.
        (1, 1, 0, 300, 0),
        (3, 1, 0, 300, 0),
    ],
)
def test_the_newest_word_about_what_is_due_counts(
    completion: int, minutes: int, due: int, owed: int, told: int
) -> None:
    fields = {"status": "done", "settled": True, "completion": 2}
    order = an_order(services=(a_service(1000),), owed=money(300), paid_told_at=NOW, **fields)

    said = DueTold(completion, money(due), NOW + timedelta(minutes=minutes))

    after = due_told(order, said, LATER)

    assert (after.owed, after.due) == (money(owed), money(owed))
    assert after.paid_told_at == NOW + timedelta(minutes=told)
    assert (after.paid_completion == 2) is (owed == 0)


@pytest.mark.parametrize(
    ("known", "word", "minutes", "owed"),
    [
        (1, 2, -30, 0),  # the clock was put back
        (1, 1, 1, 300),
        (1, 0, 1, 300),
        # Older versions did not count.
        (None, 1, -30, 0),
        (1, None, 1, 300),
        (None, None, 1, 0),
        (None, None, -1, 300),
    ],
)
def test_a_word_is_the_newest_by_its_number_not_by_the_clock(
    known: int | None, word: int | None, minutes: int, owed: int
) -> None:
    fields = {"status": "done", "settled": True, "completion": 2, "paid_word": known}
    order = an_order(services=(a_service(1000),), owed=money(300), paid_told_at=NOW, **fields)
    said = DueTold(2, money(0), NOW + timedelta(minutes=minutes), word)
    assert due_told(order, said, LATER).due == money(owed)


def test_discounts_come_to_what_was_quoted_less_what_is_asked() -> None:
    tenth = formed(Decimal(1000), None, Decimal(10), Decimal(0))
    fixed = formed(Decimal(100), None, Decimal(0), Decimal("0.50"))
    asked = quoted(a_service().approval, NOW)
    declined = replace(a_service(), price=tenth, approval=replace(asked, state="declined"))
    order = an_order(
        services=(_with(a_service(), tenth, 2), declined),
        parts=(_with(a_reserved_part(), fixed, 3), _with(a_part(), tenth, 1)),
    )
    # 200 of the work, 1.50 of the part; what is declined, or not answered for, is in no sum.
    assert order.discount_total == money("201.50")
    assert order.total == money(1800) + money("298.50")


def _with(line: Any, price: Any, quantity: int) -> Any:
    return replace(line, price=price, quantity=Decimal(quantity))
