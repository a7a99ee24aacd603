"""Purchase orders as they are written down, by whomever."""

from __future__ import annotations

from collections.abc import Sequence

from services.inventory.domain.costing import KOPECK
from services.inventory.domain.purchase import PurchaseLine, PurchaseOrder
from services.inventory.domain.stock import THOUSANDTH
from services.inventory.domain.units import MAIN, in_main_units, unit_named
from services.inventory.store import InventoryStore, purchases, references
from services.inventory.store.tables_purchasing import purchase_order_numbers
from shared.contracts import purchase_orders as contracts
from shared.contracts.inventory import ProductView
from shared.contracts.orders import GetOrder
from shared.contracts.purchase_orders import (
    ChangePurchaseOrder,
    CreatePurchaseOrder,
    PurchaseOrderSaved,
    PurchaseOrderView,
)
from shared.handlers import Work
from shared.refusals import Refused


async def for_orders_there_are[CommandT: (CreatePurchaseOrder, ChangePurchaseOrder)](
    command: CommandT, store: InventoryStore, work: Work
) -> CommandT:
    """The command as it is. Refused: ``order_not_found``."""
    # The lines that the warehouse knows are of orders that there are.
    named = {line.order_id for line in command.lines or () if line.order_id and not line.line_id}
    if named:
        await store.release()
    for order_id in named:
        await work.ask(GetOrder(order_id=order_id))
    return command


async def make(command: CreatePurchaseOrder, store: InventoryStore, work: Work) -> PurchaseOrder:
    """A draft, kept and told."""
    await references.place(store.connection, "warehouse", command.warehouse_id)
    await references.place(store.connection, "supplier", command.supplier_id)
    order = PurchaseOrder(
        id=work.new_id(),
        number=await store.next_number(purchase_order_numbers, work.settings.order_prefix),
        supplier_id=command.supplier_id,
        warehouse_id=command.warehouse_id,
        expected_on=command.expected_on,
        comment=command.comment,
        lines=await lines_of(command.lines, store),
        created_at=work.now,
    )
    await keep(order, store, work)
    return order


async def keep(order: PurchaseOrder, store: InventoryStore, work: Work) -> PurchaseOrderView:
    view = order.view()
    await purchases.save(store.connection, order)
    work.publish(PurchaseOrderSaved(purchase_order=view, created=order.revision == 1))
    return view


async def lines_of(
    entered: Sequence[contracts.PurchaseLine], store: InventoryStore
) -> tuple[PurchaseLine, ...]:
    """Refused: ``product_not_found``, ``unit_unknown``, ``quantity_not_exact``,
    ``line_not_found``."""
    ids = {line.product_id for line in entered}
    products = {each.id: each for each in await references.shown_products(store.connection, ids)}
    for line in entered:
        if line.product_id not in products:
            raise Refused("product_not_found", id=line.product_id)
    wanted = await purchases.wanted_products(
        store.connection, [line.line_id for line in entered if line.line_id]
    )
    for line in entered:
        if line.line_id and wanted.get(line.line_id) != (line.order_id, line.product_id):
            raise Refused("line_not_found", id=line.line_id)
    return tuple(_line(line, products[line.product_id]) for line in entered)


def _line(line: contracts.PurchaseLine, product: ProductView) -> PurchaseLine:
    unit = unit_named(product, line.measure) if line.measure else None
    return PurchaseLine(
        product_id=product.id,
        quantity=line.quantity.quantize(THOUSANDTH),
        measure=unit.short_name if unit else None,
        cost=None if line.cost is None else line.cost.quantize(KOPECK),
        main_quantity=in_main_units(line.quantity, unit.factor if unit else MAIN),
        order_id=line.order_id,
        line_id=line.line_id,
    )
