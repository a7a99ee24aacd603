"""Finance's tables in PostgreSQL: what a transaction loads and saves, and what reports read."""

from services.finance.store.bonus_books import BonusBooks
from services.finance.store.bonus_reports import BonusReports
from services.finance.store.expense_books import ExpenseBooks
from services.finance.store.fiscal_books import FiscalBooks
from services.finance.store.reports import Reports
from services.finance.store.schema import tables
from services.finance.store.till_books import TillBooks
from services.finance.store.till_reports import TillReports

__all__ = ["FinanceStore", "tables"]


class FinanceStore(
    TillBooks, ExpenseBooks, BonusBooks, FiscalBooks, TillReports, BonusReports, Reports
):
    """The books for commands and events, the reports for questions."""
