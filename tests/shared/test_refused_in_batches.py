"""A refused command changes nothing, whatever its handler wrote before it refused, and whoever
shares its transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.contracts.base import Command
from shared.contracts.clients import CreateClient, FindClients
from shared.contracts.finance import GetBalance, TakePayment
from shared.contracts.orders import (
    AddComment,
    CommentAdded,
    CommentView,
    CreateSection,
    ListComments,
    ListSections,
)
from shared.contracts.purchase_orders import OrderProposal
from shared.contracts.stock_counts import StartCount
from shared.contracts.stock_documents import ListWriteOffs, StockLine, WriteOffStock
from shared.handlers import Handler, Work
from shared.ids import new_id
from shared.messaging import client
from shared.messaging.envelope import opening
from shared.messaging.jobs import Job
from shared.refusals import Refused
from shared.service import service_named
from tests.support.broker import TestNats
from tests.support.day import ADMIN, Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    services = ("clients", "orders", "inventory", "finance")
    async with running_station(nats_server, database, *services) as station:
        yield station


def job(service: str, command: Command[Any], *, change_of_mind: bool = False) -> Job:
    """``change_of_mind``: the handler does all its work, and refuses then."""
    subject = type(command).subject
    route = service_named(service).handlers.commands[subject]
    envelope = opening(
        "/station-1/gateway",
        subject,
        ADMIN,
        idempotency_key=str(new_id()),
        order_id=getattr(command, "order_id", None),
    )
    if change_of_mind:
        route = replace(route, handler=refusing(route.handler))
    return Job(route, command, envelope, command.model_dump_json().encode())


def refusing(handler: Handler) -> Handler:
    async def refuse(command: Any, store: Any, work: Work) -> None:
        await handler(command, store, work)
        # Nothing tells the lane of the work but the work itself.
        work.published.clear()
        raise Refused("busy", service="late")

    return refuse


async def together(station: Station, service: str, *jobs: Job) -> list[dict[str, Any]]:
    """All in one batch; the log of it. A job's end is its own future's."""
    with capture_logs() as logs:
        lane = station.running[service].lane
        await asyncio.gather(*map(lane.submit, jobs), return_exceptions=True)
    return [dict(line) for line in logs]


def codes(jobs: Sequence[Job]) -> list[str | None]:
    errors = [each.ended.exception() for each in jobs]
    return [error.code if isinstance(error, Refused) else None for error in errors]


async def test_what_a_refused_command_had_written_is_gone_and_the_others_stay(
    station: Station,
) -> None:
    order = await station.an_order()
    jobs = [
        job("orders", AddComment(order_id=order.id, text="before")),
        job("orders", AddComment(order_id=order.id, text="taken back"), change_of_mind=True),
        job("orders", AddComment(order_id=order.id, text="after")),
    ]

    await together(station, "orders", *jobs)

    assert codes(jobs) == [None, "busy", None]
    comments = await station.ask(ListComments(order_id=order.id))
    assert {comment.text for comment in comments.items} == {"before", "after"}


async def test_what_was_written_by_a_statement_is_gone_too(station: Station) -> None:
    jobs = [
        job("orders", CreateSection(name="Кузовной")),
        job("orders", CreateSection(name="Малярный"), change_of_mind=True),
        job("orders", CreateSection(name="Шинный")),
    ]

    await together(station, "orders", *jobs)

    assert codes(jobs) == [None, "busy", None]
    sections = await station.ask(ListSections())
    assert {section.name for section in sections.items} == {"Кузовной", "Шинный"}


async def test_the_stock_book_in_memory_forgets_what_was_refused(station: Station) -> None:
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "10")

    def write_off(quantity: str, reason: str, **how: bool) -> Job:
        line = StockLine(product_id=product.id, quantity=Decimal(quantity))
        command = WriteOffStock(warehouse_id=warehouse.id, reason=reason, lines=(line,))
        return job("inventory", command, **how)

    jobs = [
        write_off("1", "broken"),
        write_off("5", "a mistake", change_of_mind=True),
        # As much as there is without the mistake, and more than there were with it.
        write_off("9", "spoilt"),
    ]

    await together(station, "inventory", *jobs)

    assert codes(jobs) == [None, "busy", None]
    assert (await station.stock(product.id, warehouse.id)).on_hand == 0
    kept = await station.ask(ListWriteOffs(warehouse_id=warehouse.id))
    assert {each.reason for each in kept.items} == {"broken", "spoilt"}


async def test_no_money_is_taken_by_a_refused_payment(station: Station) -> None:
    client = await station.a_client()
    await station.settle_down()

    def payment(amount: str, **how: bool) -> Job:
        command = TakePayment(customer_id=client.id, amount=Decimal(amount), method="cash")
        return job("finance", command, **how)

    jobs = [payment("100"), payment("7000", change_of_mind=True), payment("20")]

    await together(station, "finance", *jobs)

    assert codes(jobs) == [None, "busy", None]
    balance = await station.ask(GetBalance(client_id=client.id))
    assert balance.owes == Decimal(-120)


async def test_no_card_is_left_of_a_refused_client(station: Station) -> None:
    def card(last_name: str, **how: bool) -> Job:
        return job("clients", CreateClient(last_name=last_name), **how)

    jobs = [card("Первый"), card("Лишний", change_of_mind=True), card("Третий")]

    await together(station, "clients", *jobs)

    assert codes(jobs) == [None, "busy", None]
    found = await station.ask(FindClients())
    assert {client.last_name for client in found.items} == {"Первый", "Третий"}


async def test_a_command_that_is_refused_before_it_writes_costs_its_batch_nothing(
    station: Station,
) -> None:
    order = await station.an_order()
    jobs = [
        job("orders", AddComment(order_id=order.id, text="before")),
        job("orders", AddComment(order_id=new_id(), text="of no order")),
        job("orders", AddComment(order_id=order.id, text="after")),
    ]

    logs = await together(station, "orders", *jobs)

    assert codes(jobs) == [None, "order_not_found", None]
    assert "batch_failed" not in {line["event"] for line in logs}


async def test_one_that_is_refused_by_what_others_did_in_its_batch_costs_them_nothing(
    station: Station,
) -> None:
    """What was kept back for them is written before it looks, and stays."""
    product, warehouse = await station.a_product(), await station.a_warehouse()
    empty, counted = await station.a_warehouse(), await station.a_warehouse()
    supplier = await station.a_supplier()
    for place in (warehouse, counted):
        await station.receive(place.id, product.id, "10")
    await station.send(StartCount(warehouse_id=counted.id))
    line = StockLine(product_id=product.id, quantity=Decimal("10"))
    jobs = [
        job("inventory", WriteOffStock(warehouse_id=warehouse.id, reason="all", lines=(line,))),
        job("inventory", StartCount(warehouse_id=warehouse.id)),
        job("inventory", StartCount(warehouse_id=empty.id)),
        job("inventory", StartCount(warehouse_id=counted.id)),
        job("inventory", OrderProposal(supplier_id=supplier.id, warehouse_id=empty.id)),
    ]

    logs = await together(station, "inventory", *jobs)

    refusals = ["count_empty", "count_empty", "count_open", "nothing_to_order"]
    assert codes(jobs) == [None, *refusals]
    assert "batch_failed" not in {line["event"] for line in logs}
    assert (await station.stock(product.id, warehouse.id)).on_hand == 0


async def test_what_no_message_can_carry_is_not_done_and_the_others_are(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that cannot be told, and an event that nobody would hear: the same key may come
    again, and finds that nothing was done."""
    order = await station.an_order()
    lane = station.running["orders"].lane
    room = lane._client.room
    monkeypatch.setattr(client, "HEADER_ROOM", client.HEADER_ROOM + room - 3_000)
    long = job("orders", AddComment(order_id=order.id, text="д" * 2_000))
    jobs = [
        job("orders", AddComment(order_id=order.id, text="before")),
        long,
        job("orders", AddComment(order_id=order.id, text="after")),
    ]

    await together(station, "orders", *jobs)

    assert codes(jobs) == [None, "result_too_large", None]
    comments = await station.ask(ListComments(order_id=order.id))
    assert {comment.text for comment in comments.items} == {"before", "after"}
    monkeypatch.undo()
    again = Job(long.route, long.message, long.envelope, long.body)
    assert await lane.submit(again)
    assert len((await station.ask(ListComments(order_id=order.id))).items) == 3


async def test_an_event_that_no_message_can_carry_is_not_kept_either(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = job("orders", CreateSection(name="Шинный"))
    create = section.route.handler

    async def tell_much(command: Any, store: Any, work: Work) -> Any:
        comment = CommentView(id=new_id(), text="д" * 5_000_000, author="anna", at=work.now)
        work.publish(CommentAdded(order_id=new_id(), number="A", revision=1, comment=comment))
        return await create(command, store, work)

    section.route = replace(section.route, handler=tell_much)
    await together(station, "orders", section)

    assert codes([section]) == ["result_too_large"]
    assert (await station.ask(ListSections())).items == ()
