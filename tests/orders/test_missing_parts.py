"""Orders that are done before all of their parts are there, and parts that never go back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from services.orders import domain
from services.orders.domain.order import Order, PartLine
from shared.contracts.orders import OrderCompleted, PartsReleased, PartsRequested
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.builders import LATER, NOW, a_part, a_reserved_part, an_order, money

WRITE_OFF = domain.Removal("write_off", "лопнула")


def said(*values: object) -> tuple[object, ...]:
    return values


def done_short() -> Order:
    """Two of five are there."""
    part = a_part(state="short", answer=1, quantity=5, reserved=Decimal(2), short=Decimal(3))
    order = an_order(status="in_progress", parts=(part,))
    decision = domain.move(order, "done", None, {}, NOW, {part.product_id})
    completed = decision.events[-1]
    assert isinstance(completed, OrderCompleted)
    (line,) = completed.parts
    assert line.quantity == 5
    assert line.may_be_missing
    return decision.order


@pytest.mark.parametrize("state", ["requested", "short"])
def test_only_what_the_warehouse_has_answered_for_may_be_missing(state: str) -> None:
    part = a_part(state=state)
    order = an_order(status="in_progress", parts=(part,))
    with pytest.raises(Refused, match="parts_not_ready"):
        domain.move(order, "done", None, {}, NOW, {new_id()})
    if state == "requested":
        with pytest.raises(Refused, match="parts_not_ready"):
            domain.move(order, "done", None, {}, NOW, {part.product_id})


def test_a_line_that_was_issued_short_shows_what_is_still_to_come() -> None:
    order = done_short()
    line_id = order.parts[0].id
    issued = domain.parts_issued(order, 1, {line_id: domain.Issue(money(300), Decimal(3))}, LATER)
    (line,) = issued.parts
    assert said(line.state, line.cost, line.reserved, line.short) == ("issued", 300, 2, 3)

    came = domain.cost_corrected(issued, 1, {line_id: domain.Issue(money(360))}, LATER)
    (line,) = came.parts
    assert said(line.state, line.cost, line.reserved, line.short) == ("issued", 360, 5, 0)


def test_a_correction_waits_for_its_issue_and_is_void_once_that_is_undone() -> None:
    order = done_short()
    issues = {order.parts[0].id: domain.Issue(money(360))}
    with pytest.raises(LookupError):
        domain.cost_corrected(order, 1, issues, LATER)
    reopened = domain.move(order, "in_progress", None, {}, LATER).order
    assert domain.cost_corrected(reopened, 1, issues, LATER) is reopened


def test_of_two_corrections_the_newer_one_holds_in_whatever_order_they_come() -> None:
    order = done_short()
    line_id = order.parts[0].id
    issued = domain.parts_issued(order, 1, {line_id: domain.Issue(money(300), Decimal(3))}, LATER)
    first = {line_id: domain.Issue(money(320), Decimal(2))}
    second = {line_id: domain.Issue(money(360))}
    came = domain.cost_corrected(issued, 1, second, LATER)
    assert domain.cost_corrected(came, 1, first, LATER) is came
    in_order = domain.cost_corrected(issued, 1, first, LATER)
    assert domain.cost_corrected(in_order, 1, second, LATER).parts == came.parts


def test_parts_that_came_back_of_an_older_completion_do_not_come_back_of_a_newer_one() -> None:
    """The order was reopened before it heard that its parts had left, and is done again."""
    order = an_order(status="in_progress", parts=(a_reserved_part(),))
    for step in ("done", "in_progress", "done"):
        order = domain.move(order, step, None, {}, NOW).order
    issued = domain.parts_issued(order, 2, {order.parts[0].id: domain.Issue(money(300))}, LATER)

    assert domain.parts_returned(issued, 1, LATER) is issued

    reopened = domain.move(issued, "in_progress", None, {}, LATER).order
    assert domain.parts_returned(reopened, 2, LATER).parts[0].state == "reserved"


def reopened(*parts: PartLine) -> Order:
    """Everything that it was done with has come back."""
    order = an_order(status="in_progress", parts=parts)
    for step in ("done", "in_progress"):
        order = domain.move(order, step, None, {}, NOW).order
    return domain.parts_returned(order, order.completion, NOW)


def test_what_is_written_off_is_told_to_the_warehouse_with_its_reason() -> None:
    order = reopened(a_reserved_part(quantity=4))
    (part,) = order.parts
    changed = domain.change_part_line(
        order, part, replace(part, quantity=Decimal(3)), LATER, WRITE_OFF
    )
    (asked,) = [each for each in changed.events if isinstance(each, PartsRequested)]
    assert said(asked.lines[0].quantity, asked.lines[0].write_off, asked.reason) == (
        3,
        1,
        "лопнула",
    )

    removed = domain.remove_line(order, part, LATER, WRITE_OFF)
    (told,) = [each for each in removed.events if isinstance(each, PartsReleased)]
    assert said(told.lines[0].write_off, told.reason) == (4, "лопнула")


def test_what_never_was_issued_cannot_be_written_off() -> None:
    part = a_reserved_part(quantity=4)
    order = an_order(status="in_progress", parts=(part,))
    with pytest.raises(Refused, match="nothing_to_write_off"):
        domain.change_part_line(order, part, replace(part, quantity=Decimal(3)), LATER, WRITE_OFF)


def test_a_part_that_came_after_the_reopening_cannot_be_written_off() -> None:
    added = a_reserved_part(quantity=2)
    order = reopened(a_reserved_part(quantity=4))
    order = replace(order, parts=(*order.parts, added))
    with pytest.raises(Refused, match="nothing_to_write_off"):
        domain.remove_line(order, added, LATER, WRITE_OFF)


@pytest.mark.parametrize(
    ("quantities", "left"),
    [((6,), 4), ((1,), 1), ((1, 5), 1)],
    ids=["more is wanted", "some went back", "some went back, and more is wanted"],
)
def test_no_more_can_be_written_off_than_was_issued_and_is_still_here(
    quantities: tuple[int, ...], left: int
) -> None:
    order = reopened(a_reserved_part(quantity=4))
    for quantity in quantities:
        wanted = replace(order.parts[0], quantity=Decimal(quantity))
        order = domain.change_part_line(order, order.parts[0], wanted, LATER).order
    (part,) = order.parts
    assert part.came_back == left
    if left < part.quantity:
        with pytest.raises(Refused, match="nothing_to_write_off"):
            domain.remove_line(order, part, LATER, WRITE_OFF)
        part = replace(part, quantity=part.quantity - left)
        order = domain.change_part_line(order, order.parts[0], part, LATER, WRITE_OFF).order
        assert order.parts[0].came_back == 0
        with pytest.raises(Refused, match="nothing_to_write_off"):
            domain.remove_line(order, order.parts[0], LATER, WRITE_OFF)
    else:
        assert domain.remove_line(order, part, LATER, WRITE_OFF).events


def test_what_is_wanted_more_is_not_written_off() -> None:
    order = reopened(a_reserved_part(quantity=4))
    (part,) = order.parts
    with pytest.raises(Refused, match="nothing_to_write_off"):
        domain.change_part_line(order, part, replace(part, quantity=Decimal(5)), LATER, WRITE_OFF)


def test_whoever_writes_off_says_why() -> None:
    order = reopened(a_reserved_part())
    with pytest.raises(Refused, match="field_required"):
        domain.remove_line(order, order.parts[0], LATER, domain.Removal("write_off"))
