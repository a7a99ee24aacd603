"""What was done, earned and used up is one number in every report, before and after folding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.finance.store.sums import fold as fold_finance
from services.inventory.store.sums import fold as fold_inventory
from services.orders.store.sums import fold as fold_orders
from shared.contracts.base import Question
from shared.contracts.finance import IncomeExpenses, OrderProfits, TakePayment
from shared.contracts.finance_reports import (
    AbcAnalysis,
    CashFlow,
    CheckReports,
    Margin,
    MarginRow,
    ProfitLoss,
)
from shared.contracts.inventory import StockBalances
from shared.contracts.order_reports import CheckOrderReports
from shared.contracts.orders import (
    AddService,
    CreateService,
    EmployeeView,
    EmployeeWorkload,
    OrdersBySection,
    OrderView,
    ServiceView,
)
from shared.contracts.stock_reports import CheckStockReports, DeadStock, StockTurnover
from shared.messaging.folding import fold_some
from tests.support.day import Station

FOLDS = {"finance": fold_finance, "inventory": fold_inventory, "orders": fold_orders}
MAKERS = ("orders", "inventory", "finance")


async def rows(station: Station, question: Question[Any]) -> list[Any]:
    return list((await station.ask(question)).items)


def margins(found: list[MarginRow]) -> dict[str | None, tuple[Decimal, ...]]:
    return {row.name: (row.revenue, row.cost, row.pay, row.margin) for row in found}


def decimals(*values: str | int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


async def a_done_order(
    station: Station, service: ServiceView, mechanic: EmployeeView, oil: Any, gloves: Any
) -> OrderView:
    """A work for 1,000 with gloves for 40, and oil for 900 that is for no work."""
    order = await station.an_order()
    order = await station.send(
        AddService(order_id=order.id, service_id=service.id, mechanic_id=mechanic.id)
    )
    work = order.services[0]
    await station.request(order.id, oil.id, "1")
    await station.request(order.id, gloves.id, "2", kind="material", service_line_id=work.id)
    await station.order_when(
        order.id,
        lambda o: (
            len(o.materials) == len(o.products) == 1
            and all(part.state == "reserved" for part in (*o.products, *o.materials))
        ),
    )
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    return await station.order_when(order.id, lambda o: "settled" in o.flags)


async def everything_agrees(station: Station, done: Decimal) -> None:
    sections = await rows(station, OrdersBySection())
    assert sum(row.total for row in sections) == done
    assert all(row.total.as_tuple().exponent == -2 for row in sections)
    profits = await rows(station, OrderProfits())
    assert sum(row.revenue for row in profits) == done
    books = await rows(station, IncomeExpenses())
    assert sum(row.amount for row in books if row.type == "income") == done
    (month,) = await rows(station, ProfitLoss())
    assert (month.revenue, month.net_profit) == (done, sum(row.margin for row in profits))
    for by in ("order", "service", "technician", "section", "client", "product"):
        split = await rows(station, Margin(by=by))
        assert sum(row.revenue for row in split) == done
        assert sum(row.margin for row in split) == month.net_profit
    balances = await rows(station, StockBalances())
    turnover = await rows(station, StockTurnover())
    assert [row.closing_value for row in turnover] == [row.value for row in balances]
    assert [row.closing_quantity for row in turnover] == [row.on_hand for row in balances]
    used = sum(row.out_value - row.in_value for row in turnover)
    bought = Decimal(10 * 500 + 10 * 5)
    assert used + bought == sum(row.cost for row in profits)
    for check in (CheckReports(), CheckStockReports(), CheckOrderReports()):
        assert (await station.ask(check)).items == ()


async def test_all_reports_of_a_day_say_the_same(station: Station) -> None:
    section = await station.a_section()
    mechanic = await station.an_employee(
        section.id, last_name="Сидоров", first_name="Сидор", pay_percent=Decimal(40)
    )
    service = await station.send(
        CreateService(name="Замена масла", price=Decimal(1000), estimation_minutes=60)
    )
    warehouse = await station.a_warehouse()
    oil = await station.a_product(price="900", name="Масло")
    gloves = await station.a_product(price="20", name="Перчатки")
    await station.receive(warehouse.id, oil.id, "10", cost="500")
    await station.receive(warehouse.id, gloves.id, "10", cost="5")
    first = await a_done_order(station, service, mechanic, oil, gloves)
    second = await a_done_order(station, service, mechanic, oil, gloves)
    await station.settle_down()

    await everything_agrees(station, Decimal(3880))
    for name in MAKERS:
        await fold_some(station.running[name], FOLDS[name])
    await everything_agrees(station, Decimal(3880))

    # The gloves are in the work's, the oil is nobody's.
    by_work = await rows(station, Margin(by="service"))
    assert margins(by_work) == {
        "Замена масла": decimals(2080, 20, 800, 1260),
        None: decimals(1800, 1000, 0, 800),
    }
    assert {row.id for row in by_work} == {service.id, None}
    assert margins(await rows(station, Margin(by="technician"))) == {
        "Сидоров Сидор": decimals(2080, 20, 800, 1260),
        None: decimals(1800, 1000, 0, 800),
    }
    (his,) = await rows(station, Margin(by="service", employee_id=mechanic.id))
    assert (his.jobs, his.margin_percent) == (2, Decimal("60.6"))
    assert set(margins(await rows(station, Margin()))) == {first.number, second.number}
    clients = await rows(station, Margin(by="client"))
    assert {row.id for row in clients} == {first.client_id, second.client_id}
    assert all(row.name for row in clients)
    behind = await rows(station, OrderProfits(service_id=service.id, client_id=first.client_id))
    assert [row.order_id for row in behind] == [first.id]
    (seller, other) = await rows(station, AbcAnalysis())
    assert (seller.product, seller.abc_class, seller.quantity) == ("Масло", "A", 2)
    assert (other.product, other.abc_class, other.share) == ("Перчатки", "C", Decimal("4.26"))
    (workload,) = [
        row for row in await rows(station, EmployeeWorkload()) if row.employee_id == mechanic.id
    ]
    assert (workload.orders, workload.planned_minutes, workload.labor_total) == (2, 120, 2000)

    # Reopened, and paid for before it is done again.
    await station.move(first.id, "in_progress", "Стучит")
    await station.settle_down()  # else it could be paid as the order that was done
    await station.send(
        TakePayment(
            order_id=first.id, customer_id=first.client_id, amount=Decimal(500), method="card"
        )
    )
    await station.settle_down()
    await everything_agrees(station, Decimal(1940))
    for name in MAKERS:
        await fold_some(station.running[name], FOLDS[name])
    await everything_agrees(station, Decimal(1940))
    (card,) = [row for row in await rows(station, CashFlow()) if row.account == "card"]
    assert (card.opening, card.deposits, card.closing) == decimals(0, 500, 500)
    assert await rows(station, DeadStock(days=1)) == []
