"""Places among many: a page read from the beginning of an index is the one that all rows give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.finance.store import rankings
from shared.contracts.base import Period
from shared.contracts.finance_reports import AbcAnalysis, Margin
from shared.contracts.orders import CompletedPart
from shared.ids import new_id
from shared.pagination import cursor_after
from shared.refusals import Refused
from tests.finance.at_work import in_turn, together
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.finance.period_reports_at_work import fold_all, places_agree
from tests.finance.test_merging import client_merged
from tests.support.day import Station

NEW_YEAR = datetime(2023, 12, 31, 21, tzinfo=UTC)
"""In Moscow."""
A_YEAR = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=366))
AND_SOME_HOURS = Period(
    start=NEW_YEAR - timedelta(hours=5), end=NEW_YEAR + timedelta(days=366, hours=5)
)
TWO_YEARS = Period(start=NEW_YEAR - timedelta(days=365), end=A_YEAR.end)
FROM_MARCH = Period(start=NEW_YEAR + timedelta(days=60), end=NEW_YEAR + timedelta(days=60 + 365))


@pytest.mark.filterwarnings("error::sqlalchemy.exc.SADeprecationWarning")
async def test_a_page_from_the_beginning_of_the_index_is_the_one_that_all_rows_give(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the year's sums do not know of a client or product: what is not folded, hours at the
    period's ends, orders that were reopened, another card. Of twelve months of two years the first
    places of each tell some pages, and not others. A condition of no parts, as of whole years, is
    an error: it would hold for everything."""
    monkeypatch.setattr(rankings, "DEEP", 3)
    running = station.running["finance"]
    clients, products = ([new_id() for _ in range(6)] for _ in range(2))
    await together(running, *map(client_created, clients))
    orders = []
    for number in range(24):
        order, client = new_id(), clients[number * number % 6]
        orders.append(order)
        sold = CompletedPart(
            line_id=new_id(),
            product_id=products[number % 5],
            kind="product",
            quantity=Decimal(1 + number % 3),
            total=money(50 + number),
        )
        done = order_completed(
            order,
            client,
            services=(work(str(100 + 7 * (number % 5))),),
            products=money(50 + number),
            parts=(sold,),
            completed_at=NEW_YEAR + timedelta(days=17 * number - 10, hours=number),
        )
        await in_turn(running, order_created(order, client), done, parts_issued(order, "10"))
        if number in (9, 15):
            await fold_all(running.engine, running.settings)
    await in_turn(running, *(order_reopened(order) for order in orders[3:20:8]))
    for merged in (None, clients[1], clients[4]):
        if merged:
            await in_turn(running, client_merged(merged, clients[0]))
        for period in (A_YEAR, AND_SOME_HOURS, TWO_YEARS, FROM_MARCH):
            await places_agree(running.engine, running.settings, period)

    year = await station.ask(Margin(by="client", period=A_YEAR))
    assert [row.id for row in year.items if row.id in (clients[1], clients[4])] == []
    assert sum(row.revenue for row in year.items) == sum(
        row.revenue for row in (await station.ask(Margin(by="section", period=A_YEAR))).items
    )
    ranked = await station.ask(AbcAnalysis(period=A_YEAR))
    assert {row.product_id for row in ranked.items} == set(products[:5])
    assert len(ranked.items) == 5


@pytest.mark.parametrize("place", [-1, 2**31 - 1])
async def test_place_of_one_s_own_making_is_refused(station: Station, place: int) -> None:
    with pytest.raises(Refused, match="cursor_invalid"):
        await station.ask(AbcAnalysis(period=A_YEAR, cursor=cursor_after(place)))
