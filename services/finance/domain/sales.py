"""What an entry of the ledger earned, line by line: the one source of every report of margin.

The ledger says how much; the order's lines say by what. An entry's figures are shared out over
its lines, so that the sums of the sales are the ledger's to the kopeck, whoever posts what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.finance.domain.ledger import ZERO, Entry, kopecks
from services.finance.domain.lines import SoldLine
from services.finance.domain.settlement import Settlement
from services.finance.domain.statements import OF_MARGIN, Figure, figures_of

type Shares = Mapping[UUID | None, Decimal]


@dataclass(frozen=True, slots=True)
class Sale:
    """One line of one entry; a reversal's amounts are negative.

    ``works``, ``goods`` and ``materials`` are without the ``vat`` that the client pays on them.
    ``orders`` is 1 for the first line of an order, ``jobs`` is 1 for a work. A part belongs to the
    work that it is for, and to who did it. What no line explains has a line of its own.
    """

    entry_id: UUID
    position: int
    at: datetime
    station_id: UUID
    section_id: UUID | None
    order_id: UUID | None
    client_id: UUID | None
    employee_id: UUID | None = None
    service_id: UUID | None = None
    name: str = ""
    product_id: UUID | None = None
    orders: int = 0
    jobs: int = 0
    quantity: Decimal = Decimal(0)
    works: Decimal = ZERO
    goods: Decimal = ZERO
    materials: Decimal = ZERO
    vat: Decimal = ZERO
    cost: Decimal = ZERO
    pay: Decimal = ZERO


def sales_of(entry: Entry, settlement: Settlement | None) -> tuple[Sale, ...]:
    """``settlement``: the one that the entry settles, if it does. None for an entry that earns
    and costs nothing."""
    figures = {each: sum_ for each, sum_ in figures_of(entry.postings).items() if each in OF_MARGIN}
    if not figures and settlement is None:
        return ()
    lines = settlement.order.lines if settlement else ()
    costs = {line.line_id: line.cost for line in settlement.issued} if settlement else {}
    shared_out = {
        figure: _shared_out(amount, _WEIGHTS[figure](lines, costs))
        for figure, amount in figures.items()
    }
    works = {line.line_id: line for line in lines if line.kind == "service"}
    unexplained = any(None in shares for shares in shared_out.values())
    rows: list[SoldLine | None] = [*lines, *([None] if unexplained or not lines else [])]
    return tuple(
        replace(
            _sale(entry, position, line, works),
            orders=int(position == 0 and settlement is not None),
            **_amounts_of(line, shared_out),
        )
        for position, line in enumerate(rows)
    )


def negated(sales: Iterable[Sale], entry: Entry) -> tuple[Sale, ...]:
    """What the entry undoes: the same lines at its own time, with every sign turned."""
    return tuple(
        replace(
            sale,
            entry_id=entry.id,
            at=entry.stamp.at,
            station_id=entry.stamp.station_id,
            orders=-sale.orders,
            jobs=-sale.jobs,
            quantity=-sale.quantity,
            **{figure.value: -getattr(sale, figure.value) for figure in OF_MARGIN},
        )
        for sale in sales
    )


def _sale(
    entry: Entry, position: int, line: SoldLine | None, works: Mapping[UUID, SoldLine]
) -> Sale:
    sale = Sale(
        entry.id,
        position,
        entry.stamp.at,
        entry.stamp.station_id,
        entry.section_id,
        entry.order_id,
        entry.client_id,
    )
    if line is None:
        return sale
    work = works.get(line.service_line_id or line.line_id)
    return replace(
        sale,
        service_id=work.service_id if work else None,
        name=work.name if work else "",
        employee_id=work.employee_id if work else None,
        product_id=line.product_id,
        jobs=int(line.kind == "service"),
        quantity=line.quantity,
    )


def _amounts_of(line: SoldLine | None, shared_out: Mapping[Figure, Shares]) -> dict[str, Any]:
    key = line.line_id if line else None
    return {figure.value: shares.get(key, ZERO) for figure, shares in shared_out.items()}


def _shared_out(amount: Decimal, weights: Shares) -> Shares:
    """In proportion, in kopecks, so that the shares add up to the amount; all of it to nobody when
    nobody weighs anything."""
    total = sum(weights.values(), ZERO)
    if not total:
        return {None: amount}
    shares: dict[UUID | None, Decimal] = {}
    weighed = ZERO
    given = ZERO
    for key, weight in weights.items():
        weighed += weight
        shares[key] = kopecks(amount * weighed / total) - given
        given += shares[key]
    return shares


type _Weigh = Callable[[Sequence[SoldLine], Mapping[UUID, Decimal]], Shares]


def _totals(*kinds: str) -> _Weigh:
    return lambda lines, _: {line.line_id: line.total for line in lines if line.kind in kinds}


def _costs(lines: Sequence[SoldLine], costs: Mapping[UUID, Decimal]) -> Shares:
    return {line.line_id: costs.get(line.line_id, ZERO) for line in lines}


def _pays(lines: Sequence[SoldLine], _: Mapping[UUID, Decimal]) -> Shares:
    return {line.line_id: line.pay for line in lines}


_WEIGHTS: Mapping[Figure, _Weigh] = {
    Figure.WORKS: _totals("service"),
    Figure.GOODS: _totals("product"),
    Figure.MATERIALS: _totals("material"),
    Figure.VAT: _totals("service", "product", "material"),
    Figure.COST: _costs,
    Figure.PAY: _pays,
}
