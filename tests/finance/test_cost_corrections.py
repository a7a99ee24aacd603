"""What was issued before it was there: the books have its true cost, whatever comes first."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from uuid import UUID

import pytest

from services.finance.domain.ledger import Account
from services.finance.store.schema import entries, postings
from shared.contracts.base import Event
from shared.contracts.costing import CorrectedPart, IssueCostCorrected
from shared.contracts.finance import GetOrderProfit
from shared.contracts.finance_reports import Margin, MarginBy
from shared.contracts.orders import CompletedPart
from shared.ids import new_id
from tests.finance.at_work import check_books, in_turn, rows_of
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.support.day import Station


def corrected(
    order: UUID, amount: str, completion: int = 1, product_id: UUID | None = None
) -> IssueCostCorrected:
    part = CorrectedPart(
        line_id=new_id(),
        product_id=product_id or new_id(),
        quantity=Decimal(1),
        amount=money(amount),
        cost=Decimal(100),
        provisional=Decimal(0),
    )
    return IssueCostCorrected(
        order_id=order, completion=completion, lines=(part,), amount=money(amount)
    )


async def stock_and_cost(station: Station) -> tuple[object, ...]:
    """What the ledger has of inventory and of cost."""
    rows = await rows_of(station.running["finance"].engine, postings)
    return tuple(
        sum(
            (row.amount * ((row.debit == account) - (row.credit == account)) for row in rows),
            Decimal(0),
        )
        for account in (Account.INVENTORY, Account.COST_OF_GOODS)
    )


@pytest.mark.parametrize("amount", ["40", "-70"])
@pytest.mark.parametrize("turn", list(permutations(range(3))))
async def test_a_correction_counts_once_whenever_it_comes(
    station: Station, turn: tuple[int, ...], amount: str
) -> None:
    running = station.running["finance"]
    order, client = new_id(), new_id()
    await in_turn(running, client_created(client), order_created(order, client))
    news: list[Event] = [
        order_completed(order, client, services=(work("1000", "40"),), products="500"),
        parts_issued(order, "300"),
        corrected(order, amount),
    ]
    await in_turn(running, *(news[place] for place in turn))

    cost = 300 + Decimal(amount)
    assert (await station.ask(GetOrderProfit(order_id=order))).cost == cost
    assert await stock_and_cost(station) == (-cost, cost)
    await check_books(running.engine)

    await in_turn(running, order_reopened(order))
    assert await stock_and_cost(station) == (0, 0)
    await in_turn(running, corrected(order, "5"))  # too late to matter
    assert await stock_and_cost(station) == (0, 0)
    await check_books(running.engine)

    again = order_completed(order, client, 2, services=(work("1000", "40"),), products="500")
    await in_turn(running, again, parts_issued(order, "310", 2))
    assert (await station.ask(GetOrderProfit(order_id=order))).cost == 310
    assert await stock_and_cost(station) == (-310, 310)


async def test_a_correction_that_overtakes_a_reopening_leaves_its_reason(station: Station) -> None:
    running = station.running["finance"]
    order, client = new_id(), new_id()
    done = order_completed(order, client, services=(work("1000"),), products="500")
    await in_turn(running, client_created(client), order_created(order, client), done)
    await in_turn(running, parts_issued(order, "300"))

    await in_turn(running, corrected(order, "40", 2), order_reopened(order, reason="Стучит"))

    rows = await rows_of(running.engine, entries)
    assert [row.comment for row in rows if row.reverses] == ["Стучит"]
    again = done.model_copy(update={"completion": 2})
    await in_turn(running, again, parts_issued(order, "310", 2))
    assert (await station.ask(GetOrderProfit(order_id=order))).cost == 350
    assert await stock_and_cost(station) == (-350, 350)
    await check_books(running.engine)


async def test_a_correction_is_the_products_and_whose_work_it_was_for(station: Station) -> None:
    """Also when the order is reopened: then nothing of it is left anywhere."""
    running = station.running["finance"]
    order, client, product = new_id(), new_id(), new_id()
    done = work("1000")
    part = CompletedPart(
        line_id=new_id(),
        product_id=product,
        kind="product",
        quantity=Decimal(2),
        total=money(500),
        service_line_id=done.line_id,
    )
    completed = order_completed(order, client, services=(done,), products="500", parts=(part,))
    late = corrected(order, "40", product_id=product)
    issued = parts_issued(order, "300")
    lines = tuple(line.model_copy(update={"line_id": part.line_id}) for line in issued.lines)
    await in_turn(
        running,
        client_created(client),
        order_created(order, client),
        completed,
        issued.model_copy(update={"lines": lines}),
        late,
    )

    async def costs(by: MarginBy) -> dict[object, Decimal]:
        return {row.id: row.cost for row in (await station.ask(Margin(by=by))).items if row.cost}

    assert await costs("product") == {product: money(340)}
    assert await costs("technician") == {done.mechanic_id: money(340)}
    await in_turn(running, order_reopened(order))
    assert await costs("product") == await costs("technician") == {}
