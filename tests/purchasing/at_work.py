"""Buying through running services, and a look at what both books say of it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.finance.store.schema import postings
from services.inventory.store.tables import lots, stock
from shared.contracts.base import Command, Question
from shared.contracts.inventory import ReceiptView, ReceivedLine, ReceiveStock
from shared.refusals import Refused
from tests.support.day import Station


async def refused(station: Station, message: Command[Any] | Question[Any]) -> str:
    """The code by which it is refused."""
    answer = station.send(message) if isinstance(message, Command) else station.ask(message)
    with pytest.raises(Refused) as refusal:
        await answer
    return refusal.value.code


def a_line(product_id: UUID, quantity: str, cost: str, vat: str | None = None) -> ReceivedLine:
    return ReceivedLine(
        product_id=product_id,
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        vat_percent=Decimal(vat) if vat else None,
    )


async def receive(station: Station, *lines: ReceivedLine, **terms: Any) -> ReceiptView:
    """Into a warehouse of its own, from a supplier of its own, unless named."""
    terms.setdefault("warehouse_id", (await station.a_warehouse()).id)
    terms.setdefault("supplier_id", (await station.a_supplier()).id)
    return await station.send(ReceiveStock(lines=lines, **terms))


async def ledger(station: Station) -> dict[str, Decimal]:
    """Each account's debit less its credit; nothing else is in these books than what a test did."""
    await station.settle_down()
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    async with station.running["finance"].engine.connect() as connection:
        for row in await connection.execute(select(postings)):
            sums[row.debit] += row.amount
            sums[row.credit] -= row.amount
    return {account: amount for account, amount in sums.items() if amount}


async def check_stock_is_worth_what_finance_says(station: Station) -> None:
    """Stock, its lots and the account ``inventory`` are one figure, to the kopeck."""
    booked = (await ledger(station)).get("inventory", Decimal(0))
    async with station.running["inventory"].engine.connect() as connection:
        in_lots = sum([row.value for row in await connection.execute(select(lots))], Decimal(0))
        in_stock = sum([row.value for row in await connection.execute(select(stock))], Decimal(0))
    assert in_lots == in_stock == booked
