"""Finance's tables in PostgreSQL: what a transaction loads and saves, and what reports read."""

from services.finance.store.bonus_books import BonusBooks
from services.finance.store.bonus_reports import BonusReports
from services.finance.store.reports import Reports
from services.finance.store.schema import tables
from services.finance.store.suppliers import Suppliers

__all__ = ["FinanceStore", "tables"]


class FinanceStore(BonusBooks, BonusReports, Suppliers, Reports):
    """The books for commands and events, the reports for questions."""
