"""The reports of money and margin over a period; what each figure is stands in their contract."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from services.finance.domain.abc import Place, Sold, months_between, xyz
from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.period_reports import (
    CHARGED,
    FLOWS_IN,
    FLOWS_OUT,
    Figure,
    Flow,
    Turnover,
    cash_flow,
    categories_of,
    figures_of,
)
from services.finance.handlers.names import names_of, products_of
from services.finance.handlers.table import check_period, handlers
from services.finance.store import FinanceStore, sums
from services.finance.store.rankings import first_place
from services.finance.store.schema_reports import NOBODY
from shared.contracts.base import Page, Period
from shared.contracts.finance_reports import (
    AbcAnalysis,
    AbcRow,
    CashFlow,
    CashFlowRow,
    CategorySum,
    CheckReports,
    Margin,
    MarginRow,
    ProfitLoss,
    ProfitLossRow,
)
from shared.contracts.inventory import ProductView
from shared.contracts.reconciliation import Difference
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused
from shared.rollups import DIFFERENCES_SHOWN, page_of_differences

_TENTH = Decimal("0.1")


@handlers.question(Margin, report=True)
async def margin(question: Margin, store: FinanceStore, work: Work) -> Page[MarginRow]:
    check_period(question.period.start, question.period.end)
    if question.by == "order":
        return page_of(
            await store.margins_by_order(question),
            question.limit,
            lambda row: _margin_row(row, row.key, row.name, row.at, orders=row.orders),
            lambda row: (row.at, row.about),
        )
    rows = await store.margins(question, work.settings.zone, work.now)
    names = await names_of(question.by, [row.key for row in rows], work)
    return page_of(
        rows,
        question.limit,
        lambda row: _margin_row(
            row,
            None if row.key == NOBODY else row.key,
            names.get(row.key) or row.name or None,
            orders=row.orders if question.by in ("section", "client") else None,
        ),
        lambda row: (row.revenue, row.key, row.own_words),
    )


@handlers.question(ProfitLoss, report=True)
async def profit_loss(question: ProfitLoss, store: FinanceStore, work: Work) -> Page[ProfitLossRow]:
    check_period(question.period.start, question.period.end)
    turnovers = await store.turnovers(question, work.settings.zone)
    turnovers.sort(key=_day)
    stretches = [tuple(some) for _, some in groupby(turnovers, _day)]
    return page_of(stretches, question.limit, _profit_loss_row, lambda some: (some[0].day,))


@handlers.question(CashFlow, report=True)
async def cash_flows(question: CashFlow, store: FinanceStore, work: Work) -> Page[CashFlowRow]:
    check_period(question.period.start, question.period.end)
    accounts = cash_flow(await store.money_turnovers(question, work.settings.zone))
    rows = (
        CashFlowRow(
            account=account,
            opening=kopecks(money.opening),
            **{flow.value: kopecks(money.sum_of(flow)) for flow in _FLOWS},
            categories=_categories(money.categories),
            closing=kopecks(money.closing),
        )
        for account, money in accounts.items()
    )
    return Page(items=tuple(rows))


@handlers.question(AbcAnalysis, report=True)
async def abc_analysis(question: AbcAnalysis, store: FinanceStore, work: Work) -> Page[AbcRow]:
    """Places are reckoned over all products, whichever page is shown."""
    check_period(question.period.start, question.period.end)
    if question.a_percent > question.b_percent:
        raise Refused("abc_limits_invalid")
    rows = await store.products_ranked(question, work.settings.zone, work.now)
    products = await products_of([row.product_id for row in rows[: question.limit]], work)
    months = await _months(question.period, store, work)
    first = first_place(question)
    return page_of(
        rows,
        question.limit,
        lambda row: _abc_row(question, row, products.get(row.product_id), months),
        lambda _: (first + question.limit,),
    )


@handlers.question(CheckReports, report=True)
async def check_reports(
    question: CheckReports, store: FinanceStore, work: Work
) -> Page[Difference]:
    found = await sums.differences(store.connection, work.settings.zone, DIFFERENCES_SHOWN)
    return page_of_differences(found)


def _margin_row(
    row: Any, key: UUID | None, name: str | None, at: Any = None, *, orders: int | None
) -> MarginRow:
    revenue = row.works + row.goods + row.materials + row.vat
    earned = revenue - row.vat - row.cost - row.pay
    return MarginRow(
        id=key,
        name=name,
        at=at,
        orders=orders,
        jobs=row.jobs,
        quantity=row.quantity.normalize() + 0,
        **{figure: kopecks(getattr(row, figure)) for figure in _MARGIN_FIGURES},
        revenue=kopecks(revenue),
        margin=kopecks(earned),
        margin_percent=_percent(earned, revenue - row.vat),
    )


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole * 100).quantize(_TENTH, ROUND_HALF_UP) if whole else None


def _profit_loss_row(turnovers: Sequence[Turnover]) -> ProfitLossRow:
    figures = figures_of(turnovers)
    amounts = {figure: kopecks(figures.get(figure, ZERO)) for figure in Figure}
    revenue = sum((amounts[figure] for figure in CHARGED), ZERO)
    gross_profit = revenue - amounts[Figure.VAT] - amounts[Figure.COST]
    spent = sum((amounts[figure] for figure in _SPENT), ZERO)
    day = turnovers[0].day
    assert day is not None
    return ProfitLossRow(
        day=day.isoformat(),
        **{figure.value: amount for figure, amount in amounts.items()},
        revenue=revenue,
        gross_profit=gross_profit,
        categories=_categories(categories_of(turnovers)),
        net_profit=gross_profit + amounts[Figure.OTHER_INCOME] - spent,
    )


def _abc_row(asked: AbcAnalysis, row: Any, product: ProductView | None, months: int) -> AbcRow:
    sold = Sold(row.quantity, row.squares)
    place = Place(row.value, row.before, row.total)
    variation = sold.variation(months)
    return AbcRow(
        product_id=row.product_id,
        product=product.name if product else None,
        oem=product.oem if product else None,
        quantity=row.quantity.normalize() + 0,
        revenue=kopecks(row.revenue),
        cost=kopecks(row.cost),
        margin=kopecks(row.revenue - row.cost),
        share=place.share,
        cumulative=place.cumulative,
        abc_class=place.abc(asked.a_percent, asked.b_percent),
        variation=variation,
        xyz=xyz(variation),
    )


async def _months(period: Period, store: FinanceStore, work: Work) -> int:
    """In which something could be sold; where the period is open, in which something was."""
    first, latest = await store.sold_between()
    start, end = period.start or first, period.end or latest
    if start is None or end is None:
        return 1
    zone = work.settings.zone
    # The period's end lies outside it: a midnight belongs to the day before.
    last = end.astimezone(zone)
    if period.end:
        last -= last.resolution
    return max(1, months_between(start.astimezone(zone).date(), last.date()))


def _categories(amounts: dict[str, Decimal]) -> tuple[CategorySum, ...]:
    return tuple(
        CategorySum(category=category, amount=kopecks(amount))
        for category, amount in sorted(amounts.items())
    )


def _day(turnover: Turnover) -> Any:
    return turnover.day


_MARGIN_FIGURES = ("works", "goods", "materials", "vat", "cost", "pay")
_SPENT = (Figure.PAY, Figure.PAYROLL, Figure.EXPENSES, Figure.BONUSES)
_FLOWS = (*FLOWS_IN, *FLOWS_OUT, Flow.TRANSFERS)
