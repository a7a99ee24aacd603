"""What visits come to, for whoever compares it with what finance says; and whether counters do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.store.tables_segments import past_visits, visits
from shared.contracts.reconciliation import GetVisitFigures
from shared.contracts.visits import KeptVisits
from shared.pagination import by_id

MOST = 1000

_FIGURES = (
    select(
        visits.c.order_id,
        func.array_agg(visits.c.client_id).label("client_ids"),
        func.array_agg(aggregate_order_by(visits.c.completion, visits.c.completion)).label(
            "completions"
        ),
        func.sum(visits.c.revenue).label("revenue"),
        # An older version's news told neither where nor when, and the visit took their own time.
        func.max(visits.c.at).filter(visits.c.section_id.is_not(None)).label("at"),
        func.array_agg(visits.c.section_id).label("section_ids"),
    )
    .where(~visits.c.reversed)
    .group_by(visits.c.order_id)
)
_COUNTERS = text("""
WITH counted AS (
    SELECT client_id, count(*) AS visits, sum(revenue) AS revenue, min(at) AS first_visit,
        max(at) AS last_visit,
        (array_agg(section_id ORDER BY at DESC, order_id DESC))[1] AS last_section_id
    FROM visits WHERE NOT reversed GROUP BY client_id
)
SELECT side.what, client_id, side.expected, side.actual
FROM counters FULL JOIN counted USING (client_id),
LATERAL (VALUES
    ('client_visits', coalesce(counted.visits, 0)::text, coalesce(counters.visits, 0)::text),
    ('client_revenue', coalesce(counted.revenue, 0.00)::text,
     coalesce(counters.revenue, 0.00)::text),
    ('client_first_visit', (counted.first_visit AT TIME ZONE 'UTC')::text,
     (counters.first_visit AT TIME ZONE 'UTC')::text),
    ('client_last_visit', (counted.last_visit AT TIME ZONE 'UTC')::text,
     (counters.last_visit AT TIME ZONE 'UTC')::text),
    ('client_last_section', counted.last_section_id::text, counters.last_section_id::text)
) AS side (what, expected, actual)
WHERE side.expected IS DISTINCT FROM side.actual
ORDER BY client_id, side.what LIMIT :most
""")
"""In one statement, so that all of it is of one moment."""


async def visit_figures(
    connection: AsyncConnection, question: GetVisitFigures
) -> Sequence[Row[Any]]:
    """One more than a page, by the order's id."""
    statement = by_id(
        _FIGURES, visits.c.order_id, question.cursor, question.limit, only=question.order_ids
    )
    rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
    return rows


async def counter_differences(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """``what, client_id, expected, actual``: where counters are not what visits come to."""
    rows: Sequence[Row[Any]] = (await connection.execute(_COUNTERS, {"most": MOST})).all()
    return rows


async def kept_visits(connection: AsyncConnection) -> KeptVisits:
    row = (await connection.execute(select(past_visits))).one()
    return KeptVisits(cursor=row.cursor, done=row.done_at is not None)
