"""Two cards were one, and orders hear of that after what became of the card that remains."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest

from shared.contracts.client_data import EraseClient
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import CreateClient
from shared.contracts.orders import (
    CreateEmployee,
    CreateOrder,
    CreateSection,
    GetOrder,
    MoveOrder,
    OrderView,
)
from tests.support.business import Business


@pytest.fixture
async def business(database: Callable[[str], str]) -> AsyncIterator[Business]:
    business = Business(database, "clients", "orders", "finance")
    await business.open()
    yield business
    await business.close()


async def cards(business: Business, *names: str) -> list[UUID]:
    return [(await business.send(CreateClient(last_name=name))).id for name in names]


async def a_cancelled_order(business: Business, client_id: UUID) -> OrderView:
    section = await business.send(CreateSection(name="Слесарный"))
    employee = await business.send(
        CreateEmployee(last_name="Петров", first_name="Пётр", role="advisor")
    )
    order = await business.send(
        CreateOrder(client_id=client_id, section_id=section.id, employee_id=employee.id)
    )
    await business.send(MoveOrder(order_id=order.id, to="cancelled"))
    await business.drain()
    return order


async def the_latest_first(business: Business) -> None:
    business.waiting["orders"].reverse()
    await business.drain()


async def test_a_late_merger_does_not_bring_a_forgotten_name_back(business: Business) -> None:
    client_id, other_id = await cards(business, "Хрюндель", "Хрюнделева")
    order = await a_cancelled_order(business, other_id)
    await business.send(MergeClients(client_id=client_id, other_id=other_id))
    erased = await business.send(EraseClient(client_id=client_id, reason="Заявление"))

    await the_latest_first(business)

    shown = await business.ask(GetOrder(order_id=order.id))
    assert (shown.client_id, shown.client_name) == (client_id, erased.name)


async def test_an_order_is_called_as_the_last_of_several_that_were_merged(
    business: Business,
) -> None:
    first_id, second_id, third_id = await cards(business, "Первый", "Второй", "Третий")
    order = await a_cancelled_order(business, first_id)
    await business.send(MergeClients(client_id=second_id, other_id=first_id))
    await business.send(MergeClients(client_id=third_id, other_id=second_id))

    await the_latest_first(business)

    shown = await business.ask(GetOrder(order_id=order.id))
    assert (shown.client_id, shown.client_name) == (third_id, "Третий")
