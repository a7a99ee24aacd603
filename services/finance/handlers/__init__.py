"""Everything that finance is told and asked, in business order: an order is settled, its client
pays and earns bonuses, the station spends, and the owner looks at what came of it."""

from services.finance.handlers import (
    bonus_rules,
    bonus_trial,
    bonuses,
    erasure,
    merging,
    orders,
    payments,
    records,
    reports,
)
from services.finance.handlers.table import handlers

__all__ = [
    "bonus_rules",
    "bonus_trial",
    "bonuses",
    "erasure",
    "handlers",
    "merging",
    "orders",
    "payments",
    "records",
    "reports",
]
