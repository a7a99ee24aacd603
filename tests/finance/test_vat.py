"""VAT: by the day of the sale, line by line, in the books and in what is told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.finance.domain.vat import Vat, vat_of
from shared.contracts.base import Period
from shared.contracts.finance import (
    GetOrderProfit,
    IncomeExpenses,
    OrderProfits,
    OrderSettled,
    RefundPayment,
    TakePayment,
)
from shared.contracts.finance_reports import ProfitLoss
from shared.contracts.orders import CompletedPart, OrderCompleted
from shared.contracts.statements import CheckClients
from shared.contracts.taxes import (
    GetVatRates,
    SetVatRates,
    VatRate,
    VatRatesSaved,
    VatReport,
    VatReportRow,
)
from shared.ids import new_id
from shared.refusals import Refused
from shared.service import Running
from shared.vat import percent_on, vat_within
from tests.finance.at_work import check_books, in_turn, job, ledger, published
from tests.finance.builders import (
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.finance.test_merging import client_merged
from tests.support.day import Station

NEW_YEAR = (
    VatRate(since=date(2026, 1, 1), percent=Decimal(22), label="НДС 22 %"),
    VatRate(since=date(2025, 1, 1), percent=Decimal(20)),
)
LAST_OF_2025 = datetime(2025, 12, 31, 20, 59, tzinfo=UTC)
"""One minute before the year ends in Moscow."""
FIRST_OF_2026 = datetime(2025, 12, 31, 21, tzinfo=UTC)


def material(total: str, of: UUID) -> CompletedPart:
    return CompletedPart(
        line_id=new_id(), product_id=new_id(), kind="material", quantity=Decimal(1),
        total=money(total), service_line_id=of,
    )  # fmt: skip


def sold(*prices: str, materials: tuple[str, ...] = (), products: str = "0") -> OrderCompleted:
    """Works of these prices; all materials are carried by the first."""
    services = tuple(work(price) for price in prices)
    carried = tuple(material(total, services[0].line_id) for total in materials)
    event = order_completed(new_id(), new_id(), services=services, products=products)
    added = sum((part.total for part in carried), money(0))
    return event.model_copy(
        update={
            "parts": (*event.parts, *carried),
            "materials_total": added,
            "total": event.total + added,
        }
    )


def test_a_price_contains_its_vat_rounded_half_up() -> None:
    assert vat_within(money(122), Decimal(22)) == money(22)
    assert vat_within(money("0.03"), Decimal(20)) == money("0.01")  # 0.005
    assert vat_within(money("0.02"), Decimal(20)) == money(0)
    assert vat_within(money(122), None) == vat_within(money(122), Decimal(0)) == money(0)


def test_the_rate_is_that_of_the_day() -> None:
    leaves = (*NEW_YEAR, VatRate(since=date(2027, 1, 1), percent=None))
    days = {date(2024, 12, 31): None, date(2025, 1, 1): 20, date(2025, 12, 31): 20,
            date(2026, 1, 1): 22, date(2027, 1, 1): None}  # fmt: skip
    assert {day: percent_on(leaves, day) for day in days} == days


def test_vat_is_rounded_by_the_lines_that_the_client_sees() -> None:
    """Three works of 0.03 contain 0.01 each; the whole of 0.09 would contain 0.02."""
    assert vat_of(sold("0.03", "0.03", "0.03"), Decimal(20)).total == money("0.03")
    carried = vat_of(sold("0.02", materials=("0.01",)), Decimal(20))
    assert carried == Vat(Decimal(20), services=money("0.01"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.decimals("0", "500", places=2), min_size=1, max_size=5),
    st.lists(st.decimals("0.01", "500", places=2), max_size=5),
    st.decimals("0", "500", places=2),
    st.decimals("0", "100", places=2),
)
def test_no_account_gives_more_vat_than_it_has(
    prices: list[Decimal], materials: list[Decimal], products: Decimal, percent: Decimal
) -> None:
    event = sold(*map(str, prices), materials=tuple(map(str, materials)), products=str(products))
    vat = vat_of(event, percent)
    assert 0 <= vat.services <= sum(prices)
    assert 0 <= vat.materials <= sum(materials)
    assert 0 <= vat.products <= products
    seen = [prices[0] + sum(materials), *prices[1:], products]
    assert vat.total == sum(vat_within(line, percent) for line in seen)


async def opened(station: Station) -> tuple[UUID, UUID]:
    order, client = new_id(), new_id()
    await in_turn(station.running["finance"], client_created(client), order_created(order, client))
    return order, client


async def test_a_return_keeps_the_rate_of_its_sale_and_done_again_takes_the_new_one(
    station: Station,
) -> None:
    running = station.running["finance"]
    await station.send(SetVatRates(regime="vat", rates=NEW_YEAR))
    order, client = await opened(station)
    services, products = (work("600", "40"), work("400", "25")), "500"
    old = order_completed(
        order, client, services=services, products=products, completed_at=LAST_OF_2025
    )
    new = order_completed(
        order, client, 2, services=services, products=products, completed_at=FIRST_OF_2026
    )

    await in_turn(running, old, parts_issued(order, "310"))
    reopened = job(order_reopened(order), at=FIRST_OF_2026)
    await in_turn(running, reopened, new, parts_issued(order, "310", 2))

    first = [
        ("settlement", "receivable", "revenue.services", money("833.33")),
        ("settlement", "receivable", "revenue.products", money("416.67")),
        ("settlement", "receivable", "vat.output", money("250")),
        ("settlement", "cost.goods", "inventory", money("310")),
    ]
    again = [
        ("settlement", "receivable", "revenue.services", money("819.67")),
        ("settlement", "receivable", "revenue.products", money("409.84")),
        ("settlement", "receivable", "vat.output", money("270.49")),
        *first[3:],
    ]
    undone = [("settlement_reversal", credit, debit, amount) for _, debit, credit, amount in first]
    of_sale = [row for row in await ledger(running.engine, order) if row[0].startswith("settle")]
    assert of_sale == first + undone + again
    await check_books(running.engine)
    told = await published(running, OrderSettled)
    assert [(each.vat_percent, each.vat, each.revenue, each.margin) for each in told] == [
        (Decimal(20), money("250"), money("1500"), money("600")),
        (Decimal(22), money("270.49"), money("1500"), money("579.51")),
    ]
    profit = await station.ask(GetOrderProfit(order_id=order))
    assert (profit.revenue, profit.vat, profit.margin) == (
        money("1500"), money("270.49"), money("579.51")
    )  # fmt: skip


async def test_the_vat_report_and_the_others_say_the_same(station: Station) -> None:
    running = station.running["finance"]
    await station.send(SetVatRates(regime="vat", rates=NEW_YEAR))
    for day in (datetime(2024, 6, 1, tzinfo=UTC), LAST_OF_2025, FIRST_OF_2026):
        order, client = await opened(station)
        done = order_completed(order, client, services=(work("1220"),), completed_at=day)
        await in_turn(running, done, parts_issued(order))

    report = await station.ask(VatReport())

    def row(line: str, percent: int | None, base: str | None, vat: str) -> VatReportRow:
        return VatReportRow.model_validate(
            {"line": line, "percent": percent, "base": base, "vat": vat}
        )

    assert report.items == (
        row("output", 22, "1000", "220"),
        row("output", 20, "1016.67", "203.33"),
        row("output", None, "1220", "0"),
        row("input", None, None, "0"),
        row("to_pay", None, None, "423.33"),
    )
    january = await station.ask(VatReport(period=Period(start=FIRST_OF_2026)))
    assert [each.vat for each in january.items] == [money(220), money(0), money(220)]
    records = (await station.ask(IncomeExpenses())).items
    assert sum(each.amount for each in records if each.category == "vat") == money("423.33")
    assert sum(each.amount for each in records if each.type == "income") == money("3660")
    rows = (await station.ask(OrderProfits())).items
    assert sum(each.vat for each in rows) == money("423.33")
    assert sum(each.revenue for each in rows) == money("3660")


async def test_a_station_without_vat_posts_none(station: Station) -> None:
    running = station.running["finance"]
    await station.send(SetVatRates(regime="none", rates=NEW_YEAR))
    order, client = await opened(station)
    done = order_completed(order, client, services=(work("1220"),), completed_at=FIRST_OF_2026)
    await in_turn(running, done, parts_issued(order))
    assert await ledger(running.engine, order) == [
        ("settlement", "receivable", "revenue.services", money("1220"))
    ]


async def test_rates_are_set_with_a_revision_and_told(station: Station) -> None:
    nothing = await station.ask(GetVatRates())
    assert (nothing.regime, nothing.rates, nothing.revision) == ("none", (), 1)

    saved = await station.send(SetVatRates(regime="vat", rates=NEW_YEAR, expected_revision=1))
    assert [rate.since for rate in saved.rates] == [date(2025, 1, 1), date(2026, 1, 1)]
    assert await station.ask(GetVatRates()) == saved
    (told,) = await published(station.running["finance"], VatRatesSaved)
    assert told.vat == saved
    assert [change.field for change in told.changes] == ["regime", "rates"]
    same = await station.send(SetVatRates(regime="vat", rates=NEW_YEAR))
    assert same.revision == 2

    for wrong, code in (
        (SetVatRates(regime="vat"), "vat_rates_missing"),
        (SetVatRates(regime="vat", rates=NEW_YEAR + NEW_YEAR[:1]), "vat_rates_same_day"),
        (SetVatRates(regime="none", expected_revision=1), "revision_conflict"),
    ):
        with pytest.raises(Refused) as refused:
            await station.send(wrong)
        assert refused.value.code == code
    assert await station.ask(GetVatRates()) == saved


async def vat_of_advances(station: Station) -> dict[tuple[str, Decimal | None], tuple[Any, ...]]:
    report = await station.ask(VatReport())
    return {(row.line, row.percent): (row.base, row.vat) for row in report.items}


async def test_an_advance_has_vat_until_an_order_takes_it_and_again_when_it_is_open_again(
    station: Station,
) -> None:
    running = station.running["finance"]
    rates = (*NEW_YEAR[1:], VatRate(since=date(2026, 1, 1), percent=Decimal(22)))
    await station.send(SetVatRates(regime="vat", rates=rates))
    order, client = await opened(station)
    before = await station.ask(ProfitLoss())
    pay = TakePayment(customer_id=client, order_id=order, amount=money("122"), method="cash")
    payment = (await station.send(pay)).id
    advance = [("vat.advances", "vat.advances.due", money("22"))]
    back = [("vat.advances.due", "vat.advances", money("22"))]
    assert await station.ask(ProfitLoss()) == before
    assert await of_advances(running, order) == advance
    done = order_completed(order, client, services=(work("600"),), completed_at=LAST_OF_2025)
    await in_turn(running, done, parts_issued(order))
    assert await of_advances(running, order) == advance + back
    # Done in 2025, and so sold at 20 %: what is offset is what was charged of the advance.
    assert await vat_of_advances(station) == {
        ("output", Decimal(20)): (money("500"), money("100")),
        ("advances", Decimal(22)): (money("122"), money("22")),
        ("advances_back", Decimal(22)): (money("122"), money("22")),
        ("input", None): (None, money("0")),
        ("to_pay", None): (None, money("100")),
    }
    await in_turn(running, order_reopened(order))
    assert await of_advances(running, order) == advance + back + advance
    for amount in ("61", "61"):
        await station.send(RefundPayment(payment_id=payment, amount=money(amount), reason="Брак"))
        await check_books(running.engine)
    assert [amount for _, _, amount in (await of_advances(running, order))[3:]] == [money("11")] * 2
    assert (await vat_of_advances(station))["to_pay", None] == (None, money("0"))
    assert (await station.ask(CheckClients())).items == ()


async def test_kopecks_of_an_advance_come_back_to_the_last(station: Station) -> None:
    """Three refunds of 0.01 contain nothing each; all that was held contained 0.01."""
    await station.send(SetVatRates(regime="vat", rates=NEW_YEAR))
    _, client = await opened(station)
    payment = (
        await station.send(TakePayment(customer_id=client, amount=money("0.03"), method="card"))
    ).id
    # Nothing came or went when the client turned out to be another one.
    survivor = new_id()
    await in_turn(station.running["finance"], client_created(survivor))
    await in_turn(station.running["finance"], client_merged(client, survivor))
    for _ in range(3):
        refund = RefundPayment(payment_id=payment, amount=money("0.01"), reason="Брак")
        await station.send(refund)
        assert (await station.ask(CheckClients())).items == ()
    report = await vat_of_advances(station)
    assert report["advances", Decimal(22)] == (money("0.03"), money("0.01"))
    assert report["advances_back", Decimal(22)] == (money("0.03"), money("0.01"))


async def test_what_is_paid_for_a_settled_order_or_without_vat_is_no_advance(
    station: Station,
) -> None:
    running = station.running["finance"]
    order, client = await opened(station)
    early = TakePayment(customer_id=client, amount=money("50"), method="card")
    # As money that came before the books kept the VAT of advances: with no rate of its own.
    old = (await station.send(early)).id
    await station.send(SetVatRates(regime="vat", rates=NEW_YEAR))
    await in_turn(running, order_completed(order, client, services=(work("100"),)))
    await in_turn(running, parts_issued(order))
    await station.send(early.model_copy(update={"order_id": order}))
    assert await of_advances(running, order) == []
    # Open again, all of it is an advance, and what came without VAT contains none.
    await in_turn(running, order_reopened(order))
    due = vat_within(money("50"), Decimal(22))
    assert await of_advances(running, order) == [("vat.advances", "vat.advances.due", due)]
    await station.send(RefundPayment(payment_id=old, amount=money("20"), reason="Передумал"))
    await station.send(RefundPayment(payment_id=old, reason="Передумал"))
    assert await of_advances(running, order) == [("vat.advances", "vat.advances.due", due)]
    report = await vat_of_advances(station)
    assert report["advances", Decimal(22)] == (money("50"), due)
    assert "advances_back" not in {line for line, _ in report}
    assert (await station.ask(CheckClients())).items == ()


async def of_advances(running: Running, order: UUID) -> list[tuple[str, str, Decimal]]:
    return [row[1:] for row in await ledger(running.engine, order) if row[0] == "advance_vat"]
