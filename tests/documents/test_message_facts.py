"""What happens to orders makes messages once each, and takes back what no longer holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.approvals import EstimateQuoted, WorkDeclined
from shared.contracts.copies import ListToldByDocuments
from shared.contracts.inventory import (
    PartsReserved,
    PartsUnavailable,
    ReservationReleased,
    StockAnswer,
)
from shared.contracts.messages import Delay, Fact, MessageQueued, MessageText
from shared.contracts.orders import OrderCancelled, OrderMoved, OrderReopened
from shared.contracts.work_order import WorkOrder
from shared.ids import new_id
from tests.documents.message_builders import with_approvals, with_parts
from tests.documents.messages_at_work import AtWork, completion_of, naming

HALF_A_YEAR = Delay(months=6)
SILENT = '{% if Number == "" %}x{% endif %}'
ENDLESS = "{% for line in Services %}" + "я" * 250 + "{% endfor %}"


async def states(at_work: AtWork) -> list[tuple[Fact, str]]:
    """Oldest first."""
    return [(message.fact, message.state) for message in reversed(await at_work.messages())]


# --- opened and ready --------------------------------------------------------------------------


async def test_car_that_is_ready_is_told_of_in_the_clients_language(at_work: AtWork) -> None:
    await at_work.a_template()
    russian, english = await at_work.a_client(), await at_work.a_client(language="en")
    for client in (russian, english):
        await at_work.completed(at_work.an_order_of(client, id=new_id()))
    await at_work.rounds()

    assert sorted(letter.text for letter in at_work.carrier.taken) == [
        "А-000123 is ready",
        "А-000123 готов",
    ]


async def test_car_that_is_ready_is_told_of_when_the_books_say_what_is_due(
    at_work: AtWork,
) -> None:
    await at_work.a_template(ru=MessageText(text="К оплате {{ Due }}"))
    order = at_work.an_order_of(await at_work.a_client(), settled=False)
    done = await at_work.completed(order)
    await at_work.rounds(1)
    (message,) = await at_work.messages()
    assert (message.state, message.waits_for) == ("scheduled", "order")

    paid = {"settled": True, "due": Decimal("36.00")}
    at_work.orders.by_id[order.id] = done.model_copy(update=paid)
    at_work.later(seconds=6)
    await at_work.rounds()
    assert [letter.text for letter in at_work.carrier.taken] == ["К оплате 36,00"]


async def test_books_that_are_away_keep_no_car_waiting(at_work: AtWork) -> None:
    await at_work.a_template()
    await at_work.completed(at_work.an_order_of(await at_work.a_client(), settled=False))
    await at_work.rounds(1)
    at_work.later(minutes=11)
    await at_work.rounds()
    assert await states(at_work) == [("order_ready", "sent")]


async def test_order_that_the_client_is_not_shown_is_told_of_by_people_alone(
    at_work: AtWork,
) -> None:
    template = await at_work.a_template()
    client = await at_work.a_client()
    order = await at_work.completed(at_work.an_order_of(client, visible_to_customer=False))
    await at_work.rounds()
    (message,) = await at_work.messages()
    assert (message.state, message.reason) == ("skipped", "order_hidden")

    by_hand = {"client_id": client.id, "order_id": order.id, "template_id": template.id}
    await at_work.a_message(**by_hand, text=None)
    await at_work.rounds()
    assert [letter.text for letter in at_work.carrier.taken] == [f"{order.number} готов"]


async def test_event_that_is_told_twice_or_once_more_much_later_sends_one_message(
    at_work: AtWork,
) -> None:
    await at_work.a_template()
    order = await at_work.completed(at_work.an_order_of(await at_work.a_client()))
    await at_work.tell(completion_of(order))
    await at_work.rounds()
    await at_work.tell(completion_of(order))
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1


async def test_order_done_again_is_told_again(at_work: AtWork) -> None:
    await at_work.a_template()
    order = at_work.an_order_of(await at_work.a_client())
    done = await at_work.completed(order)
    await at_work.rounds()
    reopened = done.model_copy(update={"status": "in_progress"})
    at_work.orders.by_id[order.id] = reopened
    await at_work.tell(OrderReopened(**naming(done), completion=done.completion))
    await at_work.completed(reopened)
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 2


async def test_order_that_is_reopened_before_it_is_told_is_not(at_work: AtWork) -> None:
    template = await at_work.a_template(delay=Delay(minutes=30))
    order = at_work.an_order_of(await at_work.a_client())
    done = await at_work.completed(order)
    await at_work.tell(OrderReopened(**naming(done), completion=done.completion))
    (message,) = await at_work.messages(order_id=order.id)
    assert (message.state, message.reason) == ("cancelled", "no_longer_holds")
    assert message.template_id == template.id


async def test_completion_that_is_told_after_its_reopening_is_found_out_when_it_is_due(
    at_work: AtWork,
) -> None:
    """The events came in the wrong order: nothing was there to cancel yet."""
    await at_work.a_template()
    order = at_work.an_order_of(await at_work.a_client())
    done = order.model_copy(update={"status": "done", "completion": 1, "completed_at": at_work.now})
    await at_work.tell(OrderReopened(**naming(done), completion=1))
    await at_work.tell(completion_of(done))
    await at_work.rounds()
    assert await states(at_work) == [("order_ready", "cancelled")]
    assert at_work.carrier.taken == []


async def test_order_is_opened_once_as_an_order_or_when_its_estimate_is_agreed_to(
    at_work: AtWork,
) -> None:
    await at_work.a_template(fact="order_opened", name="Открыт")
    client = await at_work.a_client()
    order = at_work.an_order_of(client, id=new_id())
    await at_work.opened(order)
    draft = at_work.an_order_of(client, id=new_id(), vehicle=None)
    await at_work.opened(draft, status="draft")
    assert len(await at_work.messages()) == 1
    await at_work.tell(OrderMoved(**naming(draft), old_status="draft", status="new"))
    await at_work.tell(OrderMoved(**naming(draft), old_status="new", status="in_progress"))
    await at_work.rounds()
    assert await states(at_work) == [("order_opened", "sent")] * 2


async def test_cancelled_order_takes_its_waiting_messages_back_but_not_what_a_person_wrote(
    at_work: AtWork,
) -> None:
    await at_work.a_template(fact="order_opened", delay=Delay(minutes=10))
    order = at_work.an_order_of(await at_work.a_client())
    await at_work.opened(order)
    by_hand = await at_work.a_message(
        client_id=order.customer.id, order_id=order.id, send_at=at_work.now + timedelta(hours=1)
    )
    await at_work.tell(OrderCancelled(**naming(order)))
    assert dict(await states(at_work)) == {"order_opened": "cancelled", "by_hand": "scheduled"}
    assert (await at_work.message(by_hand.id)).state == "scheduled"


# --- what stands in the way --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consents", "fields", "template", "reason"),
    [
        (("email",), {}, {}, "no_consent"),
        (("sms",), {"phones": ()}, {}, "no_address"),
        (("sms",), {}, {"kind": "marketing"}, "no_marketing_consent"),
        (("sms",), {}, {"condition": "TotalMoney > 1000000"}, "condition"),
        (("sms",), {}, {"ru": MessageText(text=SILENT)}, "text_empty"),
        (("sms",), {}, {"ru": MessageText(text=ENDLESS)}, "text_too_long"),
    ],
)
async def test_what_may_not_be_sent_is_kept_with_its_reason(
    at_work: AtWork,
    consents: tuple[str, ...],
    fields: dict[str, Any],
    template: dict[str, Any],
    reason: str,
) -> None:
    await at_work.a_template(**template)
    await at_work.completed(at_work.an_order_of(await at_work.a_client(*consents, **fields)))
    await at_work.rounds()
    (message,) = await at_work.messages()
    assert (message.state, message.reason) == ("skipped", reason)
    assert at_work.carrier.calls == 0


async def test_template_that_is_switched_off_meanwhile_sends_nothing(at_work: AtWork) -> None:
    template = await at_work.a_template()
    await at_work.completed(at_work.an_order_of(await at_work.a_client()))
    await at_work.switch_off(template)
    await at_work.rounds()
    (message,) = await at_work.messages()
    assert (message.state, message.reason) == ("skipped", "template_off")


async def test_news_that_were_lost_for_days_are_none(at_work: AtWork) -> None:
    await at_work.a_template()
    order = at_work.an_order_of(await at_work.a_client())
    at_work.later(days=-4)
    await at_work.completed(order)
    at_work.later(days=4)
    await at_work.rounds()
    (message,) = await at_work.messages()
    assert (message.state, message.reason) == ("skipped", "too_late")


async def test_orders_that_do_not_answer_are_waited_for(at_work: AtWork) -> None:
    await at_work.a_template()
    order = await at_work.completed(at_work.an_order_of(await at_work.a_client()))
    known = at_work.orders.by_id
    at_work.orders.broken, at_work.orders.by_id = True, {}
    await at_work.rounds(1)
    (message,) = await at_work.messages()
    assert (message.state, message.waits_for) == ("scheduled", "others")

    at_work.orders.broken, at_work.orders.by_id = False, known
    at_work.later(seconds=11)
    await at_work.rounds()
    assert (await at_work.message(message.id)).state == "sent"
    assert order.id == message.order_id


# --- the estimate ------------------------------------------------------------------------------


def quoted(order: WorkOrder) -> EstimateQuoted:
    return EstimateQuoted(
        **naming(order),
        client_id=order.customer.id or new_id(),
        vehicle_id=None,
        lines=(),
        link_id=new_id(),
        link_expires_at=datetime.fromisoformat("2030-01-01T00:00:00Z"),
    )


async def test_estimate_carries_the_clients_link(at_work: AtWork) -> None:
    await at_work.a_template(
        fact="estimate_ready",
        ru=MessageText(text="Смета {{ TotalMoney }}{% if Link %}: {{ Link }}{% endif %}"),
    )
    order = with_approvals(at_work.an_order_of(await at_work.a_client()), "quoted")
    at_work.orders.by_id[order.id] = order
    at_work.orders.link = "https://station.example.com/e/AbCd"
    await at_work.tell(quoted(order))
    await at_work.rounds()
    (letter,) = at_work.carrier.taken
    assert letter.text.endswith(": https://station.example.com/e/AbCd")
    # Events are read by everybody: whoever has the link answers for the client.
    (told,) = await at_work.published(MessageQueued)
    assert told.text.endswith(": https://station.example.com/e/…")

    at_work.orders.link = None
    await at_work.tell(quoted(order.model_copy(update={"revision": order.revision + 1})))
    await at_work.rounds()
    assert "http" not in at_work.carrier.taken[1].text


async def test_link_is_asked_for_only_by_a_text_that_shows_it(at_work: AtWork) -> None:
    await at_work.a_template(fact="estimate_ready")
    order = with_approvals(at_work.an_order_of(await at_work.a_client()), "quoted")
    at_work.orders.by_id[order.id] = order
    await at_work.tell(quoted(order))
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1
    assert "ask.orders.estimate_link.v1" not in at_work.orders.asked


async def test_estimate_that_was_answered_meanwhile_is_not_told(at_work: AtWork) -> None:
    await at_work.a_template(fact="estimate_ready")
    order = with_approvals(at_work.an_order_of(await at_work.a_client()), "approved")
    at_work.orders.by_id[order.id] = order
    await at_work.tell(quoted(order))
    await at_work.rounds()
    assert await states(at_work) == [("estimate_ready", "cancelled")]


# --- the parts ---------------------------------------------------------------------------------


def answered(kind: Any, order: WorkOrder, *lines: tuple[int, int, int]) -> Any:
    """``lines``: number, answer, how many are short."""
    return kind(
        order_id=order.id,
        lines=tuple(
            StockAnswer.model_validate(
                {
                    "line_id": UUID(int=number),
                    "line_version": 1,
                    "answer": answer,
                    "product_id": UUID(int=99),
                    "wanted": "4",
                    "reserved": 4 - short,
                    "short": short,
                    "price": "100",
                }
            )
            for number, answer, short in lines
        ),
    )


async def test_order_that_waited_is_told_when_its_last_part_has_come(at_work: AtWork) -> None:
    await at_work.a_template(fact="parts_arrived")
    order = with_parts(at_work.an_order_of(await at_work.a_client()), "short")
    at_work.orders.by_id[order.id] = order
    short = answered(PartsUnavailable, order, (1, 1, 2), (2, 1, 1))
    await at_work.tell(short, "inventory")
    await at_work.tell(answered(PartsReserved, order, (1, 2, 0)), "inventory")
    assert await at_work.messages() == []

    await at_work.tell(answered(PartsReserved, order, (2, 2, 0)), "inventory")
    await at_work.rounds(1)
    (message,) = await at_work.messages()
    assert (message.state, message.waits_for) == ("scheduled", "order"), "orders will hear it soon"

    at_work.orders.by_id[order.id] = with_parts(order, "reserved")
    at_work.later(seconds=6)
    await at_work.rounds()
    assert await states(at_work) == [("parts_arrived", "sent")]
    # The same news once more, and older ones too late, are no other arrival.
    await at_work.tell(answered(PartsReserved, order, (2, 2, 0)), "inventory")
    await at_work.tell(short, "inventory")
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1


async def test_parts_that_were_there_at_once_are_not_told_of(at_work: AtWork) -> None:
    await at_work.a_template(fact="parts_arrived")
    order = at_work.an_order_of(await at_work.a_client())
    await at_work.tell(answered(PartsReserved, order, (1, 1, 0)), "inventory")
    assert await at_work.messages() == []


async def test_part_that_is_given_up_has_not_arrived(at_work: AtWork) -> None:
    await at_work.a_template(fact="parts_arrived")
    order = at_work.an_order_of(await at_work.a_client())
    await at_work.tell(answered(PartsUnavailable, order, (1, 1, 2)), "inventory")
    await at_work.tell(answered(ReservationReleased, order, (1, 2, 0)), "inventory")
    await at_work.tell(answered(PartsReserved, order, (1, 3, 0)), "inventory")
    assert await at_work.messages() == []


async def test_part_that_came_back_with_its_reopened_order_has_not_arrived(at_work: AtWork) -> None:
    await at_work.a_template(fact="parts_arrived")
    order = at_work.an_order_of(await at_work.a_client())
    await at_work.tell(answered(PartsUnavailable, order, (1, 1, 2)), "inventory")
    back = answered(PartsReserved, order, (1, 2, 0)).model_copy(update={"returned": True})
    await at_work.tell(back, "inventory")
    other = at_work.an_order_of(await at_work.a_client(), id=new_id())
    back = answered(PartsReserved, other, (2, 2, 0)).model_copy(update={"returned": True})
    await at_work.tell(back, "inventory")
    await at_work.tell(answered(PartsUnavailable, other, (2, 1, 2)), "inventory")
    assert await at_work.messages() == []


async def test_answer_that_comes_late_is_known_by_a_newer_one_even_when_the_order_is_closed(
    at_work: AtWork,
) -> None:
    order = at_work.an_order_of(await at_work.a_client())
    await at_work.tell(answered(ReservationReleased, order, (1, 2, 0)), "inventory")
    await at_work.tell(OrderCancelled(**naming(order)))
    await at_work.tell(answered(PartsUnavailable, order, (1, 1, 2)), "inventory")
    # The order goes on, and that is known sooner than that it was done.
    order = at_work.an_order_of(await at_work.a_client(), id=new_id())
    await at_work.tell(answered(PartsReserved, order, (2, 3, 0)), "inventory")
    await at_work.completed(order)
    await at_work.tell(answered(PartsUnavailable, order, (2, 2, 2)), "inventory")

    told = await at_work.station.ask(ListToldByDocuments(kind="part"))
    assert [(each.id.int, each.revision, each.fields["short"]) for each in told.items] == [
        (1, 2, "false"),
        (2, 3, "false"),
    ]


# --- reminders ---------------------------------------------------------------------------------


def declined(order: WorkOrder, at: datetime) -> WorkDeclined:
    return WorkDeclined.model_validate(
        {
            **naming(order),
            "client_id": order.customer.id,
            "vehicle_id": order.vehicle.id if order.vehicle else None,
            "line_id": new_id(),
            "name": "Замена колодок",
            "price": "2100",
            "by": "Ольга",
            "how": "phone",
            "at": at,
        }
    )


async def a_reminder(at_work: AtWork) -> WorkOrder:
    await at_work.a_template(fact="next_visit", kind="marketing", delay=HALF_A_YEAR)
    client = await at_work.a_client("sms", "marketing")
    return await at_work.completed(at_work.an_order_of(client))


async def test_reminder_comes_half_a_year_later_over_any_number_of_restarts(
    at_work: AtWork,
) -> None:
    order = await a_reminder(at_work)
    (message,) = await at_work.messages()
    assert (message.state, message.waits_for) == ("scheduled", "due")
    assert timedelta(days=180) < message.due_at - at_work.now < timedelta(days=185)
    at_work.later(days=179)
    await at_work.rounds()
    assert at_work.carrier.calls == 0

    await at_work.station.stop("documents")
    await at_work.station.start("documents")
    at_work.now = message.due_at + timedelta(hours=1)
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1
    assert (await at_work.message(message.id)).order_id == order.id


async def test_new_visit_of_the_car_takes_the_reminder_back(at_work: AtWork) -> None:
    order = await a_reminder(at_work)
    visit = at_work.an_order_of(await at_work.a_client(), id=new_id())
    await at_work.opened(visit, status="draft")
    (message,) = await at_work.messages(order_id=order.id)
    assert message.state == "scheduled", "an estimate is no visit yet"
    await at_work.opened(visit)
    (message,) = await at_work.messages(order_id=order.id)
    assert (message.state, message.reason) == ("cancelled", "no_longer_holds")


async def test_earlier_visit_of_the_car_that_is_told_late_leaves_the_reminder(
    at_work: AtWork,
) -> None:
    earlier = at_work.an_order_of(await at_work.a_client(), id=new_id())
    await at_work.a_template(fact="next_visit", kind="marketing", delay=HALF_A_YEAR)
    client = await at_work.a_client("sms", "marketing")
    order = await at_work.completed(at_work.an_order_of(client, id=new_id()))
    await at_work.opened(earlier)
    (message,) = await at_work.messages(order_id=order.id)
    assert message.state == "scheduled"


async def test_visit_that_was_told_too_early_is_found_out_when_the_reminder_is_due(
    at_work: AtWork,
) -> None:
    order = await a_reminder(at_work)
    later = order.model_copy(
        update={"id": new_id(), "created_at": order.created_at + timedelta(days=30)}
    )
    at_work.orders.of_car = [later, order]
    (message,) = await at_work.messages()
    at_work.now = message.due_at
    await at_work.rounds()
    assert await states(at_work) == [("next_visit", "cancelled")]


async def test_declined_works_are_reminded_of_once_and_only_while_they_are_open(
    at_work: AtWork,
) -> None:
    await at_work.a_template(fact="work_declined", delay=Delay(days=14))
    order = with_approvals(at_work.an_order_of(await at_work.a_client()), "declined")
    at_work.orders.by_id[order.id] = order
    for _ in range(3):
        await at_work.tell(declined(order, at_work.now))
    (message,) = await at_work.messages()
    assert message.due_at - at_work.now == timedelta(days=14)

    at_work.orders.declined = [declined_work(order)]
    at_work.later(days=15)
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1


async def test_declined_work_that_was_taken_up_is_not_reminded_of(at_work: AtWork) -> None:
    await at_work.a_template(fact="work_declined", delay=Delay(days=14))
    order = with_approvals(at_work.an_order_of(await at_work.a_client()), "declined")
    at_work.orders.by_id[order.id] = order
    await at_work.tell(declined(order, at_work.now))
    at_work.later(days=15)
    await at_work.rounds()
    assert await states(at_work) == [("work_declined", "cancelled")]


def declined_work(order: WorkOrder) -> dict[str, Any]:
    return {
        "id": new_id(),
        "order_id": order.id,
        "number": order.number,
        "service_id": None,
        "name": "Замена колодок",
        "quantity": "1",
        "price": "2100",
        "declined_at": order.created_at,
        "by": "Ольга",
        "how": "phone",
    }
