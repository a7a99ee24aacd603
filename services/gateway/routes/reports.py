"""The reports, each as JSON, CSV or XLSX."""

from services.gateway.api import Area, report
from shared.contracts.finance import IncomeExpenses, OrderProfits
from shared.contracts.inventory import StockBalances
from shared.contracts.orders import EmployeeWorkload, OrdersBySection
from shared.contracts.taxes import VatReport

AREA = Area(
    "reports",
    "Numbers over a period, on screen or to take away",
    (
        report("/reports/orders-by-section", OrdersBySection, "Orders by section"),
        report("/reports/employee-workload", EmployeeWorkload, "Employee workload"),
        report("/reports/stock-balances", StockBalances, "Stock balances"),
        report("/reports/income-expenses", IncomeExpenses, "Income and expenses"),
        report("/reports/order-profit", OrderProfits, "Profit per order"),
        report("/reports/vat", VatReport, "VAT of a period"),
    ),
)
