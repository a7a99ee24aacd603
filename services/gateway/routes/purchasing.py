"""Buying: receipts one by one, returns to suppliers, and what suppliers are owed and paid."""

from services.gateway.api import Area, get, post
from shared.contracts.purchasing import (
    CancelReceipt,
    GetReceipt,
    ListSupplierBalances,
    ListSupplierPayments,
    ListSupplierReturns,
    PaySupplier,
    RefundSupplierPayment,
    ReturnToSupplier,
    SupplierStatement,
)

AREA = Area(
    "purchasing",
    "Receipts, returns to suppliers, and what suppliers are owed and paid",
    (
        get("/stock/receipts/{receipt_id}", GetReceipt, "A receipt"),
        post("/stock/receipts/{receipt_id}/returns", ReturnToSupplier, "Send goods back"),
        post("/stock/receipts/{receipt_id}/cancel", CancelReceipt, "Undo a receipt", status=200),
        get("/supplier-returns", ListSupplierReturns, "Returns to suppliers, newest first"),
        get("/supplier-balances", ListSupplierBalances, "What suppliers are owed, by age"),
        get("/suppliers/{supplier_id}/statement", SupplierStatement, "A supplier's account"),
        get("/supplier-payments", ListSupplierPayments, "Payments to suppliers, newest first"),
        post("/supplier-payments", PaySupplier, "Pay a supplier"),
        post(
            "/supplier-payments/{payment_id}/refund",
            RefundSupplierPayment,
            "Take money back from a supplier",
            status=200,
        ),
    ),
)
