"""What is behind a row of a report: the thing itself, or the orders that the row is the sum of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.gateway.pages.periods import DAY, Span
from services.gateway.pages.request import PageRequest

WEEK = 7
_OF_MARGIN = {"section": "section_id", "technician": "employee_id", "service": "service_id"}
"""By what margin is split by: the filter of the orders behind a row of it."""


def leads_to(
    request: PageRequest, report: str, row: Any, question: Any, span: Span
) -> dict[str, str]:
    """By field: the address that its cell is a link to, if this person may go there."""
    links = _things(row)
    if report == "margin":
        links |= _of_margin(row, question)
    if report == "orders-by-section":
        links |= _of_section(row, question, span)
    if not request.may("OrderProfits"):
        return links
    filters = {
        name: str(value)
        for name in ("section_id", "employee_id", "client_id")
        if (value := getattr(question, name, None))
    }
    if report == "orders-by-section":
        links["total"] = _orders(span, filters | {"section_id": str(row.section_id)})
    elif report == "employee-workload":
        links["employee"] = _orders(span, filters | {"employee_id": str(row.employee_id)})
    elif report == "abc":
        links["revenue"] = _orders(span, filters | {"product_id": str(row.product_id)})
    elif report == "margin" and question.by in _OF_MARGIN and row.id:
        links["name"] = _orders(span, filters | {_OF_MARGIN[question.by]: str(row.id)})
    elif report in ("profit-loss", "income-expenses"):
        day = date.fromisoformat(row.day)
        links["day"] = _orders(_within(day, getattr(question, "by", "day"), span), filters)
    return links


def _things(row: Any) -> dict[str, str]:
    """Rows that name an order, a part or a client lead to it."""
    links: dict[str, str] = {}
    for id_field, field, address in (
        ("order_id", "number", "/orders/"),
        ("product_id", "product", "/stock/products/"),
        ("client_id", "client", "/clients/"),
        ("client_id", "client_id", "/clients/"),
    ):
        thing: UUID | None = getattr(row, id_field, None)
        if thing and hasattr(row, field):
            links[field] = f"{address}{thing}"
    return links


def _of_margin(row: Any, question: Any) -> dict[str, str]:
    address = {"order": "/orders/", "product": "/stock/products/", "client": "/clients/"}
    return {"name": f"{address[question.by]}{row.id}"} if row.id and question.by in address else {}


def _of_section(row: Any, question: Any, span: Span) -> dict[str, str]:
    """The orders that were counted, all of them and by what became of them."""
    query = span.query() | {"section_id": str(row.section_id), "accounted": "true"}
    if question.employee_id:
        query["employee_id"] = str(question.employee_id)
    every = f"/orders?{urlencode(query)}"
    statuses = ("in_progress", "done", "cancelled")
    return {
        "section": every,
        "created": every,
        **{status: f"/orders?{urlencode(query | {'status': status})}" for status in statuses},
    }


def _orders(span: Span, filters: dict[str, str]) -> str:
    return f"/reports/order-profit?{urlencode(span.query() | filters)}"


def _within(first: date, by: str, span: Span) -> Span:
    """The day, week or month that begins then, as far as it lies in the span."""
    if by == "month":
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - DAY
    else:
        last = first + DAY * (WEEK - 1 if by == "week" else 0)
    return Span(max(first, span.first), min(last, span.last))
