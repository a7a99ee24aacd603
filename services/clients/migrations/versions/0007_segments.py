"""Tags, segments, visits and their counters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

INSTANT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _create_tags()
    _create_segments()
    _create_visits()
    op.create_index(
        "vehicles_make", "vehicles", [sa.text("lower(vendor)"), sa.text("lower(model)"), "year"]
    )
    op.create_index("vehicles_year", "vehicles", ["year"])


def _create_tags() -> None:
    _create_named("tags", sa.Column("colour", sa.Text, nullable=False))
    for thing in ("client", "vehicle"):
        op.create_table(
            f"{thing}_tags",
            sa.Column(
                "tag_id", sa.Uuid, sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True
            ),
            sa.Column(f"{thing}_id", sa.Uuid, sa.ForeignKey(f"{thing}s.id"), primary_key=True),
        )
        op.create_index(f"{thing}_tags_{thing}", f"{thing}_tags", [f"{thing}_id"])


def _create_segments() -> None:
    _create_named("segments", sa.Column("conditions", JSONB, nullable=False))
    op.create_table(
        "segment_tags",
        sa.Column(
            "segment_id",
            sa.Uuid,
            sa.ForeignKey("segments.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("tag_id", sa.Uuid, sa.ForeignKey("tags.id"), primary_key=True),
    )
    op.create_index("segment_tags_tag", "segment_tags", ["tag_id"])


def _create_named(table: str, column: sa.Column[str]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        column,
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index(f"{table}_name", table, [sa.text("lower(name)")], unique=True)


def _create_visits() -> None:
    op.create_table(
        "visits",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("completion", sa.Integer, primary_key=True),
        sa.Column("client_id", sa.Uuid),
        sa.Column("at", INSTANT),
        sa.Column("section_id", sa.Uuid),
        sa.Column("revenue", sa.Numeric(12, 2)),
        sa.Column("reversed", sa.Boolean, nullable=False),
        sa.CheckConstraint(
            "reversed OR (client_id IS NOT NULL AND at IS NOT NULL AND revenue IS NOT NULL)",
            name="visits_known",
        ),
    )
    stands = sa.text("NOT reversed")
    op.create_index(
        "visits_client",
        "visits",
        ["client_id", "at"],
        postgresql_include=["revenue", "section_id"],
        postgresql_where=stands,
    )
    op.create_index(
        "visits_at",
        "visits",
        ["at"],
        postgresql_include=["client_id", "revenue", "section_id"],
        postgresql_where=stands,
    )
    op.create_table(
        "counters",
        sa.Column("client_id", sa.Uuid, sa.ForeignKey("clients.id"), primary_key=True),
        sa.Column("visits", sa.Integer, nullable=False),
        sa.Column("revenue", sa.Numeric(18, 2), nullable=False),
        sa.Column("first_visit", INSTANT),
        sa.Column("last_visit", INSTANT),
        sa.Column("last_section_id", sa.Uuid),
    )
    for column in ("visits", "revenue", "last_visit"):
        op.create_index(f"counters_{column}", "counters", [column])
    past = op.create_table(
        "past_visits",
        sa.Column("id", sa.SmallInteger, primary_key=True),
        sa.Column("cursor", sa.Text),
        sa.Column("done_at", INSTANT),
        sa.CheckConstraint("id = 1", name="past_visits_one_row"),
    )
    # What finance had settled before is asked for when the service starts.
    op.bulk_insert(past, [{"id": 1}])
