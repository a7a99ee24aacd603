"""What suppliers are owed, what came of orders to them and who came how often: compared, and each
row that somebody broke is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.commands.difference_words import line_of, words_of
from deploy.reconciliation import compare
from services.clients import app
from shared.contracts.client_data import EraseClient
from shared.contracts.client_merge import MergeClients
from shared.contracts.finance import TakePayment
from shared.contracts.inventory import ExtraCost, ReceiptView
from shared.contracts.orders import AddService, OrderView
from shared.contracts.purchase_orders import (
    ArrivedLine,
    CancelPurchaseOrder,
    ClosePurchaseOrder,
    CreatePurchaseOrder,
    PurchaseLine,
    PurchaseOrderView,
    ReceivePurchase,
    SendPurchaseOrder,
)
from shared.contracts.purchasing import (
    CancelReceipt,
    PaySupplier,
    RefundSupplierPayment,
    ReturnedLine,
    ReturnToSupplier,
)
from shared.contracts.reconciliation import Difference
from tests.purchasing.at_work import a_line, receive
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import BUSINESS, Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, *BUSINESS) as station:
        # Or they would be asked for once more in a quarter of a minute.
        await app.fetch_past_visits(station.running["clients"])
        yield station


async def found(station: Station) -> list[Difference]:
    return (await compare(station.ask, pause_s=0)).differences


async def named(station: Station) -> set[str]:
    """In words."""
    return {words_of(each) for each in await found(station)}


async def change(station: Station, service: str, *statements: str) -> None:
    """What nobody may do but the database's owner."""
    owner = await asyncpg.connect(as_owner(station.database_urls[service]))
    for statement in statements:
        assert not (await owner.execute(statement)).endswith(" 0"), statement
    await owner.close()


# --- documents of a working station --------------------------------------------------------------


async def goods_with_delivery(station: Station) -> ReceiptView:
    """Some went back, and the supplier was paid too much."""
    product, carrier = await station.a_product(), await station.a_supplier()
    receipt = await receive(
        station,
        a_line(product.id, "3", "33.33", "20"),
        a_line(product.id, "4", "10"),
        extra_costs=(
            ExtraCost(name="Доставка", amount=Decimal(100), supplier_id=carrier.id),
            ExtraCost(name="Упаковка", amount=Decimal(7), vat_percent=Decimal(20)),
        ),
    )
    back = ReturnedLine(position=1, quantity=Decimal(1))
    await station.send(ReturnToSupplier(receipt_id=receipt.id, lines=(back,), reason="Брак"))
    paid = PaySupplier(supplier_id=receipt.supplier_id, amount=Decimal(500), method="transfer")
    payment = await station.send(paid)
    await station.send(RefundSupplierPayment(payment_id=payment.id, amount=Decimal(123)))
    return receipt


async def a_receipt_that_was_a_mistake(station: Station) -> None:
    product = await station.a_product()
    receipt = await receive(station, a_line(product.id, "2", "0.01"), a_line(product.id, "1", "0"))
    await station.send(CancelReceipt(receipt_id=receipt.id, reason="Ошибка"))
    await receive(station, a_line(product.id, "5", "0"))


async def a_purchase(station: Station, *quantities: str) -> PurchaseOrderView:
    """Sent, of one product, whose lines are of these quantities."""
    product, supplier = await station.a_product(), await station.a_supplier()
    order = await station.send(
        CreatePurchaseOrder(
            supplier_id=supplier.id,
            warehouse_id=(await station.a_warehouse()).id,
            lines=tuple(
                PurchaseLine(product_id=product.id, quantity=Decimal(each), cost=Decimal(10))
                for each in quantities
            ),
        )
    )
    return await station.send(SendPurchaseOrder(purchase_order_id=order.id))


async def some_came(station: Station, order: PurchaseOrderView, quantity: str) -> ReceiptView:
    line = ArrivedLine(product_id=order.lines[0].product_id, quantity=Decimal(quantity))
    return await station.send(ReceivePurchase(purchase_order_id=order.id, lines=(line,)))


async def purchases_of_all_kinds(station: Station) -> tuple[PurchaseOrderView, ReceiptView]:
    """Answers one of which a part has come, and another part, which was a mistake; and what came
    of it."""
    partly, closed, too_much, undone, cancelled = [
        await a_purchase(station, "2", "3") for _ in range(5)
    ]
    receipt = await some_came(station, partly, "3")
    mistake = await some_came(station, partly, "2")
    await station.send(CancelReceipt(receipt_id=mistake.id, reason="Ошибка"))
    await some_came(station, closed, "1")
    await station.send(ClosePurchaseOrder(purchase_order_id=closed.id, reason="Нет у них"))
    await some_came(station, closed, "1")
    await some_came(station, too_much, "8")
    mistake = await some_came(station, undone, "5")
    await station.send(CancelReceipt(receipt_id=mistake.id, reason="Ошибка"))
    await station.send(CancelPurchaseOrder(purchase_order_id=cancelled.id, reason="Передумали"))
    return partly, receipt


async def a_visit(station: Station, client_id: UUID, price: str = "1000") -> OrderView:
    order = await station.an_order(client_id=client_id)
    work: dict[str, Any] = {"name": "Замена масла", "initial_price": Decimal(price)}
    await station.send(AddService(order_id=order.id, **work))
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    return await station.order_when(order.id, lambda each: "settled" in each.flags)


async def visits_of_all_kinds(station: Station) -> OrderView:
    """Answers one that was reopened and done once more, of a client with another one."""
    client, other, person = [await station.a_client() for _ in range(3)]
    order = await a_visit(station, client.id)
    await station.move(order.id, "in_progress", "Стук остался")
    reopened = await a_visit(station, other.id)
    await station.move(reopened.id, "in_progress", "Стук остался")
    await a_visit(station, other.id)
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    await station.move(order.id, "done")
    await station.order_when(order.id, lambda each: "settled" in each.flags)
    left = await a_visit(station, person.id, "700")
    await station.settle_down()
    paid: dict[str, Any] = {"customer_id": person.id, "amount": Decimal(700), "method": "card"}
    await station.send(TakePayment(order_id=left.id, **paid))
    await station.settle_down()
    await station.send(EraseClient(client_id=person.id, reason="Просьба клиента"))
    return order


# --- compared ------------------------------------------------------------------------------------


async def test_what_suppliers_are_owed_is_compared_receipt_by_receipt(station: Station) -> None:
    receipt = await goods_with_delivery(station)
    await a_receipt_that_was_a_mistake(station)
    await station.settle_down()
    assert await found(station) == []

    of_supplier = f"supplier_id = '{receipt.supplier_id}'"
    other = (await station.a_supplier()).id
    charge = f"WHERE {of_supplier} AND document_id = '{receipt.id}'"
    await change(station, "inventory", f"UPDATE supplier_charges SET vat = vat + 1 {charge}")
    (wrong,) = await found(station)
    assert (wrong.supplier_id, wrong.document_id) == (receipt.supplier_id, receipt.id)
    assert line_of(wrong) == (
        f"{receipt.number}: owed for the receipt = owed in the ledger: expected 129.39, "
        f"found 128.39 (document_id={receipt.id} supplier_id={receipt.supplier_id})"
    )
    await change(station, "inventory", f"UPDATE supplier_charges SET vat = vat - 1 {charge}")

    # The books owe it to somebody else; then they say that somebody else was paid.
    goods = f"WHERE {of_supplier} AND entry_id IN (SELECT id FROM entries WHERE kind = 'receipt')"
    await change(station, "finance", f"UPDATE postings SET supplier_id = '{other}' {goods}")
    assert {each.supplier_id for each in await found(station)} == {receipt.supplier_id, other}
    assert await named(station) == {"owed for the receipt = owed in the ledger"}
    back = f"UPDATE postings SET supplier_id = '{receipt.supplier_id}'"
    await change(station, "finance", f"{back} WHERE supplier_id = '{other}'")
    await change(station, "finance", f"UPDATE supplier_payments SET supplier_id = '{other}'")
    wrong, another = await found(station)
    assert {wrong.supplier_id, another.supplier_id} == {receipt.supplier_id, other}
    assert words_of(wrong) == "owed to a supplier in the ledger = goods less what was paid"


async def test_receipts_of_an_older_version_were_owed_to_nobody_by_name(station: Station) -> None:
    receipt = await goods_with_delivery(station)
    await station.settle_down()
    unnamed = "UPDATE postings SET supplier_id = NULL WHERE entry_id IN"
    await change(station, "finance", f"{unnamed} (SELECT id FROM entries WHERE kind = 'receipt')")
    assert await found(station) == []
    more = "UPDATE supplier_charges SET cost = cost + 1 WHERE document_id ="
    await change(station, "inventory", f"{more} '{receipt.id}' AND vat > 0")
    (wrong,) = await found(station)
    assert (wrong.number, wrong.supplier_id) == (receipt.number, None)


async def test_orders_to_suppliers_are_compared_with_what_came(station: Station) -> None:
    order, receipt = await purchases_of_all_kinds(station)
    await station.settle_down()
    assert await found(station) == []

    wrong_state = "state of an order to a supplier = what has come of it"
    of_order = f"WHERE id = '{order.id}'"
    lines = "UPDATE purchase_order_lines SET received = received {} 1 "
    line = f"WHERE purchase_order_id = '{order.id}' AND place = 1"
    for broken, mended, told in (
        (
            lines.format("+") + line,
            lines.format("-") + line,
            f"{order.number} #2: received of what was ordered = what its receipts brought: "
            "expected 1.000, found 2.000",
        ),
        (
            f"UPDATE purchase_orders SET state = 'sent' {of_order}",
            f"UPDATE purchase_orders SET state = 'partly_received' {of_order}",
            f"{order.number}: {wrong_state}: expected partly_received, found sent",
        ),
        (
            f"UPDATE purchase_orders SET state = 'received' {of_order}",
            f"UPDATE purchase_orders SET state = 'partly_received' {of_order}",
            f"{order.number}: {wrong_state}: expected partly_received, found received",
        ),
    ):
        await change(station, "inventory", broken)
        (wrong,) = await found(station)
        assert line_of(wrong).partition(" (")[0] == told
        await change(station, "inventory", mended)

    # The receipt brought three, and counts for two.
    came = f"WHERE receipt_id = '{receipt.id}' AND place = 0"
    await change(station, "inventory", f"UPDATE purchase_arrivals SET quantity = 1 {came}")
    assert [(each.number, each.what) for each in await found(station)] == [
        (receipt.number, "arrived_of_receipt"),
        (f"{order.number} #1", "received_of_line"),
    ]


async def test_visits_are_compared_with_settlements_and_counters_with_visits(
    station: Station,
) -> None:
    order = await visits_of_all_kinds(station)
    await station.settle_down()
    assert await found(station) == []

    of_order = f"WHERE order_id = '{order.id}' AND NOT reversed"
    counters = f"WHERE client_id = '{order.client_id}'"
    counted = {
        "visits = visits + 1": "visits of a client = orders that are settled",
        "revenue = revenue + 1": "what a client has brought = orders that are settled",
        "first_visit = first_visit - interval '1s'": "first visit of a client = the first order "
        "that is settled",
        "last_visit = last_visit + interval '1s'": "last visit of a client = the last order that "
        "is settled",
        "last_section_id = NULL": "section of a client's last visit = that order's",
    }
    columns = ("visits", "revenue", "first_visit", "last_visit", "last_section_id")
    await change(station, "clients", "CREATE TABLE kept AS TABLE counters")
    was = ", ".join(f"{column} = kept.{column}" for column in columns)
    mended = f"UPDATE counters SET {was} FROM kept WHERE kept.client_id = counters.client_id"
    for broken, words in counted.items():
        await change(station, "clients", f"UPDATE counters SET {broken} {counters}")
        (wrong,) = await found(station)
        assert (words_of(wrong), wrong.client_id) == (words, order.client_id)
        await change(station, "clients", mended)

    # A wrong visit is told once, though its client's counters do not fit it either.
    await change(station, "clients", f"UPDATE visits SET revenue = revenue + 1 {of_order}")
    (wrong,) = await found(station)
    assert (words_of(wrong), wrong.order_id) == (
        "revenue of the visit = settled amount",
        order.id,
    )
    await change(station, "clients", f"UPDATE visits SET revenue = revenue - 1 {of_order}")
    later = "UPDATE visits SET at = at {} interval '1 hour' " + of_order
    await change(station, "clients", later.format("+"))
    assert await named(station) == {"time of the visit = work done"}
    await change(station, "clients", later.format("-"))
    elsewhere = f"UPDATE visits SET section_id = gen_random_uuid() {of_order}"
    await change(station, "clients", "CREATE TABLE known AS TABLE visits", elsewhere)
    assert await named(station) == {"section of the visit = section of the settlement"}
    there = "UPDATE visits SET section_id = known.section_id FROM known WHERE"
    await change(station, "clients", f"{there} known.order_id = visits.order_id")
    stranger = (await station.a_client()).id
    await change(station, "clients", f"UPDATE visits SET client_id = '{stranger}' {of_order}")
    assert await named(station) == {"client of the visit = client of the settlement"}
    await change(station, "clients", f"UPDATE visits SET reversed = true {of_order}")
    (wrong,) = await found(station)
    assert line_of(wrong) == (
        f"{order.number}: visit counted = settled: expected 2, found none "
        f"(order_id={order.id} client_id={order.client_id})"
    )
    # What else is wrong with counters is told: here of another client.
    await change(station, "clients", f"UPDATE counters SET visits = 9 WHERE NOT {counters[6:]}")
    assert "visits of a client = orders that are settled" in await named(station)


async def test_visits_from_before_they_were_counted_are_not_missing(station: Station) -> None:
    order = await visits_of_all_kinds(station)
    await station.settle_down()
    forgotten = ("DELETE FROM counters", "DELETE FROM visits")
    await change(station, "clients", *forgotten, "UPDATE past_visits SET done_at = NULL")
    assert await found(station) == []
    await app.fetch_past_visits(station.running["clients"])
    assert await found(station) == []
    # An older version's news said neither where nor when: the visit took their own time.
    taken = f"at = at + interval '1s', section_id = NULL WHERE order_id = '{order.id}'"
    known = "UPDATE visits SET " + taken
    recount = f"""
        UPDATE counters SET (first_visit, last_visit, last_section_id) = (
            SELECT min(at), max(at), (array_agg(section_id ORDER BY at DESC))[1] FROM visits
            WHERE NOT reversed AND visits.client_id = counters.client_id
        ) WHERE client_id = '{order.client_id}'
    """
    await change(station, "clients", known, recount)
    assert await found(station) == []
