"""Payments, expenses and the records of both."""

from services.gateway.api import Area, get, post
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
        get("/payments", ListPayments, "Payments, newest first"),
        post("/payments", TakePayment, "Take a payment", location="/payments/{id}"),
        get("/payments/{payment_id}", GetPayment, "A payment"),
        post("/payments/{payment_id}/refund", RefundPayment, "Give money back", status=200),
        get("/clients/{client_id}/balance", GetBalance, "What a client owes"),
        post("/finance/expenses", RecordExpense, "Record an expense"),
        get("/finance/records", ListRecords, "Income and expenses, newest first"),
    ),
)
