"""Buying: orders to suppliers, receipts, returns, and what suppliers are owed and paid."""

from services.gateway.api import Area, get, patch, post, put, report
from services.gateway.exports import papers
from shared.contracts.purchase_orders import (
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    ClosePurchaseOrder,
    CreatePurchaseOrder,
    GetPrepayment,
    GetPurchaseOrder,
    GetPurchaseProposal,
    ListPurchaseOrders,
    ListSpecialOrders,
    OrderProposal,
    OrderSpecially,
    ReceivePurchase,
    SendPurchaseOrder,
    SetPrepayment,
    WaivePrepayment,
)
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
    "Orders to suppliers, receipts and returns, and what suppliers are owed and paid",
    (
        get("/purchase-proposal", GetPurchaseProposal, "What to buy, by supplier"),
        post(
            "/purchase-proposal/orders",
            OrderProposal,
            "Order what is proposed",
            location="/purchase-orders/{id}",
        ),
        get("/purchase-orders", ListPurchaseOrders, "Orders to suppliers, newest first"),
        post(
            "/purchase-orders",
            CreatePurchaseOrder,
            "Draft an order to a supplier",
            location="/purchase-orders/{id}",
        ),
        get("/purchase-orders/{purchase_order_id}", GetPurchaseOrder, "An order to a supplier"),
        patch("/purchase-orders/{purchase_order_id}", ChangePurchaseOrder, "Edit it"),
        post(
            "/purchase-orders/{purchase_order_id}/send",
            SendPurchaseOrder,
            "It is with the supplier",
            status=200,
        ),
        post(
            "/purchase-orders/{purchase_order_id}/cancel",
            CancelPurchaseOrder,
            "Call it off",
            status=200,
        ),
        post(
            "/purchase-orders/{purchase_order_id}/close",
            ClosePurchaseOrder,
            "Await the rest no more",
            status=200,
        ),
        post(
            "/purchase-orders/{purchase_order_id}/prepayment-waiver",
            WaivePrepayment,
            "Let it go without its clients' prepayments",
            status=200,
        ),
        post(
            "/purchase-orders/{purchase_order_id}/receipts",
            ReceivePurchase,
            "Receive goods of it",
            location="/stock/receipts/{id}",
        ),
        get("/orders/{order_id}/special-orders", ListSpecialOrders, "What is bought for an order"),
        post("/orders/{order_id}/special-orders", OrderSpecially, "Buy what an order waits for"),
        get("/orders/{order_id}/prepayment", GetPrepayment, "What is to be paid before that"),
        put("/orders/{order_id}/prepayment", SetPrepayment, "Say how much"),
        get("/stock/receipts/{receipt_id}", GetReceipt, "A receipt"),
        post("/stock/receipts/{receipt_id}/returns", ReturnToSupplier, "Send goods back"),
        post("/stock/receipts/{receipt_id}/cancel", CancelReceipt, "Undo a receipt", status=200),
        get("/supplier-returns", ListSupplierReturns, "Returns to suppliers, newest first"),
        get("/supplier-balances", ListSupplierBalances, "What suppliers are owed, by age"),
        get("/suppliers/{supplier_id}/statement", SupplierStatement, "A supplier's account"),
        report(
            "/supplier-payments",
            ListSupplierPayments,
            "Payments to suppliers, newest first",
            papers.SUPPLIER_PAYMENTS,
        ),
        post("/supplier-payments", PaySupplier, "Pay a supplier"),
        post(
            "/supplier-payments/{payment_id}/refund",
            RefundSupplierPayment,
            "Take money back from a supplier",
            status=200,
        ),
    ),
)
