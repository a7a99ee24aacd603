"""What comes again is answered as it was the first time, and disturbs nobody in its batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from uuid import UUID

import pytest

from shared.contracts.orders import AddComment, CreateSection, ListComments, ListSections, MoveOrder
from shared.messaging.envelope import opening
from shared.messaging.inbox import Duplicate
from shared.messaging.jobs import Job
from shared.service import service_named
from tests.shared.test_delivery import a_payment
from tests.shared.test_refused_in_batches import codes, job, together
from tests.support.broker import TestNats
from tests.support.day import ADMIN, Station, running_station

PAID = Decimal(100)


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, "clients", "orders") as station:
        yield station


def again(first: Job) -> Job:
    return Job(first.route, first.message, first.envelope, first.body)


async def test_a_repeated_command_is_answered_as_before_and_the_others_are_done(
    station: Station,
) -> None:
    order = await station.an_order()
    first = job("orders", AddComment(order_id=order.id, text="once"))
    await together(station, "orders", first)
    jobs = [
        job("orders", AddComment(order_id=order.id, text="before")),
        again(first),
        job("orders", AddComment(order_id=order.id, text="after")),
        again(first),
    ]

    log = await together(station, "orders", *jobs)

    assert not [line for line in log if line["event"] == "batch_failed"]
    assert [jobs[1].ended.result(), jobs[3].ended.result()] == [first.ended.result()] * 2
    comments = await station.ask(ListComments(order_id=order.id))
    assert sorted(comment.text for comment in comments.items) == ["after", "before", "once"]


async def test_a_command_that_would_be_refused_by_now_is_answered_as_before(
    station: Station,
) -> None:
    order = await station.an_order()
    cancel = job("orders", MoveOrder(order_id=order.id, to="cancelled", reason="передумал"))
    section = job("orders", CreateSection(name="Кузовной"))
    await together(station, "orders", cancel, section)
    other = job("orders", AddComment(order_id=order.id, text="позвонить"))
    jobs = [again(cancel), other, again(section)]

    await together(station, "orders", *jobs)

    assert codes(jobs) == [None, None, None]
    assert jobs[0].ended.result() == cancel.ended.result()
    assert jobs[2].ended.result() == section.ended.result()
    sections = await station.ask(ListSections())
    assert [each.name for each in sections.items].count("Кузовной") == 1


async def test_what_would_be_refused_by_now_is_looked_up_where_nothing_else_conflicts(
    station: Station,
) -> None:
    order = await station.an_order()
    cancel = job("orders", MoveOrder(order_id=order.id, to="cancelled", reason="передумал"))
    await together(station, "orders", cancel)
    jobs = [again(cancel), job("orders", AddComment(order_id=order.id, text="позвонить"))]

    await together(station, "orders", *jobs)

    assert codes(jobs) == [None, None]
    assert jobs[0].ended.result() == cancel.ended.result()


async def test_one_key_with_another_command_is_refused_alone(station: Station) -> None:
    order = await station.an_order()
    first = job("orders", AddComment(order_id=order.id, text="once"))
    await together(station, "orders", first)
    message = AddComment(order_id=order.id, text="another")
    body = message.model_dump_json().encode()
    other = Job(first.route, message, first.envelope, body)  # type: ignore[arg-type]
    jobs = [other, job("orders", AddComment(order_id=order.id, text="after"))]

    await together(station, "orders", *jobs)

    assert codes(jobs) == ["idempotency_key_reused", None]


async def test_an_event_that_comes_again_is_a_duplicate_and_the_new_ones_count(
    station: Station,
) -> None:
    order = await station.an_order()
    first = paid(order.id)
    await together(station, "orders", first)
    jobs = [paid(order.id), again(first), paid(order.id)]

    log = await together(station, "orders", *jobs)

    assert not [line for line in log if line["event"] == "batch_failed"]
    assert isinstance(jobs[1].ended.exception(), Duplicate)
    assert (await station.order(order.id)).paid == 3 * PAID


def paid(order_id: UUID) -> Job:
    event = a_payment(order_id, str(PAID))
    envelope = opening("/station-1/finance", type(event).subject, ADMIN)
    route = service_named("orders").handlers.events[type(event).subject]
    return Job(route, event, envelope, b"")
