"""What to buy, orders to suppliers, and what is bought for one client's order."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.forms import today
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.editor import first_lines, with_products, with_quantities
from services.gateway.pages.stock.names import (
    Names,
    all_suppliers,
    all_warehouses,
    every,
    names_of,
)
from shared.contracts.costing import PickList
from shared.contracts.orders import GetOrder
from shared.contracts.purchase_orders import (
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    ClosePurchaseOrder,
    CreatePurchaseOrder,
    GetPrepayment,
    GetPurchaseOrder,
    GetPurchaseProposal,
    ListPurchaseOrders,
    ListSpecialOrders,
    OrderProposal,
    OrderSpecially,
    PurchaseOrderView,
    ReceivePurchase,
    SendPurchaseOrder,
    WaivePrepayment,
)

_ORDERED = "/stock/purchases/{purchase_order_id}"


async def purchases(request: PageRequest) -> Response:
    question = request.reads(ListPurchaseOrders)
    found, suppliers = await asyncio.gather(request.ask(question), all_suppliers(request))
    names = await names_of(request, suppliers=(each.supplier_id for each in found.items))
    return request.page(
        "stock/purchases.html",
        found=found,
        names=names,
        suppliers=suppliers,
        asked=question,
        today=today(request.zone),
    )


async def proposal(request: PageRequest) -> Response:
    proposals, suppliers, warehouses = await asyncio.gather(
        every(request, GetPurchaseProposal(limit=200)),
        all_suppliers(request),
        all_warehouses(request),
    )
    waiting = (
        waits.order_id for each in proposals for line in each.lines for waits in line.waiting
    )
    return request.page(
        "stock/proposal.html",
        proposals=proposals,
        suppliers=suppliers,
        warehouses=warehouses,
        names=await names_of(request, orders=waiting),
    )


async def order_proposal(request: PageRequest) -> Response:
    made = await request.send(request.form.message(OrderProposal))
    said = request._("Order %(number)s is drafted", number=made.number)
    return request.go(f"/stock/purchases/{made.id}", said=said)


async def new_purchase(request: PageRequest) -> Response:
    suppliers, warehouses, lines = await asyncio.gather(
        all_suppliers(request), all_warehouses(request), first_lines(request)
    )
    return request.page(
        "stock/purchase_new.html", suppliers=suppliers, warehouses=warehouses, lines=lines
    )


async def create(request: PageRequest) -> Response:
    form = await with_products(request)
    made = await request.send(form.message(CreatePurchaseOrder))
    said = request._("Order %(number)s is drafted", number=made.number)
    return request.go(f"/stock/purchases/{made.id}", said=said)


async def purchase(request: PageRequest) -> Response:
    purchase_id = request.id("purchase_order_id")
    ordered = await request.ask(GetPurchaseOrder(purchase_order_id=purchase_id))
    names = await _named(request, ordered)
    return request.page(
        "stock/purchase.html", ordered=ordered, names=names, today=today(request.zone)
    )


async def _named(request: PageRequest, ordered: PurchaseOrderView) -> Names:
    return await names_of(
        request,
        suppliers=[ordered.supplier_id],
        products=(line.product_id for line in ordered.lines),
        orders=(line.order_id for line in ordered.lines),
    )


async def change(request: PageRequest) -> Response:
    purchase_id = request.id("purchase_order_id")
    form = await with_products(request)
    await request.send(form.message(ChangePurchaseOrder, purchase_order_id=purchase_id))
    return request.go(f"/stock/purchases/{purchase_id}", said=request._("Saved"))


async def send(request: PageRequest) -> Response:
    purchase_id = request.id("purchase_order_id")
    await request.send(SendPurchaseOrder(purchase_order_id=purchase_id))
    said = request._("It is with the supplier: its goods are awaited")
    return request.go(f"/stock/purchases/{purchase_id}", said=said)


async def cancel(request: PageRequest) -> Response:
    purchase_id = request.id("purchase_order_id")
    await request.send(request.form.message(CancelPurchaseOrder, purchase_order_id=purchase_id))
    return request.go(f"/stock/purchases/{purchase_id}", said=request._("It is called off"))


async def close(request: PageRequest) -> Response:
    purchase_id = request.id("purchase_order_id")
    await request.send(request.form.message(ClosePurchaseOrder, purchase_order_id=purchase_id))
    said = request._("The rest is awaited no more")
    return request.go(f"/stock/purchases/{purchase_id}", said=said)


async def waive(request: PageRequest) -> Response:
    purchase_id = request.id("purchase_order_id")
    await request.send(request.form.message(WaivePrepayment, purchase_order_id=purchase_id))
    said = request._("It may go without a prepayment")
    return request.go(f"/stock/purchases/{purchase_id}", said=said)


async def receive(request: PageRequest) -> Response:
    """What is not said to have come has not."""
    purchase_id = request.id("purchase_order_id")
    form = with_quantities(request.form)
    made = await request.send(form.message(ReceivePurchase, purchase_order_id=purchase_id))
    said = request._("Receipt %(number)s is posted", number=made.number)
    return request.go(f"/stock/receipts/{made.id}", said=said)


# --- for one client's order ----------------------------------------------------------------------


async def parts_of_order(request: PageRequest) -> Response:
    """What to fetch for it, and what is bought for it."""
    order_id = request.id("order_id")
    order, picks, specials, prepayment = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        every(request, PickList(order_id=order_id, limit=200)),
        request.ask(ListSpecialOrders(order_id=order_id)),
        request.ask(GetPrepayment(order_id=order_id)),
    )
    suppliers, names = await asyncio.gather(
        all_suppliers(request),
        names_of(
            request,
            suppliers=(each.supplier_id for each in specials.items),
            products=(line.product_id for line in (*order.products, *order.materials)),
        ),
    )
    return request.page(
        "stock/order_parts.html",
        order=order,
        picks=picks,
        specials=specials.items,
        prepayment=prepayment,
        names=names,
        suppliers=suppliers,
        short=[line for line in (*order.products, *order.materials) if line.state == "short"],
    )


async def order_specially(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(OrderSpecially, order_id=order_id))
    said = request._("A draft to the supplier is made")
    return request.go(f"/stock/orders/{order_id}", said=said)


PAGES = (
    show("/stock/purchases", purchases, needs=ListPurchaseOrders),
    show("/stock/purchases/proposal", proposal, needs=GetPurchaseProposal),
    act("/stock/purchases/proposal", order_proposal, needs=OrderProposal),
    show("/stock/purchases/new", new_purchase, needs=CreatePurchaseOrder),
    act("/stock/purchases/new", create, needs=CreatePurchaseOrder),
    show(_ORDERED, purchase, needs=GetPurchaseOrder),
    act(_ORDERED, change, needs=ChangePurchaseOrder),
    act(f"{_ORDERED}/send", send, needs=SendPurchaseOrder),
    act(f"{_ORDERED}/cancel", cancel, needs=CancelPurchaseOrder),
    act(f"{_ORDERED}/close", close, needs=ClosePurchaseOrder),
    act(f"{_ORDERED}/waiver", waive, needs=WaivePrepayment),
    act(f"{_ORDERED}/receive", receive, needs=ReceivePurchase),
    show("/stock/orders/{order_id}", parts_of_order, needs=PickList),
    act("/stock/orders/{order_id}", order_specially, needs=OrderSpecially),
)
