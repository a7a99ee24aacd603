"""Payments, expenses and the records of both; bonuses of clients."""

from services.gateway.api import Area, ask_by_post, get, patch, post, report
from services.gateway.exports import lists, papers
from shared.contracts.bonus_rules import (
    ChangeBonusRule,
    ChangeBonusSettings,
    CreateBonusRule,
    GetBonusRule,
    GetBonusSettings,
    ListBonusRules,
    TryBonusRule,
)
from shared.contracts.bonuses import AdjustBonuses, GetBonuses
from shared.contracts.finance import (
    GetBalance,
    GetPayment,
    ListPayments,
    ListRecords,
    RecordExpense,
    RefundPayment,
    TakePayment,
)

AREA = Area(
    "finance",
    "Payments, refunds, expenses, income and what clients owe",
    (
        report("/payments", ListPayments, "Payments, newest first", lists.PAYMENTS),
        post("/payments", TakePayment, "Take a payment", location="/payments/{id}"),
        get("/payments/{payment_id}", GetPayment, "A payment"),
        post("/payments/{payment_id}/refund", RefundPayment, "Give money back", status=200),
        get("/clients/{client_id}/balance", GetBalance, "What a client owes"),
        post("/finance/expenses", RecordExpense, "Record an expense"),
        report(
            "/finance/records",
            ListRecords,
            "Income and expenses, newest first",
            papers.INCOME_AND_EXPENSES,
        ),
    ),
)
BONUSES = Area(
    "bonuses",
    "What paid orders earn their clients, by which rules, and what clients have left of it",
    (
        get("/bonus-rules", ListBonusRules, "Bonus rules, in the order in which they are tried"),
        post("/bonus-rules", CreateBonusRule, "Make a bonus rule", location="/bonus-rules/{id}"),
        ask_by_post("/bonus-rules/dry-run", TryBonusRule, "Try a rule on past orders"),
        get("/bonus-rules/{rule_id}", GetBonusRule, "A bonus rule"),
        patch("/bonus-rules/{rule_id}", ChangeBonusRule, "Edit a bonus rule"),
        get("/bonus-settings", GetBonusSettings, "How much of an order bonuses may pay"),
        patch("/bonus-settings", ChangeBonusSettings, "Change it"),
        get("/clients/{client_id}/bonuses", GetBonuses, "A client's bonuses and their history"),
        post("/clients/{client_id}/bonuses", AdjustBonuses, "Grant bonuses or write them off"),
    ),
)
