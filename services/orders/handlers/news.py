"""What other services tell. News that no longer applies changes nothing."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import structlog

from services.orders import domain
from services.orders.domain import Decision
from services.orders.domain.order import Order
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from shared.contracts.base import Event
from shared.contracts.bonuses import BonusReturned, BonusSpent
from shared.contracts.clients import ClientChanged, ClientCreated, VehicleAdded, VehicleChanged
from shared.contracts.costing import IssueCostCorrected
from shared.contracts.finance import (
    OrderDueChanged,
    OrderPaid,
    OrderSettled,
    OrderUnpaid,
    PaymentRefunded,
    PaymentTaken,
)
from shared.contracts.inventory import (
    PartsIssued,
    PartsReserved,
    PartsReturned,
    PartsUnavailable,
    ProductSaved,
)
from shared.contracts.orders import NewsTaken
from shared.contracts.payment_documents import DepositMoved
from shared.contracts.taxes import VatRatesSaved
from shared.handlers import Work

log = structlog.get_logger(__name__)


@handlers.event(PartsReserved)
async def parts_reserved(event: PartsReserved, store: OrdersStore, work: Work) -> None:
    order = await store.order(event.order_id)
    _take(order, domain.stock_answered(order, event.lines, work.now), event, store, work)


@handlers.event(PartsUnavailable)
async def parts_unavailable(event: PartsUnavailable, store: OrdersStore, work: Work) -> None:
    order = await store.order(event.order_id)
    _take(order, domain.stock_answered(order, event.lines, work.now), event, store, work)


@handlers.event(PartsIssued)
async def parts_issued(event: PartsIssued, store: OrdersStore, work: Work) -> None:
    order = await store.order(event.order_id)
    issues = {line.line_id: domain.Issue(line.cost, line.provisional) for line in event.lines}
    changed = domain.parts_issued(order, event.completion, issues, work.now)
    _take(order, Decision(changed, ()), event, store, work)


@handlers.event(IssueCostCorrected)
async def issue_cost_corrected(event: IssueCostCorrected, store: OrdersStore, work: Work) -> None:
    order = await store.order(event.order_id)
    issues = {line.line_id: domain.Issue(line.cost, line.provisional) for line in event.lines}
    changed = domain.cost_corrected(order, event.completion, issues, work.now)
    _take(order, Decision(changed, ()), event, store, work)


@handlers.event(PartsReturned)
async def parts_returned(event: PartsReturned, store: OrdersStore, work: Work) -> None:
    order = await store.order(event.order_id)
    changed = domain.parts_returned(order, event.completion, work.now)
    _take(order, Decision(changed, ()), event, store, work)


@handlers.event(OrderSettled)
async def order_settled(event: OrderSettled, store: OrdersStore, work: Work) -> None:
    order = await store.order(event.order_id)
    changed = domain.settled(
        order,
        event.completion,
        work.now,
        event.pay,
        event.vat,
        event.vat_percent,
        event.revenue - event.deposits_applied,
    )
    _take(order, Decision(changed, ()), event, store, work)


@handlers.event(VatRatesSaved)
async def vat_rates_saved(event: VatRatesSaved, store: OrdersStore, work: Work) -> None:
    await store.places.note_vat(event.vat)


@handlers.event(PaymentTaken)
async def payment_taken(event: PaymentTaken, store: OrdersStore, work: Work) -> None:
    await _paid(event.order_id, event.payment.amount, event, store, work)


@handlers.event(PaymentRefunded)
async def payment_refunded(event: PaymentRefunded, store: OrdersStore, work: Work) -> None:
    await _paid(event.order_id, -event.amount, event, store, work)


@handlers.event(DepositMoved)
async def deposit_moved(event: DepositMoved, store: OrdersStore, work: Work) -> None:
    if not event.renamed:
        return
    left = event.payment.amount - event.payment.refunded
    await _paid(event.from_order_id, -left, event, store, work)
    await _paid(event.order_id, left, event, store, work)


@handlers.event(BonusSpent)
async def bonus_spent(event: BonusSpent, store: OrdersStore, work: Work) -> None:
    await _paid(event.order_id, event.payment.amount, event, store, work)


@handlers.event(BonusReturned)
async def bonus_returned(event: BonusReturned, store: OrdersStore, work: Work) -> None:
    await _paid(event.order_id, -event.amount, event, store, work)


@handlers.event(OrderPaid)
async def order_paid(event: OrderPaid, store: OrdersStore, work: Work) -> None:
    await _due_told(event, Decimal(0), store, work)


@handlers.event(OrderUnpaid)
async def order_unpaid(event: OrderUnpaid, store: OrdersStore, work: Work) -> None:
    await _due_told(event, event.due, store, work)


@handlers.event(OrderDueChanged)
async def order_due_changed(event: OrderDueChanged, store: OrdersStore, work: Work) -> None:
    await _due_told(event, event.due, store, work)


@handlers.event(ClientCreated)
async def client_created(event: ClientCreated, store: OrdersStore, work: Work) -> None:
    store.copies.note_client(event.client)


@handlers.event(ClientChanged)
async def client_changed(event: ClientChanged, store: OrdersStore, work: Work) -> None:
    store.copies.note_client(event.client)


@handlers.event(VehicleAdded)
async def vehicle_added(event: VehicleAdded, store: OrdersStore, work: Work) -> None:
    store.copies.note_vehicle(event.vehicle)


@handlers.event(VehicleChanged)
async def vehicle_changed(event: VehicleChanged, store: OrdersStore, work: Work) -> None:
    store.copies.note_vehicle(event.vehicle)


@handlers.event(ProductSaved)
async def product_saved(event: ProductSaved, store: OrdersStore, work: Work) -> None:
    store.copies.note_product(event.product)


async def _paid(
    order_id: UUID | None, amount: Decimal, news: Event, store: OrdersStore, work: Work
) -> None:
    """``amount`` has come for an order, if it was for one at all; less than nothing has gone."""
    if order_id:
        order = await store.order(order_id)
        _take(order, Decision(domain.paid(order, amount, work.now), ()), news, store, work)


async def _due_told(
    event: OrderPaid | OrderUnpaid | OrderDueChanged,
    due: Decimal,
    store: OrdersStore,
    work: Work,
) -> None:
    order = await store.order(event.order_id)
    told = domain.DueTold(event.completion, due, event.at, event.word)
    _take(order, Decision(domain.due_told(order, told, work.now), ()), event, store, work)


def _take(order: Order, decision: Decision, news: Event, store: OrdersStore, work: Work) -> None:
    if decision.order is order:
        log.info("no_longer_applies", status=order.status, number=order.number)
        return
    store.save(decision.order, work)
    told = decision.events or (NewsTaken(**domain.naming(decision.order), news=type(news).subject),)
    work.publish(*told)
