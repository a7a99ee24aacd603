"""Pay of the station's people: earned by orders and months, corrected, paid out, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.finance.domain import payroll, salaries
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO, Stamp
from services.finance.domain.pay_lines import PayLine, method_of
from services.finance.domain.pay_rules import Person, Rulebook
from services.finance.domain.payroll import Asked, PayrollState, midnight, next_day
from services.finance.domain.settlement import Settlement
from services.finance.handlers.people import ensure_employee, everybody
from services.finance.handlers.table import handlers, keep, stamp
from services.finance.handlers.tills import at_till, ensure_cash
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.payroll import (
    AccruedSalaries,
    AccrueSalaries,
    AdjustPay,
    ClosePayroll,
    GetPayrollState,
    PayEntryView,
    PayOut,
    PayRecorded,
    PayrollClosed,
    PayrollReopened,
    PayrollStateView,
    ReopenPayroll,
    ReversePay,
)
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision

# --- orders, as they are settled and reopened ----------------------------------------------------


async def accrue(
    settlement: Settlement, store: FinanceStore, work: Work
) -> tuple[Settlement, Decision]:
    """What an order that is being settled earns its people, by the rules of the day on which it
    was done."""
    done_at, zone = settlement.order.completed_at, work.settings.zone
    state = await store.payroll("shared")
    rules = Rulebook.on(done_at.astimezone(zone).date(), await store.pay_rules())
    at = state.dated(done_at, zone)
    return payroll.accrue(settlement, rules, at, stamp(work), work.new_id())


async def take_back(
    settlement: Settlement, reason: str | None, store: FinanceStore, work: Work
) -> Decision:
    """What a reopened order had earned; booked at the time of the reopening."""
    if settlement.pay_entry_id is None:
        return Decision()
    state = await store.payroll("shared")
    at = state.dated(work.envelope.time, work.settings.zone)
    accrued = await store.entry(settlement.pay_entry_id)
    return payroll.take_back(settlement, accrued, at, stamp(work), work.new_id(), reason)


# --- the office ----------------------------------------------------------------------------------


@handlers.command(AdjustPay)
async def adjust_pay(command: AdjustPay, store: FinanceStore, work: Work) -> PayEntryView:
    at = command.at or work.now
    if at > work.now:
        raise Refused("pay_in_future")
    await ensure_employee(command.employee_id, work)
    state = await store.payroll("shared")
    if command.at and state.dated(at, work.settings.zone) != at:
        raise Refused("payroll_period_closed", until=state.closed_until)
    decision = payroll.adjust(
        command.kind,
        command.employee_id,
        command.amount,
        command.reason,
        replace(stamp(work), at=at),
        work.new_id(),
    )
    await keep(decision, store, work)
    return _entries(decision)[0]


@handlers.command(PayOut)
async def pay_out(command: PayOut, store: FinanceStore, work: Work) -> Page[PayEntryView]:
    await store.payroll("alone")
    people = {line.employee_id for line in command.lines}
    balances = await store.pay_balances(people)
    if people - balances.keys():
        for employee_id in people - (await everybody(work)).keys():
            raise Refused("employee_not_found", id=employee_id)
    here, shift = await at_till(
        (command.method,), command.cash_box_id, command.shift_id, store, work
    )
    decision = payroll.pay_out(
        [Asked(line.employee_id, line.amount) for line in command.lines],
        balances,
        command.method,
        here,
        [work.new_id() for _ in command.lines],
        advance=command.advance,
        comment=command.comment,
    )
    if command.method == "cash":
        given = sum((entry.postings[0].amount for entry in decision.entries), ZERO)
        await ensure_cash(shift, given, store)
    await keep(decision, store, work)
    return Page(items=tuple(_entries(decision)))


@handlers.command(ReversePay)
async def reverse_pay(command: ReversePay, store: FinanceStore, work: Work) -> PayEntryView:
    await store.payroll("alone")
    found = await store.pay_entry(command.entry_id)
    if found is None:
        raise Refused("pay_entry_not_found", id=command.entry_id)
    entry, why = found
    if await store.is_undone(entry.id):
        raise Refused("pay_entry_reversed", id=entry.id)
    here = stamp(work)
    if method := method_of(entry):
        here, _ = await at_till((method,), command.cash_box_id, command.shift_id, store, work)
    decision = payroll.undo(entry, why, here, work.new_id(), command.reason)
    await keep(decision, store, work)
    return _entries(decision)[0]


def _entries(decision: Decision) -> list[PayEntryView]:
    return [event.entry for event in decision.events if isinstance(event, PayRecorded)]


# --- periods -------------------------------------------------------------------------------------


@handlers.question(GetPayrollState)
async def get_payroll_state(
    question: GetPayrollState, store: FinanceStore, work: Work
) -> PayrollStateView:
    return (await store.payroll_shown()).view()


@handlers.command(ClosePayroll)
async def close_payroll(command: ClosePayroll, store: FinanceStore, work: Work) -> PayrollStateView:
    state = await store.payroll("alone")
    ensure_revision(command.expected_revision, state.revision)
    closed = state.closed(command.until, work.today)
    await store.save_payroll(closed)
    work.publish(PayrollClosed(station_id=work.settings.station_id, state=closed.view()))
    return closed.view()


@handlers.command(ReopenPayroll)
async def reopen_payroll(
    command: ReopenPayroll, store: FinanceStore, work: Work
) -> PayrollStateView:
    state = await store.payroll("alone")
    ensure_revision(command.expected_revision, state.revision)
    reopened = state.reopened(command.since)
    await store.save_payroll(reopened)
    work.publish(
        PayrollReopened(
            station_id=work.settings.station_id,
            state=reopened.view(),
            closed_until=state.closed_until,
            reason=command.reason,
        )
    )
    return reopened.view()


# --- salaries, by the clock ----------------------------------------------------------------------


@handlers.command(AccrueSalaries)
async def accrue_salaries(
    command: AccrueSalaries, store: FinanceStore, work: Work
) -> AccruedSalaries:
    """The next business day that has ended. Days before pay was kept here are nobody's."""
    state = await store.payroll("alone")
    yesterday = work.today - timedelta(days=1)
    if state.accrued_through is None:
        await store.save_payroll(replace(state, accrued_through=yesterday))
        return AccruedSalaries(employees=0, more=False)
    day = next_day(state.accrued_through)
    if day > yesterday:
        return AccruedSalaries(employees=0, more=False)
    rules = Rulebook.on(day, await store.pay_rules())
    people = (
        Person(employee.id, employee.role, employee.section_id)
        for employee in (await everybody(work)).values()
        if employee.active
    )
    earned = salaries.days_of(people, rules, day)
    store.add_pay_days(earned)
    for one in earned:
        if one.accrued == "day" and one.kind == "salary":
            why = PayLine(work.new_id(), 0, "salary", rule_id=one.rule_id)
            await _post_salary(why, one.employee_id, one.amount, day, state, store, work)
    if salaries.ends_month(day):
        await _end_month(day, state, store, work)
    await store.save_payroll(replace(state, accrued_through=day))
    return AccruedSalaries(employees=len(earned), more=day < yesterday)


async def _end_month(day: date, state: PayrollState, store: FinanceStore, work: Work) -> None:
    start, end = day.replace(day=1), next_day(day)
    month = await store.days_between(start, end)
    zone = work.settings.zone
    people = {one.employee_id for one in month}
    earned = await store.earned_in(people, midnight(start, zone), midnight(end, zone))
    for employee_id, kind, amount, rule_id in salaries.month_end(month, earned):
        why = PayLine(work.new_id(), 0, kind, rule_id=rule_id)
        await _post_salary(why, employee_id, amount, day, state, store, work)


async def _post_salary(
    why: PayLine,
    employee_id: UUID,
    amount: Decimal,
    day: date,
    state: PayrollState,
    store: FinanceStore,
    work: Work,
) -> None:
    """Dated within the day that it belongs to: its last instant."""
    zone = work.settings.zone
    at = midnight(next_day(day), zone) - timedelta(microseconds=1)
    dated: Stamp = replace(stamp(work), at=state.dated(at, zone))
    await keep(payroll.salary(why, employee_id, amount, dated), store, work)
