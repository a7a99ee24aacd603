"""Counts of orders and works by day: from the orders themselves, and from the sums of what changed.

``order_rows`` says in SQL what ``domain.counts`` says of one order in memory; ``differences``
holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Select,
    Subquery,
    Uuid,
    cast,
    column,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.counts import Count, Place
from services.orders.store.tables import order_changes, order_sums, orders, service_lines
from services.orders.store.tables.reports import SHARED
from shared.contracts.base import Period
from shared.rollups import (
    GRAINS,
    Spans,
    adding,
    at_the_edges,
    day_of,
    differences_of,
    first_day,
    in_whole_days,
    replace,
    summed,
)

MEASURES = ("orders", "total", "planned_minutes", "sold_hours", "clocked_minutes")
_PLACE = ("station_id", "section_id", "what", "status", "employee_id")
_OF_PLACE = attrgetter("at", *_PLACE)
_OF_COUNT = attrgetter(*MEASURES)
_KEYS = tuple(column.name for column in order_sums.primary_key)


_PERFORMER = (
    func.jsonb_to_recordset(service_lines.c.performers)
    .table_valued(column("employee_id", Uuid), column("share", Numeric))
    .render_derived("performer", with_types=True)
)
_DOES_IT = func.coalesce(
    _PERFORMER.c.employee_id,
    service_lines.c.mechanic_id,
    orders.c.mechanic_id,
    orders.c.employee_id,
)
_PART = func.coalesce(_PERFORMER.c.share, 100) / 100


def change_row(change: tuple[Place, Count]) -> Sequence[Any]:
    """In the order of the table's columns."""
    place, count = change
    return (*_OF_PLACE(place), *_OF_COUNT(count))


def order_rows(of_orders: ColumnElement[bool]) -> Subquery:
    """``at``, ``_PLACE`` and ``MEASURES`` as they are now. A work belongs to its mechanic, or else
    to the order's, or to whom the order is assigned; to several who share it, each share to its
    own. A declined one is neither planned nor sold; the time that was spent on it was spent."""
    billed = service_lines.c.approval_state != "declined"
    head = (orders.c.assignment_at.label("at"), orders.c.station_id, orders.c.section_id)
    nought = (
        cast(0, SHARED).label("planned_minutes"),
        cast(0, SHARED).label("sold_hours"),
        cast(0, SHARED).label("clocked_minutes"),
    )
    themselves = select(
        *head,
        literal("order").label("what"),
        orders.c.status,
        orders.c.employee_id,
        cast(1, Integer).label("orders"),
        orders.c.total,
        *nought,
    ).where(of_orders)

    def of_billed(values: ColumnElement[Any], name: str) -> ColumnElement[Any]:
        return func.coalesce(func.sum(values * _PART).filter(billed), 0).label(name)

    hours = func.coalesce(service_lines.c.labor_hours, 0) * service_lines.c.quantity
    works = (
        select(
            *head,
            literal("works").label("what"),
            orders.c.status,
            _DOES_IT.label("employee_id"),
            cast(1, Integer).label("orders"),
            of_billed(service_lines.c.total, "total"),
            of_billed(service_lines.c.estimation_minutes, "planned_minutes"),
            of_billed(hours, "sold_hours"),
            func.sum(service_lines.c.clocked_minutes * _PART).label("clocked_minutes"),
        )
        .join(service_lines, service_lines.c.order_id == orders.c.id)
        .outerjoin(_PERFORMER, true())
        .where(of_orders, orders.c.status != "cancelled")
        .where(or_(billed, service_lines.c.clocked_minutes > 0))
        .group_by(orders.c.id, _DOES_IT)
    )
    return union_all(themselves, works).subquery("counted")


def counts_of(
    what: str, period: Period, zone: ZoneInfo, parts: Spans, **equal: UUID | None
) -> Subquery:
    """``_PLACE`` and ``MEASURES`` of orders whose accounting date is in the period."""
    names = (*_PLACE, *MEASURES)
    sources: list[tuple[Any, ColumnElement[bool]]] = [
        (order_sums.c, summed(order_sums.c, parts)),
        (order_changes.c, in_whole_days(order_changes.c.at, parts, period)),
    ]
    if parts.edges:
        sources.append((order_rows(at_the_edges(orders.c.assignment_at, parts)).c, true()))
    return union_all(
        *(
            select(*(columns[name] for name in names)).where(
                columns.what == what,
                in_period,
                *(columns[name] == value for name, value in equal.items() if value),
            )
            for columns, in_period in sources
        )
    ).subquery("counts")


# --- folding, and reckoning anew -----------------------------------------------------------------

_WAITING = order_changes.alias("waiting")
# Where a row lies: it is never changed, so that it stays there until it is folded.
_CTID: ColumnElement[Any] = literal_column("order_changes.ctid")
_CTID_WAITING: ColumnElement[Any] = literal_column("waiting.ctid")


async def fold(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> int:
    """Adds to the sums what has changed."""
    some = select(_CTID_WAITING).select_from(_WAITING).limit(limit)
    taken = delete(order_changes).where(_CTID.in_(some)).returning(order_changes)
    rows = taken.cte("taken")
    folded = adding(order_sums, _sums(rows, zone)).cte("folded")
    count = await connection.scalar(select(func.count()).select_from(rows).add_cte(folded))
    return count or 0


async def reckon(connection: AsyncConnection, zone: ZoneInfo) -> int:
    """All sums anew, of the orders as they are: what had changed until then is in them."""
    changes = delete(order_changes).cte("changes")
    return await replace(connection, order_sums, _sums(order_rows(true()), zone), changes)


def _sums(rows: Any, zone: ZoneInfo) -> Select[Any]:
    """In the order of the table's columns."""
    keys = (
        GRAINS.c.grain,
        rows.c.what,
        first_day(GRAINS.c.grain, day_of(rows.c.at, zone)).label("day"),
        rows.c.station_id,
        rows.c.section_id,
        rows.c.status,
        rows.c.employee_id,
    )
    measures = [
        cast(func.sum(rows.c[name]), order_sums.c[name].type).label(name) for name in MEASURES
    ]
    return select(*keys, *measures).select_from(rows.join(GRAINS, true())).group_by(*keys)


async def differences(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> Sequence[Any]:
    """The sums that are not what the orders come to: ``what, key, expected, actual``. What
    has changed and is not folded yet counts, too."""
    anew = _sums(order_rows(true()), zone).subquery("anew")
    changed = _sums(select(order_changes).subquery(), zone)
    both = union_all(select(order_sums), changed).subquery()
    keys = [both.c[key] for key in _KEYS]
    kept = (
        select(*keys, *(func.sum(both.c[name]).label(name) for name in MEASURES))
        .group_by(*keys)
        .subquery("kept")
    )
    return await differences_of(connection, order_sums, kept, anew, limit)
