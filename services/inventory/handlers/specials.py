"""Parts that are bought for one order, and what its client pays before they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import kopecks
from services.inventory.domain.purchase import PurchaseOrder
from services.inventory.domain.stock import ZERO
from services.inventory.handlers.drafting import keep, make
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, proposals, purchases
from shared.contracts.base import MAX_MONEY, Page
from shared.contracts.orders import GetOrder, OrderView
from shared.contracts.purchase_orders import (
    MOST_LINES,
    CreatePurchaseOrder,
    GetDeposit,
    GetPrepayment,
    ListSpecialOrders,
    OrderSpecially,
    PrepaymentSet,
    PrepaymentView,
    PurchaseLine,
    PurchaseOrderView,
    SendPurchaseOrder,
    SetPrepayment,
    SpecialOrderLine,
    SpecialOrderView,
    WaivePrepayment,
)
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import MAY_WAIVE

NONE = Decimal("0.00")


async def _with_order[CommandT: (OrderSpecially, SetPrepayment)](
    command: CommandT, store: InventoryStore, work: Work
) -> CommandT:
    """The command as it is: others are asked before its transaction."""
    await store.release()
    await work.ask(GetOrder(order_id=command.order_id))
    await work.ask(GetDeposit(order_id=command.order_id))
    return command


@handlers.command(OrderSpecially, before=_with_order, reads_tables=True)
async def order_specially(
    command: OrderSpecially, store: InventoryStore, work: Work
) -> SpecialOrderView:
    """The order is locked, so that two who buy for it at once do not buy the same."""
    if command.prepayment is not None and command.prepayment_percent is not None:
        raise Refused("prepayment_ambiguous")
    order = await work.ask(GetOrder(order_id=command.order_id))
    lines = await _unbought(command, store)
    draft = await make(
        CreatePurchaseOrder(
            supplier_id=command.supplier_id,
            warehouse_id=command.warehouse_id,
            expected_on=command.expected_on,
            lines=lines,
        ),
        store,
        work,
    )
    more = command.prepayment or NONE
    if command.prepayment_percent is not None:
        more = kopecks(_price_of(lines, order) * command.prepayment_percent / 100)
    before = (await purchases.required(store.connection, [order.id])).get(order.id, NONE)
    if more:
        await _require(order.id, before + more, store, work)
    bought = await purchases.specials(store.connection, order.id)
    return SpecialOrderView(
        lines=tuple(line for line in bought if line.purchase_order_id == draft.id),
        prepayment=await _prepayment(order.id, before + more, work),
    )


@handlers.question(ListSpecialOrders)
async def list_special_orders(
    question: ListSpecialOrders, store: InventoryStore, work: Work
) -> Page[SpecialOrderLine]:
    bought = await purchases.specials(store.connection, question.order_id)
    if not bought:
        await work.ask(GetOrder(order_id=question.order_id))
    return Page(items=tuple(bought))


# --- the prepayment ------------------------------------------------------------------------------


@handlers.command(SetPrepayment, before=_with_order)
async def set_prepayment(
    command: SetPrepayment, store: InventoryStore, work: Work
) -> PrepaymentView:
    order = await work.ask(GetOrder(order_id=command.order_id))
    before = (await purchases.required(store.connection, [order.id])).get(order.id, NONE)
    if command.required < before and work.actor.role not in MAY_WAIVE:
        raise Refused("forbidden")
    if command.required != before:
        await _require(order.id, kopecks(command.required), store, work)
    return await _prepayment(order.id, command.required, work)


@handlers.question(GetPrepayment)
async def get_prepayment(
    question: GetPrepayment, store: InventoryStore, work: Work
) -> PrepaymentView:
    required = await purchases.required(store.connection, [question.order_id])
    return await _prepayment(question.order_id, required.get(question.order_id, NONE), work)


@handlers.command(WaivePrepayment)
async def waive_prepayment(
    command: WaivePrepayment, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    order = await purchases.purchase_order(store.connection, command.purchase_order_id)
    if order.state != "draft":
        raise Refused("purchase_order_step", state=order.state)
    waived = replace(order, prepayment_waiver=command.reason, revision=order.revision + 1)
    return await keep(waived, store, work)


async def with_deposits(
    command: SendPurchaseOrder, store: InventoryStore, work: Work
) -> SendPurchaseOrder:
    """The command as it is: finance is asked before its transaction."""
    order = await purchases.purchase_order(store.connection, command.purchase_order_id)
    required = await _required(order, store) if order.state == "draft" else {}
    await store.release()
    for order_id in required:
        await work.ask(GetDeposit(order_id=order_id))
    return command


async def ensure_prepaid(order: PurchaseOrder, store: InventoryStore, work: Work) -> None:
    """Every client's order that something is bought for has its prepayment, unless the office has
    waived it. Refused: ``prepayment_missing``."""
    for order_id, required in (await _required(order, store)).items():
        state = await _prepayment(order_id, required, work)
        if state.missing:
            raise Refused("prepayment_missing", order_id=order_id, missing=state.missing)


async def _required(order: PurchaseOrder, store: InventoryStore) -> dict[UUID, Decimal]:
    if order.prepayment_waiver is not None:
        return {}
    named = {line.order_id for line in order.lines if line.order_id}
    return await purchases.required(store.connection, named)


async def _require(order_id: UUID, required: Decimal, store: InventoryStore, work: Work) -> None:
    if required > MAX_MONEY:
        raise Refused("amount_too_large")
    await purchases.save_prepayment(store.connection, order_id, required)
    work.publish(PrepaymentSet(order_id=order_id, required=required))


async def _prepayment(order_id: UUID, required: Decimal, work: Work) -> PrepaymentView:
    held = (await work.ask(GetDeposit(order_id=order_id))).held
    return PrepaymentView(
        order_id=order_id, required=required, held=held, missing=max(NONE, required - held)
    )


# --- what is to be bought ------------------------------------------------------------------------


async def _unbought(command: OrderSpecially, store: InventoryStore) -> tuple[PurchaseLine, ...]:
    """What lines are short of, less what is being bought for them, at the last price.
    Refused: ``line_not_found``, ``nothing_to_order``."""
    wanting = await purchases.wanting(store.connection, command.order_id)
    for line_id in command.line_ids:
        if line_id not in wanting:
            raise Refused("line_not_found", id=line_id)
    coming: defaultdict[UUID | None, Decimal] = defaultdict(Decimal)
    for line in await purchases.specials(store.connection, command.order_id):
        if line.state in ("draft", "sent", "partly_received"):
            coming[line.line_id] += max(ZERO, line.main_quantity - line.received)
    short = {
        line_id: row.short - coming[line_id]
        for line_id, row in wanting.items()
        if line_id in command.line_ids or not command.line_ids
    }
    costs = await proposals.last_prices(
        store.connection, {row.product_id for row in wanting.values()}
    )
    lines = tuple(
        PurchaseLine(
            product_id=wanting[line_id].product_id,
            quantity=quantity,
            cost=costs.get(wanting[line_id].product_id),
            order_id=command.order_id,
            line_id=line_id,
        )
        for line_id, quantity in short.items()
        if quantity > 0
    )
    if not lines:
        raise Refused("nothing_to_order")
    return lines[:MOST_LINES]  # the rest is still to be bought


def _price_of(lines: Iterable[PurchaseLine], order: OrderView) -> Decimal:
    """What the client is to pay for what is bought; a material's price is its work's."""
    parts = {part.id: part for part in (*order.products, *order.materials)}
    return sum(
        (
            parts[line.line_id].total * line.quantity / parts[line.line_id].quantity
            for line in lines
            if line.line_id in parts
        ),
        NONE,
    )
