"""The reports, each as JSON, CSV or XLSX."""

from services.gateway.api import Area, report
from services.gateway.exports import named_reports
from shared.contracts.finance import IncomeExpenses, OrderProfits
from shared.contracts.finance_reports import AbcAnalysis, CashFlow, Margin, ProfitLoss
from shared.contracts.inventory import StockBalances
from shared.contracts.orders import EmployeeWorkload, OrdersBySection
from shared.contracts.stock_reports import DeadStock, StockShortages, StockTurnover
from shared.contracts.taxes import VatReport

AREA = Area(
    "reports",
    "Numbers over a period, on screen or to take away",
    (
        report("/reports/orders-by-section", OrdersBySection, "Orders by section"),
        report(
            "/reports/employee-workload",
            EmployeeWorkload,
            "Employee workload",
            named_reports.WORKLOAD,
        ),
        report("/reports/stock-balances", StockBalances, "Stock balances"),
        report("/reports/stock-turnover", StockTurnover, "What came, what went, what is left"),
        report("/reports/dead-stock", DeadStock, "What nobody took for long"),
        report("/reports/stock-shortages", StockShortages, "What there is too little of"),
        report("/reports/income-expenses", IncomeExpenses, "Income and expenses"),
        report("/reports/order-profit", OrderProfits, "Profit per order", named_reports.PROFITS),
        report("/reports/margin", Margin, "Margin by order, work, technician, section or client"),
        report("/reports/profit-loss", ProfitLoss, "Profit and loss by day, week or month"),
        report("/reports/cash-flow", CashFlow, "Where money came from, and where it went"),
        report("/reports/abc", AbcAnalysis, "Which products bring most, and how evenly"),
        report("/reports/vat", VatReport, "VAT of a period"),
    ),
)
