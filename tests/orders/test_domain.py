"""What may happen to an order, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders import domain
from services.orders.domain import TRANSITIONS
from services.orders.domain.order import Order
from services.orders.domain.pricing import formed
from shared.contracts.base import Change, Event
from shared.contracts.orders import (
    Earner,
    LineChanged,
    LineRemoved,
    OrderCancelled,
    OrderChanged,
    OrderCompleted,
    OrderMoved,
    OrderReopened,
    OrderRepriced,
    OrderStatus,
    PartsReleased,
    PartsRequested,
)
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.builders import (
    LATER,
    NOW,
    a_part,
    a_reserved_part,
    a_service,
    an_answer,
    an_order,
    money,
)

STATUSES: tuple[OrderStatus, ...] = get_args(OrderStatus)


def kinds(events: tuple[Event, ...]) -> list[type[Event]]:
    return [type(event) for event in events]


def repriced(events: tuple[Event, ...]) -> OrderRepriced:
    return next(event for event in events if isinstance(event, OrderRepriced))


# --- steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", STATUSES)
@pytest.mark.parametrize("status", STATUSES)
def test_every_step_is_either_in_the_table_or_refused(status: OrderStatus, to: OrderStatus) -> None:
    order = an_order(status=status, completion=1 if status == "done" else 0)
    if (status, to) in TRANSITIONS:
        decision = domain.move(order, to, None, {}, LATER)
        assert decision.order.status == to
        assert decision.order.revision == order.revision + 1
        moved = decision.events[0]
        assert isinstance(moved, OrderMoved)
        assert (moved.old_status, moved.status) == (status, to)
    else:
        with pytest.raises(Refused, match="illegal_step"):
            domain.move(order, to, None, {}, LATER)


@pytest.mark.parametrize("state", ["requested", "short"])
def test_an_order_is_not_done_while_a_part_is_missing(state: str) -> None:
    order = an_order(status="in_progress", parts=(a_part(state=state, name="Свеча"),))
    with pytest.raises(Refused, match="parts_not_ready") as refusal:
        domain.move(order, "done", None, {}, LATER)
    assert refusal.value.params["lines"] == f"Свеча ({state})"


def test_done_tells_everything_that_settling_needs() -> None:
    mechanic = new_id()
    service = a_service(price=1000, mechanic_id=mechanic, progress="started", started_at=NOW)
    helper_work = a_service(price=500)
    part = a_reserved_part(price=20, quantity=2)
    order = an_order(status="in_progress", services=(service, helper_work), parts=(part,))

    assigned = order.header.employee_id
    percents = {mechanic: Decimal(40), assigned: Decimal(10)}
    earners = {
        employee_id: Earner(employee_id=employee_id, pay_percent=percent)
        for employee_id, percent in percents.items()
    }

    decision = domain.move(order, "done", None, earners, LATER)

    _, completed = decision.events
    assert isinstance(completed, OrderCompleted)
    assert completed.completion == 1
    assert completed.total == money(1540)
    assert [(work.mechanic_id, work.pay_percent) for work in completed.services] == [
        (mechanic, Decimal(40)),
        (order.header.employee_id, Decimal(10)),
    ]
    assert [(p.line_id, p.quantity) for p in completed.parts] == [(part.id, part.quantity)]
    # The forgotten clock stopped with the order.
    assert decision.order.services[0].clocked_minutes == 90
    assert decision.order.completed_at == LATER


def test_reopening_undoes_the_completion_and_done_again_counts_a_new_one() -> None:
    done = domain.move(an_order(status="in_progress"), "done", None, {}, NOW).order

    reopened = domain.move(done, "in_progress", "стучит", {}, LATER)

    assert kinds(reopened.events) == [OrderMoved, OrderReopened]
    assert isinstance(reopened.events[1], OrderReopened)
    assert reopened.events[1].completion == 1
    again = domain.move(reopened.order, "done", None, {}, LATER)
    assert again.order.completion == 2


def test_cancelling_tells_the_warehouse_and_holds_nothing() -> None:
    order = an_order(status="in_progress", parts=(a_reserved_part(),))
    decision = domain.move(order, "cancelled", "передумал", {}, LATER)
    assert kinds(decision.events) == [OrderMoved, OrderCancelled]
    (part,) = decision.order.parts
    assert (part.state, part.reserved) == ("released", Decimal(0))


# --- closed orders -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["done", "cancelled"])
def test_a_closed_order_cannot_be_edited(status: OrderStatus) -> None:
    service, part = a_service(), a_reserved_part()
    order = an_order(status=status, services=(service,), parts=(part,))
    edits: list[Callable[[], domain.Decision]] = [
        lambda: domain.change_header(order, replace(order.header, comment="x"), LATER),
        lambda: domain.add_service(order, a_service(), LATER),
        lambda: domain.request_parts(order, [a_part()], LATER),
        lambda: domain.change_service_line(order, service, replace(service, comment="x"), LATER),
        lambda: domain.change_part_line(order, part, replace(part, quantity=Decimal(9)), LATER),
        lambda: domain.remove_line(order, service, LATER),
    ]
    for edit in edits:
        with pytest.raises(Refused, match="order_closed"):
            edit()


# --- lines and totals --------------------------------------------------------------------------


def test_a_work_carries_its_materials_in_the_customer_total() -> None:
    """Seed 004: nuts 100 x 3 and gloves 20 x 2 make 340."""
    service = a_service(price=100, quantity=3)
    gloves = a_reserved_part(price=20, quantity=2, kind="material", service_line_id=service.id)
    order = an_order(services=(service,), parts=(gloves,))
    assert order.customer_total(service) == money(340)
    assert order.total == money(340)


def test_adding_a_work_reprices_the_order() -> None:
    decision = domain.add_service(an_order(), a_service(price=1500), LATER)
    event = repriced(decision.events)
    assert (event.old_total, event.total) == (money(0), money(1500))


def test_what_was_suggested_stays_within_the_books() -> None:
    """It is shown, however little is asked: nothing is done by which an order could not be."""
    order = an_order(status="in_progress")
    dear = formed(Decimal("9999999999.99"), Decimal(1), Decimal(0), Decimal(0))
    line = replace(a_service(), price=dear)
    decision = domain.add_service(order, line, LATER)
    with pytest.raises(Refused, match="amount_too_large"):
        domain.add_service(decision.order, replace(line, id=new_id()), LATER)


def test_a_requested_part_enters_the_total_when_the_warehouse_answers() -> None:
    part = a_part(price=20, quantity=2)
    requested = domain.request_parts(an_order(), [part], LATER)
    assert kinds(requested.events) == [PartsRequested]
    assert requested.order.total == money(0)

    answered = domain.stock_answered(requested.order, [an_answer(part)], LATER)

    assert answered.order.parts[0].state == "reserved"
    assert repriced(answered.events).total == money(40)


def test_the_catalogue_price_of_the_reservation_holds_unless_a_price_was_quoted() -> None:
    plain, quoted = a_part(price=20), a_part(price=20)
    quoted = replace(quoted, price=formed(Decimal(20), Decimal(15), Decimal(0), Decimal(0)))
    order = an_order(parts=(plain, quoted))
    answers = [an_answer(plain, price=Decimal(25)), an_answer(quoted, price=Decimal(25))]
    changed = domain.stock_answered(order, answers, LATER).order
    assert [part.price.final for part in changed.parts] == [money(25), money(15)]


def test_a_short_part_counts_and_waits() -> None:
    part = a_part(price=10, quantity=5)
    order = domain.stock_answered(an_order(parts=(part,)), [an_answer(part, short=2)], LATER).order
    assert (order.parts[0].state, order.parts[0].short) == ("short", Decimal(2))
    assert order.total == money(50)
    assert "waiting_for_parts" in order.flags


def test_an_older_answer_that_comes_late_changes_nothing() -> None:
    part = a_part(answer=3, state="reserved")
    order = an_order(parts=(part,))
    late = an_answer(part, short=1, answer=2)
    decision = domain.stock_answered(order, [late], LATER)
    assert decision == domain.Decision(order, ())


def test_an_answer_to_an_older_request_does_not_end_the_newer_one() -> None:
    part = a_part(version=2, state="requested", answer=1)
    order = an_order(parts=(part,))
    answer = an_answer(part, line_version=1, answer=2)
    assert domain.stock_answered(order, [answer], LATER).order.parts[0].state == "requested"


def test_an_answer_about_a_removed_line_or_a_cancelled_order_changes_nothing() -> None:
    part = a_part()
    assert domain.stock_answered(an_order(), [an_answer(part)], LATER).events == ()
    cancelled = an_order(status="cancelled", parts=(part,))
    assert domain.stock_answered(cancelled, [an_answer(part)], LATER).order is cancelled


def test_a_new_quantity_asks_the_warehouse_anew() -> None:
    part = a_reserved_part(price=10, quantity=2)
    order = an_order(parts=(part,))
    decision = domain.change_part_line(order, part, replace(part, quantity=Decimal(5)), LATER)
    assert kinds(decision.events) == [LineChanged, PartsRequested, OrderRepriced]
    request = decision.events[1]
    assert isinstance(request, PartsRequested)
    assert (request.lines[0].line_version, request.lines[0].quantity) == (2, Decimal(5))
    assert decision.order.parts[0].state == "requested"


def test_a_new_price_tells_old_and_new_and_asks_nobody() -> None:
    service = a_service(price=100)
    dearer = replace(service, price=replace(service.price, initial=money(120), quoted=True))
    decision = domain.change_service_line(an_order(services=(service,)), service, dearer, LATER)
    changed = decision.events[0]
    assert isinstance(changed, LineChanged)
    assert changed.changes == (Change(field="initial", old=money(100), new=money(120)),)
    assert repriced(decision.events).total == money(120)


def test_an_edit_that_changes_nothing_says_nothing() -> None:
    service = a_service()
    order = an_order(services=(service,))
    assert domain.change_service_line(order, service, service, LATER).order is order
    assert domain.change_header(order, order.header, LATER).events == ()


def test_removing_a_part_releases_it_under_a_newer_version() -> None:
    part = a_reserved_part()
    decision = domain.remove_line(an_order(parts=(part,)), part, LATER)
    assert kinds(decision.events) == [LineRemoved, PartsReleased, OrderRepriced]
    released = decision.events[1]
    assert isinstance(released, PartsReleased)
    assert released.lines[0].line_version == part.version + 1


def test_a_work_that_carries_materials_stays() -> None:
    service = a_service()
    gloves = a_part(kind="material", service_line_id=service.id)
    order = an_order(services=(service,), parts=(gloves,))
    with pytest.raises(Refused, match="service_has_materials"):
        domain.remove_line(order, service, LATER)


def test_a_material_needs_a_work_of_the_same_order() -> None:
    with pytest.raises(Refused, match="material_without_service"):
        domain.request_parts(an_order(), [a_part(kind="material")], LATER)
    stray = a_part(kind="material", service_line_id=new_id())
    with pytest.raises(Refused, match="line_not_found"):
        domain.request_parts(an_order(), [stray], LATER)


def test_an_issued_part_cannot_be_edited_or_removed() -> None:
    part = a_part(state="issued")
    order = an_order(status="in_progress", parts=(part,))
    with pytest.raises(Refused, match="line_issued"):
        domain.remove_line(order, part, LATER)
    with pytest.raises(Refused, match="line_issued"):
        domain.change_part_line(order, part, replace(part, quantity=Decimal(1)), LATER)


def test_what_the_client_does_not_see_costs_the_client_nothing() -> None:
    hidden = an_order(visible_to_customer=False)
    with pytest.raises(Refused, match="invisible_with_total"):
        domain.add_service(hidden, a_service(price=1), LATER)
    with pytest.raises(Refused, match="invisible_with_total"):
        domain.request_parts(hidden, [a_part(price=1)], LATER)
    assert domain.add_service(hidden, a_service(price=0), LATER).order.total == money(0)


def test_hidden_order_whose_part_came_to_cost_something_is_not_done() -> None:
    """The warehouse's price comes after the sum that was taken off the catalogue's."""
    free = formed(Decimal(100), None, Decimal(0), fixed_discount=Decimal(100))
    part = a_part(price=100)
    hidden = an_order(visible_to_customer=False, status="in_progress", parts=(
        replace(part, price=free),
    ))  # fmt: skip
    dearer = domain.stock_answered(hidden, [an_answer(part, price=Decimal(120))], LATER).order
    assert dearer.total == money(40)
    with pytest.raises(Refused, match="invisible_with_total"):
        domain.move(dearer, "done", None, {}, LATER)


def test_hiding_an_order_is_a_change_with_old_and_new() -> None:
    order = an_order()
    decision = domain.change_header(order, replace(order.header, comment="срочно"), LATER)
    changed = decision.events[0]
    assert isinstance(changed, OrderChanged)
    assert changed.changes == (Change(field="comment", old=None, new="срочно"),)


def test_the_clock_runs_between_started_and_finished() -> None:
    service = a_service()
    order = an_order(status="in_progress", services=(service,))
    started = domain.change_service_line(
        order, service, replace(service, progress="started"), NOW
    ).order
    line = started.services[0]
    finished = domain.change_service_line(started, line, replace(line, progress="finished"), LATER)
    assert finished.order.services[0].clocked_minutes == 90


# --- news that comes late or twice ---------------------------------------------------------------


def done_order() -> Order:
    order = an_order(status="in_progress", parts=(a_reserved_part(),))
    return domain.move(order, "done", None, {}, NOW).order


def test_parts_are_issued_and_come_back() -> None:
    order = done_order()
    issued = domain.parts_issued(order, 1, {order.parts[0].id: domain.Issue(money(60))}, LATER)
    assert issued.parts[0].state == "issued"
    reopened = domain.move(issued, "in_progress", None, {}, LATER).order
    assert domain.parts_returned(reopened, 1, LATER).parts[0].state == "reserved"


def test_issue_news_of_an_undone_completion_changes_nothing() -> None:
    order = done_order()
    reopened = domain.move(order, "in_progress", None, {}, LATER).order
    issues = {order.parts[0].id: domain.Issue(money(60))}
    assert domain.parts_issued(reopened, 1, issues, LATER) is reopened


def test_a_return_counts_once() -> None:
    reopened = domain.move(done_order(), "in_progress", None, {}, LATER).order
    once = domain.parts_returned(reopened, 1, LATER)
    assert domain.parts_returned(once, 1, LATER) is once


def test_settlement_of_an_undone_completion_does_not_settle() -> None:
    order = done_order()
    assert domain.settled(order, 1, LATER).settled
    reopened = domain.move(order, "in_progress", None, {}, LATER).order
    assert not domain.settled(reopened, 1, LATER).settled


@given(
    prices=st.lists(st.decimals(min_value=0, max_value=100_000, places=2), max_size=6),
    quantities=st.lists(
        st.decimals(min_value="0.001", max_value=100, places=3), min_size=6, max_size=6
    ),
)
def test_the_total_is_always_the_sum_of_the_lines(
    prices: list[Decimal], quantities: list[Decimal]
) -> None:
    order = an_order()
    for price, quantity in zip(prices, quantities, strict=False):
        line = a_service(quantity=str(quantity))
        line = replace(line, id=new_id(), price=formed(price, None, Decimal(0), Decimal(0)))
        decision = domain.add_service(order, line, LATER)
        order = decision.order
        if price:
            assert (
                not any(isinstance(event, OrderRepriced) for event in decision.events)
                or repriced(decision.events).total == order.total
            )
    assert order.total == sum((line.total for line in order.services), Decimal(0))
    assert order.revision == 1 + len(prices[:6])
