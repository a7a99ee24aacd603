"""What is asked of each service's reports: of a year, and of other periods that people choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.finance.store import sums as finance
from services.inventory.store import sums as inventory
from services.orders.store import sums as orders
from shared.contracts.base import Period, Question
from shared.contracts.finance import IncomeExpenses, OrderProfits
from shared.contracts.finance_reports import AbcAnalysis, CashFlow, Margin, ProfitLoss
from shared.contracts.inventory import StockBalances
from shared.contracts.orders import EmployeeWorkload, OrdersBySection
from shared.contracts.stock_reports import DeadStock, StockShortages, StockTurnover
from shared.settings import ServiceSettings
from tests.bench import report_rows
from tests.bench.report_base import Books

ZONE = ServiceSettings(service="finance", database_url="").zone
PAGE = 100
"""Rows, as the page of a report asks for them."""

type Sees = Callable[[int], tuple[Question[Any], Callable[[Sequence[Any]], bool]]]
"""What to ask, and whether its rows have the order of a number and all that came before it."""


def _days(first: tuple[int, int, int], end: tuple[int, int, int]) -> Period:
    return Period(start=datetime(*first, tzinfo=ZONE), end=datetime(*end, tzinfo=ZONE))


YEAR = _days((2025, 1, 1), (2026, 1, 1))
QUARTER = _days((2025, 4, 1), (2025, 7, 1))
MONTH = _days((2025, 5, 1), (2025, 6, 1))
EVER = _days((2025, 1, 1), (2027, 1, 1))
MID_YEAR = Period(end=datetime(2025, 7, 1, 12, tzinfo=ZONE))
UNEVEN = Period(
    start=report_rows.START + timedelta(days=10, hours=5),
    end=report_rows.START + timedelta(days=340, hours=9),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A service's books, and what it is asked. ``beside``: what no goal is set for."""

    books: Books
    floor: str
    counted: str
    """How many orders there are."""
    sees: Sees
    questions: dict[str, Question[Any]]
    beside: dict[str, Question[Any]] = field(default_factory=dict)


def _sold(number: int) -> tuple[Question[Any], Callable[[Sequence[Any]], bool]]:
    question = Margin(by="section", period=EVER, limit=PAGE)
    return question, lambda rows: sum(row.orders for row in rows) > number


def _moved(number: int) -> tuple[Question[Any], Callable[[Sequence[Any]], bool]]:
    product_id = report_rows.uuid_of(f"product{number * report_rows.STEP % report_rows.PRODUCTS}")
    question = StockTurnover(product_id=product_id, period=EVER, limit=PAGE)
    # Every so many orders take of the same product, and each was preceded by a receipt of two.
    received = 2 * (number // report_rows.PRODUCTS + 1)
    return question, lambda rows: sum(row.in_quantity for row in rows) >= received


def _created(number: int) -> tuple[Question[Any], Callable[[Sequence[Any]], bool]]:
    question = OrdersBySection(period=EVER, limit=PAGE)
    return question, lambda rows: sum(row.created for row in rows) > number


FINANCE = Part(
    Books("finance", report_rows.FINANCE, finance.fold, finance.reckon),
    "SELECT * FROM settlements WHERE order_id = md5('order5')::uuid",
    "SELECT count(*) FROM settlements",
    _sold,
    {
        "income and expenses": IncomeExpenses(period=YEAR),
        "order profit, a page": OrderProfits(period=YEAR),
        **{
            f"margin by {by}": Margin(by=by, period=YEAR)
            for by in ("order", "service", "technician", "section", "client", "product")
        },
        "margin by service, borders within days": Margin(by="service", period=UNEVEN),
        "margin by client, twelve months from March": Margin(
            by="client", period=_days((2025, 3, 1), (2026, 3, 1))
        ),
        **{
            f"margin by {by}, {name}": Margin(by=by, period=period)
            for name, period in (("a quarter", QUARTER), ("a month", MONTH))
            for by in ("client", "product")
        },
        "profit and loss by month": ProfitLoss(period=YEAR),
        "profit and loss by day": ProfitLoss(by="day", period=YEAR),
        "cash flow": CashFlow(period=YEAR),
        "ABC and XYZ": AbcAnalysis(period=YEAR),
        "ABC and XYZ, a quarter": AbcAnalysis(period=QUARTER),
    },
    {
        f"margin by client, {name}": Margin(by="client", period=period, **more)
        for name, period, more in (
            ("half a year", _days((2025, 1, 1), (2025, 7, 1)), {}),
            ("four months", _days((2025, 1, 1), (2025, 5, 1)), {}),
            ("two months", _days((2025, 4, 1), (2025, 6, 1)), {}),
            ("ten days", _days((2025, 4, 10), (2025, 4, 20)), {}),
            ("a day", _days((2025, 4, 10), (2025, 4, 11)), {}),
            ("one section", YEAR, {"section_id": report_rows.uuid_of("section7")}),
            ("one station", YEAR, {"station_id": report_rows.uuid_of("station")}),
            ("one employee", YEAR, {"employee_id": report_rows.uuid_of("mechanic7")}),
        )
    },
)
INVENTORY = Part(
    Books("inventory", report_rows.INVENTORY, inventory.fold, inventory.reckon),
    "SELECT * FROM products WHERE id = md5('product5')::uuid",
    "SELECT count(*) FROM movements WHERE kind = 'issue'",
    _moved,
    {
        "stock balances in mid-year": StockBalances(period=MID_YEAR),
        "stock turnover, a page": StockTurnover(period=YEAR),
        "stock turnover of a quarter, a page": StockTurnover(period=QUARTER),
        "dead stock": DeadStock(days=30),
        "shortages": StockShortages(),
    },
)
ORDERS = Part(
    Books("orders", report_rows.ORDERS, orders.fold, orders.reckon),
    "SELECT * FROM orders WHERE id = md5('order5')::uuid",
    "SELECT count(*) FROM orders",
    _created,
    {
        "orders by section": OrdersBySection(period=YEAR),
        "employee workload": EmployeeWorkload(period=YEAR),
        "employee workload, a quarter": EmployeeWorkload(period=QUARTER),
    },
)
PARTS = (FINANCE, INVENTORY, ORDERS)
