"""Goods are ordered from suppliers, for stock and for clients, and come."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.finance import RefundPayment, TakePayment
from shared.contracts.inventory import GetStock, ListReceipts, OtherUnit, ReceiveStock
from shared.contracts.messages import ChangeMessageTemplate, ListMessages, ListMessageTemplates
from shared.contracts.orders import OrderView
from shared.contracts.part_numbers import AddBarcode
from shared.contracts.purchase_orders import (
    ArrivedLine,
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
    PurchaseLine,
    PurchaseOrderSaved,
    PurchaseOrderView,
    ReceivePurchase,
    SendPurchaseOrder,
    SetPrepayment,
    WaivePrepayment,
)
from shared.contracts.purchasing import CancelReceipt
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.inventory.at_work import job, published, together
from tests.inventory.builders import decimals
from tests.purchasing.at_work import (
    a_line,
    check_stock_is_worth_what_finance_says,
    receive,
    refused,
)
from tests.support.day import Station
from tests.support.waiting import eventually

ADVISOR = Actor("sovetnik", "advisor", new_id())
STOREKEEPER = Actor("kladov", "storekeeper", new_id())


def wanted(
    product_id: UUID, quantity: str, cost: str | None = "100", **fields: Any
) -> PurchaseLine:
    return PurchaseLine(
        product_id=product_id,
        quantity=Decimal(quantity),
        cost=Decimal(cost) if cost else None,
        **fields,
    )


async def a_purchase(station: Station, *lines: PurchaseLine, **fields: Any) -> PurchaseOrderView:
    fields.setdefault("supplier_id", (await station.a_supplier()).id)
    fields.setdefault("warehouse_id", (await station.a_warehouse()).id)
    return await station.send(CreatePurchaseOrder(lines=lines, **fields))


async def sent(station: Station, *lines: PurchaseLine, **fields: Any) -> PurchaseOrderView:
    draft = await a_purchase(station, *lines, **fields)
    return await station.send(SendPurchaseOrder(purchase_order_id=draft.id))


async def of_now(station: Station, order: PurchaseOrderView) -> PurchaseOrderView:
    return await station.ask(GetPurchaseOrder(purchase_order_id=order.id))


async def short_of(station: Station, product_id: UUID, quantity: str) -> OrderView:
    """An order that waits for so much."""
    order = await station.an_order()
    await station.request(order.id, product_id, quantity)
    return await station.order_when(order.id, lambda each: each.products[0].state == "short")


# --- from draft to receipt -----------------------------------------------------------------------


async def test_an_order_to_a_supplier_is_drafted_sent_and_received_in_parts(
    station: Station,
) -> None:
    oil = await station.a_product(
        barcode="460700", units=(OtherUnit(measure="упак", factor=Decimal(4)),)
    )
    belt = await station.a_product()
    draft = await a_purchase(
        station,
        wanted(oil.id, "3", "400", measure="упак"),
        wanted(belt.id, "2", "700"),
        expected_on=date(2026, 12, 1),
    )
    assert (draft.state, draft.total_cost, draft.expected_on) == (
        "draft",
        Decimal(2600),
        date(2026, 12, 1),
    )
    assert (await station.stock(oil.id, draft.warehouse_id)).incoming == 0
    await station.send(SendPurchaseOrder(purchase_order_id=draft.id))
    stock = await station.stock(oil.id, draft.warehouse_id)
    assert (stock.on_hand, stock.incoming) == decimals(0, 12)

    first = await station.send(
        ReceivePurchase(
            purchase_order_id=draft.id,
            supplier_document="УПД-1",
            lines=(ArrivedLine(barcode="460700", quantity=Decimal(8), cost=Decimal(100)),),
        )
    )
    assert (first.purchase_order_id, first.total_cost) == (draft.id, Decimal(800))
    stock = await station.stock(oil.id, draft.warehouse_id)
    assert (stock.on_hand, stock.incoming) == decimals(8, 4)
    assert (await of_now(station, draft)).state == "partly_received"

    rest = await station.send(ReceivePurchase(purchase_order_id=draft.id))
    assert [(line.quantity, line.measure, line.cost) for line in rest.lines] == [
        (Decimal(1), "упак", Decimal(400)),
        (Decimal(2), None, Decimal(700)),
    ]
    received = await of_now(station, draft)
    assert received.state == "received"
    assert [line.received for line in received.lines] == [12, 2]
    assert await refused(station, ReceivePurchase(purchase_order_id=draft.id)) == (
        "nothing_to_receive"
    )
    over = ReceivePurchase(
        purchase_order_id=draft.id,
        lines=(ArrivedLine(product_id=belt.id, quantity=Decimal(1)),),
    )
    await station.send(over)
    assert (await of_now(station, draft)).lines[1].received == 3
    await check_stock_is_worth_what_finance_says(station)
    saved = await published(station.running["inventory"], PurchaseOrderSaved)
    assert [event.purchase_order.state for event in saved] == [
        "draft", "sent", "partly_received", "received", "received",
    ]  # fmt: skip
    listed = await station.ask(ListPurchaseOrders(state="received"))
    assert [each.id for each in listed.items] == [draft.id]


async def test_a_draft_is_edited_and_nothing_else_is(station: Station) -> None:
    oil, belt = await station.a_product(), await station.a_product()
    draft = await a_purchase(station, wanted(oil.id, "3"))
    edit = ChangePurchaseOrder(
        purchase_order_id=draft.id, expected_revision=1, lines=(wanted(belt.id, "1", None),)
    )
    changed = await station.send(edit)
    assert ([line.product_id for line in changed.lines], changed.revision) == ([belt.id], 2)
    assert await refused(station, edit) == "revision_conflict"
    await station.send(SendPurchaseOrder(purchase_order_id=draft.id))
    again = ChangePurchaseOrder(purchase_order_id=draft.id, lines=(wanted(oil.id, "1"),))
    assert await refused(station, again) == "purchase_order_step"
    later = ChangePurchaseOrder(purchase_order_id=draft.id, expected_on=date(2026, 12, 9))
    assert (await station.send(later)).expected_on == date(2026, 12, 9)
    assert await refused(station, ReceivePurchase(purchase_order_id=draft.id)) == "cost_missing"


async def test_what_is_called_off_or_given_up_is_awaited_no_more(station: Station) -> None:
    oil = await station.a_product()
    order = await sent(station, wanted(oil.id, "10"))
    close = ClosePurchaseOrder(purchase_order_id=order.id, reason="снят с производства")
    assert await refused(station, close) == "purchase_order_step"
    part = ArrivedLine(product_id=oil.id, quantity=Decimal(4))
    receipt = await station.send(ReceivePurchase(purchase_order_id=order.id, lines=(part,)))
    cancel = CancelPurchaseOrder(purchase_order_id=order.id, reason="передумали")
    assert await refused(station, cancel) == "purchase_order_step"
    closed = await station.send(close)
    assert (closed.state, closed.closed_reason) == ("received", "снят с производства")
    assert (await station.stock(oil.id, order.warehouse_id)).incoming == 0
    await station.send(CancelReceipt(receipt_id=receipt.id, reason="не тот товар"))
    undone = await of_now(station, order)
    assert undone.state == "sent"
    assert undone.lines[0].received == 0
    assert (await station.stock(oil.id, order.warehouse_id)).incoming == 10
    assert (await station.send(cancel)).state == "cancelled"
    assert (await station.stock(oil.id, order.warehouse_id)).incoming == 0
    late = ReceivePurchase(purchase_order_id=order.id, lines=(part,))
    assert await refused(station, late) == "purchase_order_step"


async def test_receipts_that_race_are_all_counted(station: Station) -> None:
    oil = await station.a_product()
    order = await sent(station, wanted(oil.id, "10"))
    part = ArrivedLine(product_id=oil.id, quantity=Decimal(2))
    receiving = ReceivePurchase(purchase_order_id=order.id, lines=(part,))
    await asyncio.gather(*(station.send(receiving) for _ in range(5)))
    after = await of_now(station, order)
    assert after.state == "received"
    assert after.lines[0].received == 10
    assert (await station.stock(oil.id, order.warehouse_id)).on_hand == 10


async def test_more_than_was_ordered_is_received_and_each_receipt_says_so(
    station: Station,
) -> None:
    oil, belt = await station.a_product(), await station.a_product()
    order = await sent(station, wanted(oil.id, "10"), wanted(belt.id, "1"))

    async def came(quantity: str) -> tuple[UUID, list[Decimal]]:
        lines = (ArrivedLine(product_id=oil.id, quantity=Decimal(quantity)),)
        receipt = await station.send(ReceivePurchase(purchase_order_id=order.id, lines=lines))
        return receipt.id, [each.quantity for each in receipt.over_delivered]

    async def shown() -> list[list[Decimal]]:
        """The oldest first."""
        found = (await station.ask(ListReceipts(supplier_id=order.supplier_id))).items
        return [[each.quantity for each in one.over_delivered] for one in reversed(found)]

    mistake, beyond = await came("6")
    assert beyond == []
    assert (await came("7"))[1] == [3]
    assert (await came("2"))[1] == [2]
    assert await shown() == [[], [3], [2]]
    # What stands is 9 of 10 then.
    await station.send(CancelReceipt(receipt_id=mistake, reason="Ошибка"))
    assert await shown() == [[], [], []]


async def test_goods_that_were_not_ordered_change_nothing(station: Station) -> None:
    oil, belt = await station.a_product(), await station.a_product()
    order = await sent(station, wanted(oil.id, "10"))
    lines = (a_line(oil.id, "1", "100"), a_line(belt.id, "1", "100"))
    came = tuple(ArrivedLine(**line.model_dump()) for line in lines)
    receiving = ReceivePurchase(purchase_order_id=order.id, lines=came)
    other = ReceivePurchase(purchase_order_id=order.id, lines=came[:1])
    ended = await together(station.running["inventory"], job(receiving), job(other))
    assert [isinstance(each, Refused) for each in ended] == [True, False]
    assert (await of_now(station, order)).lines[0].received == 1
    assert (await station.stock(oil.id, order.warehouse_id)).on_hand == 1
    assert len((await station.ask(ListReceipts())).items) == 1


async def test_what_is_known_and_was_not_ordered_is_not_said_to_be_unknown(
    station: Station,
) -> None:
    product, other = await station.a_product(), await station.a_product()
    order = await sent(station, wanted(product.id, "2", "40"))
    for product_id, code in ((other.id, "product_not_ordered"), (new_id(), "product_not_found")):
        line = ArrivedLine(product_id=product_id, quantity=Decimal(1), cost=Decimal(1))
        command = ReceivePurchase(purchase_order_id=order.id, lines=(line,))
        assert await refused(station, command) == code


async def test_what_is_on_its_way_is_shown_beside_what_is_there(station: Station) -> None:
    oil = await station.a_product()
    there = await receive(station, a_line(oil.id, "5", "10"))
    order = await sent(station, wanted(oil.id, "3"))
    rows = (await station.ask(GetStock(product_id=oil.id))).items
    assert {row.warehouse_id: (row.on_hand, row.incoming) for row in rows} == {
        there.warehouse_id: decimals(5, 0),
        order.warehouse_id: decimals(0, 3),
    }
    first = await station.ask(GetStock(product_id=oil.id, limit=1))
    second = await station.ask(GetStock(product_id=oil.id, limit=1, cursor=first.next))
    assert first.items + second.items == rows


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((wanted(new_id(), "1"),), "product_not_found"),
        ((wanted(new_id(), "1", line_id=new_id(), order_id=new_id()),), "product_not_found"),
    ],
)
async def test_what_does_not_exist_is_not_ordered(
    station: Station, lines: tuple[PurchaseLine, ...], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        await a_purchase(station, *lines)
    product = await station.a_product()
    with pytest.raises(Refused, match="line_not_found"):
        await a_purchase(station, wanted(product.id, "1", line_id=new_id(), order_id=new_id()))
    with pytest.raises(Refused, match="order_not_found"):
        await a_purchase(station, wanted(product.id, "1", order_id=new_id()))
    with pytest.raises(Refused, match="order_not_found"):
        await station.ask(ListSpecialOrders(order_id=new_id()))


async def test_what_is_bought_for_an_order_and_for_none_of_its_lines_is_shown(
    station: Station,
) -> None:
    order = await station.an_order()
    assert (await station.ask(ListSpecialOrders(order_id=order.id))).items == ()
    product = await station.a_product()
    await a_purchase(station, wanted(product.id, "2", order_id=order.id))
    (line,) = (await station.ask(ListSpecialOrders(order_id=order.id))).items
    assert (line.product_id, line.line_id) == (product.id, None)


# --- what to buy ---------------------------------------------------------------------------------


async def test_what_is_short_and_below_its_minimum_is_proposed_once(station: Station) -> None:
    oil = await station.a_product(min_stock=Decimal(4))
    known = await receive(station, a_line(oil.id, "1", "90"))
    order = await short_of(station, oil.id, "3")
    rare = await station.a_product(name="Редкая деталь")
    waiting = await short_of(station, rare.id, "1")

    nobody, supplier = (await station.ask(GetPurchaseProposal())).items
    assert (nobody.supplier_id, supplier.supplier_id) == (None, known.supplier_id)
    (line,) = supplier.lines
    assert (line.short, line.available, line.on_order, line.quantity, line.cost) == (
        Decimal(2), Decimal(0), Decimal(0), Decimal(6), Decimal(90),
    )  # fmt: skip
    assert [each.order_id for each in line.waiting] == [order.id]
    first = await station.ask(GetPurchaseProposal(limit=1))
    second = await station.ask(GetPurchaseProposal(limit=1, cursor=first.next))
    assert first.items + second.items == (nobody, supplier)

    ordering = OrderProposal(supplier_id=known.supplier_id, warehouse_id=known.warehouse_id)
    ended = await asyncio.gather(
        station.send(ordering), station.send(ordering), return_exceptions=True
    )
    assert [each.code for each in ended if isinstance(each, Refused)] == ["nothing_to_order"]
    (draft,) = [each for each in ended if isinstance(each, PurchaseOrderView)]
    assert [(each.product_id, each.quantity) for each in draft.lines] == [(oil.id, Decimal(6))]
    (left,) = (await station.ask(GetPurchaseProposal())).items
    assert [each.order_id for each in left.lines[0].waiting] == [waiting.id]
    by_name = OrderProposal(
        supplier_id=known.supplier_id, warehouse_id=known.warehouse_id, product_ids=(rare.id,)
    )
    await station.send(by_name)
    assert (await station.ask(GetPurchaseProposal())).items == ()


# --- for clients ---------------------------------------------------------------------------------


async def test_a_part_that_was_bought_for_an_order_is_kept_for_it(station: Station) -> None:
    """The client pays in advance, the part comes, and the client is told."""
    template = next(
        each
        for each in (await station.ask(ListMessageTemplates(fact="parts_arrived"))).items
        if each.channel == "sms"
    )
    await station.send(ChangeMessageTemplate(template_id=template.id, active=True))
    part = await station.a_product("1000")
    earlier = await short_of(station, part.id, "1")
    order = await short_of(station, part.id, "2")
    supplier, warehouse = await station.a_supplier(), await station.a_warehouse()
    special = await station.send(
        OrderSpecially(
            order_id=order.id,
            supplier_id=supplier.id,
            warehouse_id=warehouse.id,
            expected_on=date(2026, 12, 1),
            prepayment_percent=Decimal(50),
        ),
        actor=ADVISOR,
    )
    assert special.prepayment.required == special.prepayment.missing == 1000
    (line,) = special.lines
    assert (line.line_id, line.state) == (order.products[0].id, "draft")
    assert line.main_quantity == 2
    send = SendPurchaseOrder(purchase_order_id=line.purchase_order_id)
    edit = ChangePurchaseOrder(
        purchase_order_id=line.purchase_order_id,
        lines=(wanted(part.id, "2", "600", order_id=order.id, line_id=line.line_id),),
    )
    await station.send(edit, actor=STOREKEEPER)
    assert await refused(station, send) == "prepayment_missing"

    paid = TakePayment(
        order_id=order.id, customer_id=order.client_id, amount=Decimal(1000), method="cash"
    )
    await station.send(paid)
    await station.send(send, actor=STOREKEEPER)
    (shown,) = (await station.ask(ListSpecialOrders(order_id=order.id))).items
    assert (shown.state, shown.expected_on) == ("sent", date(2026, 12, 1))

    came = ArrivedLine(product_id=part.id, quantity=Decimal(2))
    await station.send(ReceivePurchase(purchase_order_id=line.purchase_order_id, lines=(came,)))
    served = await station.order_when(order.id, lambda each: each.products[0].state == "reserved")
    assert served.products[0].reserved == 2
    assert (await station.order(earlier.id)).products[0].short == 1

    async def is_told() -> bool:
        messages = (await station.ask(ListMessages(order_id=order.id))).items
        return [message.fact for message in messages] == ["parts_arrived"]

    assert await eventually(is_told)


async def test_what_was_bought_for_an_order_that_is_called_off_is_for_who_waits(
    station: Station,
) -> None:
    part = await station.a_product()
    earlier = await short_of(station, part.id, "1")
    order = await short_of(station, part.id, "1")
    purchase = await sent(
        station,
        wanted(part.id, "1", order_id=order.id, line_id=order.products[0].id),
    )
    await station.move(order.id, "cancelled")
    await station.settle_down()
    await station.send(ReceivePurchase(purchase_order_id=purchase.id))
    await station.order_when(earlier.id, lambda each: each.products[0].state == "reserved")


async def test_only_the_office_does_with_less_than_was_required(station: Station) -> None:
    part = await station.a_product("1000")
    order = await short_of(station, part.id, "1")
    terms = {
        "order_id": order.id,
        "supplier_id": (await station.a_supplier()).id,
        "warehouse_id": (await station.a_warehouse()).id,
    }
    both = OrderSpecially(**terms, prepayment=Decimal(1), prepayment_percent=Decimal(1))
    assert await refused(station, both) == "prepayment_ambiguous"
    ended = await asyncio.gather(
        *(station.send(OrderSpecially(**terms, prepayment=Decimal(300))) for _ in range(3)),
        return_exceptions=True,
    )
    assert sorted(getattr(each, "code", "made") for each in ended) == [
        "made", "nothing_to_order", "nothing_to_order",
    ]  # fmt: skip
    lower = SetPrepayment(order_id=order.id, required=Decimal(200))
    with pytest.raises(Refused, match="forbidden"):
        await station.send(lower, actor=ADVISOR)
    higher = SetPrepayment(order_id=order.id, required=Decimal(400))
    assert (await station.send(higher, actor=ADVISOR)).required == 400
    payment = await station.send(
        TakePayment(
            order_id=order.id, customer_id=order.client_id, amount=Decimal(400), method="card"
        )
    )
    assert (await station.ask(GetPrepayment(order_id=order.id))).missing == 0
    await station.send(RefundPayment(payment_id=payment.id, amount=Decimal(150)))
    (line,) = (await station.ask(ListSpecialOrders(order_id=order.id))).items
    send = SendPurchaseOrder(purchase_order_id=line.purchase_order_id)
    assert await refused(station, send) == "prepayment_missing"
    waive = WaivePrepayment(purchase_order_id=line.purchase_order_id, reason="постоянный клиент")
    with pytest.raises(Refused, match="forbidden"):
        await station.send(waive, actor=ADVISOR)
    assert (await station.send(waive)).prepayment_waiver == "постоянный клиент"
    assert (await station.send(send, actor=STOREKEEPER)).state == "sent"


async def test_what_is_scanned_is_received_in_the_unit_of_its_barcode(station: Station) -> None:
    product = await station.a_product(
        barcode="4607001234567", units=(OtherUnit(measure="упаковка", factor=Decimal(4)),)
    )
    await station.send(AddBarcode(product_id=product.id, code="14607001234564", measure="упаковка"))
    order = await sent(
        station,
        wanted(product.id, "2", "40", measure="упаковка"),
        wanted(product.id, "3", "11"),
    )
    lines = (
        ArrivedLine(barcode="14607001234564", quantity=Decimal(2)),
        ArrivedLine(barcode="4607001234567", quantity=Decimal(3)),
    )
    receipt = await station.send(ReceivePurchase(purchase_order_id=order.id, lines=lines))
    assert [(line.main_quantity, line.stock_cost) for line in receipt.lines] == [
        decimals(8, 80),
        decimals(3, 33),
    ]
    assert (await of_now(station, order)).state == "received"


async def test_what_comes_just_before_is_not_proposed_any_more(station: Station) -> None:
    product = await station.a_product(min_stock=Decimal(5))
    before = await receive(station, a_line(product.id, "1", "90"))
    places = {"warehouse_id": before.warehouse_id, "supplier_id": before.supplier_id}
    _, refused_it = await together(
        station.running["inventory"],
        job(ReceiveStock(lines=(a_line(product.id, "4", "90"),), **places)),
        job(OrderProposal(**places)),
    )
    assert isinstance(refused_it, Refused)
    assert refused_it.code == "nothing_to_order"
