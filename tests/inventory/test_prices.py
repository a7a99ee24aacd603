"""Units and the markup matrix on the real service: receipts, edits, a new matrix."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.inventory.app import service
from services.inventory.handlers import markup
from services.inventory.store import references
from services.inventory.store.tables import lots, products, receipt_lines, stock
from shared.contracts.base import Change, Command
from shared.contracts.inventory import (
    ChangeProduct,
    CreateProduct,
    CreateUnit,
    GetMarkupRules,
    GetProduct,
    ListReceipts,
    ListUnits,
    MarkupRule,
    MarkupRulesSaved,
    OtherUnit,
    ProductSaved,
    ProductUnit,
    ProductView,
    ReceiptLine,
    ReceiveStock,
    RepricingDue,
    SetMarkupRules,
)
from shared.refusals import Refused
from tests.inventory.at_work import job, published, rows_of, together
from tests.support.day import Station


def by_percent(percent: int, **fields: Any) -> MarkupRule:
    return MarkupRule(percent=Decimal(percent), **fields)


async def refusal(station: Station, command: Command[Any]) -> str:
    with pytest.raises(Refused) as refused:
        await station.send(command)
    return refused.value.code


async def of_matrix(station: Station, **fields: Any) -> ProductView:
    named = {"name": "Колодки", "pricing": "matrix"}
    return await station.send(CreateProduct(**{**named, **fields}))


async def price_of(station: Station, product_id: UUID) -> Decimal:
    return (await station.ask(GetProduct(product_id=product_id))).price


async def receive(station: Station, *lines: ReceiptLine) -> ReceiveStock:
    command = ReceiveStock(
        warehouse_id=(await station.a_warehouse()).id,
        supplier_id=(await station.a_supplier()).id,
        lines=lines,
    )
    await station.send(command)
    return command


def a_line(product_id: UUID, quantity: str, cost: str, measure: str | None = None) -> ReceiptLine:
    return ReceiptLine(
        product_id=product_id, quantity=Decimal(quantity), cost=Decimal(cost), measure=measure
    )


# --- units ---------------------------------------------------------------------------------------


async def test_the_usual_units_are_there_from_the_start(station: Station) -> None:
    known = {unit.short_name: unit.name for unit in (await station.ask(ListUnits())).items}
    assert {"шт": "штука", "л": "литр", "мл": "миллилитр", "кг": "килограмм"}.items() <= (
        known.items()
    )


async def test_a_new_unit_must_not_be_mistaken_for_another(station: Station) -> None:
    made = await station.send(CreateUnit(name="бутылка", short_name="бут"))
    assert made in (await station.ask(ListUnits(limit=200))).items
    for name, short in (("Литр", "лтр"), ("литровка", "Л"), ("бут", "б")):
        assert await refusal(station, CreateUnit(name=name, short_name=short)) == "name_taken"


async def test_a_product_is_counted_in_its_main_unit_and_in_others(station: Station) -> None:
    oil = await station.a_product(
        measure="литр",
        units=(
            OtherUnit(measure="бочка", factor=Decimal("208.2")),
            OtherUnit(measure="Банка", factor=Decimal(4)),
        ),
    )
    assert oil.measure == "л"
    assert oil.units == (
        ProductUnit(name="литр", short_name="л", factor=Decimal(1)),
        ProductUnit(name="Банка", short_name="Банка", factor=Decimal(4)),
        ProductUnit(name="бочка", short_name="боч", factor=Decimal("208.2")),
    )
    assert await station.ask(GetProduct(product_id=oil.id)) == oil
    fewer = await station.send(
        ChangeProduct(product_id=oil.id, units=(OtherUnit(measure="банка", factor=Decimal(5)),))
    )
    assert {unit.short_name: unit.factor for unit in fewer.units} == {"л": 1, "Банка": 5}
    again = await station.send(ChangeProduct(product_id=oil.id, name="Масло"))
    assert again.units == fewer.units
    repeated = (OtherUnit(measure="л", factor=Decimal(2)),)
    assert await refusal(station, ChangeProduct(product_id=oil.id, units=repeated)) == (
        "unit_repeated"
    )


async def test_goods_bought_in_packs_lie_in_stock_as_pieces(station: Station) -> None:
    bolt = await station.a_product(units=(OtherUnit(measure="упак", factor=Decimal(7)),))
    await receive(station, a_line(bolt.id, "1", "100.00", "упаковка"), a_line(bolt.id, "2", "15"))
    running = station.running["inventory"]
    (row,) = await rows_of(running, stock)
    assert (row.on_hand, row.value) == (9, 130)
    brought = sorted((lot.position, lot.value) for lot in await rows_of(running, lots))
    assert brought == [(1, 100), (2, 30)]
    (receipt,) = (await station.ask(ListReceipts())).items
    assert receipt.total_cost == 130
    entered = [(line.quantity, line.cost, line.measure) for line in receipt.lines]
    assert entered == [(Decimal(1), Decimal(100), "упак"), (Decimal(2), Decimal(15), None)]
    assert [line.main_quantity for line in receipt.lines] == [7, 2]


async def test_a_receipt_in_a_unit_of_another_product_changes_nothing(station: Station) -> None:
    bolt = await station.a_product()
    with pytest.raises(Refused, match="unit_unknown"):
        await receive(station, a_line(bolt.id, "1", "1", "бочка"))
    assert await rows_of(station.running["inventory"], receipt_lines) == []


# --- the matrix ----------------------------------------------------------------------------------


async def test_a_price_may_be_missing_only_where_the_matrix_makes_it(station: Station) -> None:
    assert await refusal(station, CreateProduct(name="Свеча")) == "price_missing"
    pads = await of_matrix(station)
    assert pads.price == 0
    assert pads.pricing == "matrix"


async def test_a_purchase_prices_what_follows_the_matrix_and_nothing_else(
    station: Station,
) -> None:
    await station.send(SetMarkupRules(rules=(by_percent(50, step=Decimal(10), mode="up"),)))
    pads, belt = await of_matrix(station), await station.a_product("700")
    await receive(station, a_line(pads.id, "4", "101"), a_line(belt.id, "1", "400"))
    assert await price_of(station, pads.id) == 160
    assert await price_of(station, belt.id) == 700
    news = (await published(station.running["inventory"], ProductSaved))[-1]
    assert news.product == await station.ask(GetProduct(product_id=pads.id))
    assert news.product.revision == 2
    assert news.changes == (Change(field="price", old="0.00", new="160.00"),)
    assert "cost" not in news.model_dump_json()


async def test_the_last_purchase_counts_in_main_units(station: Station) -> None:
    await station.send(SetMarkupRules(rules=(by_percent(100),)))
    oil = await of_matrix(station, units=(OtherUnit(measure="бочка", factor=Decimal(200)),))
    await receive(station, a_line(oil.id, "1", "90000", "бочка"))
    assert await price_of(station, oil.id) == 900
    await receive(station, a_line(oil.id, "1", "300"), a_line(oil.id, "1", "500"))
    assert await price_of(station, oil.id) == 1000


async def test_a_product_that_begins_to_follow_the_matrix_has_its_price_at_once(
    station: Station,
) -> None:
    await station.send(SetMarkupRules(rules=(by_percent(50), by_percent(80, group="Свечи"))))
    plug = await station.a_product("999")
    await receive(station, a_line(plug.id, "4", "100"))
    follows = await station.send(ChangeProduct(product_id=plug.id, pricing="matrix"))
    assert follows.price == 150
    moved = await station.send(ChangeProduct(product_id=plug.id, group="Свечи"))
    assert moved.price == 180
    said = ChangeProduct(product_id=plug.id, price=Decimal(170))
    assert await refusal(station, said) == "price_by_matrix"
    fixed = await station.send(said.model_copy(update={"pricing": "fixed"}))
    assert fixed.price == 170
    assert fixed.pricing == "fixed"


async def test_a_new_matrix_reprices_every_product_that_follows_it_in_batches(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup, "BATCH", 2)
    pads = [await of_matrix(station) for _ in range(5)]
    await receive(station, *(a_line(each.id, "1", "100") for each in pads))
    matrix = await station.send(SetMarkupRules(rules=(by_percent(30),), expected_revision=1))
    assert await station.ask(GetMarkupRules()) == matrix
    await station.settle_down()
    assert {await price_of(station, each.id) for each in pads} == {130}
    running = station.running["inventory"]
    due = await published(running, RepricingDue)
    assert [len(event.product_ids) for event in due] == [2, 2, 1]
    assert await published(running, MarkupRulesSaved) == [
        MarkupRulesSaved(revision=2, rules=matrix.rules)
    ]
    assert await refusal(station, SetMarkupRules(rules=(), expected_revision=1)) == (
        "revision_conflict"
    )
    assert await station.send(SetMarkupRules(rules=matrix.rules)) == matrix


async def test_the_same_batch_told_twice_changes_a_price_once(station: Station) -> None:
    pads = await of_matrix(station)
    await receive(station, a_line(pads.id, "1", "100"))
    await station.send(SetMarkupRules(rules=(by_percent(30),)))
    await station.settle_down()
    again = RepricingDue(revision=2, product_ids=(pads.id,))
    await together(station.running["inventory"], job(again), job(again))
    assert (await station.ask(GetProduct(product_id=pads.id))).revision == 2


async def test_a_wrong_matrix_is_refused_and_the_old_one_stays(station: Station) -> None:
    wrong = SetMarkupRules(rules=(by_percent(10, cost_from=Decimal(5)),))
    assert await refusal(station, wrong) == "markup_gap"
    assert (await station.ask(GetMarkupRules())).rules == ()


async def test_whatever_comes_together_the_price_is_of_the_last_cost_and_the_last_matrix(
    station: Station,
) -> None:
    """Receipts, matrices and edits race; two processes share the database."""
    pads = [await of_matrix(station) for _ in range(4)]
    warehouse, supplier = await station.a_warehouse(), await station.a_supplier()

    async def buys(cost: int) -> None:
        lines = tuple(a_line(each.id, "1", str(cost)) for each in pads)
        await station.send(
            ReceiveStock(warehouse_id=warehouse.id, supplier_id=supplier.id, lines=lines)
        )

    async def marks_up(percent: int) -> None:
        await station.send(SetMarkupRules(rules=(by_percent(percent),)))

    async def toggles(product_id: UUID) -> None:
        await station.send(ChangeProduct(product_id=product_id, pricing="fixed"))
        await station.send(ChangeProduct(product_id=product_id, pricing="matrix"))

    async with service.running(station.settings("inventory")):
        await asyncio.gather(
            *(buys(100 + step) for step in range(8)),
            *(marks_up(10 + step) for step in range(8)),
            *(toggles(each.id) for each in pads),
        )
        await station.settle_down()

    matrix = await station.ask(GetMarkupRules())
    (rule,) = matrix.rules
    assert rule.percent is not None
    async with station.running["inventory"].engine.connect() as connection:
        rows = {row.id: row for row in await rows_of(station.running["inventory"], products)}
        shown = await references.shown_products(connection, rows)
    for product in shown:
        cost = rows[product.id].last_cost
        expected = (cost * (100 + rule.percent) / 100).quantize(Decimal("0.01"))
        assert product.price == expected
    newest: dict[UUID, ProductView] = {}
    for event in await published(station.running["inventory"], ProductSaved):
        known = newest.get(event.product.id)
        if known is None or known.revision < event.product.revision:
            newest[event.product.id] = event.product
    for product in shown:
        assert newest[product.id].price == product.price
        assert newest[product.id].revision == product.revision
