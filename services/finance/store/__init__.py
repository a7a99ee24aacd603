"""Finance's tables in PostgreSQL: what a transaction loads and saves, and what reports read."""

from services.finance.store.books import Books
from services.finance.store.reports import Reports
from services.finance.store.schema import tables

__all__ = ["FinanceStore", "tables"]


class FinanceStore(Books, Reports):
    """The books for commands and events, the reports for questions."""
