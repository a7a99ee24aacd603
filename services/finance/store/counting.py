"""Written with every entry, whatever its kind: that the sums do not know it yet, and its sales.

The one place is ``Books.flush``, through which every posting goes. One statement for a batch; one
more when something is undone. Rows are only added, so that nobody waits for anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import Entry
from services.finance.domain.pay_lines import PayLine
from services.finance.domain.sales import Sale, sales_of, undone
from services.finance.domain.settlement import Settlement
from services.finance.store.rows import any_of
from services.finance.store.schema_reports import sales, unfolded


class Counted:
    """The sales of one transaction's entries."""

    def __init__(self) -> None:
        self._settlements: dict[UUID, Settlement] = {}
        self._whys: dict[UUID, list[PayLine]] = {}

    def count(self, decision: Decision) -> None:
        """Remembers which entry settles what, and which pays for what and why; the order's lines
        are known only now."""
        new = {entry.id for entry in decision.entries}
        for settlement in decision.settlements:
            for entry_id in (settlement.entry_id, settlement.pay_entry_id):
                if entry_id in new:
                    self._settlements.setdefault(entry_id, settlement)
        for why in decision.pay_lines:
            self._whys.setdefault(why.entry_id, []).append(why)

    async def write(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        """After the entries themselves."""
        if not entries:
            return
        found: dict[UUID, tuple[Sale, ...]] = {
            entry.id: sales_of(entry, self._settlements.get(entry.id), self._whys.get(entry.id, ()))
            for entry in entries
            if entry.reverses is None
        }
        earlier = {entry.reverses for entry in entries if entry.reverses} - found.keys()
        written = await _written(connection, earlier) if earlier else {}
        for entry in entries:
            if entry.reverses:
                before = found.get(entry.reverses) or written.get(entry.reverses, ())
                found[entry.id] = undone(before, entry)
        values = [_row(sale) for entry in entries for sale in found[entry.id]]
        columns = list(zip(*values, strict=True)) or [()] * len(_NAMES)
        await connection.execute(
            _INSERT,
            {
                "entries": [entry.id for entry in entries],
                **{name: list(some) for name, some in zip(_NAMES, columns, strict=True)},
            },
        )


async def _written(
    connection: AsyncConnection, entry_ids: Iterable[UUID]
) -> dict[UUID, tuple[Sale, ...]]:
    """The sales of earlier entries."""
    by_entry: dict[UUID, tuple[Sale, ...]] = {}
    for row in await connection.execute(_WRITTEN, {"ids": list(entry_ids)}):
        by_entry[row.entry_id] = (*by_entry.get(row.entry_id, ()), Sale(**row._mapping))
    return by_entry


_NAMES = [field.name for field in fields(Sale)]
_row = attrgetter(*_NAMES)
_WRITTEN = (
    select(*(sales.c[name] for name in _NAMES))
    .where(any_of(sales.c.entry_id, "ids"))
    .order_by(sales.c.entry_id, sales.c.position)
)


def _rows_of_sales() -> Any:
    """Each column travels as one array: one statement, however many rows."""
    arrays = [bindparam(name, type_=ARRAY(sales.c[name].type)) for name in _NAMES]
    return select(func.unnest(*arrays).table_valued(*_NAMES).render_derived())


_INSERT = (
    insert(unfolded)
    .from_select(["entry_id"], select(func.unnest(bindparam("entries", type_=ARRAY(Uuid)))))
    .add_cte(insert(sales).from_select(_NAMES, _rows_of_sales()).cte("sold"))
)
