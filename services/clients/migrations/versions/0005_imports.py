"""Lists of clients that are brought as files, and what finds a client by a whole phone or plate."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.imports.tables import create_import_tables

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    create_import_tables(op.get_bind())
    op.create_table(
        "client_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("client", postgresql.JSONB(), nullable=False),
        sa.Column("vehicle", postgresql.JSONB(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("matches", postgresql.JSONB(), nullable=False),
        sa.Column("fits", sa.Integer(), nullable=False),
        sa.Column("same_as", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "choice IN ('skip', 'update', 'create', 'ask')", name="client_rows_choice"
        ),
        sa.PrimaryKeyConstraint("import_id", "row"),
    )
    op.create_table(
        "client_row_keys",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "key"),
    )
    op.execute(
        "CREATE INDEX clients_phone_numbers ON clients"
        " USING gin (string_to_array(btrim(phone_key), ' '))"
    )
    op.create_index("vehicles_plate", "vehicles", ["plate_key"])
