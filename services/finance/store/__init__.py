"""Finance's tables in PostgreSQL: what a transaction loads and saves, and what reports read."""

from services.finance.store.bonus_reports import BonusReports
from services.finance.store.merging import MergingBooks
from services.finance.store.reports import Reports
from services.finance.store.schema import tables
from services.finance.store.terms import Terms

__all__ = ["FinanceStore", "tables"]


class FinanceStore(MergingBooks, BonusReports, Reports, Terms):
    """The books for commands and events, the reports for questions."""
