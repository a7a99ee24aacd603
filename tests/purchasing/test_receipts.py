"""Receipts, what goes back of them, and what suppliers are owed for both."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import asyncpg
import pytest
from sqlalchemy import select

from shared.contracts.inventory import ExtraCost, ListMovements, ListReceipts, ReceivedLine
from shared.contracts.purchasing import (
    CancelReceipt,
    GetReceipt,
    ListSupplierBalances,
    ListSupplierPayments,
    ListSupplierReturns,
    PaySupplier,
    RefundSupplierPayment,
    ReturnedLine,
    ReturnToSupplier,
    StockSentBack,
    SupplierBalance,
    SupplierStatement,
)
from shared.contracts.statements import CheckClients
from shared.contracts.till import GetXReport, ListCashBoxes, OpenShift
from shared.database import outbox
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.roles import OPERATOR
from tests.inventory.at_work import job, published, together
from tests.purchasing.at_work import (
    a_line,
    check_stock_is_worth_what_finance_says,
    ledger,
    receive,
    refused,
)
from tests.support.databases import as_owner
from tests.support.day import Station
from tests.support.waiting import eventually


def back(receipt_id: object, *lines: tuple[int, str]) -> ReturnToSupplier:
    return ReturnToSupplier(
        receipt_id=receipt_id,
        lines=tuple(ReturnedLine(position=place, quantity=Decimal(q)) for place, q in lines),
        reason="брак",
    )


async def balances(station: Station, **asked: object) -> list[SupplierBalance]:
    return list((await station.ask(ListSupplierBalances(**asked))).items)


async def test_a_receipt_is_shown_as_the_suppliers_paper_says_it(station: Station) -> None:
    oil, filter_ = await station.a_product(), await station.a_product()
    carrier = await station.a_supplier()
    receipt = await receive(
        station,
        a_line(oil.id, "10", "120", "20"),
        a_line(filter_.id, "3", "100"),
        supplier_document="УПД-77",
        supplier_document_date=date(2026, 3, 2),
        prices_include_vat=True,
        extra_costs=(
            ExtraCost(
                name="Доставка",
                amount=Decimal(100),
                vat_percent=Decimal(20),
                supplier_id=carrier.id,
            ),
            ExtraCost(name="Таможня", amount=Decimal("0.01")),
        ),
    )
    assert (receipt.total_without_vat, receipt.vat, receipt.total_with_vat) == (
        Decimal(1300),
        Decimal(200),
        Decimal(1500),
    )
    assert receipt.total_cost == Decimal("1383.34")
    assert await station.ask(GetReceipt(receipt_id=receipt.id)) == receipt
    listed = await station.ask(ListReceipts(supplier_id=receipt.supplier_id))
    assert listed.items == (receipt,)
    assert await ledger(station) == {
        "inventory": Decimal("1383.34"),
        "vat.input": Decimal("216.67"),
        "payables": Decimal("-1600.01"),
    }
    await check_stock_is_worth_what_finance_says(station)
    owed = {row.supplier_id: row.owed for row in await balances(station)}
    assert owed == {receipt.supplier_id: Decimal("1500.01"), carrier.id: Decimal("100.00")}


async def test_goods_are_received_by_scanning_a_barcode(station: Station) -> None:
    product = await station.a_product(barcode="4607001234567")
    scanned = ReceivedLine(barcode="4607001234567", quantity=Decimal(2), cost=Decimal(50))
    receipt = await receive(station, scanned, a_line(product.id, "1", "60"))
    assert [line.product_id for line in receipt.lines] == [product.id] * 2
    stock = await station.stock(product.id, receipt.warehouse_id)
    assert stock.on_hand == 3


async def test_a_line_names_its_product_once(station: Station) -> None:
    product = await station.a_product(barcode="46070")
    terms = {
        "warehouse_id": (await station.a_warehouse()).id,
        "supplier_id": (await station.a_supplier()).id,
    }
    for line, code in (
        (ReceivedLine(quantity=1, cost=1), "product_not_named"),
        (ReceivedLine(product_id=product.id, barcode="46070", quantity=1, cost=1),
         "product_not_named"),
        (ReceivedLine(barcode="46071", quantity=1, cost=1), "barcode_not_found"),
        (ReceivedLine(product_id=new_id(), quantity=1, cost=1), "product_not_found"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            await receive(station, line, **terms)
        assert refusal.value.code == code


async def test_goods_go_back_in_parts_and_their_delivery_is_lost(station: Station) -> None:
    product = await station.a_product()
    receipt = await receive(
        station,
        a_line(product.id, "3", "100", "20"),
        extra_costs=(ExtraCost(name="Доставка", amount=Decimal(10)),),
    )
    first = await station.send(back(receipt.id, (1, "1")))
    assert (first.charges[0].cost, first.charges[0].vat) == (Decimal(100), Decimal(20))
    rest = await station.send(back(receipt.id, (1, "2")))
    assert first.cost + rest.cost == Decimal(310)
    assert (await station.stock(product.id, receipt.warehouse_id)).on_hand == 0
    assert await ledger(station) == {
        "payables": Decimal(-10),
        "expense.purchases": Decimal(10),
    }
    await check_stock_is_worth_what_finance_says(station)
    shown = await station.ask(GetReceipt(receipt_id=receipt.id))
    assert shown.lines[0].sent_back == 3
    listed = await station.ask(ListSupplierReturns(receipt_id=receipt.id))
    assert listed.items == (rest, first)
    moves = (await station.ask(ListMovements(product_id=product.id))).items
    sent = [(move.quantity, move.document_id) for move in moves if move.kind == "supplier_return"]
    assert sent == [(Decimal(-2), rest.id), (Decimal(-1), first.id)]
    assert await refused(station, back(receipt.id, (1, "0.001"))) == "return_not_there"


async def test_what_an_order_holds_does_not_go_back(station: Station) -> None:
    product = await station.a_product()
    receipt = await receive(station, a_line(product.id, "3", "100"))
    order = await station.an_order()
    await station.request(order.id, product.id, "2")
    await station.order_when(order.id, lambda each: each.products[0].state == "reserved")
    assert await refused(station, back(receipt.id, (1, "2"))) == "return_not_there"
    assert await refused(station, CancelReceipt(receipt_id=receipt.id, reason="ошибка")) == (
        "return_not_there"
    )
    await station.send(back(receipt.id, (1, "1")))
    assert (await station.stock(product.id, receipt.warehouse_id)).available == 0


async def test_a_receipt_that_was_a_mistake_leaves_no_trace_but_its_entries(
    station: Station,
) -> None:
    product = await station.a_product()
    receipt = await receive(
        station,
        a_line(product.id, "7", "14.29", "20"),
        a_line(product.id, "0.333", "10.01"),
        extra_costs=(
            ExtraCost(
                name="Доставка", amount=Decimal("0.05"), supplier_id=(await station.a_supplier()).id
            ),
        ),
    )
    cancelled = await station.send(CancelReceipt(receipt_id=receipt.id, reason="не тот склад"))
    assert (cancelled.kind, cancelled.charges) == ("storno", receipt.charges)
    assert await ledger(station) == {}
    await check_stock_is_worth_what_finance_says(station)
    assert await balances(station) == []
    assert (await station.ask(GetReceipt(receipt_id=receipt.id))).cancelled_at == cancelled.at
    again = CancelReceipt(receipt_id=receipt.id, reason="ещё раз")
    assert await refused(station, again) == "return_not_there"


async def test_a_return_of_which_one_line_is_not_there_changes_nothing(station: Station) -> None:
    oil, belt = await station.a_product(), await station.a_product()
    receipt = await receive(station, a_line(oil.id, "3", "100"), a_line(belt.id, "1", "50"))
    inventory = station.running["inventory"]
    # In one transaction with others, which the refusal must not touch.
    ended = await together(
        inventory,
        job(back(receipt.id, (1, "2"), (2, "2"))),
        job(back(receipt.id, (1, "1"))),
    )
    assert [isinstance(each, Refused) for each in ended] == [True, False]
    assert (await station.stock(oil.id, receipt.warehouse_id)).on_hand == 2
    assert (await station.stock(belt.id, receipt.warehouse_id)).on_hand == 1
    await check_stock_is_worth_what_finance_says(station)


async def test_of_returns_that_race_only_what_is_there_goes_back(station: Station) -> None:
    product = await station.a_product()
    receipt = await receive(station, a_line(product.id, "5", "100"))
    ended = await asyncio.gather(
        *(station.send(back(receipt.id, (1, "2"))) for _ in range(6)), return_exceptions=True
    )
    codes = [each.code for each in ended if isinstance(each, Refused)]
    assert codes == ["return_not_there"] * 4
    assert (await station.stock(product.id, receipt.warehouse_id)).on_hand == 1
    await check_stock_is_worth_what_finance_says(station)


async def test_a_return_that_is_told_before_its_receipt_and_twice_counts_once(
    station: Station,
) -> None:
    product = await station.a_product()
    await station.stop("finance")
    receipt = await receive(station, a_line(product.id, "5", "100"))
    await station.send(back(receipt.id, (1, "2")))
    await station.start("finance")
    (event,) = await published(station.running["inventory"], StockSentBack)
    async with station.running["inventory"].engine.connect() as connection:
        (event_id,) = await connection.scalars(
            select(outbox.c.event_id).where(outbox.c.subject == StockSentBack.subject)
        )
    await station.publish(event, "inventory", event_id=event_id)
    assert (await ledger(station))["payables"] == -(500 - 200)
    await check_stock_is_worth_what_finance_says(station)


# --- money ---------------------------------------------------------------------------------------


async def test_payments_cover_the_oldest_receipts_and_what_is_over_is_an_advance(
    station: Station,
) -> None:
    product, supplier = await station.a_product(), await station.a_supplier()
    first = await receive(station, a_line(product.id, "1", "300"), supplier_id=supplier.id)
    second = await receive(station, a_line(product.id, "1", "200"), supplier_id=supplier.id)
    await station.settle_down()
    paid = await station.send(
        PaySupplier(
            supplier_id=supplier.id, amount=Decimal(350), method="transfer", document="п/п 12"
        )
    )
    (row,) = await balances(station)
    assert (row.supplier, row.owed, row.days_0_30, row.oldest_at) == (
        supplier.name,
        Decimal(150),
        Decimal(150),
        second.at,
    )
    await station.send(back(second.id, (1, "1")))
    await station.settle_down()
    (row,) = await balances(station)
    assert (row.owed, row.advance, row.oldest_at) == (Decimal(0), Decimal(50), None)
    statement = await station.ask(SupplierStatement(supplier_id=supplier.id))
    assert [(entry.kind, entry.amount, entry.balance) for entry in statement.items] == [
        ("supplier_return", Decimal(-200), Decimal(-50)),
        ("supplier_payment", Decimal(-350), Decimal(150)),
        ("receipt", Decimal(200), Decimal(500)),
        ("receipt", Decimal(300), Decimal(300)),
    ]
    assert [entry.document_id for entry in statement.items] == [
        second.id, paid.id, second.id, first.id,
    ]  # fmt: skip
    page = await station.ask(SupplierStatement(supplier_id=supplier.id, limit=3))
    rest = await station.ask(SupplierStatement(supplier_id=supplier.id, limit=3, cursor=page.next))
    assert page.items + rest.items == statement.items


async def test_what_is_owed_grows_old(station: Station) -> None:
    product, supplier = await station.a_product(), await station.a_supplier()
    receipt = await receive(station, a_line(product.id, "1", "300"), supplier_id=supplier.id)
    await station.settle_down()
    for days, column in (
        (0, "days_0_30"),
        (30, "days_0_30"),
        (31, "days_31_60"),
        (61, "days_61_90"),
        (91, "days_over_90"),
    ):
        at = receipt.at + timedelta(days=days)
        (row,) = await balances(station, at=at, supplier_id=supplier.id)
        aged = {name: getattr(row, name) for name in type(row).model_fields if "days" in name}
        assert {name for name, amount in aged.items() if amount} == {column}
    assert await balances(station, at=receipt.at - timedelta(seconds=1)) == []


async def test_a_supplier_gives_back_no_more_than_was_paid(station: Station) -> None:
    supplier = await station.a_supplier()
    paid = await station.send(
        PaySupplier(supplier_id=supplier.id, amount=Decimal(100), method="cash")
    )
    assert (await balances(station))[0].advance == 100
    refund = RefundSupplierPayment(payment_id=paid.id, amount=Decimal(60), reason="переплата")
    ended = await asyncio.gather(station.send(refund), station.send(refund), return_exceptions=True)
    assert [each.code for each in ended if isinstance(each, Refused)] == ["refund_exceeds_payment"]
    after = await station.send(RefundSupplierPayment(payment_id=paid.id))
    assert after.refunded == after.amount == 100
    assert await ledger(station) == {}
    listed = await station.ask(ListSupplierPayments(supplier_id=supplier.id))
    assert listed.items == (after,)

    assert (await station.ask(CheckClients(), actor=Actor("root", OPERATOR))).items == ()
    owner = await asyncpg.connect(as_owner(station.database_urls["finance"]))
    await owner.execute("UPDATE supplier_payments SET amount = 101, refunded = 99")
    await owner.close()
    found = (await station.ask(CheckClients(), actor=Actor("root", OPERATOR))).items
    assert [(each.what, each.expected, each.actual, each.document_id) for each in found] == [
        ("supplier_payment_amount", "100.00", "101.00", paid.id),
        ("supplier_payment_refunded", "100.00", "99.00", paid.id),
    ]


async def test_cash_for_a_supplier_leaves_the_shift_and_its_report_says_so(
    station: Station,
) -> None:
    supplier = await station.a_supplier()
    (box,) = (await station.ask(ListCashBoxes())).items
    shift = await station.send(OpenShift(cash_box_id=box.id, counted=Decimal(100)))
    pay = PaySupplier(supplier_id=supplier.id, amount=Decimal(60), method="cash", shift_id=shift.id)
    too_much = pay.model_copy(update={"amount": Decimal("100.01")})
    assert await refused(station, too_much) == "not_enough_cash"
    paid = await station.send(pay)
    back = RefundSupplierPayment(payment_id=paid.id, amount=Decimal(10), shift_id=shift.id)
    await station.send(back)
    report = await station.ask(GetXReport(shift_id=shift.id))
    assert [(one.method, one.amount, one.documents) for one in report.suppliers] == [
        ("cash", Decimal(50), 2)
    ]
    assert (report.movements, report.expected) == (Decimal(-50), Decimal(50))


async def test_nobody_is_paid_who_does_not_exist(station: Station) -> None:
    pay = PaySupplier(supplier_id=new_id(), amount=Decimal(1), method="cash")
    assert await refused(station, pay) == "supplier_not_found"
    assert await refused(station, SupplierStatement(supplier_id=new_id())) == "supplier_not_found"
    assert await refused(station, RefundSupplierPayment(payment_id=new_id())) == (
        "supplier_payment_not_found"
    )
    assert await refused(station, GetReceipt(receipt_id=new_id())) == "receipt_not_found"


async def test_a_technician_sees_no_receipt(station: Station) -> None:
    receipt = await receive(station, a_line((await station.a_product()).id, "1", "300"))
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(
            GetReceipt(receipt_id=receipt.id), actor=Actor("slesar", "technician", new_id())
        )


async def test_the_books_know_of_a_receipt_within_a_moment(station: Station) -> None:
    supplier = await station.a_supplier()
    await receive(
        station,
        a_line((await station.a_product()).id, "1", "300"),
        supplier_id=supplier.id,
    )

    async def is_owed() -> bool:
        return [row.owed for row in await balances(station)] == [Decimal(300)]

    assert await eventually(is_owed)
