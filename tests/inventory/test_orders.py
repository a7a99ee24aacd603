"""What orders tell, and what inventory answers, over the broker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from shared.contracts.base import Event, Period
from shared.contracts.costing import CheckStock, IssuedPartWrittenOff
from shared.contracts.inventory import (
    ChangeProduct,
    IssuedPart,
    ListMovements,
    PartsIssued,
    PartsReserved,
    PartsReturned,
    PartsUnavailable,
    ReservationReleased,
    StockAnswer,
    StockBalances,
)
from shared.database import dead_letters
from shared.ids import new_id
from tests.inventory.at_work import job, published, together
from tests.inventory.builders import (
    an_ask,
    cancelled,
    completed,
    decimals,
    quantity,
    released,
    reopened,
    requested,
)
from tests.support.day import Station
from tests.support.waiting import eventually


async def tell(station: Station, *events: Event) -> None:
    """Publishes as orders would, and waits until inventory has handled all of it."""
    for event in events:
        await station.publish(event, "orders")
    await station.settle_down()


async def heard[EventT: Event](station: Station, kind: type[EventT]) -> list[EventT]:
    return await published(station.running["inventory"], kind)


async def stocked(station: Station, *receipts: tuple[str, str]) -> tuple[UUID, UUID]:
    """A product and the warehouse where so many lie, received at so much a piece."""
    product, warehouse = await station.a_product(price="250"), await station.a_warehouse()
    for amount, cost in receipts:
        await station.receive(warehouse.id, product.id, amount, cost)
    return product.id, warehouse.id


async def amounts(station: Station, product_id: UUID, warehouse_id: UUID) -> tuple[Decimal, ...]:
    stock = await station.stock(product_id, warehouse_id)
    return stock.on_hand, stock.reserved, stock.available


async def test_a_request_reserves_and_answers_with_the_price(station: Station) -> None:
    product, warehouse = await stocked(station, ("10", "60"))
    order_id, ask = new_id(), an_ask(product, 4)
    await tell(station, requested(order_id, ask))
    answer = StockAnswer(
        line_id=ask.line_id,
        line_version=1,
        answer=1,
        product_id=product,
        wanted=quantity(4),
        reserved=quantity(4),
        short=quantity(0),
        price=Decimal("250.00"),
        cost=Decimal("240.00"),
    )
    assert await heard(station, PartsReserved) == [
        PartsReserved(order_id=order_id, lines=(answer,))
    ]
    assert await amounts(station, product, warehouse) == decimals(10, 4, 6)


async def test_one_request_is_answered_once_for_what_is_there_and_once_for_what_is_short(
    station: Station,
) -> None:
    product, _ = await stocked(station, ("10", "60"))
    scarce, _ = await stocked(station, ("1", "60"))
    asks = [an_ask(product, 2), an_ask(scarce, 3), an_ask(product, 3)]
    await tell(station, requested(new_id(), *asks))
    (reserved,) = await heard(station, PartsReserved)
    (short,) = await heard(station, PartsUnavailable)
    assert [line.line_id for line in reserved.lines] == [asks[0].line_id, asks[2].line_id]
    assert [(line.line_id, line.reserved, line.short) for line in short.lines] == [
        (asks[1].line_id, *decimals(1, 2))
    ]


async def test_a_back_order_is_filled_oldest_first_when_goods_come(station: Station) -> None:
    product, warehouse = await stocked(station)
    first, second = (new_id(), an_ask(product, 3)), (new_id(), an_ask(product, 2))
    await tell(station, requested(first[0], first[1]))
    await tell(station, requested(second[0], second[1]))

    await station.receive(warehouse, product, "4")

    (filled,) = await heard(station, PartsReserved)
    assert (filled.order_id, filled.lines[0].answer) == (first[0], 2)
    *_, still_short = await heard(station, PartsUnavailable)
    assert (still_short.order_id, still_short.lines[0].answer) == (second[0], 2)
    assert (still_short.lines[0].reserved, still_short.lines[0].short) == decimals(1, 1)
    await station.receive(warehouse, product, "4")
    *_, filled = await heard(station, PartsReserved)
    assert (filled.order_id, filled.lines[0].answer) == (second[0], 3)
    assert await amounts(station, product, warehouse) == decimals(8, 5, 3)


async def test_the_price_of_an_answer_is_the_catalogue_s_at_that_moment(station: Station) -> None:
    product, warehouse = await stocked(station)
    await tell(station, requested(new_id(), an_ask(product, 1)))
    await station.send(ChangeProduct(product_id=product, price=Decimal(300)))
    await station.receive(warehouse, product, "1")
    (short,) = await heard(station, PartsUnavailable)
    (filled,) = await heard(station, PartsReserved)
    assert (short.lines[0].price, filled.lines[0].price) == decimals("250", "300")


async def test_released_and_cancelled_lines_are_free_again_for_those_who_wait(
    station: Station,
) -> None:
    product, warehouse = await stocked(station, ("5", "60"))
    holder, waiting, cancelling = new_id(), new_id(), new_id()
    held, taken = an_ask(product, 2), an_ask(product, 3)
    await tell(station, requested(holder, held))
    await tell(station, requested(cancelling, taken))
    await tell(station, requested(waiting, an_ask(product, 4)))

    await tell(station, released(holder, replace(held, version=2)))
    await tell(station, cancelled(cancelling))

    first, second = await heard(station, ReservationReleased)
    assert (first.order_id, second.order_id) == (holder, cancelling)
    assert [(line.wanted, line.reserved) for line in (*first.lines, *second.lines)] == [
        decimals(0, 0),
        decimals(0, 0),
    ]
    assert [line.answer for line in (*first.lines, *second.lines)] == [2, 2]
    *_, filled = await heard(station, PartsReserved)
    assert filled.order_id == waiting
    assert await amounts(station, product, warehouse) == decimals(5, 4, 1)
    reasons = {
        (move.kind, move.order_id): move.reason
        for move in (await station.ask(ListMovements(product_id=product))).items
    }
    assert reasons["release", cancelling] == "передумал"
    assert reasons["reserve", waiting] is None


async def test_late_news_of_removed_lines_and_cancelled_orders_reserves_nothing(
    station: Station,
) -> None:
    product, warehouse = await stocked(station, ("5", "60"))
    order_id, gone, removed = new_id(), new_id(), an_ask(product, 2)
    await tell(station, released(order_id, replace(removed, version=2)), cancelled(gone))
    late = requested(gone, an_ask(product, 3))
    await tell(station, requested(order_id, removed), late, late)
    assert await amounts(station, product, warehouse) == decimals(5, 0, 5)
    for kind in (PartsReserved, PartsUnavailable, ReservationReleased):
        assert await heard(station, kind) == []


async def test_the_same_event_twice_has_one_effect(station: Station) -> None:
    product, warehouse = await stocked(station, ("5", "60"))
    event = requested(new_id(), an_ask(product, 2))
    event_id = await station.publish(event, "orders")
    await station.publish(event, "orders", event_id=event_id)
    await tell(station, event)  # the same wish as another event: an old version by now
    assert len(await heard(station, PartsReserved)) == 1
    assert await amounts(station, product, warehouse) == decimals(5, 2, 3)


async def test_a_done_order_issues_at_fifo_cost_and_a_reopened_one_has_it_all_back(
    station: Station,
) -> None:
    product, warehouse = await stocked(station, ("2", "10.01"), ("5", "20"))
    order_id, ask = new_id(), an_ask(product, "3.5")
    await tell(station, requested(order_id, ask))
    await tell(station, completed(order_id, 1, ask))
    part = IssuedPart(
        line_id=ask.line_id, product_id=product, quantity=ask.wanted, cost=Decimal("50.02")
    )
    (issued,) = await heard(station, PartsIssued)
    assert issued == PartsIssued(
        order_id=order_id, completion=1, lines=(part,), cost=Decimal("50.02")
    )
    assert await amounts(station, product, warehouse) == decimals("3.5", 0, "3.5")
    (balance,) = (await station.ask(StockBalances())).items
    assert balance.value == Decimal("70.00")

    await station.receive(warehouse, product, "1", "99")
    await tell(station, reopened(order_id, 1))

    (returned,) = await heard(station, PartsReturned)
    assert returned == PartsReturned(
        order_id=order_id, completion=1, lines=(part,), cost=Decimal("50.02")
    )
    assert await amounts(station, product, warehouse) == decimals(8, "3.5", "4.5")
    await tell(station, completed(order_id, 2, ask))
    *_, again = await heard(station, PartsIssued)
    assert (again.completion, again.cost) == (2, Decimal("50.02"))
    moved = (await station.ask(ListMovements(order_id=order_id))).items
    assert [(m.kind, m.quantity) for m in reversed(moved)] == [
        ("reserve", Decimal("3.5")),
        ("issue", Decimal("-3.5")),
        ("return", Decimal(2)),
        ("reserve", Decimal(2)),
        ("return", Decimal("1.5")),
        ("reserve", Decimal("1.5")),
        ("issue", Decimal("-3.5")),
    ]


async def test_an_order_without_parts_is_issued_too(station: Station) -> None:
    order_id = new_id()
    await tell(station, completed(order_id, 1))
    assert await heard(station, PartsIssued) == [
        PartsIssued(order_id=order_id, completion=1, lines=(), cost=Decimal("0.00"))
    ]


async def test_a_completion_that_comes_before_its_request_is_handled_after_it(
    station: Station,
) -> None:
    product, warehouse = await stocked(station, ("5", "60"))
    order_id, ask = new_id(), an_ask(product, 2)
    await station.publish(completed(order_id, 1, ask), "orders")
    running = station.running["inventory"]

    async def has_failed_once() -> bool:
        return await _failures(station) > 0

    await eventually(has_failed_once)
    assert await heard(station, PartsIssued) == []
    await tell(station, requested(order_id, ask))
    (issued,) = await heard(station, PartsIssued)
    assert issued.cost == Decimal("120.00")
    assert await amounts(station, product, warehouse) == decimals(3, 0, 3)
    assert await running.dead_letters.count() == 0


async def test_a_reopening_that_overtakes_its_completion_makes_it_void(station: Station) -> None:
    product, warehouse = await stocked(station, ("5", "60"))
    order_id, ask = new_id(), an_ask(product, 2)
    await tell(station, requested(order_id, ask))
    await tell(station, reopened(order_id, 1))
    await tell(station, completed(order_id, 1, ask))
    assert await heard(station, PartsIssued) == []
    assert await heard(station, PartsReturned) == []
    assert await amounts(station, product, warehouse) == decimals(5, 2, 3)


async def test_a_request_of_an_unknown_product_harms_only_itself(station: Station) -> None:
    product, warehouse = await stocked(station, ("5", "60"))
    ends = await together(
        station.running["inventory"],
        job(requested(new_id(), an_ask(product, 1))),
        job(requested(new_id(), an_ask(new_id(), 1))),
        job(requested(new_id(), an_ask(product, 1))),
    )
    assert [isinstance(end, LookupError) for end in ends] == [False, True, False]
    assert await amounts(station, product, warehouse) == decimals(5, 2, 3)


async def test_balances_of_the_past_are_what_they_were_then(station: Station) -> None:
    """Quantity, reservation and value at cost, before and after each thing that happened."""
    product, warehouse = await stocked(station, ("2", "10.01"))
    order_id, ask = new_id(), an_ask(product, 3)
    seen: list[tuple[datetime, tuple[Decimal | None, ...]]] = []

    async def look(end: datetime | None = None) -> tuple[Decimal | None, ...]:
        page = await station.ask(StockBalances(period=Period(end=end)))
        return tuple(
            figure
            for row in page.items
            for figure in (row.on_hand, row.reserved, row.available, row.value)
        )

    async def remember() -> None:
        seen.append((datetime.now(UTC), await look()))
        await asyncio.sleep(0.002)  # the next movement is after this instant

    beginning = datetime(2020, 1, 1, tzinfo=UTC)
    await remember()
    for event in (requested(order_id, ask), None, completed(order_id, 1, ask),
                  reopened(order_id, 1), cancelled(order_id)):  # fmt: skip
        if event is None:
            await station.receive(warehouse, product, "4", "20")
        else:
            await tell(station, event)
        await remember()

    assert [figures for _, figures in seen] == [
        decimals(2, 0, 2, "20.02"),
        decimals(2, 2, 0, "20.02"),
        decimals(6, 3, 3, "100.02"),
        decimals(3, 0, 3, "60.00"),
        decimals(6, 3, 3, "100.02"),
        decimals(6, 0, 6, "100.02"),
    ]
    for at, figures in seen:
        assert await look(at) == figures
    assert await look(beginning) == ()
    # A period ends before its end: what happened at that very instant is not in it.
    *_, reserve, receipt = (await station.ask(ListMovements(product_id=product))).items
    assert await look(receipt.at) == ()
    assert await look(reserve.at) == decimals(2, 0, 2, "20.02")
    assert await look(reserve.at + timedelta(microseconds=1)) == decimals(2, 2, 0, "20.02")


async def _failures(station: Station) -> int:
    async with station.running["inventory"].engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(dead_letters)) or 0


async def test_what_is_lost_is_written_off_also_when_newer_news_was_faster(
    station: Station,
) -> None:
    product, warehouse = await stocked(station, ("10", "60"))
    order_id, ask = new_id(), an_ask(product, 4)
    await tell(station, requested(order_id, ask))
    await tell(station, completed(order_id, 1, ask))
    lost = replace(ask, version=2, wanted=quantity(0), write_off=quantity(4), lost_completion=1)
    # The order was called off after the part was taken off it as lost.
    await tell(station, cancelled(order_id))
    await tell(station, reopened(order_id, 1))
    other = an_ask(product, 8)
    await tell(station, requested(new_id(), other))

    await tell(station, released(order_id, lost), released(order_id, lost))

    (told,) = await heard(station, IssuedPartWrittenOff)
    assert [(part.quantity, part.cost) for part in told.lines] == [decimals(4, 240)]
    assert await amounts(station, product, warehouse) == decimals(6, 6, 0)
    (short,) = (await heard(station, PartsUnavailable))[-1].lines
    assert (short.line_id, short.reserved, short.short) == (other.line_id, *decimals(6, 2))
    *_, let_go = await heard(station, ReservationReleased)
    assert [line.line_id for line in let_go.lines] == [ask.line_id]
    assert (await station.ask(CheckStock())).items == ()
