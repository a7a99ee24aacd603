"""Finance's tables in PostgreSQL: what a transaction loads and saves, and what reports read."""

from services.finance.store.bonus_reports import BonusReports
from services.finance.store.checks import Checks
from services.finance.store.expense_books import ExpenseBooks
from services.finance.store.figures import Figures
from services.finance.store.fiscal_books import FiscalBooks
from services.finance.store.merging import MergingBooks
from services.finance.store.payroll import PayrollBooks
from services.finance.store.payroll_reports import PayrollReports
from services.finance.store.rankings import Rankings
from services.finance.store.schema import tables
from services.finance.store.statements import Statements
from services.finance.store.suppliers import Suppliers
from services.finance.store.terms import Terms
from services.finance.store.till_books import TillBooks
from services.finance.store.till_reports import TillReports
from services.finance.store.vat import VatBooks

__all__ = ["FinanceStore", "tables"]


class FinanceStore(
    PayrollBooks,
    MergingBooks,
    TillBooks,
    ExpenseBooks,
    FiscalBooks,
    Suppliers,
    TillReports,
    BonusReports,
    PayrollReports,
    Rankings,
    VatBooks,
    Statements,
    Terms,
    Figures,
    Checks,
):
    """The books for commands and events, the reports for questions."""
