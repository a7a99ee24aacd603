"""Cash boxes, shifts and what the cashier sees."""

from services.gateway.api import Area, get, patch, post, report
from services.gateway.exports import lists
from shared.contracts.expenses import (
    ChangeExpenseCategory,
    ChangeRecurringExpense,
    CreateExpenseCategory,
    CreateRecurringExpense,
    ListExpenseCategories,
    ListExpenses,
    ListRecurringExpenses,
    ListUpcomingExpenses,
    ReverseExpense,
    SkipRecurringExpense,
)
from shared.contracts.fiscal import (
    CorrectPayment,
    GetFiscalReceipt,
    ListFiscalReceipts,
    LookUpFiscalReceipt,
    RetryFiscalReceipt,
)
from shared.contracts.payment_documents import (
    GetPaymentDocument,
    GiveBackDeposits,
    MoveDeposit,
    PayFromBalance,
    TakePaymentDocument,
)
from shared.contracts.till import (
    ChangeCashBox,
    ChangeTillSettings,
    CloseShift,
    CreateCashBox,
    GetShift,
    GetTillSettings,
    GetXReport,
    GetZReport,
    ListCashBoxes,
    ListCashDocuments,
    ListShifts,
    MoveCash,
    OpenShift,
)
from shared.contracts.till_summary import GetTillSummary

AREA = Area(
    "till",
    "Cash boxes, shifts with their X and Z reports, cash brought in and collected",
    (
        post(
            "/payment-documents",
            TakePaymentDocument,
            "Take one payment for several orders, or by several methods",
            location="/payment-documents/{id}",
        ),
        get("/payment-documents/{document_id}", GetPaymentDocument, "Payments taken together"),
        post(
            "/payments/{payment_id}/move",
            MoveDeposit,
            "Move what no order has taken to another order",
            status=200,
        ),
        post(
            "/clients/{client_id}/balance/refund",
            GiveBackDeposits,
            "Give back what a client has paid and no order needs",
            status=200,
        ),
        post(
            "/clients/{client_id}/balance/pay",
            PayFromBalance,
            "Pay an order with what the client has paid and no order needs",
            status=200,
        ),
        get("/till/summary", GetTillSummary, "Open shifts, orders to pay, today's documents"),
        get("/till/settings", GetTillSettings, "Whether cash needs an open shift"),
        patch("/till/settings", ChangeTillSettings, "Change it"),
        get("/cash-boxes", ListCashBoxes, "Cash boxes, the main one first"),
        post("/cash-boxes", CreateCashBox, "Make a cash box"),
        patch("/cash-boxes/{cash_box_id}", ChangeCashBox, "Edit a cash box"),
        get("/shifts", ListShifts, "Shifts, newest first"),
        post("/shifts", OpenShift, "Open a shift", location="/shifts/{id}"),
        get("/shifts/{shift_id}", GetShift, "A shift, with what its drawer should have"),
        post("/shifts/{shift_id}/close", CloseShift, "Count and close a shift", status=200),
        get("/shifts/{shift_id}/x-report", GetXReport, "What has come and gone so far"),
        get("/shifts/{shift_id}/z-report", GetZReport, "The report of a closed shift"),
        get("/cash-documents", ListCashDocuments, "Cash brought in and collected, newest first"),
        post("/cash-documents", MoveCash, "Bring cash in, or collect it"),
    ),
)
FISCAL = Area(
    "fiscal receipts",
    "What the cash register prints, and what became of it",
    (
        get("/fiscal-receipts", ListFiscalReceipts, "Fiscal receipts, newest first"),
        get("/fiscal-receipts/{receipt_id}", GetFiscalReceipt, "A fiscal receipt"),
        post(
            "/fiscal-receipts/{receipt_id}/retry",
            RetryFiscalReceipt,
            "Print a failed or undetermined one once more",
            status=200,
        ),
        post(
            "/fiscal-receipts/{receipt_id}/look-up",
            LookUpFiscalReceipt,
            "Say whether the register has an undetermined one",
            status=200,
        ),
        post(
            "/payments/{payment_id}/fiscal-correction",
            CorrectPayment,
            "Print a correction for a payment without a receipt",
        ),
    ),
)
EXPENSES = Area(
    "expenses",
    "Categories of expenses, their storno, and expenses that come again and again",
    (
        report("/finance/expenses", ListExpenses, "Expenses, newest first", lists.EXPENSES),
        post("/finance/expenses/{expense_id}/storno", ReverseExpense, "Take an expense back"),
        get("/expense-categories", ListExpenseCategories, "Categories of expenses, by name"),
        post("/expense-categories", CreateExpenseCategory, "Make a category"),
        patch("/expense-categories/{category_id}", ChangeExpenseCategory, "Edit a category"),
        get("/recurring-expenses", ListRecurringExpenses, "Recurring expenses"),
        post("/recurring-expenses", CreateRecurringExpense, "Make a recurring expense"),
        get("/recurring-expenses/upcoming", ListUpcomingExpenses, "What will be due soon"),
        patch("/recurring-expenses/{recurring_id}", ChangeRecurringExpense, "Edit or pause one"),
        post(
            "/recurring-expenses/{recurring_id}/skip",
            SkipRecurringExpense,
            "Skip the next time",
            status=200,
        ),
    ),
)
