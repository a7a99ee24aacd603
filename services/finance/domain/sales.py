"""What an entry of the ledger earned, line by line: the one source of every report of margin.

The ledger says how much; the order's lines say by what, and pay says by whom. An entry's figures
are shared out over its lines, so that the sums of the sales are the ledger's to the kopeck,
whoever posts what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.finance.domain.ledger import ZERO, Entry, EntryKind, kopecks
from services.finance.domain.lines import CorrectedPart, SoldLine
from services.finance.domain.pay_lines import PayLine
from services.finance.domain.period_reports import OF_MARGIN, Figure, figures_of
from services.finance.domain.settlement import Settlement
from shared.vat import vat_within

type Amounts = dict[Figure, Decimal]


@dataclass(frozen=True, slots=True)
class Sale:
    """One line of one entry; a reversal's amounts are negative.

    ``works``, ``goods`` and ``materials`` are without the ``vat`` that the client pays on them.
    ``orders`` is 1 for the first line of an order, ``jobs`` is 1 for a work. A part belongs to the
    work that it is for, and to who did it; where several did, each has a line. What no line
    explains has a line of its own.
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
    order_type: str | None = None
    corrects: UUID | None = None
    """Of a correction: the entry whose cost it corrects."""


def sales_of(
    entry: Entry, settlement: Settlement | None = None, whys: Iterable[PayLine] = ()
) -> tuple[Sale, ...]:
    """None for an entry that earns and costs nothing. ``settlement``: the one that the entry
    settles, or whose people it pays, if it does either; ``whys``: of that pay."""
    if settlement and entry.kind is EntryKind.PAY_ACCRUAL:
        return _numbered(_paid(entry, settlement, whys))
    figures = {each: sum_ for each, sum_ in figures_of(entry.postings).items() if each in OF_MARGIN}
    if settlement:
        first, *others = _numbered(_sold(entry, settlement, figures))
        return (replace(first, orders=1), *others)
    return (_with(_blank(entry), figures),) if figures else ()


def corrected(
    sales: Sequence[Sale], entry: Entry, settlement: Settlement, parts: Iterable[CorrectedPart]
) -> tuple[Sale, ...]:
    """The cost of parts that ``sales`` sold, so much more or less. It belongs to whom their sales
    do, by what they brought; that of parts which nothing explains is the product's alone."""
    blank = replace(_of_order(_blank(entry), settlement), corrects=settlement.entry_id)
    found: list[Sale] = []
    for part in parts:
        of_product = replace(blank, product_id=part.product_id)
        sold = {
            sale: _brought(sale)
            for sale in sales
            if sale.product_id == part.product_id and not sale.corrects
        }
        found += (
            replace(_of_whom(of_product, sale), cost=cost)
            for sale, cost in _shared_out(part.amount, sold).items()
        )
    rest = _left(entry, found)
    return _numbered([*found, *([_with(blank, rest)] if rest else [])])


def undone(sales: Iterable[Sale], entry: Entry) -> tuple[Sale, ...]:
    """What the entry undoes: the same lines at its own time, with every sign turned, and so the
    corrections of their cost since. What else it posts has a line of its own."""
    turned = [
        replace(
            sale,
            entry_id=entry.id,
            at=entry.stamp.at,
            station_id=entry.stamp.station_id,
            orders=-sale.orders,
            jobs=-sale.jobs,
            quantity=-sale.quantity,
            corrects=None,
            **{figure.value: -getattr(sale, figure.value) for figure in OF_MARGIN},
        )
        for sale in sales
    ]
    rest = _left(entry, turned)
    return _numbered([*turned, *([_with(_blank(entry), rest)] if rest else [])])


def _left(entry: Entry, sales: Sequence[Sale]) -> Amounts:
    """What the entry posts beyond these sales."""
    posted = figures_of(entry.postings)
    return {
        figure: left
        for figure in OF_MARGIN
        if (
            left := posted.get(figure, ZERO)
            - sum((getattr(sale, figure.value) for sale in sales), ZERO)
        )
    }


def _of_whom(correction: Sale, sale: Sale | None) -> Sale:
    if sale is None:
        return correction
    return replace(
        correction, employee_id=sale.employee_id, service_id=sale.service_id, name=sale.name
    )


def _brought(sale: Sale) -> Decimal:
    return sale.goods + sale.materials + sale.vat


def _numbered(sales: Iterable[Sale]) -> tuple[Sale, ...]:
    return tuple(replace(sale, position=position) for position, sale in enumerate(sales))


def _blank(entry: Entry) -> Sale:
    return Sale(
        entry.id,
        0,
        entry.stamp.at,
        entry.stamp.station_id,
        entry.section_id,
        entry.order_id,
        entry.client_id,
    )


def _of_order(sale: Sale, settlement: Settlement) -> Sale:
    return replace(sale, order_type=settlement.order.order_type)


def _with(sale: Sale, amounts: Mapping[Figure, Decimal]) -> Sale:
    named: dict[str, Any] = {figure.value: amount for figure, amount in amounts.items()}
    return replace(sale, **named)


# --- what an order is charged, and what it costs -------------------------------------------------


def _sold(entry: Entry, settlement: Settlement, figures: Amounts) -> Iterator[Sale]:
    """At least one: an order that comes to nothing is an order all the same."""
    lines = settlement.order.lines
    weights = _weights(settlement)
    shared_out = {
        figure: _shared_out(amount, {line.line_id: weights[figure](line) for line in lines})
        for figure, amount in figures.items()
    }
    works = {line.line_id: line for line in lines if line.kind == "service"}
    blank = _of_order(_blank(entry), settlement)
    for line in lines:
        work = works.get(line.service_line_id or line.line_id)
        sale = replace(
            _of_work(blank, work),
            product_id=line.product_id,
            jobs=int(line.kind == "service"),
            quantity=line.quantity,
        )
        amounts = {figure: shares.get(line.line_id, ZERO) for figure, shares in shared_out.items()}
        yield from _by_doers(sale, work, amounts)
    unexplained = {figure: shares[None] for figure, shares in shared_out.items() if None in shares}
    if unexplained or not lines:
        yield _with(blank, unexplained)


def _of_work(sale: Sale, work: SoldLine | None) -> Sale:
    return replace(sale, service_id=work.service_id, name=work.name) if work else sale


def _by_doers(sale: Sale, work: SoldLine | None, amounts: Amounts) -> Iterator[Sale]:
    """A line for each who did the work; what is counted by pieces is the first one's."""
    if not work or not work.doers:
        yield _with(sale, amounts)
        return
    shares = {doer.employee_id: doer.share for doer in work.doers}
    parts = {figure: _shared_out(amount, shares) for figure, amount in amounts.items()}
    for employee_id in shares:
        own = {figure: some.get(employee_id, ZERO) for figure, some in parts.items()}
        yield _with(replace(sale, employee_id=employee_id), own)
        sale = replace(sale, jobs=0, quantity=Decimal(0))


def _shared_out[KeyT](
    amount: Decimal, weights: Mapping[KeyT, Decimal]
) -> Mapping[KeyT | None, Decimal]:
    """In proportion, in kopecks, so that the shares add up to the amount; all of it to nobody when
    nobody weighs anything."""
    total = sum(weights.values(), ZERO)
    if not total:
        return {None: amount}
    shares: dict[KeyT | None, Decimal] = {}
    weighed = ZERO
    given = ZERO
    for key, weight in weights.items():
        weighed += weight
        shares[key] = kopecks(amount * weighed / total) - given
        given += shares[key]
    return shares


def _weights(settlement: Settlement) -> Mapping[Figure, Callable[[SoldLine], Decimal]]:
    """How much of each figure is a line's. Pay is an entry of its own; where it is not, as in what
    was posted before, no line explains it."""
    percent = settlement.order.vat.percent
    costs = {line.line_id: line.cost for line in settlement.issued}

    def vat(line: SoldLine) -> Decimal:
        return vat_within(line.total, percent)

    def net(kind: str) -> Callable[[SoldLine], Decimal]:
        return lambda line: line.total - vat(line) if line.kind == kind else ZERO

    return {
        Figure.WORKS: net("service"),
        Figure.GOODS: net("product"),
        Figure.MATERIALS: net("material"),
        Figure.VAT: vat,
        Figure.COST: lambda line: costs.get(line.line_id, ZERO),
        Figure.PAY: lambda _: ZERO,
    }


# --- what it earns its people --------------------------------------------------------------------


def _paid(entry: Entry, settlement: Settlement, whys: Iterable[PayLine]) -> Iterator[Sale]:
    works = {line.line_id: line for line in settlement.order.lines if line.kind == "service"}
    reasons = {why.line: why.line_id for why in whys}
    blank = _of_order(_blank(entry), settlement)
    for line, posting in enumerate(entry.postings):
        line_id = reasons.get(line)
        sale = _of_work(blank, works.get(line_id) if line_id else None)
        yield _with(
            replace(sale, employee_id=posting.employee_id),
            figures_of((posting,)),
        )
