"""What people do about the pay of people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.pay_rules import ChangePayRule, CreatePayRule
from shared.contracts.payroll import (
    AccrueSalaries,
    AdjustPay,
    ClosePayroll,
    GetEmployeePay,
    PayOut,
    PayoutLine,
    ReopenPayroll,
    ReversePay,
)
from tests.flows.histories.station import Station
from tests.support.histories import action

RULES: tuple[dict[str, Any], ...] = (
    {"kind": "norm_hour", "value": "333.33", "role": "technician"},
    {"kind": "per_work", "value": "50"},
    {"kind": "per_order", "value": "10.01"},
    {"kind": "goods_percent", "value": "1.5"},
    {"kind": "margin_percent", "value": "7"},
    {"kind": "salary", "value": "10000", "accrued": "day"},
    {"kind": "salary", "value": "9999.99", "accrued": "month", "role": "technician"},
    {"kind": "minimum", "value": "5000"},
)


class Payroll(Station):
    """Rules, salaries, fines, and what is closed."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.pay_rules: list[UUID] = []

    @action(2)
    async def pay_has_rules(self) -> None:
        rule_id = self.recent(self.pay_rules)
        if rule_id is None or self.chance(0.6):
            if made := await self.send(CreatePayRule.model_validate(self.one_of(RULES))):
                self.pay_rules.append(made.id)
        else:
            change = ChangePayRule(rule_id=rule_id, value=self.money(), active=self.chance(0.7))
            await self.send(change)

    @action(3)
    async def salaries_accrue(self) -> None:
        while (reply := await self.send(AccrueSalaries())) and reply.more:
            pass

    @action(2)
    async def pay_is_adjusted(self) -> None:
        """Now, or on a day before."""
        days = timedelta(days=self.random.randint(0, 3))
        adjusted = {
            "employee_id": self.mechanic,
            "kind": self.one_of(("bonus", "fine")),
            "amount": self.money(),
            "reason": "так надо",
            "at": self.one_of((None, self.business.clock.now(self.zone) - days)),
        }
        await self.send(AdjustPay.model_validate(adjusted))

    @action(2)
    async def all_that_is_owed_is_paid(self) -> None:
        line = PayoutLine(employee_id=self.mechanic)
        await self.send(PayOut(lines=(line,), method=self.one_of(("cash", "transfer"))))

    @action(2)
    async def pay_is_undone(self) -> None:
        pay = await self.business.ask(GetEmployeePay(employee_id=self.mechanic))
        if pay.items:
            await self.send(ReversePay(entry_id=self.one_of(pay.items).id, reason="ошиблись"))

    @action(2)
    async def a_period_is_closed(self) -> None:
        await self.salaries_accrue()
        until = self.business.clock.now(self.zone).date() - timedelta(days=self.one_of((0, 0, 1)))
        await self.send(ClosePayroll(until=until))

    @action(1)
    async def a_period_is_opened_again(self) -> None:
        since = self.business.clock.now(self.zone).date() - timedelta(days=2)
        await self.send(ReopenPayroll(since=since, reason="забыли"))
