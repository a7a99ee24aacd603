"""Transfers, write-offs and counts through the running service."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.base import Command, Question
from shared.contracts.costing import CheckStock
from shared.contracts.inventory import (
    ChangeProduct,
    ListMovements,
    OtherUnit,
    PartsReserved,
    PartsUnavailable,
    ReceivedLine,
    ReceiveStock,
)
from shared.contracts.part_numbers import AddBarcode, GetByBarcode, ListBarcodes
from shared.contracts.stock_counts import (
    CancelCount,
    GetCount,
    ListCountLines,
    ListCounts,
    PostCount,
    ProductCounted,
    ScanCount,
    SetCounted,
    StartCount,
    StockCorrected,
)
from shared.contracts.stock_documents import (
    ArrivedLine,
    CancelTransfer,
    CancelWriteOff,
    GetTransfer,
    ListTransfers,
    ListWriteOffs,
    ReceiveTransfer,
    SendTransfer,
    StockLine,
    WriteOffStock,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.inventory.at_work import job, published, together
from tests.inventory.builders import an_ask, completed, decimals, reopened, requested
from tests.support.day import Station

STOREKEEPER = Actor("kladov", "storekeeper")


async def refusal(station: Station, message: Command[Any] | Question[Any]) -> str:
    answer = station.send(message) if isinstance(message, Command) else station.ask(message)
    with pytest.raises(Refused) as refused:
        await answer
    return refused.value.code


async def on_hand(station: Station, product_id: UUID, warehouse_id: UUID) -> str:
    stock = await station.stock(product_id, warehouse_id)
    return f"{stock.on_hand:f} {stock.reserved:f}"


def a_line(product_id: UUID, quantity: str, measure: str | None = None) -> StockLine:
    return StockLine(product_id=product_id, quantity=Decimal(quantity), measure=measure)


async def kinds(station: Station, product_id: UUID) -> list[tuple[str, Decimal]]:
    """What moved, oldest first."""
    page = await station.ask(ListMovements(product_id=product_id))
    return [(move.kind, move.quantity) for move in reversed(page.items)]


# --- transfers -----------------------------------------------------------------------------------


async def test_goods_are_nowhere_until_they_arrive_and_serve_who_waits(station: Station) -> None:
    product, main, branch = (
        await station.a_product(units=(OtherUnit(measure="упаковка", factor=Decimal(4)),)),
        await station.a_warehouse("Основной"),
        await station.a_warehouse("Филиал"),
    )
    await station.receive(main.id, product.id, "10", "60")
    transfer = await station.send(
        SendTransfer(
            from_warehouse_id=main.id,
            to_warehouse_id=branch.id,
            lines=(a_line(product.id, "2", "упаковка"), a_line(product.id, "1")),
        )
    )
    assert (transfer.state, transfer.number[-6:]) == ("in_transit", "000001")
    assert [(line.quantity, line.value) for line in transfer.lines] == [
        decimals(8, 480),
        decimals(1, 60),
    ]
    assert await on_hand(station, product.id, main.id) == "1.000 0.000"
    assert await on_hand(station, product.id, branch.id) == "0.000 0.000"
    ask = an_ask(product.id, "3")
    await together(station.running["inventory"], job(requested(new_id(), ask)))
    (short,) = (await published(station.running["inventory"], PartsUnavailable))[-1].lines
    assert short.short == 2

    part = ReceiveTransfer(
        transfer_id=transfer.id, lines=(ArrivedLine(position=1, quantity=Decimal(5)),)
    )
    transfer = await station.send(part)
    assert (transfer.state, transfer.lines[0].received) == ("in_transit", Decimal(5))
    (told,) = (await published(station.running["inventory"], PartsReserved))[-1].lines
    assert (told.line_id, told.short) == (ask.line_id, Decimal(0))
    assert await on_hand(station, product.id, branch.id) == "5.000 2.000"

    transfer = await station.send(CancelTransfer(transfer_id=transfer.id, reason="лишнее"))
    assert transfer.state == "received_in_part"
    assert [(line.received, line.returned) for line in transfer.lines] == [
        decimals(5, 3),
        decimals(0, 1),
    ]
    assert await on_hand(station, product.id, main.id) == "5.000 1.000"
    assert await refusal(station, ReceiveTransfer(transfer_id=transfer.id)) == "transfer_closed"
    assert (await station.ask(GetTransfer(transfer_id=transfer.id))) == transfer
    listed = await station.ask(ListTransfers(warehouse_id=branch.id, state="received_in_part"))
    assert [each.id for each in listed.items] == [transfer.id]
    assert ("transfer_out", Decimal(-8)) in await kinds(station, product.id)


async def test_what_cannot_be_sent_changes_nothing(station: Station) -> None:
    product, other = await station.a_product(), await station.a_product()
    main, branch = await station.a_warehouse(), await station.a_warehouse()
    await station.receive(main.id, product.id, "10")

    def send(*lines: StockLine, to: UUID = branch.id) -> SendTransfer:
        return SendTransfer(from_warehouse_id=main.id, to_warehouse_id=to, lines=lines)

    some = a_line(product.id, "1")
    assert await refusal(station, send(some, to=main.id)) == "transfer_to_itself"
    assert await refusal(station, send(some, to=new_id())) == "warehouse_not_found"
    assert await refusal(station, send(some, a_line(new_id(), "1"))) == "product_not_found"
    assert await refusal(station, send(some, a_line(other.id, "1"))) == "stock_lacking"
    assert await refusal(station, send(a_line(product.id, "1", "бочка"))) == "unit_unknown"
    assert await refusal(station, ReceiveTransfer(transfer_id=new_id())) == "transfer_not_found"
    assert await on_hand(station, product.id, main.id) == "10.000 0.000"
    assert await kinds(station, product.id) == [("receipt", Decimal(10))]


async def test_two_people_who_receive_the_same_transfer_receive_it_once(station: Station) -> None:
    product, main, branch = (
        await station.a_product(),
        await station.a_warehouse(),
        await station.a_warehouse(),
    )
    await station.receive(main.id, product.id, "10")
    transfer = await station.send(
        SendTransfer(
            from_warehouse_id=main.id,
            to_warehouse_id=branch.id,
            lines=(a_line(product.id, "7"),),
        )
    )
    receive = ReceiveTransfer(transfer_id=transfer.id)
    ends = await together(station.running["inventory"], *(job(receive) for _ in range(4)))
    assert sum(isinstance(end, bytes) for end in ends) == 1
    assert await on_hand(station, product.id, branch.id) == "7.000 0.000"


# --- write-offs ----------------------------------------------------------------------------------


async def test_a_write_off_takes_at_cost_and_is_put_back_at_that_cost(station: Station) -> None:
    product, shelf = await station.a_product(), await station.a_warehouse()
    await station.receive(shelf.id, product.id, "2", "10")
    await station.receive(shelf.id, product.id, "2", "20.50")
    write_off = await station.send(
        WriteOffStock(warehouse_id=shelf.id, reason="бой", lines=(a_line(product.id, "3"),)),
        actor=STOREKEEPER,
    )
    assert (write_off.value, write_off.actor) == (Decimal("40.50"), "kladov")
    page = await station.ask(ListMovements(product_id=product.id))
    assert (page.items[0].kind, page.items[0].reason) == ("write_off", "бой")
    assert page.items[0].document_id == write_off.id
    back = await station.send(CancelWriteOff(write_off_id=write_off.id, reason="нашлось"))
    assert (back.state, back.cancel_reason, back.value) == ("cancelled", "нашлось", Decimal("40.5"))
    assert await on_hand(station, product.id, shelf.id) == "4.000 0.000"
    again = CancelWriteOff(write_off_id=write_off.id, reason="ещё раз")
    assert await refusal(station, again) == "write_off_cancelled"
    # The oldest cost the least, and are the first to go once more.
    second = await station.send(
        WriteOffStock(warehouse_id=shelf.id, reason="бой", lines=(a_line(product.id, "2"),))
    )
    assert second.value == 20
    listed = await station.ask(ListWriteOffs(warehouse_id=shelf.id))
    assert [each.id for each in listed.items] == [second.id, write_off.id]


# --- counts --------------------------------------------------------------------------------------


async def test_nothing_is_counted_by_the_code_of_a_pack_that_is_none_any_more(
    station: Station,
) -> None:
    packs = (OtherUnit(measure="упаковка", factor=Decimal(4)),)
    product = await station.a_product(units=packs)
    await station.send(AddBarcode(product_id=product.id, code="PACK", measure="упаковка"))
    await station.send(ChangeProduct(product_id=product.id, units=()))
    places = {
        "warehouse_id": (await station.a_warehouse()).id,
        "supplier_id": (await station.a_supplier()).id,
    }
    await station.receive(places["warehouse_id"], product.id, "5", "30")
    count = await station.send(StartCount(warehouse_id=places["warehouse_id"]))
    line = ReceivedLine(barcode="PACK", quantity=Decimal(1), cost=Decimal(400))
    scans: list[Command[Any] | Question[Any]] = [
        ScanCount(count_id=count.id, barcode="PACK"),
        SetCounted(count_id=count.id, barcode="PACK", quantity=Decimal(1)),
        ReceiveStock(lines=(line,), **places),
        GetByBarcode(code="PACK"),
    ]
    assert [await refusal(station, scan) for scan in scans] == ["unit_unknown"] * 4
    (shown,) = (await station.ask(ListBarcodes(product_id=product.id))).items
    assert (shown.measure, shown.dropped) == ("упак", True)

    await station.send(ChangeProduct(product_id=product.id, units=packs))
    assert (await station.send(ScanCount(count_id=count.id, barcode="PACK"))).counted == 4
    # What is counted in packs only is counted in them by the same code.
    await station.send(ChangeProduct(product_id=product.id, units=(), measure="упаковка"))
    assert (await station.send(ScanCount(count_id=count.id, barcode="PACK"))).counted == 5


async def test_a_count_is_scanned_compared_and_posted(station: Station) -> None:
    shelf = await station.a_warehouse()
    pads = await station.a_product(name="Колодки", barcode="4006633374668")
    oil, lamp = await station.a_product(name="Масло"), await station.a_product(name="Лампа")
    for product in (pads, oil, lamp):
        await station.receive(shelf.id, product.id, "5", "30")
    count = await station.send(StartCount(warehouse_id=shelf.id, comment="ночь"))
    assert (count.state, count.products, count.counted) == ("open", 3, 0)
    assert await refusal(station, StartCount(warehouse_id=shelf.id)) == "count_open"

    for _ in range(3):
        line = await station.send(ScanCount(count_id=count.id, barcode="4006633374668"))
    assert (line.product, line.expected, line.counted) == ("Колодки", *decimals(5, 3))
    unknown = ScanCount(count_id=count.id, barcode="0000000000000")
    assert await refusal(station, unknown) == "barcode_not_found"
    await station.send(SetCounted(count_id=count.id, product_id=oil.id, quantity=Decimal("6.5")))
    stray = await station.a_product(name="Найдёныш")
    await station.send(ScanCount(count_id=count.id, product_id=stray.id, quantity=Decimal(2)))

    differing = await station.ask(ListCountLines(count_id=count.id, show="differing"))
    assert [(line.product, line.difference) for line in differing.items] == [
        ("Колодки", -2),
        ("Масло", Decimal("1.5")),
        ("Найдёныш", 2),
    ]
    uncounted = await station.ask(ListCountLines(count_id=count.id, show="uncounted"))
    assert [line.product for line in uncounted.items] == ["Лампа"]
    assert await on_hand(station, pads.id, shelf.id) == "5.000 0.000"

    posted = await station.send(PostCount(count_id=count.id, uncounted="zero"))
    assert (posted.state, posted.surplus, posted.shortage) == ("posted", *decimals(45, 210))
    assert [await on_hand(station, each.id, shelf.id) for each in (pads, oil, lamp, stray)] == [
        "3.000 0.000",
        "6.500 0.000",
        "0.000 0.000",
        "2.000 0.000",
    ]
    (told,) = await published(station.running["inventory"], StockCorrected)
    assert (told.surplus, told.shortage) == decimals(45, 210)
    assert len(told.differences) == 4
    assert len(await published(station.running["inventory"], ProductCounted)) == 5
    assert await refusal(station, PostCount(count_id=count.id)) == "count_closed"
    assert await station.ask(GetCount(count_id=count.id)) == posted
    page = await station.ask(ListCounts(warehouse_id=shelf.id))
    assert [each.id for each in page.items] == [count.id]


async def test_what_moves_during_a_count_is_counted_as_it_was_when_it_was_counted(
    station: Station,
) -> None:
    shelf, product = await station.a_warehouse(), await station.a_product()
    await station.receive(shelf.id, product.id, "5")
    count = await station.send(StartCount(warehouse_id=shelf.id))
    # Before anybody counted it.
    await station.receive(shelf.id, product.id, "2")
    line = await station.send(ScanCount(count_id=count.id, product_id=product.id))
    assert (line.expected, line.counted) == decimals(7, 1)
    # Between two scans: nobody knows which of them saw it.
    await station.receive(shelf.id, product.id, "1")
    again = ScanCount(count_id=count.id, product_id=product.id)
    assert await refusal(station, again) == "count_moved"
    line = await station.send(
        SetCounted(count_id=count.id, product_id=product.id, quantity=Decimal(6))
    )
    assert (line.expected, line.difference) == decimals(8, -2)
    # After it was counted: the difference stays what it is.
    await station.receive(shelf.id, product.id, "10")
    await station.send(PostCount(count_id=count.id))
    assert await on_hand(station, product.id, shelf.id) == "16.000 0.000"


async def test_what_moves_in_the_transaction_of_a_count_is_in_the_books_that_it_reads(
    station: Station,
) -> None:
    shelf, other = await station.a_warehouse(), await station.a_warehouse()
    product, running = await station.a_product(), station.running["inventory"]
    await station.receive(shelf.id, product.id, "10")
    count = await station.send(StartCount(warehouse_id=shelf.id))
    order_id, ask = new_id(), an_ask(product.id, "4")
    await together(running, job(requested(order_id, ask)))
    sent = SendTransfer(
        from_warehouse_id=shelf.id,
        to_warehouse_id=other.id,
        lines=(a_line(product.id, "1"),),
    )
    counted = SetCounted(count_id=count.id, product_id=product.id, quantity=Decimal(6))
    ends = await together(running, job(completed(order_id, 1, ask)), job(counted), job(sent))
    assert not [end for end in ends if isinstance(end, BaseException)]
    await station.send(PostCount(count_id=count.id))
    assert await on_hand(station, product.id, shelf.id) == "5.000 0.000"
    # What is frozen at the beginning, too.
    await together(running, job(reopened(order_id, 1)), job(StartCount(warehouse_id=shelf.id)))
    count = (await station.ask(ListCounts(warehouse_id=shelf.id))).items[0]
    (line,) = (await station.ask(ListCountLines(count_id=count.id))).items
    assert line.expected == 9
    assert (await station.ask(CheckStock())).items == ()


async def test_a_missing_part_that_an_order_holds_makes_the_order_short(station: Station) -> None:
    shelf, product = await station.a_warehouse(), await station.a_product()
    await station.receive(shelf.id, product.id, "5")
    running = station.running["inventory"]
    first, second = an_ask(product.id, "3"), an_ask(product.id, "2")
    await together(running, job(requested(new_id(), first)))
    await together(running, job(requested(new_id(), second)))
    count = await station.send(StartCount(warehouse_id=shelf.id, product_ids=(product.id,)))
    await station.send(SetCounted(count_id=count.id, product_id=product.id, quantity=Decimal(4)))
    await station.send(PostCount(count_id=count.id))
    (told,) = (await published(running, PartsUnavailable))[-1].lines
    assert (told.line_id, told.reserved, told.short) == (second.line_id, *decimals(1, 1))
    assert await on_hand(station, product.id, shelf.id) == "4.000 4.000"


async def test_a_cancelled_count_changes_nothing(station: Station) -> None:
    shelf, product = await station.a_warehouse(), await station.a_product(group="Фильтры")
    await station.a_product(group="Масла")
    await station.receive(shelf.id, product.id, "5")
    nothing = StartCount(warehouse_id=shelf.id, group="Масла")
    assert await refusal(station, nothing) == "count_empty"
    count = await station.send(StartCount(warehouse_id=shelf.id, group="фильтры"))
    assert count.products == 1
    await station.send(ScanCount(count_id=count.id, product_id=product.id))
    cancelled = await station.send(CancelCount(count_id=count.id))
    assert (cancelled.state, cancelled.counted) == ("cancelled", 1)
    scan = ScanCount(count_id=count.id, product_id=product.id)
    assert await refusal(station, scan) == "count_closed"
    assert await on_hand(station, product.id, shelf.id) == "5.000 0.000"
    # The warehouse may be counted again.
    assert (await station.send(StartCount(warehouse_id=shelf.id))).number[-6:] != count.number[-6:]


async def test_many_scanners_lose_no_scan(station: Station) -> None:
    shelf, product = await station.a_warehouse(), await station.a_product()
    await station.receive(shelf.id, product.id, "5")
    count = await station.send(StartCount(warehouse_id=shelf.id))
    scans = (job(ScanCount(count_id=count.id, product_id=product.id)) for _ in range(20))
    ends = await together(station.running["inventory"], *scans)
    assert all(isinstance(end, bytes) for end in ends)
    page = await station.ask(ListCountLines(count_id=count.id))
    assert page.items[0].counted == 20
