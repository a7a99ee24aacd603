"""Everything that finance is told and asked, in business order: an order is settled, its client
pays, the station spends, and the owner looks at what came of it."""

from services.finance.handlers import orders, payments, records, reports
from services.finance.handlers.table import handlers

__all__ = ["handlers", "orders", "payments", "records", "reports"]
