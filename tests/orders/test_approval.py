"""What a client may say of a work, and what comes of it: every step, and any sequence of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders import domain
from services.orders.domain import Decision, approval
from services.orders.domain.approval import APPROVAL_STEPS, Approval, ApprovalStep, Said
from services.orders.domain.estimate import Link
from services.orders.domain.order import Order, PartLine, ServiceLine
from services.orders.domain.pricing import NOTHING, formed
from shared.contracts.approvals import (
    Answer,
    ApprovalReset,
    EstimateQuoted,
    QuotedWork,
    WorkApproved,
    WorkDeclined,
)
from shared.contracts.base import Event
from shared.contracts.orders import (
    ApprovalState,
    LineChanged,
    OrderCompleted,
    OrderRepriced,
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

STATES: tuple[ApprovalState, ...] = get_args(ApprovalState)
STEPS: tuple[ApprovalStep, ...] = get_args(ApprovalStep)
Attempt = Callable[[], object]
CLIENT = Said(by="Иванов Иван", how="phone")


def a_link(order: Order) -> Link:
    return Link(new_id(), order.id, NOW, NOW + timedelta(days=14))


def approved(at: str = "approved") -> Approval:
    return Approval(state=at, by="Иванов Иван", how="phone", at=NOW, asked_at=NOW)  # type: ignore[arg-type]


def quote(order: Order, *lines: ServiceLine) -> Decision:
    return domain.quote(order, [line.id for line in lines] or None, a_link(order), LATER)


def say(order: Order, to: Answer, *lines: ServiceLine) -> Decision:
    return domain.answer(order, {line.id: to for line in lines}, CLIENT, LATER)


def kinds(events: tuple[Event, ...]) -> list[type[Event]]:
    return [type(event) for event in events]


def line_of(order: Order, line: ServiceLine) -> ServiceLine:
    return next(each for each in order.services if each.id == line.id)


def part_of(order: Order, part: PartLine) -> PartLine:
    return next(each for each in order.parts if each.id == part.id)


# --- the table ---------------------------------------------------------------------------------


def test_the_table_says_what_becomes_of_every_state_by_every_step() -> None:
    assert APPROVAL_STEPS.keys() == {(state, step) for state in STATES for step in STEPS}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_every_step_leads_where_the_table_says(state: ApprovalState, step: ApprovalStep) -> None:
    before = Approval(state=state, by="А", how="link", at=NOW, asked_at=NOW)
    after = {
        "quote": lambda: approval.quoted(before, LATER),
        "approve": lambda: approval.answered(before, "approve", CLIENT, LATER),
        "decline": lambda: approval.answered(before, "decline", CLIENT, LATER),
        "change": lambda: approval.changed(before),
    }[step]()
    assert after.state == APPROVAL_STEPS[state, step]
    if after.state == state and step != "quote":
        assert after == before
    elif step in ("approve", "decline"):
        assert (after.by, after.how, after.at) == ("Иванов Иван", "phone", LATER)
    else:
        assert (after.by, after.how, after.at) == (None, None, None)
    assert after.asked_at == (LATER if step == "quote" else NOW)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        (Approval(), False),
        (Approval("quoted", asked_at=NOW), True),
        (Approval("unasked", asked_at=NOW), True),
        (approved(), False),
        (approved("declined"), False),
    ],
)
def test_an_order_waits_for_what_the_client_was_asked_and_has_not_answered(
    said: Approval, waits: bool
) -> None:
    order = an_order(status="in_progress", services=(a_service(approval=said),))
    assert ("waiting_for_approval" in order.flags) is waits
    if waits:
        with pytest.raises(Refused, match="work_not_approved") as refusal:
            domain.move(order, "done", None, {}, LATER)
        assert refusal.value.params == {"lines": "Замена масла"}
    else:
        assert domain.move(order, "done", None, {}, LATER).order.status == "done"


# --- a quote -----------------------------------------------------------------------------------


def test_a_quote_asks_about_every_work_that_nobody_was_asked_about() -> None:
    old = a_service(approval=approved())
    new = a_service(500, name="Колодки")
    pads = a_reserved_part(price=2000, quantity=1, service_line_id=new.id)
    order = an_order(services=(old, new), parts=(pads,))
    link = a_link(order)
    decision = domain.quote(order, None, link, LATER)
    assert [line.approval.state for line in decision.order.services] == ["approved", "quoted"]
    assert decision.events == (
        EstimateQuoted(
            **domain.naming(decision.order),
            client_id=order.client_id,
            vehicle_id=None,
            lines=(QuotedWork(line_id=new.id, name="Колодки", price=money(2500)),),
            link_id=link.id,
            link_expires_at=link.expires_at,
        ),
    )


def test_a_quote_counts_parts_that_the_warehouse_has_not_answered_for_yet() -> None:
    line = a_service(500)
    order = an_order(
        services=(line,), parts=(a_part(2000, 1, kind="material", service_line_id=line.id),)
    )
    quoted = quote(order).events[0]
    assert isinstance(quoted, EstimateQuoted)
    assert quoted.lines[0].price == money(2500)


def test_a_second_quote_asks_again_about_what_is_still_unanswered() -> None:
    waiting, answered = (
        a_service(approval=Approval("quoted", asked_at=NOW)),
        a_service(approval=approved()),
    )
    decision = quote(an_order(services=(waiting, answered)))
    quoted = decision.events[0]
    assert isinstance(quoted, EstimateQuoted)
    assert [line.line_id for line in quoted.lines] == [waiting.id]


def test_there_must_be_something_to_ask() -> None:
    with pytest.raises(Refused, match="nothing_to_quote"):
        quote(an_order(services=(a_service(approval=approved()),)))
    with pytest.raises(Refused, match="line_not_found"):
        quote(an_order(services=(a_service(),)), a_service())
    hidden = an_order(services=(a_service(0),), visible_to_customer=False)
    with pytest.raises(Refused, match="invisible_order"):
        quote(hidden)


@pytest.mark.parametrize("status", ["done", "cancelled"])
def test_a_closed_order_is_neither_quoted_nor_answered(status: str) -> None:
    line = a_service()
    order = an_order(status=status, services=(line,))
    attempts: list[Attempt] = [lambda: quote(order), lambda: say(order, "approved", line)]
    for attempt in attempts:
        with pytest.raises(Refused, match="order_closed"):
            attempt()


# --- declined ----------------------------------------------------------------------------------


def an_order_with_two_jobs() -> tuple[Order, ServiceLine, ServiceLine, PartLine, PartLine]:
    """Oil for 100 with a material for 40; pads for 500 with goods for 2000."""
    oil, pads = a_service(100), a_service(500, name="Колодки", position=2)
    rag = a_reserved_part(kind="material", service_line_id=oil.id)
    pad = a_reserved_part(price=2000, quantity=1, service_line_id=pads.id)
    order = an_order(status="in_progress", services=(oil, pads), parts=(rag, pad))
    return order, oil, pads, rag, pad


def test_a_declined_work_leaves_the_bill_with_its_goods_and_releases_them() -> None:
    order, oil, pads, _, pad = an_order_with_two_jobs()
    assert order.total == money(2640)
    decision = say(order, "declined", pads)
    changed = decision.order
    assert (changed.total, changed.services_total, changed.products_total) == (
        money(140),
        money(100),
        money(0),
    )
    assert (changed.estimation_minutes, changed.estimation_cost) == (30, money(140))
    assert kinds(decision.events) == [WorkDeclined, PartsReleased, OrderRepriced]
    declined, released, repriced = decision.events
    assert isinstance(declined, WorkDeclined)
    assert (declined.price, declined.by, declined.how, declined.at) == (
        money(2500),
        "Иванов Иван",
        "phone",
        LATER,
    )
    assert isinstance(released, PartsReleased)
    assert [(part.line_id, part.line_version) for part in released.lines] == [(pad.id, 2)]
    assert isinstance(repriced, OrderRepriced)
    assert (repriced.old_total, repriced.total) == (money(2640), money(140))
    assert part_of(changed, pad).state == "released"
    assert changed.flags == ()
    assert line_of(changed, oil) == oil


def test_what_is_completed_leaves_declined_works_out() -> None:
    order, oil, pads, rag, _ = an_order_with_two_jobs()
    done = domain.move(say(order, "declined", pads).order, "done", None, {}, LATER)
    completed = done.events[1]
    assert isinstance(completed, OrderCompleted)
    assert completed.total == money(140)
    assert [line.line_id for line in completed.services] == [oil.id]
    assert [part.line_id for part in completed.parts] == [rag.id]
    assert [line.progress for line in done.order.services] == ["finished", "planned"]


def test_a_declined_work_is_not_worked_on_and_takes_no_more_parts() -> None:
    order, _, pads, _, pad = an_order_with_two_jobs()
    declined = say(order, "declined", pads).order
    line = line_of(declined, pads)
    attempts: list[Attempt] = [
        lambda: domain.change_service_line(
            declined, line, replace(line, progress="started"), LATER
        ),
        lambda: domain.request_parts(declined, [a_part(service_line_id=pads.id)], LATER),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="work_declined"):
            attempt()
    more = replace(part_of(declined, pad), quantity=Decimal(2))
    changed = domain.change_part_line(declined, part_of(declined, pad), more, LATER)
    assert kinds(changed.events) == [LineChanged]
    removed = domain.remove_line(declined, part_of(declined, pad), LATER)
    assert PartsReleased not in kinds(removed.events)


@pytest.mark.parametrize("progress", ["started", "finished"])
def test_a_work_that_has_begun_cannot_be_declined(progress: str) -> None:
    line = a_service(progress=progress)
    with pytest.raises(Refused, match="work_under_way"):
        say(an_order(services=(line,)), "declined", line)


def test_a_part_that_is_out_of_the_warehouse_cannot_be_declined() -> None:
    line = a_service()
    part = a_part(state="issued", service_line_id=line.id)
    with pytest.raises(Refused, match="line_issued"):
        say(an_order(services=(line,), parts=(part,)), "declined", line)


def test_what_the_warehouse_says_too_late_of_a_declined_work_changes_nothing() -> None:
    order, _, pads, _, pad = an_order_with_two_jobs()
    declined = say(order, "declined", pads).order
    for version in (pad.version, pad.version + 1):
        answer = an_answer(pad, line_version=version, price=money(9999))
        assert domain.stock_answered(declined, [answer], LATER) == Decision(declined, ())


@pytest.mark.parametrize("by", ["answer", "quote"])
def test_a_declined_work_comes_back_and_wants_its_parts_anew(by: str) -> None:
    order, _, pads, _, pad = an_order_with_two_jobs()
    declined = say(order, "declined", pads).order
    back = say(declined, "approved", pads) if by == "answer" else quote(declined, pads)
    requested = next(event for event in back.events if isinstance(event, PartsRequested))
    assert [(part.line_id, part.line_version, part.quantity) for part in requested.lines] == [
        (pad.id, 3, Decimal(1))
    ]
    assert back.order.total == order.total
    answer = an_answer(pad, line_version=3)
    again = domain.stock_answered(back.order, [answer], LATER).order
    assert part_of(again, pad).state == "reserved"


def test_a_work_that_another_order_has_taken_up_does_not_come_back() -> None:
    order, _, pads, _, _ = an_order_with_two_jobs()
    declined = say(order, "declined", pads).order
    taken = domain.close_declined(declined, {pads.id}, "taken")
    assert taken.revision == declined.revision
    attempts: list[Attempt] = [
        lambda: say(taken, "approved", pads),
        lambda: quote(taken, pads),
        lambda: domain.close_declined(taken, {pads.id}, "taken"),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="declined_work_closed"):
            attempt()
    dismissed = domain.close_declined(declined, {pads.id}, "dismissed")
    assert say(dismissed, "approved", pads).order.total == order.total


# --- an answer that no longer holds ------------------------------------------------------------


def dearer(order: Order, line: ServiceLine) -> Decision:
    price = replace(line.price, initial=money(900))
    return domain.change_service_line(order, line, replace(line, price=price), LATER)


def twice(order: Order, line: ServiceLine) -> Decision:
    return domain.change_service_line(order, line, replace(line, quantity=Decimal(2)), LATER)


def discounted(order: Order, line: ServiceLine) -> Decision:
    price = replace(line.price, discount_percent=Decimal(10))
    return domain.change_service_line(order, line, replace(line, price=price), LATER)


def with_a_material(order: Order, line: ServiceLine) -> Decision:
    part = a_part(kind="material", service_line_id=line.id)
    return domain.request_parts(order, [part], LATER)


def with_goods(order: Order, line: ServiceLine) -> Decision:
    return domain.request_parts(order, [a_part(service_line_id=line.id)], LATER)


def without_its_part(order: Order, line: ServiceLine) -> Decision:
    return domain.remove_line(order, order.parts_of(line.id)[0], LATER)


def with_more_of_its_part(order: Order, line: ServiceLine) -> Decision:
    part = order.parts_of(line.id)[0]
    return domain.change_part_line(order, part, replace(part, quantity=Decimal(3)), LATER)


def with_a_dearer_part(order: Order, line: ServiceLine) -> Decision:
    part = order.parts_of(line.id)[0]
    price = replace(part.price, initial=money(30), quoted=True)
    return domain.change_part_line(order, part, replace(part, price=price), LATER)


Change = Callable[[Order, ServiceLine], Decision]
CHANGES: tuple[Change, ...] = (
    dearer,
    twice,
    discounted,
    with_a_material,
    with_goods,
    without_its_part,
    with_more_of_its_part,
    with_a_dearer_part,
)


@pytest.mark.parametrize("state", ["quoted", "approved"])
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_what_the_client_pays_asks_the_client_anew(
    change: Change, state: ApprovalState
) -> None:
    line = a_service(approval=approved(state))
    other = a_service(approval=approved(), position=3)
    part = a_reserved_part(service_line_id=line.id)
    order = an_order(services=(line, other), parts=(part,))
    decision = change(order, line)
    reset = next(event for event in decision.events if isinstance(event, ApprovalReset))
    changed = line_of(decision.order, line)
    assert changed.approval == Approval("unasked", asked_at=NOW)
    assert (reset.line_id, reset.was) == (line.id, state)
    assert (reset.old_price, reset.price) == (money(140), decision.order.job_total(changed))
    assert "waiting_for_approval" in decision.order.flags
    assert line_of(decision.order, other) == other
    assert kinds(decision.events).count(ApprovalReset) == 1


def noted(order: Order, line: ServiceLine) -> Decision:
    return domain.change_service_line(order, line, replace(line, comment="стучит"), LATER)


def begun(order: Order, line: ServiceLine) -> Decision:
    return domain.change_service_line(order, line, replace(line, progress="started"), LATER)


def repriced_alike(order: Order, line: ServiceLine) -> Decision:
    price = replace(line.price, initial=money(200), discount_percent=Decimal(50))
    return domain.change_service_line(order, line, replace(line, price=price), LATER)


def with_free_gloves(order: Order, line: ServiceLine) -> Decision:
    part = a_part(0, kind="material", service_line_id=line.id)
    return domain.request_parts(order, [part], LATER)


def told_of_its_part(order: Order, line: ServiceLine) -> Decision:
    return domain.stock_answered(order, [an_answer(order.parts_of(line.id)[0], short=1)], LATER)


@pytest.mark.parametrize(
    "change", [noted, begun, repriced_alike, with_free_gloves, told_of_its_part]
)
def test_an_answer_stands_as_long_as_the_client_pays_the_same(change: Change) -> None:
    line = a_service(approval=approved())
    part = a_part(service_line_id=line.id)
    decision = change(an_order(services=(line,), parts=(part,)), line)
    assert line_of(decision.order, line).approval == approved()
    assert ApprovalReset not in kinds(decision.events)


def test_a_price_that_the_warehouse_corrects_asks_the_client_anew() -> None:
    line = a_service(approval=approved())
    part = a_part(service_line_id=line.id)
    answer = an_answer(part, price=money(25))
    decision = domain.stock_answered(an_order(services=(line,), parts=(part,)), [answer], LATER)
    expected: list[type[Event]] = [ApprovalReset, OrderRepriced]
    assert kinds(decision.events) == expected


def test_a_declined_work_may_be_repriced_and_stays_declined() -> None:
    line = a_service(approval=approved("declined"))
    decision = dearer(an_order(services=(line,)), line)
    assert line_of(decision.order, line).is_declined
    assert kinds(decision.events) == [LineChanged]


def test_the_same_answer_again_keeps_the_first_with_its_time() -> None:
    line = a_service(approval=approved())
    order = an_order(services=(line,))
    assert say(order, "approved", line) == Decision(order, ())


def test_several_answers_are_all_taken_or_none() -> None:
    one, two = a_service(), a_service(progress="started")
    order = an_order(services=(one, two))
    with pytest.raises(Refused, match="work_under_way"):
        domain.answer(order, {one.id: "approved", two.id: "declined"}, CLIENT, LATER)
    with pytest.raises(Refused, match="line_not_found"):
        domain.answer(order, {one.id: "approved", new_id(): "declined"}, CLIENT, LATER)
    both = domain.answer(order, {one.id: "declined", two.id: "approved"}, CLIENT, LATER)
    assert kinds(both.events) == [WorkDeclined, WorkApproved, OrderRepriced]


def test_what_the_client_does_not_see_is_approved_only_while_it_is_free() -> None:
    line = a_service(100, approval=approved("declined"))
    order = an_order(services=(line,), visible_to_customer=False)
    assert order.total == NOTHING
    with pytest.raises(Refused, match="invisible_with_total"):
        say(order, "approved", line)


# --- any sequence ------------------------------------------------------------------------------

Deed = tuple[str, int]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["quote", "approve", "decline", "dearer", "more", "part", "answer", "late", "remove"]
        ),
        st.integers(0, 2),
    ),
    max_size=25,
)


class Warehouse:
    """Believes the newest version, as inventory does; counts what it holds of each line."""

    def __init__(self) -> None:
        self.wanted: dict[object, tuple[int, Decimal]] = {}
        self.answers: dict[object, int] = {}

    def hears(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if isinstance(event, PartsRequested):
                for part in event.lines:
                    self._hear(part.line_id, part.line_version, part.quantity)
            elif isinstance(event, PartsReleased):
                for gone in event.lines:
                    self._hear(gone.line_id, gone.line_version, Decimal(0))

    def _hear(self, line_id: object, version: int, quantity: Decimal) -> None:
        known = self.wanted.get(line_id)
        assert known is None or version > known[0], "a version is used once"
        assert quantity or (known and known[1]), "what is not held is not released"
        self.wanted[line_id] = (version, quantity)


@given(DEEDS)
def test_the_bill_is_what_was_not_declined_and_the_warehouse_holds_just_that(
    deeds: list[Deed],
) -> None:
    works = tuple(a_service(100 * (n + 1), position=n) for n in range(3))
    order = an_order(services=works)
    warehouse = Warehouse()
    for what, place in deeds:
        before = order
        try:
            decision = _done(what, works[place].id, order, warehouse)
        except Refused:
            assert order is before
            continue
        warehouse.hears(decision.events)
        told = [event for event in decision.events if isinstance(event, OrderRepriced)]
        assert len(told) == (decision.order.total != order.total)
        order = decision.order
        _holds(order, warehouse)


def _done(what: str, line_id: object, order: Order, warehouse: Warehouse) -> Decision:
    line = next(each for each in order.services if each.id == line_id)
    parts = order.parts_of(line.id)
    match what:
        case "quote":
            return quote(order, line)
        case "approve":
            return say(order, "approved", line)
        case "decline":
            return say(order, "declined", line)
        case "dearer":
            price = formed(line.price.initial + 10, None, Decimal(0), Decimal(0))
            return domain.change_service_line(order, line, replace(line, price=price), LATER)
        case "part":
            kind = "material" if len(parts) % 2 else "product"
            part = a_part(kind=kind, service_line_id=line.id)
            return domain.request_parts(order, [part], LATER)
        case "more" if parts:
            more = replace(parts[0], quantity=parts[0].quantity + 1)
            return domain.change_part_line(order, parts[0], more, LATER)
        case "remove" if parts:
            return domain.remove_line(order, parts[-1], LATER)
        case "answer" | "late" if parts:
            part = parts[0]
            version = part.version - (what == "late")
            number = warehouse.answers[part.id] = warehouse.answers.get(part.id, 0) + 1
            heard = an_answer(part, line_version=version, answer=number)
            return domain.stock_answered(order, [heard], LATER)
    return Decision(order, ())


def _holds(order: Order, warehouse: Warehouse) -> None:
    declined = {line.id for line in order.services if line.approval.state == "declined"}
    billed = [line.total for line in order.services if line.id not in declined]
    billed += [
        part.total for part in order.parts if part.service_line_id not in declined and part.answer
    ]
    assert order.total == sum(billed, NOTHING)
    for part in order.parts:
        is_declined = part.service_line_id in declined
        assert (part.state == "released") is is_declined
        version, quantity = warehouse.wanted[part.id]
        assert version == part.version
        assert quantity == (0 if is_declined else part.quantity)
    held = {line_id for line_id, (_, quantity) in warehouse.wanted.items() if quantity}
    assert held == {part.id for part in order.parts if part.state != "released"}


# --- the README --------------------------------------------------------------------------------


def test_the_readme_shows_the_table_as_it_is() -> None:
    readme = Path(domain.__file__).parents[1] / "README.md"
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in readme.read_text().splitlines()
        if line.startswith(("| State | quote", *(f"| {state} | " for state in STATES)))
    ]
    assert rows == [
        ["State", *STEPS],
        *([state, *(APPROVAL_STEPS[state, step] for step in STEPS)] for state in STATES),
    ]
