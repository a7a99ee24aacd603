"""Who holds which post when, and when the station works."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range

from services.orders.domain.planning.spans import Span
from services.orders.store.tables.columns import Instant, tables

weeks = Table(
    "weeks",
    tables,
    # The station's own week, or an employee's; null: as the station's.
    Column("owner_id", Uuid, primary_key=True),
    Column("week", JSONB(none_as_null=True)),
    Column("revision", Integer, nullable=False),
)
holidays = Table(
    "holidays",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("day", Date, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("hours", JSONB, nullable=False),
)
absences = Table(
    "absences",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("employee_id", ForeignKey("employees.id")),
    Column("post_id", ForeignKey("posts.id")),
    Column("kind", Text, nullable=False),
    Column("during", TSTZRANGE, nullable=False),
    Column("comment", Text),
    CheckConstraint("num_nonnulls(employee_id, post_id) = 1", name="absences_of_one"),
    Index("absences_during", "during", postgresql_using="gist"),
)
bookings = Table(
    "bookings",
    tables,
    Column("id", Uuid, primary_key=True),
    # Deferred: an order that is made with its booking is written after it.
    Column(
        "order_id",
        ForeignKey("orders.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
        index=True,
    ),
    Column("line_id", Uuid),
    Column("post_id", ForeignKey("posts.id"), nullable=False),
    Column("technician_id", ForeignKey("employees.id")),
    Column("during", TSTZRANGE, nullable=False),
    Column("overtime", Boolean, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("carried_from", Uuid),
    Column("revision", Integer, nullable=False),
    CheckConstraint(
        "NOT isempty(during) AND isfinite(lower(during)) AND isfinite(upper(during))"
        " AND lower_inc(during) AND NOT upper_inc(during)",
        name="bookings_during_is_half_open",
    ),
    # Two people at two counters: the second is refused here, whatever either had seen before.
    ExcludeConstraint(
        ("post_id", "="), ("order_id", "<>"), ("during", "&&"), name="bookings_post", using="gist"
    ),
    ExcludeConstraint(
        ("technician_id", "="), ("during", "&&"), name="bookings_technician", using="gist"
    ),
    Index("bookings_during", "during", postgresql_using="gist"),
    Index("bookings_over", text("upper(during)"), postgresql_where=text("state = 'planned'")),
)
load_settings = Table(
    "load_settings",
    tables,
    Column("station_id", Uuid, primary_key=True),
    Column("caption", Text, nullable=False),
    Column("colour", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)


def span_range(span: Span) -> Range[datetime]:
    """As the columns ``during`` hold it."""
    return Range(span.start, span.end, bounds="[)")


def span_of(during: Range[datetime]) -> Span:
    """What such a column holds: it is never without an end."""
    assert during.lower
    assert during.upper
    return Span(during.lower, during.upper)
