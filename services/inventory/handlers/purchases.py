"""What is ordered from suppliers: proposed, written down, sent, awaited, received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.inventory.domain.purchase import (
    OPEN,
    PurchaseOrder,
    Step,
    as_expected,
    missing,
    sold_together,
    stepped,
)
from services.inventory.domain.units import unit_named
from services.inventory.handlers import receipts, specials
from services.inventory.handlers.drafting import for_orders_there_are, keep, lines_of, make
from services.inventory.handlers.goods import products_of
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, proposals, purchases
from shared.contracts.base import MAX_QUANTITY, Page
from shared.contracts.inventory import ProductView, ReceiptView, ReceivedLine, ReceiveStock
from shared.contracts.purchase_orders import (
    MOST_LINES,
    ArrivedLine,
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    ClosePurchaseOrder,
    CreatePurchaseOrder,
    GetPurchaseOrder,
    GetPurchaseProposal,
    ListPurchaseOrders,
    OrderProposal,
    Proposal,
    PurchaseLine,
    PurchaseOrderView,
    ReceivePurchase,
    SendPurchaseOrder,
)
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.refusals import Refused, ensure_revision


@handlers.command(CreatePurchaseOrder, before=for_orders_there_are)
async def create_purchase_order(
    command: CreatePurchaseOrder, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    return (await make(command, store, work)).view()


@handlers.command(ChangePurchaseOrder, before=for_orders_there_are)
async def change_purchase_order(
    command: ChangePurchaseOrder, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    order = await purchases.purchase_order(store.connection, command.purchase_order_id)
    ensure_revision(command.expected_revision, order.revision)
    if command.lines is not None:
        changed = stepped(order, "edit")
        changed = replace(changed, lines=await lines_of(command.lines, store))
    elif order.state in ("draft", *OPEN):
        changed = replace(order, revision=order.revision + 1)
    else:
        raise Refused("purchase_order_step", state=order.state)
    if "expected_on" in command.model_fields_set:
        changed = replace(changed, expected_on=command.expected_on)
    if "comment" in command.model_fields_set:
        changed = replace(changed, comment=command.comment)
    if replace(changed, revision=order.revision) == order:
        return order.view()
    return await keep(changed, store, work)


@handlers.command(SendPurchaseOrder, before=specials.with_deposits)
async def send_purchase_order(
    command: SendPurchaseOrder, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    order = await purchases.purchase_order(store.connection, command.purchase_order_id)
    sent = replace(stepped(order, "send"), sent_at=work.now)
    await specials.ensure_prepaid(order, store, work)
    return await keep(sent, store, work)


@handlers.command(CancelPurchaseOrder)
async def cancel_purchase_order(
    command: CancelPurchaseOrder, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    return await _end(command, "cancel", store, work)


@handlers.command(ClosePurchaseOrder)
async def close_purchase_order(
    command: ClosePurchaseOrder, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    return await _end(command, "close", store, work)


@handlers.command(ReceivePurchase)
async def receive_purchase(
    command: ReceivePurchase, store: InventoryStore, work: Work
) -> ReceiptView:
    """A receipt as any other, of which the purchase order's lines take their parts."""
    order = await purchases.purchase_order(store.connection, command.purchase_order_id)
    if order.state in ("draft", "cancelled"):
        raise Refused("purchase_order_step", state=order.state)
    lines = await _arrived(command.lines, order, store) if command.lines else missing(order)
    if not lines:
        raise Refused("nothing_to_receive")
    terms = {
        name: getattr(command, name)
        for name in ReceivePurchase.model_fields.keys() - {"purchase_order_id", "lines"}
    }
    receipt = ReceiveStock(
        warehouse_id=order.warehouse_id, supplier_id=order.supplier_id, lines=lines, **terms
    )
    return await receipts.take_in(receipt, store, work, order)


@handlers.question(GetPurchaseOrder)
async def get_purchase_order(
    question: GetPurchaseOrder, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    return (await purchases.purchase_order(store.connection, question.purchase_order_id)).view()


@handlers.question(ListPurchaseOrders)
async def list_purchase_orders(
    question: ListPurchaseOrders, store: InventoryStore, work: Work
) -> Page[PurchaseOrderView]:
    return await purchases.list_purchase_orders(store.connection, question)


# --- what to buy ---------------------------------------------------------------------------------


@handlers.question(GetPurchaseProposal)
async def get_purchase_proposal(
    question: GetPurchaseProposal, store: InventoryStore, work: Work
) -> Page[Proposal]:
    found = await proposals.proposals(store.connection, work.today)
    if question.cursor:
        (last,) = keys_of(question.cursor, tuple[UUID | None])
        found = [each for each in found if each.supplier_id and each.supplier_id > (last or _FIRST)]
    return page_of(found, question.limit, lambda each: each, lambda each: (each.supplier_id,))


@handlers.command(OrderProposal, reads_tables=True)
async def order_proposal(
    command: OrderProposal, store: InventoryStore, work: Work
) -> PurchaseOrderView:
    """One after the other, so that two who order at once do not order the same."""
    await proposals.hold(store.connection)
    known = await proposals.last_prices(store.connection, command.product_ids)
    needed = [
        (
            line.product_id,
            sold_together(line) if theirs else line.quantity,
            line.cost if theirs else known.get(line.product_id),
        )
        for proposal in await proposals.proposals(store.connection, work.today)
        for theirs in [proposal.supplier_id == command.supplier_id]
        for line in proposal.lines
        if (line.product_id in command.product_ids if command.product_ids else theirs)
    ]
    if not needed:
        raise Refused("nothing_to_order")
    if any(quantity > MAX_QUANTITY for _, quantity, _ in needed):
        raise Refused("amount_too_large")
    draft = CreatePurchaseOrder(
        supplier_id=command.supplier_id,
        warehouse_id=command.warehouse_id,
        expected_on=command.expected_on,
        lines=tuple(
            PurchaseLine(product_id=product_id, quantity=quantity, cost=cost)
            for product_id, quantity, cost in needed[:MOST_LINES]
        ),
    )
    return (await make(draft, store, work)).view()


_FIRST = UUID(int=0)


async def _arrived(
    lines: Sequence[ArrivedLine], order: PurchaseOrder, store: InventoryStore
) -> tuple[ReceivedLine, ...]:
    """Each in its unit, and at the expected cost of that unit unless it says another.
    Refused: ``product_not_named``, ``product_not_ordered``, ``unit_unknown``, ``cost_missing``."""
    named = [(receipts.product_of(line, store), receipts.counted(line, store)) for line in lines]
    products = await products_of((product_id for product_id, _ in named), store)
    return tuple(_received(line, order, products[product_id]) for product_id, line in named)


def _received(line: ArrivedLine, order: PurchaseOrder, product: ProductView) -> ReceivedLine:
    measure = line.measure and unit_named(product, line.measure).short_name
    cost = as_expected(order, product.id, measure) if line.cost is None else line.cost
    return ReceivedLine(
        product_id=product.id,
        quantity=line.quantity,
        cost=cost,
        measure=measure,
        vat_percent=line.vat_percent,
    )


async def _end(
    command: CancelPurchaseOrder | ClosePurchaseOrder,
    step: Step,
    store: InventoryStore,
    work: Work,
) -> PurchaseOrderView:
    order = await purchases.purchase_order(store.connection, command.purchase_order_id)
    ended = replace(stepped(order, step), closed_reason=command.reason)
    return await keep(ended, store, work)
