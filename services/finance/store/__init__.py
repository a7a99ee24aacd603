"""Finance's tables in PostgreSQL: what a transaction loads and saves, and what reports read."""

from services.finance.store.bonus_reports import BonusReports
from services.finance.store.payroll import PayrollBooks
from services.finance.store.payroll_reports import PayrollReports
from services.finance.store.reports import Reports
from services.finance.store.schema import tables

__all__ = ["FinanceStore", "tables"]


class FinanceStore(PayrollBooks, BonusReports, PayrollReports, Reports):
    """The books for commands and events, the reports for questions."""
