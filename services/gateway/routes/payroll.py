"""What people earn, by which rules, and how it is paid out."""

from services.gateway.api import Area, get, patch, post, report
from shared.contracts.pay_rules import ChangePayRule, CreatePayRule, GetPayRule, ListPayRules
from shared.contracts.payroll import (
    AdjustPay,
    ClosePayroll,
    GetEmployeePay,
    GetPayrollState,
    PayOut,
    PayrollSheet,
    ReopenPayroll,
    ReversePay,
)

AREA = Area(
    "payroll",
    "What the station's people earn, by which rules, and how it is paid out",
    (
        get("/payroll/rules", ListPayRules, "Pay rules"),
        post("/payroll/rules", CreatePayRule, "Make a pay rule", location="/payroll/rules/{id}"),
        get("/payroll/rules/{rule_id}", GetPayRule, "A pay rule"),
        patch("/payroll/rules/{rule_id}", ChangePayRule, "Edit a pay rule"),
        report("/payroll/sheet", PayrollSheet, "The payroll sheet of a period"),
        get("/employees/{employee_id}/payroll", GetEmployeePay, "One employee's pay"),
        post("/payroll/adjustments", AdjustPay, "A bonus or a fine"),
        post("/payroll/payouts", PayOut, "Pay employees out"),
        post("/payroll/entries/{entry_id}/reverse", ReversePay, "Undo a payout, bonus or fine"),
        get("/payroll/periods", GetPayrollState, "What is closed"),
        post("/payroll/periods/close", ClosePayroll, "Close what has ended", status=200),
        post("/payroll/periods/reopen", ReopenPayroll, "Open what was closed", status=200),
    ),
)
