"""Pay: the sheet of a period, one person's account, payouts, bonuses and fines."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from starlette.responses import Response

from services.gateway.pages.forms import day_said, today
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.problems import field_invalid
from shared.contracts.base import Period
from shared.contracts.payroll import (
    AdjustPay,
    ClosePayroll,
    GetEmployeePay,
    GetPayrollState,
    PayOut,
    PayrollSheet,
    PayrollStateView,
    ReversePay,
)

PAY = "/money/pay"


async def sheet(request: PageRequest) -> Response:
    """Of a month, by default the current one; the office sees all, everybody else oneself."""
    first = _month(request)
    after = (first + timedelta(days=32)).replace(day=1)
    midnight = time(tzinfo=request.zone)
    period = Period(start=datetime.combine(first, midnight), end=datetime.combine(after, midnight))
    rows, state = await asyncio.gather(request.ask(PayrollSheet(period=period)), _state(request))
    return request.page(
        "money/pay.html",
        rows=rows.items,
        state=state,
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=after,
        has_ended=after <= today(request.zone),
    )


async def _state(request: PageRequest) -> PayrollStateView | None:
    if not request.may("GetPayrollState"):
        return None
    state = await request.ask(GetPayrollState())
    return state


def _month(request: PageRequest) -> date:
    return day_said(request.query["month"] + "-01") or today(request.zone).replace(day=1)


async def employee(request: PageRequest) -> Response:
    """Every accrual and payout of one person, newest first."""
    employee_id = request.id("employee_id")
    pay = await request.ask(request.reads(GetEmployeePay, employee_id=employee_id))
    return request.page("money/employee.html", pay=pay)


async def pay_out(request: PageRequest) -> Response:
    """To everybody who is ticked, their own amount."""
    form = request.form
    lines = [
        {"employee_id": employee_id, "amount": amount.replace(",", ".").replace(" ", "")}
        for employee_id in form.all("employee")
        if (amount := form.get(f"amount.{employee_id}").strip())
    ]
    if not lines:
        raise field_invalid("employee", "nobody_ticked")
    paid = await request.send(form.message(PayOut, lines=lines))
    total = -sum((entry.amount for entry in paid.items), Decimal(0))
    return request.go(
        form.get("next") or PAY,
        said=request._("Paid out: %(amount)s", amount=request.money(total)),
    )


async def adjust(request: PageRequest) -> Response:
    entry = await request.send(request.form.message(AdjustPay))
    return request.go(f"{PAY}/{entry.employee_id}", said=request._("Noted"))


async def reverse(request: PageRequest) -> Response:
    entry_id = request.id("entry_id")
    entry = await request.send(request.form.message(ReversePay, entry_id=entry_id))
    return request.go(f"{PAY}/{entry.employee_id}", said=request._("Undone"))


async def close(request: PageRequest) -> Response:
    state = await request.send(request.form.message(ClosePayroll))
    return request.go(
        PAY, said=request._("Closed until %(day)s", day=f"{state.closed_until:%d.%m.%Y}")
    )


PAGES = (
    show(PAY, sheet, needs=PayrollSheet),
    act(PAY, pay_out, needs=PayOut),
    act(PAY + "/adjust", adjust, needs=AdjustPay),
    act(PAY + "/close", close, needs=ClosePayroll),
    show(PAY + "/{employee_id}", employee, needs=GetEmployeePay),
    act(PAY + "/entries/{entry_id}/reverse", reverse, needs=ReversePay),
)
