"""What costs whoever asks may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from services.orders.domain.costs import Costs, expected_pay
from services.orders.domain.order import Order
from services.orders.domain.vat import percent_of, vat_of
from services.orders.store import OrdersStore
from services.orders.views import order_view
from shared.contracts.base import Period
from shared.contracts.finance import OrderProfits
from shared.contracts.orders import OrderView
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import sees_all_costs


async def shown(
    order: Order, store: OrdersStore, work: Work, *, declined_works: int | None = None
) -> OrderView:
    """The order as the asker may see it: for most people that costs no look-up."""
    costs: Costs | None = None
    if sees_all_costs(work.actor.role):
        costs = await _live(order, store, work)
    return order_view(order, costs, declined_works=declined_works)


async def _live(order: Order, store: OrdersStore, work: Work) -> Costs:
    if order.settled:
        return (await booked([order], work))[order.id]
    percents = await store.places.pay_percents(order.earner_ids)
    percent = await vat_percent(order, store, work)
    return Costs(order.cost_total, expected_pay(order, percents), vat_of(order, percent))


async def vat_percent(order: Order, store: OrdersStore, work: Work) -> Decimal | None:
    """The rate of VAT that its prices contain; ``None``: without VAT."""
    rates = await store.places.vat_rates(order.station_id)
    return percent_of(order, rates, work.now, work.settings.zone)


async def booked(orders: Sequence[Order], work: Work) -> dict[UUID, Costs]:
    """Costs as far as they are in the books: pay is unknown until an order is settled.

    Of orders that were settled before pay was told here, finance is asked, once for all of them;
    while it is away they stay unknown.
    """
    costs = {order.id: Costs(order.cost_total, order.pay, order.vat) for order in orders}
    times = [
        order.completed_at
        for order in orders
        if order.settled and order.pay is None and order.completed_at
    ]
    if not times:
        return costs
    period = Period(start=min(times), end=max(times) + timedelta(microseconds=1))
    try:
        profits = await work.ask(OrderProfits(period=period))
    except Refused:
        return costs
    return costs | {
        row.order_id: Costs(row.cost, row.pay, row.vat)
        for row in profits.items
        if row.order_id in costs
    }
