"""What holds of money after any history, when all news has come."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from services.finance.store.schema import accounts, entries, postings
from services.finance.store.sums import fold, reckon
from shared.contracts.base import Period
from shared.contracts.bonuses import ExpireBonuses, GetBonuses
from shared.contracts.finance import (
    GetBalance,
    GetOrderProfit,
    IncomeExpenses,
    ListRecords,
    OrderProfits,
)
from shared.contracts.finance_reports import CashFlow, CheckReports, Margin
from shared.contracts.payroll import GetEmployeePay, PayrollSheet
from shared.contracts.purchasing import ListSupplierBalances, SupplierStatement
from shared.contracts.statements import Ages, ClientStatement, Creditors, Debtors
from shared.contracts.taxes import VatReport
from shared.contracts.till import GetXReport, GetZReport, ListShifts
from shared.messaging.folding import reckon_sums
from tests.finance.at_work import check_books, rows_of
from tests.finance.bonus_work import check_bonuses
from tests.finance.pay_work import check_pay
from tests.finance.period_reports_at_work import places_agree, statements_agree
from tests.support.business import Business

NOTHING = Decimal(0)
NO_RECORDS = frozenset({"cost_of_goods", "pay", "vat", "payroll", "bonuses"})
"""Categories of what nobody recorded, but the books themselves."""
AGES = tuple(name for name in Ages.model_fields if name != "owes")


async def money_holds(business: Business, since: datetime) -> None:
    """The ledger, what stands beside it, and whatever is said of it: one and the same."""
    finance = business.members["finance"]
    await check_books(finance.engine)
    await check_bonuses(finance.engine)
    await check_pay(finance.engine)
    await statements_agree(finance.engine, finance.settings, Period())
    await places_agree(finance.engine, finance.settings, Period())
    await _clients_are_told_what_they_owe(business)
    await _purses_hold_what_moved(business)
    await _suppliers_are_owed_what_is_posted(business)
    await _people_are_owed_what_is_posted(business)
    await _records_are_the_reports(business)
    await _vat_is_what_is_posted(business)
    await _boxes_have_what_is_posted(business)
    await _sums_are_the_same_anew(business)
    await _nothing_is_lost_at(since + (business.clock.now(UTC) - since) / 2, business)


async def _clients_are_told_what_they_owe(business: Business) -> None:
    owed, held = NOTHING, NOTHING
    for account in await rows_of(business.members["finance"].engine, accounts):
        owed, held = owed + account.receivable, held + account.deposits
        if account.merged_into:
            continue
        balance = await business.ask(GetBalance(client_id=account.client_id))
        statement = await business.ask(ClientStatement(client_id=account.client_id))
        assert statement.closing == balance.owes == balance.debt - balance.deposit
        assert balance.free <= balance.deposit
        assert balance.overdue <= balance.debt
    debtors = await business.ask(Debtors())
    assert sum((each.owes for each in debtors.items), NOTHING) == debtors.totals.owes == owed
    for debtor in debtors.items:
        assert sum((order.due for order in debtor.unpaid), NOTHING) == debtor.owes
        assert sum((getattr(debtor, days) for days in AGES), NOTHING) == debtor.owes
    assert (await business.ask(Creditors())).total == held


async def _purses_hold_what_moved(business: Business) -> None:
    """What is said is what one may spend: also while the clockwork is late."""
    known = await rows_of(business.members["finance"].engine, accounts)
    questions = [GetBonuses(client_id=account.client_id, limit=200) for account in known]
    said = [(await business.ask(question)).balance for question in questions]
    await business.send(ExpireBonuses())
    for question, balance in zip(questions, said, strict=True):
        purse = await business.ask(question)
        assert purse.balance == balance
        assert purse.next or purse.balance == sum((each.amount for each in purse.items), NOTHING)


async def _suppliers_are_owed_what_is_posted(business: Business) -> None:
    owed: defaultdict[object, Decimal] = defaultdict(Decimal)
    for row in await rows_of(business.members["finance"].engine, postings):
        owed[row.supplier_id] += row.amount * (
            (row.credit == "payables") - (row.debit == "payables")
        )
    balances = (await business.ask(ListSupplierBalances(limit=200))).items
    assert {each.supplier_id: each.owed - each.advance for each in balances} == {
        supplier: amount for supplier, amount in owed.items() if amount
    }
    for supplier in filter(None, owed):
        account = await business.ask(SupplierStatement(supplier_id=supplier, limit=200))
        if account.items:
            assert account.items[0].balance == owed[supplier]


async def _people_are_owed_what_is_posted(business: Business) -> None:
    owed: defaultdict[object, Decimal] = defaultdict(Decimal)
    for row in await rows_of(business.members["finance"].engine, postings):
        if row.employee_id:
            owed[row.employee_id] += row.amount * (
                (row.credit == "payroll.payable") - (row.debit == "payroll.payable")
            )
    sheet = {row.employee_id: row for row in (await business.ask(PayrollSheet())).items}
    assert {who: row.closing for who, row in sheet.items() if row.closing} == {
        who: amount for who, amount in owed.items() if amount
    }
    for who, row in sheet.items():
        assert row.closing == row.opening + row.accrued - row.paid_out
        pay = await business.ask(GetEmployeePay(employee_id=who, limit=200))
        assert pay.balance == owed[who]
        if pay.next is None:
            assert sum((item.amount for item in pay.items), NOTHING) == owed[who]


async def _records_are_the_reports(business: Business) -> None:
    """One by one, and by the day."""
    listed: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    cursor = None
    while True:
        page = await business.ask(ListRecords(limit=200, cursor=cursor))
        for record in page.items:
            listed[record.type, record.category] += record.amount
        cursor = page.next
        if cursor is None:
            break
    reported: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in (await business.ask(IncomeExpenses())).items:
        if row.category not in NO_RECORDS:
            reported[row.type, row.category] += row.amount
    keys = sorted({*listed, *reported})
    apart = [(key, listed[key], reported[key]) for key in keys if listed[key] != reported[key]]
    assert not apart, apart
    profits = (await business.ask(OrderProfits())).items
    assert sum((row.margin for row in profits), NOTHING) == sum(
        (row.margin for row in (await business.ask(Margin(by="order"))).items), NOTHING
    )
    for row in profits:
        profit = await business.ask(GetOrderProfit(order_id=row.order_id))
        assert (row.margin, row.paid) == (profit.margin, profit.paid)


async def _vat_is_what_is_posted(business: Business) -> None:
    posted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in await rows_of(business.members["finance"].engine, postings):
        posted[row.credit] += row.amount
        posted[row.debit] -= row.amount
    told: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in (await business.ask(VatReport())).items:
        told[row.line] += row.vat
    assert told["output"] == posted["vat.output"]
    assert told["input"] == -posted["vat.input"]
    held = told["advances"] - told["advances_back"]
    assert held == posted["vat.advances.due"] == -posted["vat.advances"]
    assert told["to_pay"] == told["output"] + held - told["input"]


async def _boxes_have_what_is_posted(business: Business) -> None:
    """A shift has what the last one of its box left, and all cash that moved in it."""
    finance = business.members["finance"]
    shifts = {row.id: row.shift_id for row in await rows_of(finance.engine, entries)}
    cash: defaultdict[object, Decimal] = defaultdict(Decimal)
    for row in await rows_of(finance.engine, postings):
        cash[shifts[row.entry_id]] += row.amount * ((row.debit == "cash") - (row.credit == "cash"))
    left: defaultdict[object, Decimal] = defaultdict(Decimal)
    known = (await business.ask(ListShifts(limit=200))).items
    for shift in sorted(known, key=lambda one: one.number):
        left[shift.cash_box_id] += cash[shift.id]
        has = left[shift.cash_box_id]
        assert has == (shift.expected if shift.closed_at is None else shift.counted)
        now = await business.ask(GetXReport(shift_id=shift.id))
        assert now.opening + now.movements == now.expected == shift.expected
        if shift.closed_at:
            frozen = await business.ask(GetZReport(shift_id=shift.id))
            frozen = frozen.model_copy(update={"kind": "x"})
            assert now.model_dump() == frozen.model_dump()


async def _nothing_is_lost_at(cut: datetime, business: Business) -> None:
    """What was there before any moment is what is there at it."""
    before, after = Period(end=cut), Period(start=cut)
    known = await rows_of(business.members["finance"].engine, accounts)
    remains = {account.client_id: account.merged_into or account.client_id for account in known}
    owed: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for debtor in (await business.ask(Debtors(at=cut))).items:
        owed[remains[debtor.client_id]] += debtor.owes
    for creditor in (await business.ask(Creditors(at=cut))).items:
        owed[remains[creditor.client_id]] -= creditor.deposits
    for client_id in set(remains.values()):
        first = await business.ask(ClientStatement(client_id=client_id, period=before))
        rest = await business.ask(ClientStatement(client_id=client_id, period=after))
        assert first.closing == rest.opening
        assert first.closing == owed[client_id], (first.closing, owed[client_id])
    paid = {row.employee_id: row for row in (await business.ask(PayrollSheet(period=before))).items}
    for row in (await business.ask(PayrollSheet(period=after))).items:
        earlier = paid.get(row.employee_id)
        assert row.opening == (earlier.closing if earlier else NOTHING)
    flows = [(await business.ask(CashFlow(period=period))).items for period in (before, after)]
    assert [row.closing for row in flows[0]] == [row.opening for row in flows[1]]
    for balance in (await business.ask(ListSupplierBalances(at=cut, limit=200))).items:
        account = await business.ask(SupplierStatement(supplier_id=balance.supplier_id, limit=200))
        then = [item.balance for item in account.items if item.at < cut]
        assert account.next or then[0] == balance.owed - balance.advance


async def _sums_are_the_same_anew(business: Business) -> None:
    """``pitlane reports rebuild`` changes nothing."""
    finance = business.members["finance"]
    async with finance.engine.begin() as connection:
        await fold(connection, finance.settings.zone, 10_000)
    assert (await business.ask(CheckReports())).items == ()
    await reckon_sums(finance.engine, finance.settings.zone, reckon)
    assert (await business.ask(CheckReports())).items == ()
