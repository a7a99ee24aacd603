"""What the office looks at first: today and this month, held against the time before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.exports.rows import words_of
from services.gateway.exports.titles import COLUMNS
from services.gateway.pages.charts import Chart, Picture, picture
from services.gateway.pages.forms import today
from services.gateway.pages.periods import DAY, Span, named_spans, same_days_before
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.base import Page
from shared.contracts.finance_reports import Margin, MarginRow, ProfitLoss
from shared.contracts.load import GetLoad, LoadView
from shared.contracts.orders import OrdersBySection, SectionOrders
from shared.contracts.statements import Debtors
from shared.contracts.stock_reports import StockShortages
from shared.rounding import round_to_step

TOP = 5
PATIENCE_S = 6.0
"""Sums of a month take longer than what is typed for."""
DAYS_DRAWN = 30
MOST_SHORT = 1000
KOPECK = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and what it was before. None: the service that knows it is away."""

    name: str
    value: Decimal | int | None
    before: Decimal | int | None
    kind: str
    href: str

    @property
    def change_percent(self) -> int | None:
        """Of what it was before."""
        if self.value is None or not self.before:
            return None
        return round((Decimal(self.value) / Decimal(self.before) - 1) * 100)


async def dashboard(request: PageRequest) -> Response:
    spans = named_spans(today(request.zone))
    now, month = spans["today"], spans["month"]
    before = (spans["yesterday"], same_days_before(month))
    lately = Span(now.last - DAY * (DAYS_DRAWN - 1), now.last)
    zone = request.zone
    asked: list[Any] = [
        *(
            question(period=span.period(zone))
            for span in (now, before[0], month, before[1])
            for question in (OrdersBySection, _by_section)
        ),
        Margin(by="technician", period=month.period(zone), limit=TOP),
        ProfitLoss(by="day", period=lately.period(zone)),
        GetLoad(start=now.period(zone).start, end=now.period(zone).end),
        Debtors(),
        StockShortages(limit=MOST_SHORT),
    ]
    answers: list[Any] = await asyncio.gather(
        *(request.ask_if_there(question, PATIENCE_S) for question in asked)
    )
    counts, sums = answers[0:8:2], answers[1:8:2]
    technicians, days, load, debtors, short = answers[8:]
    return request.page(
        "dashboard/dashboard.html",
        figures=(
            (request._("Today, beside yesterday"), _figures(request, now, counts[:2], sums[:2])),
            (
                request._("This month, beside the same days of the last one"),
                _figures(request, month, counts[2:], sums[2:]),
            ),
            (request._("Now"), _standing(request, load, debtors, short)),
        ),
        picture=_picture(request, days),
        sections=_greatest(sums[2]),
        technicians=_greatest(technicians),
        month=urlencode(month.query()),
        incomplete=None in answers,
    )


def _by_section(**fields: Any) -> Margin:
    return Margin(by="section", **fields)


# --- figures -------------------------------------------------------------------------------------


def _figures(
    request: PageRequest,
    span: Span,
    counts: Sequence[Page[SectionOrders] | None],
    sums: Sequence[Page[MarginRow] | None],
) -> list[Figure]:
    """Of a span and the one before."""
    query = urlencode(span.query())
    by_section = f"/reports/margin?by=section&{query}"
    profit = f"/reports/order-profit?{query}"
    opened, opened_before = map(counted, counts)
    here, before = map(summed, sums)
    return [
        Figure(
            request._("Orders opened"),
            opened,
            opened_before,
            "number",
            f"/reports/orders-by-section?{query}",
        ),
        Figure(request._("Orders settled"), here.orders, before.orders, "number", profit),
        Figure(request._("Revenue"), here.revenue, before.revenue, "money", by_section),
        Figure(request._("Margin"), here.margin, before.margin, "money", by_section),
        Figure(request._("Average order"), here.average, before.average, "money", profit),
    ]


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all sections. None throughout: finance is away."""

    orders: int | None = None
    """Settled, less those that were reopened."""
    revenue: Decimal | None = None
    margin: Decimal | None = None

    @property
    def average(self) -> Decimal | None:
        if not self.orders or self.revenue is None:
            return None
        return round_to_step(self.revenue / self.orders, KOPECK, "half_up")


def counted(page: Page[SectionOrders] | None) -> int | None:
    return None if page is None else sum(row.created for row in page.items)


def summed(page: Page[MarginRow] | None) -> Sums:
    if page is None:
        return Sums()
    return Sums(
        orders=sum(row.orders or 0 for row in page.items),
        revenue=sum((row.revenue for row in page.items), Decimal(0)),
        margin=sum((row.margin for row in page.items), Decimal(0)),
    )


def _standing(
    request: PageRequest, load: LoadView | None, debtors: Any, short: Page[Any] | None
) -> list[Figure]:
    """What is so now, whatever it was before."""
    return [
        Figure(request._("Posts booked today"), booked(load), None, "percent", "/load"),
        Figure(
            request._("Clients owe"),
            debtors.totals.owes if debtors else None,
            None,
            "money",
            "/reports/debtors",
        ),
        Figure(
            request._("Parts that are short"),
            len(short.items) if short else None,
            None,
            "number",
            "/reports/stock-shortages",
        ),
    ]


def booked(load: LoadView | None) -> int | None:
    """Percent of the posts' hours of the days shown; None of a day on which nobody works, too."""
    if load is None:
        return None
    days = [day for section in load.sections for post in section.posts for day in post.days]
    capacity = sum(day.capacity_minutes for day in days)
    planned = sum(day.planned_minutes for day in days)
    return round(100 * planned / capacity) if capacity else None


def _greatest(page: Page[MarginRow] | None) -> Iterable[MarginRow]:
    return page.items[:TOP] if page else ()


def _picture(request: PageRequest, days: Page[Any] | None) -> Picture | None:
    if days is None:
        return None
    titles = {name: words_of(COLUMNS[name], request.language) for name in ("revenue", "net_profit")}
    chart = Chart("day", ("revenue", "net_profit"), "line")
    return picture(chart, days.items[-DAYS_DRAWN:], titles, request.language)


PAGES = (show("/dashboard", dashboard, needs=ProfitLoss),)
