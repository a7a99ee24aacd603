"""Two cards were one, and others hear of that after what became of the card that remains: one by
one, or all at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.documents.store import DocumentsStore
from shared.contracts.client_data import EraseClient
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import AddVehicle, ChangeVehicle, CreateClient, SaidConsents
from shared.contracts.messages import ListMessages, SendMessage
from shared.contracts.orders import (
    AddService,
    ChangeOrder,
    CreateEmployee,
    CreateOrder,
    CreateSection,
    GetOrder,
    MoveOrder,
    OrderStatus,
    OrderView,
)
from shared.refusals import Refused
from tests.flows.histories.station import SERVICES
from tests.support.business import Business

MOVES: tuple[OrderStatus, ...] = ("in_progress", "done")
at_once = pytest.mark.parametrize("together", [1, 10])


@pytest.fixture
async def business(database: Callable[[str], str]) -> AsyncIterator[Business]:
    business = Business(database, *SERVICES)
    await business.open()
    yield business
    await business.close()


async def cards(business: Business, *names: str) -> list[UUID]:
    agreed: dict[str, Any] = {"phones": ("+79161234567",), "consents": SaidConsents(sms=True)}
    made = [await business.send(CreateClient(last_name=name, **agreed)) for name in names]
    return [card.id for card in made]


async def an_order(business: Business, client_id: UUID) -> OrderView:
    section = await business.send(CreateSection(name="Слесарный"))
    employee = await business.send(
        CreateEmployee(last_name="Петров", first_name="Пётр", role="advisor")
    )
    return await business.send(
        CreateOrder(client_id=client_id, section_id=section.id, employee_id=employee.id)
    )


async def a_cancelled_order(business: Business, client_id: UUID) -> OrderView:
    order = await an_order(business, client_id)
    await business.send(MoveOrder(order_id=order.id, to="cancelled"))
    await business.drain()
    return order


async def the_latest_first(business: Business, at_once: int) -> None:
    for waiting in business.waiting.values():
        waiting.reverse()
    await business.drain(at_once=at_once)


@at_once
async def test_a_late_merger_does_not_bring_a_forgotten_name_back(
    business: Business, together: int
) -> None:
    client_id, other_id = await cards(business, "Хрюндель", "Хрюнделева")
    order = await a_cancelled_order(business, other_id)
    await business.send(MergeClients(client_id=client_id, other_id=other_id))
    erased = await business.send(EraseClient(client_id=client_id, reason="Заявление"))

    await the_latest_first(business, together)

    shown = await business.ask(GetOrder(order_id=order.id))
    assert (shown.client_id, shown.client_name) == (client_id, erased.name)


async def test_nobody_is_forgotten_whose_other_card_has_an_open_order(
    business: Business,
) -> None:
    client_id, other_id = await cards(business, "Хрюндель", "Хрюнделева")
    order = await an_order(business, other_id)
    await business.send(MergeClients(client_id=client_id, other_id=other_id))
    with pytest.raises(Refused, match="client_has_open_orders") as refused:
        await business.send(EraseClient(client_id=client_id, reason="Заявление"))
    assert refused.value.params == {"numbers": order.number}


async def test_nobody_is_forgotten_before_it_is_known_what_an_order_leaves_to_be_paid(
    business: Business,
) -> None:
    (client_id,) = await cards(business, "Хрюндель")
    order = await an_order(business, client_id)
    await business.send(AddService(order_id=order.id, name="Работа", initial_price=Decimal(1000)))
    for to in MOVES:
        await business.send(MoveOrder(order_id=order.id, to=to))
    with pytest.raises(Refused, match="client_has_open_orders"):
        await business.send(EraseClient(client_id=client_id, reason="Заявление"))
    await business.drain()
    with pytest.raises(Refused, match="client_has_money"):
        await business.send(EraseClient(client_id=client_id, reason="Заявление"))


@at_once
async def test_orders_and_messages_are_those_of_the_last_of_several_that_were_merged(
    business: Business, together: int
) -> None:
    first_id, second_id, third_id = await cards(business, "Первый", "Второй", "Третий")
    order = await a_cancelled_order(business, first_id)
    written = SendMessage(client_id=first_id, channel="sms", text="Ждём вас")
    message = await business.send(written)
    await business.send(MergeClients(client_id=second_id, other_id=first_id))
    await business.send(MergeClients(client_id=third_id, other_id=second_id))

    await the_latest_first(business, together)

    shown = await business.ask(GetOrder(order_id=order.id))
    assert (shown.client_id, shown.client_name) == (third_id, "Третий")
    (listed,) = (await business.ask(ListMessages(client_id=third_id))).items
    assert listed.id == message.id


async def test_what_is_written_for_an_order_that_has_not_heard_goes_to_who_remains(
    business: Business,
) -> None:
    client_id, other_id = await cards(business, "Клиент", "Он же")
    order = await an_order(business, other_id)
    await business.drain()
    await business.send(MergeClients(client_id=client_id, other_id=other_id))
    await business.drain(only=("documents",))
    message = await business.send(SendMessage(order_id=order.id, channel="sms", text="Ждём вас"))
    assert message.client_id == client_id


async def test_a_merger_waits_for_whoever_writes_to_the_client(business: Business) -> None:
    """Also to one whose card documents has not heard of yet."""
    client_id, other_id = await cards(business, "Клиент", "Он же")
    await business.send(MergeClients(client_id=client_id, other_id=other_id))
    async with business.members["documents"].engine.begin() as connection:
        assert await DocumentsStore(connection).messages.addressee(other_id) == other_id
        hears = asyncio.create_task(business.drain(only=("documents",)))
        await asyncio.sleep(0.2)
        assert not hears.done()
    await hears


async def test_an_order_whose_payer_was_just_named_is_led_on_to_who_remains(
    business: Business,
) -> None:
    client_id, payer_id, remains_id = await cards(business, "Клиент", "Плательщик", "Он же")
    order = await an_order(business, client_id)
    await business.drain()
    await business.send(MergeClients(client_id=remains_id, other_id=payer_id))

    # In one transaction of orders.
    await asyncio.gather(
        business.send(ChangeOrder(order_id=order.id, payer_id=payer_id)),
        business.deliver("orders", 0),
    )

    assert (await business.ask(GetOrder(order_id=order.id))).payer_id == remains_id


async def test_old_news_of_a_car_do_not_give_it_back_to_who_sold_it(business: Business) -> None:
    seller_id, buyer_id = await cards(business, "Продавец", "Покупатель")
    order = await an_order(business, seller_id)
    await business.drain()
    car = await business.send(AddVehicle(client_id=seller_id, vendor="Lada"))
    await business.send(ChangeVehicle(vehicle_id=car.id, client_id=buyer_id))
    await business.deliver("orders", 1)

    # In one transaction of orders.
    with pytest.raises(Refused, match="vehicle_of_other_client"):
        await asyncio.gather(
            business.deliver("orders", 0),
            business.send(ChangeOrder(order_id=order.id, vehicle_id=car.id)),
        )
