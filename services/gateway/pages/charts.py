"""Pictures of reports: what ``charts.js`` draws. Every number stands in a table as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from services.gateway.exports.rows import words_of
from services.gateway.exports.titles import VALUES

MOST_BARS = 20
"""Of the rows, as they come: the greatest or the first by name. Of days all, to the latest."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The fields of a report's rows that are drawn. ``split``: rows of one label are of several
    kinds, each a line of its own."""

    label: str
    values: tuple[str, ...]
    kind: Literal["bar", "line"] = "bar"
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """As JSON it is what the script takes."""

    kind: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]

    def data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "labels": self.labels,
            "series": [{"name": name, "values": values} for name, values in self.series],
        }


CHARTS = {
    "orders-by-section": Chart("section", ("total",)),
    "employee-workload": Chart("employee", ("labor_total",)),
    "stock-balances": Chart("product", ("on_hand",)),
    "stock-turnover": Chart("product", ("in_quantity", "out_quantity")),
    "dead-stock": Chart("product", ("idle_days",)),
    "stock-shortages": Chart("product", ("missing",)),
    "income-expenses": Chart("day", ("amount",), split="type"),
    "order-profit": Chart("number", ("revenue", "margin")),
    "margin": Chart("name", ("revenue", "margin")),
    "profit-loss": Chart("day", ("revenue", "net_profit"), "line"),
    "cash-flow": Chart("account", ("opening", "closing")),
    "abc": Chart("product", ("revenue",)),
    "vat": Chart("line", ("vat",)),
    "debtors": Chart("client", ("owes",)),
    "creditors": Chart("client", ("deposits",)),
}


def picture(
    chart: Chart, rows: Sequence[Any], titles: Mapping[str, str], language: str
) -> Picture | None:
    """Of rows that have one number each there is none to be drawn where there are no two rows."""
    sums: dict[str, dict[str, float | None]] = {}
    for row in rows:
        label = _word(getattr(row, chart.label), language)
        if chart.label != "day" and label not in sums and len(sums) == MOST_BARS:
            break
        bars = sums.setdefault(label, {})
        for field in chart.values:
            name = titles[field]
            if chart.split:
                name = _word(getattr(row, chart.split), language)
            value = _number(getattr(row, field))
            bars[name] = value if bars.get(name) is None else (bars[name] or 0) + (value or 0)
    if len(sums) < 2:
        return None
    names = dict.fromkeys(name for bars in sums.values() for name in bars)
    return Picture(
        chart.kind,
        tuple(sums),
        tuple((name, tuple(bars.get(name) for bars in sums.values())) for name in names),
    )


def _word(value: Any, language: str) -> str:
    if value in VALUES:
        return words_of(VALUES[value], language)
    return "—" if value is None else str(value)


def _number(value: Decimal | int | datetime | None) -> float | None:
    return float(value) if isinstance(value, Decimal | int) else None
