"""The migrations make the tables that the code speaks of, and guard what must not be edited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.inventory.store import tables
from shared.database import delivery, engine_for
from shared.imports.tables import staging
from tests.support.databases import as_owner


async def test_the_migrated_schema_is_the_one_the_store_uses(
    database: Callable[[str], str],
) -> None:
    engine = engine_for(as_owner(database("inventory")))
    expected = sa.MetaData()
    for metadata in (tables, delivery, staging):
        for table in metadata.tables.values():
            table.to_metadata(expected)

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": False},
        )
        return list(compare_metadata(context, expected))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_the_service_itself_cannot_edit_a_movement(database: Callable[[str], str]) -> None:
    engine = engine_for(database("inventory"))
    for statement in ("UPDATE movements SET quantity = 0", "DELETE FROM movements"):
        async with engine.connect() as connection:
            with pytest.raises(ProgrammingError, match="permission denied for table movements"):
                await connection.execute(sa.text(statement))
    await engine.dispose()


async def test_stock_that_cannot_be_is_refused_by_the_database(
    database: Callable[[str], str],
) -> None:
    engine = engine_for(database("inventory"))
    row = sa.text(
        "INSERT INTO stock (product_id, warehouse_id, since, on_hand, reserved, value, missing)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), now(), :on_hand, :reserved, 0, :missing)"
    )
    for on_hand, reserved, missing, constraint in (
        (-1, 0, 0, "stock_on_hand"),
        (-2, 0, 1, "stock_on_hand"),
        (1, -1, 0, "stock_reserved"),
        (1, 2, 0, "stock_reserved_is_there"),
        (-1, 1, 1, "stock_reserved_is_there"),
        (1, 0, -1, "stock_missing"),
    ):
        async with engine.connect() as connection:
            with pytest.raises(IntegrityError, match=constraint):
                await connection.execute(
                    row, {"on_hand": on_hand, "reserved": reserved, "missing": missing}
                )
    await engine.dispose()
