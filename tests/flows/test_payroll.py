"""From a shared work at the counter to the payroll sheet, across all services."""

from __future__ import annotations

from decimal import Decimal

from shared.contracts.audit import OrderTimeline
from shared.contracts.finance import GetOrderProfit
from shared.contracts.orders import AddService, CreateService, NamedPerformer
from shared.contracts.pay_rules import CreatePayRule
from shared.contracts.payroll import GetEmployeePay, PayOut, PayoutLine, PayrollSheet
from shared.ids import new_id
from shared.messaging.envelope import Actor
from tests.flows.test_working_day import is_settled
from tests.support.day import Station


async def test_a_shared_work_is_paid_by_rule_and_by_card(station: Station) -> None:
    order = await station.an_order()
    painter = await station.an_employee(order.section_id, login="painter", pay_percent=Decimal(50))
    helper = await station.an_employee(order.section_id, pay_percent=Decimal(30))
    work = await station.send(
        CreateService(
            name=f"Покраска {new_id().hex[-6:]}",
            labor_hours=Decimal(4),
            labor_rate=Decimal(500),
            group="Кузов",
        )
    )
    await station.send(
        CreatePayRule(
            kind="norm_hour", value=Decimal(250), employee_id=helper.id, service_group="Кузов"
        )
    )
    shares = (
        NamedPerformer(employee_id=painter.id, share=Decimal(60)),
        NamedPerformer(employee_id=helper.id, share=Decimal(40)),
    )
    await station.send(AddService(order_id=order.id, service_id=work.id, performers=shares))
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    settled = await station.order_when(order.id, is_settled)

    # 60 % of the work at 50 %, and 40 % of four hours at 250.
    profit = await station.ask(GetOrderProfit(order_id=order.id))
    assert (profit.pay, settled.margin) == (Decimal(600 + 400), Decimal(2000 - 1000))
    sheet = await station.ask(PayrollSheet())
    assert {row.employee_id: (row.labor, row.hours) for row in sheet.items} == {
        painter.id: (Decimal(600), Decimal(0)),
        helper.id: (Decimal(0), Decimal(400)),
    }
    own = Actor("painter", "technician", new_id())
    assert [row.employee_id for row in (await station.ask(PayrollSheet(), actor=own)).items] == [
        painter.id
    ]

    payout = PayOut(lines=(PayoutLine(employee_id=painter.id),), method="cash")
    twice = [await station.send(payout, key="one click") for _ in range(2)]
    assert twice[0] == twice[1]
    view = await station.ask(GetEmployeePay(employee_id=painter.id), actor=own)
    assert view.balance == 0
    assert [str(item.amount) for item in view.items] == ["-600.00", "600.00"]

    await station.move(order.id, "in_progress", "Непрокрас")
    await station.settle_down()
    owed = {row.employee_id: row.closing for row in (await station.ask(PayrollSheet())).items}
    assert owed == {painter.id: Decimal(-600)}
    # What people earn is hidden from those who see an order's history, who earned it is not.
    timeline = await station.ask(OrderTimeline(order_id=order.id), actor=own)
    accrued = [item for item in timeline.items if item.event == "evt.finance.pay_accrued.v1"]
    assert len(accrued) == 1
    assert "600.00" not in accrued[0].model_dump_json()
    assert [line.keys() for line in accrued[0].body["lines"]] == [
        {"employee_id", "kind", "line_id", "rule_id"}
    ] * 2
