"""Everything that finance is told and asked, in business order: an order is settled, its client
pays and earns bonuses, the station spends and pays its suppliers, and the owner looks at what came
of it."""

from services.finance.handlers import (
    bonus_rules,
    bonus_trial,
    bonuses,
    orders,
    payments,
    records,
    reports,
    suppliers,
)
from services.finance.handlers.table import handlers

__all__ = [
    "bonus_rules",
    "bonus_trial",
    "bonuses",
    "handlers",
    "orders",
    "payments",
    "records",
    "reports",
    "suppliers",
]
