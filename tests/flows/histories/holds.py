"""What holds of money after any history, when all news has come."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from services.finance.store.schema import accounts, postings
from services.finance.store.sums import fold, reckon
from shared.contracts.base import Period
from shared.contracts.finance import GetBalance
from shared.contracts.finance_reports import CheckReports
from shared.contracts.payroll import GetEmployeePay, PayrollSheet
from shared.contracts.purchasing import ListSupplierBalances, SupplierStatement
from shared.contracts.statements import Ages, ClientStatement, Creditors, Debtors
from shared.messaging.folding import reckon_sums
from tests.finance.at_work import check_books, rows_of
from tests.finance.bonus_work import check_bonuses
from tests.finance.pay_work import check_pay
from tests.finance.period_reports_at_work import places_agree, statements_agree
from tests.support.business import Business

NOTHING = Decimal(0)
AGES = tuple(name for name in Ages.model_fields if name != "owes")


async def money_holds(business: Business) -> None:
    """The ledger, what stands beside it, and whatever is said of it: one and the same."""
    finance = business.members["finance"]
    await check_books(finance.engine)
    await check_bonuses(finance.engine)
    await check_pay(finance.engine)
    await statements_agree(finance.engine, finance.settings, Period())
    await places_agree(finance.engine, finance.settings, Period())
    await _clients_are_told_what_they_owe(business)
    await _suppliers_are_owed_what_is_posted(business)
    await _people_are_owed_what_is_posted(business)
    await _sums_are_the_same_anew(business)


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


async def _sums_are_the_same_anew(business: Business) -> None:
    """``pitlane reports rebuild`` changes nothing."""
    finance = business.members["finance"]
    async with finance.engine.begin() as connection:
        await fold(connection, finance.settings.zone, 10_000)
    assert (await business.ask(CheckReports())).items == ()
    await reckon_sums(finance.engine, finance.settings.zone, reckon)
    assert (await business.ask(CheckReports())).items == ()
