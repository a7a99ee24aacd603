"""Every report as a page: made from its contract, and from the words that exports have for it.

A report has the filters that its question has, a picture, and a table whose rows lead to what is
behind them. What is taken away as a file is the API's own answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from services.gateway.api import Endpoint
from services.gateway.exports.rows import cell_of, columns_of, words_of
from services.gateway.exports.sheets import PERCENTS, QUANTITIES, Column
from services.gateway.exports.titles import REPORTS
from services.gateway.pages.charts import CHARTS, Picture, picture
from services.gateway.pages.drilling import leads_to
from services.gateway.pages.names import clients_named
from services.gateway.pages.periods import DAY, Span, named_spans, span_asked
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from services.gateway.routes import reports as report_routes
from services.gateway.routes import statements as statement_routes
from shared.contracts.base import Message, Question
from shared.contracts.inventory import ListWarehouses
from shared.contracts.orders import ListEmployees, ListSections
from shared.refusals import Refused

ROWS = 100
"""In one part of a report."""
NAMES = 200
ENDPOINTS: dict[str, Endpoint] = {
    endpoint.path.removeprefix("/reports/"): endpoint
    for endpoint in (*report_routes.AREA.endpoints, *statement_routes.AREA.endpoints)
    if endpoint.path.startswith("/reports/")
}
_LISTS: dict[str, Any] = {
    "section_id": ListSections,
    "employee_id": ListEmployees,
    "warehouse_id": ListWarehouses,
}
"""What a filter, or an id in a row, is one of."""


@dataclass(frozen=True, slots=True)
class Cell:
    """``kind``: how it is shown."""

    value: Any
    kind: Literal["text", "money", "number", "percent", "moment", "date"]
    href: str | None = None


async def list_of_reports(request: PageRequest) -> Response:
    there = [name for name in ENDPOINTS if _may(request, name)]
    if not there:
        raise Refused("forbidden")
    return request.page(
        "reports/list.html",
        reports=[
            (name, words_of(REPORTS[name], request.language), about(request)[name])
            for name in there
        ],
    )


async def report(request: PageRequest) -> Response:
    name = request.call.path_params["name"]
    if name not in ENDPOINTS:
        raise Refused("not_found")
    if not _may(request, name):
        raise Refused("forbidden")
    endpoint = ENDPOINTS[name]
    question_type: Any = endpoint.message
    span_name, span = span_asked(request)
    fixed: dict[str, Any] = {}
    if "period" in question_type.model_fields:
        fixed["period"] = span.period(request.zone)
    if "limit" in question_type.model_fields:
        fixed["limit"] = ROWS
    question = request.reads(question_type, **fixed)
    answer, names = await asyncio.gather(request.ask(question), _names(request, question_type))
    rows: Sequence[Any] = answer.items
    if rows and hasattr(rows[0], "client_id") and not hasattr(rows[0], "client"):
        named = await clients_named(request, (row.client_id for row in rows))
        names["client_id"] = {client.id: client.name for client in named.values()}
    columns, lines = _table(request, name, rows, names, question, span)
    return request.page(
        "reports/report.html",
        name=name,
        title=words_of(REPORTS[name], request.language),
        question=question,
        has_period="period" in question_type.model_fields,
        spans=span_words(request),
        span_name=span_name,
        span=span,
        choices=_choices(request, question_type, names),
        labels=filter_words(request),
        kept=_kept(request, question),
        columns=columns,
        lines=lines,
        next=getattr(answer, "next", None),
        picture=_picture(request, name, rows),
        address=f"/reports/{name}?{urlencode(_api_query(question, span))}",
    )


def _may(request: PageRequest, name: str) -> bool:
    message: type[Message] | None = ENDPOINTS[name].message
    return message is not None and request.may(message.__name__)


# --- filters -------------------------------------------------------------------------------------


async def _names(
    request: PageRequest, question_type: type[Question[Any]]
) -> dict[str, dict[UUID, str]]:
    """By field: the names of what it may be. Sections always: rows name them."""
    wanted = [
        field for field in _LISTS if field in question_type.model_fields or field == "section_id"
    ]
    pages = await asyncio.gather(*(request.ask(_LISTS[field](limit=NAMES)) for field in wanted))
    return {
        field: {each.id: each.name for each in page.items}
        for field, page in zip(wanted, pages, strict=True)
    }


def _choices(
    request: PageRequest, question_type: type[Question[Any]], names: Mapping[str, Any]
) -> dict[str, list[tuple[Any, str]]]:
    """What each filter offers; ``by`` and the like must be one of their words."""
    words = value_words(request)
    choices = {
        field: sorted(offered.items(), key=lambda each: each[1])
        for field, offered in names.items()
        if field in _LISTS and field in question_type.model_fields
    }
    for field, known in question_type.model_fields.items():
        if get_origin(known.annotation) is Literal:
            choices[field] = [(each, words[each]) for each in get_args(known.annotation)]
    return choices


def _kept(request: PageRequest, question: Any) -> dict[str, str]:
    """The filters of the address that another period keeps."""
    fields = type(question).model_fields.keys() - {"period", "limit", "cursor"}
    return {name: value for name, value in request.query.items() if name in fields}


def _api_query(question: Any, span: Span) -> dict[str, str]:
    """The same report as the API is asked for it: its period ends before its last day."""
    query: dict[str, str] = {}
    if "period" in type(question).model_fields:
        query |= {"from": span.first.isoformat(), "to": (span.last + DAY).isoformat()}
    for field in question.model_fields_set - {"period", "limit", "cursor"}:
        if (value := getattr(question, field)) is not None:
            query[field] = value.isoformat() if isinstance(value, datetime) else str(value)
    return query


# --- the table -----------------------------------------------------------------------------------


def _table(
    request: PageRequest,
    name: str,
    rows: Sequence[Any],
    names: Mapping[str, Mapping[UUID, str]],
    question: Any,
    span: Span,
) -> tuple[list[tuple[str, bool]], list[list[Cell]]]:
    """Titles, and whether a column is of numbers; then the rows. Ids that nobody can name, and
    costs that this person may not see, have no column."""
    row_type = get_args(ENDPOINTS[name].reply.model_fields["items"].annotation)[0]
    every = columns_of(name, row_type, lambda: iter(rows), request.language)
    columns = [column for column in every if _is_shown(column, rows, names, request)]
    lines = [
        [_cell(request, column, row, names, leads_to(request, name, row, question, span))
         for column in columns]
        for row in rows
    ]  # fmt: skip
    titles = [(_title(column), _is_number(lines, at)) for at, column in enumerate(columns)]
    return titles, lines


def _title(column: Column) -> str:
    """As in a file, where a cell says neither its currency nor an id's name."""
    title = column.title
    for end in (", RUB", ", руб.", " (id)", " id"):
        title = title.removesuffix(end)
    return title


def _is_shown(
    column: Column, rows: Sequence[Any], names: Mapping[str, Any], request: PageRequest
) -> bool:
    if column.field == "id" or column.field.endswith("_id"):
        return column.field in names
    if request.sees_cost or column.part or not rows:
        return True
    return any(getattr(row, column.field) is not None for row in rows)


def _cell(
    request: PageRequest,
    column: Column,
    row: Any,
    names: Mapping[str, Mapping[UUID, str]],
    links: Mapping[str, str],
) -> Cell:
    value = getattr(row, column.field, None)
    href = links.get(column.field)
    if column.field in names:
        return Cell(names[column.field].get(value) if value else None, "text", href)
    if isinstance(value, datetime):
        return Cell(value, "moment", href)
    value = cell_of(column, row, request.language, request.zone)
    if column.field == "day":
        return Cell(value, "date", href)
    if isinstance(value, Decimal):
        kind: Any = "money"
        if column.field in PERCENTS or column.field == "percent":
            kind = "percent"
        elif column.field in QUANTITIES:
            kind = "number"
        return Cell(value, kind, href)
    return Cell(value, "number" if isinstance(value, int) else "text", href)


def _is_number(lines: Sequence[Sequence[Cell]], at: int) -> bool:
    return any(line[at].kind in ("money", "number", "percent") for line in lines)


def _picture(request: PageRequest, name: str, rows: Sequence[Any]) -> Picture | None:
    row_type = get_args(ENDPOINTS[name].reply.model_fields["items"].annotation)[0]

    def no_rows() -> Iterator[Any]:
        return iter(())

    titles = {
        column.field: column.title
        for column in columns_of(name, row_type, no_rows, request.language)
    }
    return picture(CHARTS[name], rows, titles, request.language)


# --- words ---------------------------------------------------------------------------------------


def span_words(request: PageRequest) -> dict[str, str]:
    words = {
        "today": request._("Today"),
        "yesterday": request._("Yesterday"),
        "week": request._("This week"),
        "month": request._("This month"),
        "last_month": request._("Last month"),
        "quarter": request._("This quarter"),
        "last_quarter": request._("Last quarter"),
        "year": request._("This year"),
        "last_year": request._("Last year"),
    }
    return {name: words[name] for name in named_spans(datetime.now(request.zone).date())}


def filter_words(request: PageRequest) -> dict[str, str]:
    return {
        "section_id": request._("Section"),
        "employee_id": request._("Employee"),
        "warehouse_id": request._("Warehouse"),
        "by": request._("Split"),
        "any": request._("All"),
    }


def value_words(request: PageRequest) -> dict[str, str]:
    """Of filters that are one of some words."""
    return {
        "order": request._("by order"),
        "service": request._("by work"),
        "technician": request._("by technician"),
        "section": request._("by section"),
        "client": request._("by client"),
        "product": request._("by part"),
        "order_type": request._("by kind of order"),
        "day": request._("by day"),
        "week": request._("by week"),
        "month": request._("by month"),
        "revenue": request._("by revenue"),
        "margin": request._("by margin"),
        "quantity": request._("by quantity"),
    }


def about(request: PageRequest) -> dict[str, str]:
    return {
        "orders-by-section": request._("How many orders each section has, and what came of them"),
        "employee-workload": request._("Who did how much: norm-hours, minutes, labour"),
        "stock-balances": request._("What lies in the warehouses, and what it is worth"),
        "stock-turnover": request._("What came, what went, what is left"),
        "dead-stock": request._("What nobody took for long"),
        "stock-shortages": request._("What there is too little of, and how much to buy"),
        "income-expenses": request._("Day by day, by kind"),
        "order-profit": request._("What each settled order brought"),
        "margin": request._("By order, work, technician, section, client or part"),
        "profit-loss": request._("From revenue to net profit, by day, week or month"),
        "cash-flow": request._("Where money came from, and where it went"),
        "abc": request._("Which parts bring most, and how evenly they sell"),
        "vat": request._("VAT charged, deductible and to be paid"),
        "debtors": request._("Who owes, how much and for how long"),
        "creditors": request._("Whose money is held as a deposit"),
    }


PAGES = (
    show("/reports", list_of_reports),
    show("/reports/{name}", report),
)
