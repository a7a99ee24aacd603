"""What pages of reports reckon themselves: stretches of days, sums, pictures, ways to go on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

import pytest

from services.gateway.exports.titles import REPORTS
from services.gateway.pages.charts import CHARTS, MOST_BARS, Chart, picture
from services.gateway.pages.dashboard import Figure, Sums, booked, summed
from services.gateway.pages.drilling import leads_to
from services.gateway.pages.periods import Span, named_spans, same_days_before
from services.gateway.pages.reports import ENDPOINTS, about, value_words
from shared.contracts.base import Page
from tests.gateway.support import FakeServices, TestGateway

FRIDAY = date(2026, 11, 27)


def test_spans_by_name_have_both_their_days() -> None:
    assert named_spans(FRIDAY) == {
        "today": Span(FRIDAY, FRIDAY),
        "yesterday": Span(date(2026, 11, 26), date(2026, 11, 26)),
        "week": Span(date(2026, 11, 23), FRIDAY),
        "month": Span(date(2026, 11, 1), FRIDAY),
        "last_month": Span(date(2026, 10, 1), date(2026, 10, 31)),
        "quarter": Span(date(2026, 10, 1), FRIDAY),
        "last_quarter": Span(date(2026, 7, 1), date(2026, 9, 30)),
        "year": Span(date(2026, 1, 1), FRIDAY),
        "last_year": Span(date(2025, 1, 1), date(2025, 12, 31)),
    }
    period = Span(FRIDAY, FRIDAY).period(ZoneInfo("Europe/Moscow"))
    assert period.start
    assert period.end
    assert (period.end - period.start).total_seconds() == 24 * 3600
    assert period.start.isoformat() == "2026-11-27T00:00:00+03:00"


@pytest.mark.parametrize(
    ("last", "before"),
    [
        (date(2026, 11, 27), Span(date(2026, 10, 1), date(2026, 10, 27))),
        (date(2026, 3, 31), Span(date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 1, 1), Span(date(2025, 12, 1), date(2025, 12, 1))),
    ],
)
def test_the_same_days_of_the_month_before(last: date, before: Span) -> None:
    assert same_days_before(Span(last.replace(day=1), last)) == before


def a_row(**fields: Any) -> Any:
    return SimpleNamespace(**fields)


def test_sums_of_all_sections() -> None:
    rows = [
        a_row(orders=2, revenue=Decimal(300), margin=Decimal(100)),
        a_row(orders=1, revenue=Decimal(100), margin=Decimal(-20)),
    ]
    sums = summed(Page.model_construct(items=tuple(rows)))
    assert sums == Sums(3, Decimal(400), Decimal(80))
    assert sums.average == Decimal("133.33")
    assert summed(None).average is None
    assert summed(Page(items=())) == Sums(0, Decimal(0), Decimal(0))


def test_a_figure_is_held_against_what_it_was() -> None:
    assert Figure("", Decimal(150), Decimal(100), "money", "").change_percent == 50
    assert Figure("", 1, 3, "number", "").change_percent == -67
    assert Figure("", 1, 0, "number", "").change_percent is None
    assert Figure("", None, 3, "number", "").change_percent is None


def test_posts_are_booked_by_their_working_hours() -> None:
    day = a_row(capacity_minutes=600, planned_minutes=150)
    free = a_row(capacity_minutes=0, planned_minutes=0)
    load: Any = a_row(sections=[a_row(posts=[a_row(days=[day]), a_row(days=[free])])])
    assert booked(load) == 25
    nobody: Any = a_row(sections=[a_row(posts=[a_row(days=[free])])])
    assert booked(nobody) is None
    assert booked(None) is None


def test_a_picture_adds_up_what_has_one_label() -> None:
    rows = [
        a_row(day="2026-11-01", type="income", amount=Decimal(10)),
        a_row(day="2026-11-01", type="income", amount=Decimal(5)),
        a_row(day="2026-11-01", type="expense", amount=Decimal(3)),
        a_row(day="2026-11-02", type="income", amount=Decimal(7)),
    ]
    drawn = picture(CHARTS["income-expenses"], rows, {"amount": "Amount"}, "en")
    assert drawn
    assert drawn.labels == ("2026-11-01", "2026-11-02")
    assert drawn.series == (("Income", (15.0, 7.0)), ("Expense", (3.0, None)))
    assert picture(Chart("day", ("amount",)), rows[:1], {"amount": "Amount"}, "en") is None


def test_days_are_drawn_to_the_latest_and_names_are_not_too_many() -> None:
    rows = [
        a_row(day=f"2026-11-{day:02}", name=f"A-{day}", revenue=Decimal(day), net_profit=None)
        for day in range(1, 31)
    ]
    titles = {"revenue": "Revenue", "net_profit": "Net profit", "margin": "Margin"}
    days = picture(CHARTS["profit-loss"], rows, titles, "en")
    assert days
    assert (days.labels[-1], days.series[0][1][-1]) == ("2026-11-30", 30.0)
    bars = picture(Chart("name", ("revenue",)), rows, titles, "en")
    assert bars
    assert len(bars.labels) == MOST_BARS


def test_every_report_has_its_words_and_its_picture() -> None:
    assert ENDPOINTS.keys() == CHARTS.keys()
    assert ENDPOINTS.keys() <= REPORTS.keys()


def test_every_word_that_a_filter_offers_is_said() -> None:
    plain: Any = a_row(_=lambda text: text)
    offered = {
        word
        for endpoint in ENDPOINTS.values()
        if endpoint.message
        for known in endpoint.message.model_fields.values()
        if get_origin(known.annotation) is Literal
        for word in get_args(known.annotation)
    }
    assert "technician" in offered
    assert offered <= value_words(plain).keys()
    assert about(plain).keys() == ENDPOINTS.keys()


async def test_wrong_days_are_told_and_nothing_is_asked(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("orders", "finance")
    owner = await gateway.signed_in("owner")
    for query in ("from=never", "from=2026-11-02&until=2026-11-01", "by=colour"):
        page = await owner.get(f"/reports/margin?{query}")
        assert page.status_code == 422, query
    assert (await owner.get("/reports/no-such-report")).status_code == 404
    advisor = await gateway.signed_in("advisor")
    assert (await advisor.get("/reports/margin")).status_code == 403
    assert (await advisor.get("/dashboard")).status_code == 403
    assert services.sent == []


def test_a_number_of_orders_leads_to_those_that_were_counted() -> None:
    row = a_row(section_id="s1")
    span = Span(date(2026, 11, 1), FRIDAY)
    advisor: Any = a_row(may=lambda message: message != "OrderProfits")
    links = leads_to(advisor, "orders-by-section", row, a_row(employee_id=None), span)
    query = "from=2026-11-01&until=2026-11-27&section_id=s1&accounted=true"
    assert links["created"] == f"/orders?{query}"
    assert links["done"] == f"/orders?{query}&status=done"
    assert "total" not in links
    owner: Any = a_row(may=lambda message: True)
    question = a_row(by="month", employee_id=None)
    links = leads_to(owner, "profit-loss", a_row(day="2026-11-01"), question, span)
    assert links["day"] == "/reports/order-profit?from=2026-11-01&until=2026-11-27"
    question = a_row(by="technician", client_id=None)
    links = leads_to(owner, "margin", a_row(id="e1"), question, span)
    assert links["name"].endswith("&employee_id=e1")
