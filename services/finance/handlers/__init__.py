"""Everything that finance is told and asked, in business order: an order is settled, its client
pays and earns bonuses, its people are paid, the station spends and pays its suppliers, and
the owner looks at what came of it."""

from services.finance.handlers import (
    bonus_rules,
    bonus_trial,
    bonuses,
    expenses,
    figures,
    fiscal,
    orders,
    pay_rules,
    pay_sheet,
    payment_documents,
    payments,
    payroll,
    records,
    reports,
    shifts,
    statements,
    stock,
    suppliers,
    till_summary,
    tills,
    vat,
)
from services.finance.handlers.table import handlers

__all__ = [
    "bonus_rules",
    "bonus_trial",
    "bonuses",
    "expenses",
    "figures",
    "fiscal",
    "handlers",
    "orders",
    "pay_rules",
    "pay_sheet",
    "payment_documents",
    "payments",
    "payroll",
    "records",
    "reports",
    "shifts",
    "statements",
    "stock",
    "suppliers",
    "till_summary",
    "tills",
    "vat",
]
