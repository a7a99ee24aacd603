"""What is read together is of one moment, also where somebody else was just changing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.orders.domain.order import Order
from services.orders.handlers.reference import change_section
from services.orders.store import OrdersStore
from services.orders.store.order_rows import order_row, service_row
from services.orders.store.tables import (
    client_contracts,
    comments,
    employees,
    order_changes,
    orders,
    price_steps,
    sections,
    service_lines,
)
from shared.contracts.orders import ChangeSection, CommentView, MoveOrder
from shared.database import engine_for
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.writing import Pending, inserting
from tests.orders.builders import NOW, a_service, an_order
from tests.support.waiting import eventually

_WAITS = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@pytest.fixture
async def engine(database: Callable[[str], str]) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(database("orders"))
    yield engine
    await engine.dispose()


async def _kept(connection: AsyncConnection, section: str = "Слесарный") -> dict[str, Any]:
    """A section and somebody who works there."""
    section_id, employee_id = new_id(), new_id()
    await connection.execute(
        insert(sections).values(id=section_id, station_id=new_id(), name=section, revision=1)
    )
    await connection.execute(
        insert(employees).values(
            id=employee_id, last_name="Петров", first_name="Пётр", role="technician",
            section_id=section_id, login="petr", pay_percent=40, active=True, revision=1,
        )
    )  # fmt: skip
    return {"section_id": section_id, "employee_id": employee_id}


async def _an_order(connection: AsyncConnection) -> Order:
    order = an_order(services=(a_service(),))
    order = replace(order, header=replace(order.header, **await _kept(connection)))
    await _write(connection, order)
    return order


async def _write(connection: AsyncConnection, order: Order) -> None:
    for table, rows in (
        (orders, [order_row(order)]),
        (service_lines, [service_row(line, order.id) for line in order.services]),
    ):
        pending = Pending()
        pending.add(inserting(table), rows)
        await pending.send(connection)


async def test_an_order_comes_back_as_it_was_written(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        order = await _an_order(connection)
        assert await OrdersStore(connection).order(order.id) == order
        assert await OrdersStore(connection).shown(order.id) == order


async def _after_a_wait[ResultT](
    engine: AsyncEngine,
    order: Order,
    look: Callable[[OrdersStore], Awaitable[ResultT]],
    change: Callable[[AsyncConnection], Awaitable[Any]],
) -> ResultT:
    """What one transaction sees of the order that another was just changing."""

    async def wait_for_it() -> ResultT:
        async with engine.begin() as waiting:
            return await look(OrdersStore(waiting))

    async with engine.begin() as first:
        await OrdersStore(first).order(order.id)
        second = asyncio.create_task(wait_for_it())
        await _somebody_waits(engine)
        await change(first)
    return await second


async def _somebody_waits(engine: AsyncEngine) -> None:
    async def waits() -> bool:
        async with engine.connect() as looking:
            return bool(await looking.scalar(_WAITS))

    await eventually(waits)


async def test_whoever_waited_for_an_order_sees_the_lines_that_were_added_meanwhile(
    engine: AsyncEngine,
) -> None:
    async with engine.begin() as connection:
        order = await _an_order(connection)
    added = a_service(position=2)

    async def add(first: AsyncConnection) -> None:
        pending = Pending()
        pending.add(inserting(service_lines), [service_row(added, order.id)])
        await pending.send(first)
        await first.execute(
            update(orders)
            .where(orders.c.id == order.id)
            .values(revision=2, updated_at=order.updated_at + timedelta(minutes=1))
        )

    seen = await _after_a_wait(engine, order, lambda store: store.order(order.id), add)
    assert seen.services == (*order.services, added)


async def test_whoever_waited_for_an_order_sees_the_limit_of_the_client_that_it_has_now(
    engine: AsyncEngine,
) -> None:
    survivor_id = new_id()
    async with engine.begin() as connection:
        order = await _an_order(connection)
        await connection.execute(
            insert(client_contracts).values(
                id=new_id(), client_id=survivor_id, credit_limit=500, revision=1, complete=True
            )
        )

    async def limit(store: OrdersStore) -> Decimal | None:
        await store.prefetch([MoveOrder(order_id=order.id, to="done")])
        client_id = (await store.order(order.id)).client_id
        assert client_id == survivor_id
        return await store.credit.limit(client_id, NOW.date())

    async def merge(first: AsyncConnection) -> None:
        merged = update(orders).where(orders.c.id == order.id)
        await first.execute(merged.values(client_id=survivor_id))

    assert await _after_a_wait(engine, order, limit, merge) == 500


async def test_what_was_written_once_is_not_written_again(engine: AsyncEngine) -> None:
    """A handler may have it written before it goes on; the flush comes after all of them."""
    comment = CommentView(id=new_id(), text="Срочно", author="anna", at=NOW)
    work: Any = SimpleNamespace(
        now=NOW, actor=Actor("anna"), envelope=SimpleNamespace(type=MoveOrder.subject)
    )
    written = (orders, service_lines, price_steps, order_changes, comments)
    async with engine.begin() as connection:
        store = OrdersStore(connection)
        order = an_order(services=(a_service(),))
        order = replace(order, header=replace(order.header, **await _kept(connection)))
        store.save(order, work)
        store.add_comment(order.id, comment)

        async def rows() -> list[Any]:
            await store.write()
            return [(await connection.execute(select(table))).all() for table in written]

        once = await rows()
        assert all(once)
        assert await rows() == once
        # What comes after it is a change of what is written, not of what was there at first.
        store.save(replace(order, status="in_progress"), work)
        await rows()
        assert (await OrdersStore(connection).order(order.id)).status == "in_progress"


async def test_what_is_kept_of_the_places_is_never_older_than_the_last_commit(
    engine: AsyncEngine,
) -> None:
    """By whichever process: here it is another connection that goes past the store."""
    async with engine.begin() as connection:
        ids = await _kept(connection)

    async def name() -> str:
        async with engine.connect() as reading:
            section: Any = await OrdersStore(reading).places.get(sections, ids["section_id"])
            return str(section.name)

    assert await name() == "Слесарный"
    renaming = update(sections).where(sections.c.id == ids["section_id"])
    async with engine.connect() as other:
        transaction = await other.begin()
        await other.execute(renaming.values(name="Кузовной"))
        assert await name() == "Слесарный"
        await transaction.rollback()
        assert await name() == "Слесарный"
    async with engine.begin() as other:
        await other.execute(renaming.values(name="Малярный"))
    assert await name() == "Малярный"


async def test_of_two_who_edit_the_same_at_once_the_second_is_told(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        section_id = (await _kept(connection))["section_id"]
    work: Any = SimpleNamespace(publish=lambda *_: None)

    async def rename(name: str, connection: AsyncConnection) -> int:
        command = ChangeSection(section_id=section_id, expected_revision=1, name=name)
        return (await change_section(command, OrdersStore(connection), work)).revision

    async def rename_too() -> int:
        async with engine.begin() as connection:
            return await rename("Малярный", connection)

    async with engine.begin() as first:
        assert await rename("Кузовной", first) == 2
        second = asyncio.create_task(rename_too())
        await _somebody_waits(engine)
    with pytest.raises(Refused) as refused:
        await second
    assert refused.value.code == "revision_conflict"


async def test_a_change_that_is_taken_back_is_kept_by_nobody(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        ids = await _kept(connection)
    taken = Refused("name_taken", name="Кузовной")
    async with engine.connect() as connection:
        transaction = await connection.begin()
        places = OrdersStore(connection).places
        await places.kept()
        await places.change(sections, ids["section_id"], {"name": "Кузовной"}, taken)
        # Its own change it sees, by id and in the list.
        assert (await places.get(sections, ids["section_id"])).name == "Кузовной"
        assert [row.name for row in await places.every(sections)] == ["Кузовной"]
        await transaction.rollback()
        await connection.begin()
        found = await OrdersStore(connection).places.get(sections, ids["section_id"])
        assert (found.name, found.revision) == ("Слесарный", 1)
