"""VAT through all services: what is printed is what is posted, to the kopeck."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from shared.contracts.finance import GetOrderProfit
from shared.contracts.forms import PrintForm
from shared.contracts.orders import AddService, OrderView
from shared.contracts.taxes import SetVatRates, VatRate, VatReport
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from tests.flows.test_working_day import is_settled, reserved
from tests.support.day import Station

LONG_AGO = date(2019, 1, 1)


async def with_vat(station: Station, percent: str, since: date = LONG_AGO) -> None:
    """The rates are set, and orders knows them."""
    rates = (VatRate(since=since, percent=Decimal(percent)),)
    await station.send(SetVatRates(regime="vat", rates=rates))
    await station.settle_down()


async def an_order_of_odd_prices(station: Station) -> OrderView:
    """Two works, one of which carries a material, and goods: no line divides evenly."""
    order = await station.an_order()
    for price in ("333.33", "0.03"):
        order = await station.send(
            AddService(order_id=order.id, name="Работа", initial_price=Decimal(price))
        )
    warehouse = await station.a_warehouse()
    goods = await station.a_product("77.77")
    other = await station.a_product("0.07")
    for product in (goods, other):
        await station.receive(warehouse.id, product.id, "9", "10")
    await station.request(order.id, goods.id, "3")
    await station.request(order.id, other.id, "1", "material", service_line_id=order.services[1].id)
    return await station.order_when(order.id, reserved)


async def done(station: Station, order: OrderView) -> WorkOrder:
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    await station.order_when(order.id, is_settled)
    return await station.ask(GetWorkOrder(order_id=order.id))


async def printed(station: Station, order: WorkOrder, form: str) -> str:
    """The paper's text, without its marks and with plain spaces."""
    question = PrintForm(order_id=order.id, form=form, format="html")
    html = (await station.ask(question)).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.split("<body>")[1]))


def by_lines(order: WorkOrder) -> Decimal:
    works = sum((line.vat for line in order.services), Decimal(0))
    return works + sum((line.vat or Decimal(0) for line in order.products), Decimal(0))


async def test_what_is_printed_is_what_is_posted_to_the_kopeck(station: Station) -> None:
    await with_vat(station, "22")
    draft = await an_order_of_odd_prices(station)
    before = await station.ask(GetWorkOrder(order_id=draft.id))
    foreseen = draft.margin

    order = await done(station, draft)

    profit = await station.ask(GetOrderProfit(order_id=order.id))
    # 333.33, 0.10 (with its material) and 233.31, each for itself.
    vat = Decimal("60.11") + Decimal("0.02") + Decimal("42.07")
    assert profit.vat == order.vat_total == by_lines(order) == before.vat_total == vat
    assert (order.vat_rate, profit.revenue) == (Decimal(22), order.total)
    assert order.margin == profit.margin == foreseen == profit.revenue - vat - profit.cost
    assert (await station.ask(VatReport())).items[-1].vat == vat
    for form in ("invoice", "completion_act", "work_order", "estimate"):
        assert "в т. ч. НДС 22 % 102,20" in await printed(station, order, form)


async def test_a_done_order_keeps_its_rate_on_paper(station: Station) -> None:
    await with_vat(station, "20")
    order = await done(station, await an_order_of_odd_prices(station))
    assert order.vat_rate == Decimal(20)

    await with_vat(station, "22")

    assert (await station.ask(GetWorkOrder(order_id=order.id))) == order
    await station.move(order.id, "in_progress", "Стучит")
    again = await station.ask(GetWorkOrder(order_id=order.id))
    assert again.vat_rate == Decimal(22)
    assert again.vat_total == by_lines(again)


async def test_without_vat_papers_say_so(station: Station) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    await with_vat(station, "22", since=tomorrow)
    order = await done(station, await an_order_of_odd_prices(station))
    assert (order.vat_rate, order.vat_total) == (None, Decimal(0))
    assert "Без НДС" in await printed(station, order, "invoice")
