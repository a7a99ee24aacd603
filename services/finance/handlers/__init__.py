"""Everything that finance is told and asked, in business order: an order is settled, its client
pays and earns bonuses, the station spends, and the owner looks at what came of it."""

from services.finance.handlers import (
    bonus_rules,
    bonus_trial,
    bonuses,
    expenses,
    fiscal,
    orders,
    payment_documents,
    payments,
    records,
    reports,
    shifts,
    till_summary,
    tills,
)
from services.finance.handlers.table import handlers

__all__ = [
    "bonus_rules",
    "bonus_trial",
    "bonuses",
    "expenses",
    "fiscal",
    "handlers",
    "orders",
    "payment_documents",
    "payments",
    "records",
    "reports",
    "shifts",
    "till_summary",
    "tills",
]
