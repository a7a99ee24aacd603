"""Reports of money and margin: owned by ``services/finance``.

What a figure is, once and for all of them. Every figure is the sum of postings by accounting time:
a done order counts when it was done, and a reopened one is taken off when it was reopened.

``works``, ``goods``, ``materials``
    posted to the three revenue accounts: without VAT.
``vat``
    within what clients pay; nought for a station without VAT.
``revenue``
    what clients are charged: ``works + goods + materials + vat``.
``cost``
    posted to the cost of goods: what parts cost when they left the warehouse, and what became of
    that cost since.
``pay``
    what orders earned the station's people; ``payroll`` is what they are paid beside it: salaries,
    bonuses, fines.
``margin``
    ``revenue - vat - cost - pay``.
``margin_percent``
    of ``revenue - vat``, with one decimal place; null when that is nought.
``expenses``, ``bonuses``
    posted to other expenses, by category, and what clients' bonuses cost.
``other_income``
    what no client is charged, such as cash that was counted beyond the books.
``gross_profit``, ``net_profit``
    ``revenue - vat - cost``; that and ``other_income``, less ``pay``, ``payroll``, ``expenses`` and
    ``bonuses``.

The margin of a period is the same sum whatever it is split by, and it is the income of ``orders``
less the rows ``cost_of_goods``, ``pay`` and ``vat`` of income and expenses.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Cursor, Instant, Page, Period, Question, ReportLimit, View
from shared.contracts.finance import MoneySum
from shared.contracts.reconciliation import Difference

MarginBy = Literal["order", "service", "technician", "section", "client", "product", "order_type"]
Share = Annotated[Decimal, Field(gt=0, lt=100, decimal_places=2)]


class MarginRow(View):
    """One order, work, technician, section, client or product, as ``by`` says."""

    id: UUID | None
    """Null: what belongs to none. Of works: either the goods and costs that are for no work
    (without a name), or a work in somebody's own words (with one). Filtering ``order-profit`` by
    it gives the orders behind the row."""
    name: str | None
    """An order's number. Null where nobody can tell."""
    at: Instant | None
    """Of orders: when it was done, or reopened (then every figure is negative)."""
    orders: int | None
    """Done, less those that were reopened. Null of works, technicians and products, of which one
    order has several."""
    jobs: int
    """Works done; one that several share counts for the first of them."""
    quantity: Decimal
    """Of parts, in their main units."""
    works: MoneySum
    goods: MoneySum
    materials: MoneySum
    revenue: MoneySum
    vat: MoneySum
    cost: MoneySum
    pay: MoneySum
    margin: MoneySum
    margin_percent: Decimal | None


class Margin(Question[Page[MarginRow]]):
    """By order: newest first; else the greatest revenue first.

    A part belongs to the work that it is for, and to who did that work, by their shares if several
    did. Pay belongs to whom it was accrued. ``employee_id``: only what
    this technician did; ``client_id``: only this client's."""

    subject: ClassVar[str] = "ask.finance.margin.v1"

    by: MarginBy = "order"
    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    client_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class CategorySum(View):
    category: str
    amount: MoneySum


class ProfitLossRow(View):
    """A day, week or month."""

    day: str
    """Its first."""
    works: MoneySum
    goods: MoneySum
    materials: MoneySum
    revenue: MoneySum
    vat: MoneySum
    cost: MoneySum
    gross_profit: MoneySum
    pay: MoneySum
    payroll: MoneySum
    expenses: MoneySum
    categories: tuple[CategorySum, ...]
    """Of the expenses."""
    bonuses: MoneySum
    other_income: MoneySum
    net_profit: MoneySum


class ProfitLoss(Question[Page[ProfitLossRow]]):
    """Stretches in which anything was posted, by time. Weeks begin on Monday. Of a stretch that
    lies partly in the period, that part."""

    subject: ClassVar[str] = "ask.finance.profit_loss.v1"

    by: Literal["day", "week", "month"] = "month"
    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class CashFlowRow(View):
    """``opening + payments + deposits + other_in - refunds - suppliers - payroll - expenses -
    other_out + transfers = closing``."""

    account: str
    opening: MoneySum
    payments: MoneySum
    """For settled orders."""
    deposits: MoneySum
    """Before an order is settled, or beyond it."""
    other_in: MoneySum
    refunds: MoneySum
    suppliers: MoneySum
    payroll: MoneySum
    expenses: MoneySum
    categories: tuple[CategorySum, ...]
    """Of the expenses."""
    other_out: MoneySum
    transfers: MoneySum
    """From the station's other accounts of money; below nought: to them."""
    closing: MoneySum


class CashFlow(Question[Page[CashFlowRow]]):
    """Money by the accounts that it lies in; every account has a row."""

    subject: ClassVar[str] = "ask.finance.cash_flow.v1"

    period: Period = Period()
    station_id: UUID | None = None


class AbcRow(View):
    """``share`` and ``cumulative`` are percents of the sum of all that is above nought.

    ``abc_class`` is the class in which the product begins. ``variation`` is the coefficient of
    variation, in percent, of the quantity sold from month to month, nought where nothing was:
    ``xyz`` is X up to 10, Y up to 25, else Z. Null where one month alone says nothing of that."""

    product_id: UUID
    product: str | None
    oem: str | None
    quantity: Decimal
    revenue: MoneySum
    """Without VAT."""
    cost: MoneySum
    margin: MoneySum
    share: Decimal
    cumulative: Decimal
    abc_class: Literal["A", "B", "C"]
    variation: Decimal | None
    xyz: Literal["X", "Y", "Z"] | None


class AbcAnalysis(Question[Page[AbcRow]]):
    """Products sold in the period, the greatest first. Refused: ``abc_limits_invalid``."""

    subject: ClassVar[str] = "ask.finance.abc_analysis.v1"

    by: Literal["revenue", "margin", "quantity"] = "revenue"
    period: Period = Period()
    station_id: UUID | None = None
    section_id: UUID | None = None
    a_percent: Share = Decimal(80)
    b_percent: Share = Decimal(95)
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class CheckReports(Question[Page[Difference]]):
    """Reckons every sum anew from the ledger and lists the differences, at most a
    hundred; there should be none."""

    subject: ClassVar[str] = "ask.finance.check_reports.v1"
