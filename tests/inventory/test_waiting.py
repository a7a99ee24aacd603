"""Who waits for another service holds up nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.contracts.base import Command
from shared.contracts.inventory import CreateSupplier, CreateWarehouse
from shared.contracts.purchase_orders import OrderSpecially, SetPrepayment
from shared.ids import new_id
from shared.refusals import Refused
from tests.support.day import Station
from tests.support.silence import NO_WAITING_S, silent
from tests.support.waiting import PATIENCE_S


@pytest.mark.parametrize("what", ["prepayment", "special"])
async def test_the_storekeeper_goes_on_while_orders_keeps_silent(
    station: Station, what: str
) -> None:
    order_id = new_id()
    command: Command[Any] = SetPrepayment(order_id=order_id, required="100")
    if what == "special":
        supplier = await station.send(CreateSupplier(name="Поставщик"))
        warehouse = await station.send(CreateWarehouse(name="Главный"))
        command = OrderSpecially(
            order_id=order_id, supplier_id=supplier.id, warehouse_id=warehouse.id
        )
    async with silent(station, "orders") as orders:
        asking = asyncio.create_task(station.send(command))
        async with asyncio.timeout(PATIENCE_S):
            await orders.heard.wait()
        async with asyncio.timeout(NO_WAITING_S):
            await station.send(CreateWarehouse(name="Второй"))
        orders.may_answer.set()
        with pytest.raises(Refused) as refused:
            await asking
    assert refused.value.code == "not_found"
