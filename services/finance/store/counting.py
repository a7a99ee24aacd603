"""Written with every entry, whatever its kind: that the sums do not know it yet, and its sales.

The one place is ``Books.flush``, through which every posting goes. One statement for a batch; one
more when something is undone. Rows are only added, so that nobody waits for anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.decision import Correction, Decision
from services.finance.domain.ledger import Entry
from services.finance.domain.pay_lines import PayLine
from services.finance.domain.sales import Sale, corrected, sales_of, undone
from services.finance.domain.settlement import Settlement
from services.finance.store.rows import any_of
from services.finance.store.schema_reports import sales, unfolded
from shared.writing import Pending, inserting


class Counted:
    """The sales of one transaction's entries."""

    def __init__(self) -> None:
        self._settlements: dict[UUID, Settlement] = {}
        self._whys: dict[UUID, list[PayLine]] = {}
        self._corrections: dict[UUID, Correction] = {}

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
        self._corrections |= {each.entry_id: each for each in decision.corrections}

    async def write(
        self, connection: AsyncConnection, pending: Pending, entries: Sequence[Entry]
    ) -> None:
        """With the entries themselves."""
        if not entries:
            return
        of_earlier = set(map(self._builds_on, entries)) - {entry.id for entry in entries} - {None}
        standing = await _written(connection, of_earlier) if of_earlier else {}
        new: list[Sale] = []
        for entry in entries:
            for sale in self._sales_of(entry, standing.get(self._builds_on(entry), ())):
                new.append(sale)
                standing.setdefault(sale.corrects or sale.entry_id, []).append(sale)
        pending.add(_NEW_SALES, map(_row, new))
        pending.add(_UNFOLDED, ((entry.id,) for entry in entries))

    def _builds_on(self, entry: Entry) -> UUID | None:
        """The entry that it undoes, or whose cost it corrects."""
        correction = self._corrections.get(entry.id)
        return correction.settlement.entry_id if correction else entry.reverses

    def _sales_of(self, entry: Entry, standing: Sequence[Sale]) -> tuple[Sale, ...]:
        if correction := self._corrections.get(entry.id):
            return corrected(standing, entry, correction.settlement, correction.parts)
        if entry.reverses:
            return undone(standing, entry)
        return sales_of(entry, self._settlements.get(entry.id), self._whys.get(entry.id, ()))


async def _written(
    connection: AsyncConnection, entry_ids: Iterable[UUID | None]
) -> dict[UUID | None, list[Sale]]:
    """The sales of earlier entries, and the corrections of their cost since."""
    by_entry: dict[UUID | None, list[Sale]] = {}
    for row in await connection.execute(_WRITTEN, {"ids": list(entry_ids)}):
        by_entry.setdefault(row.corrects or row.entry_id, []).append(Sale(**row._mapping))
    return by_entry


_NAMES = [field.name for field in fields(Sale)]
_row = attrgetter(*_NAMES)
_WRITTEN = (
    select(*(sales.c[name] for name in _NAMES))
    .where(or_(any_of(sales.c.entry_id, "ids"), any_of(sales.c.corrects, "ids")))
    .order_by(sales.c.entry_id, sales.c.position)
)
_NEW_SALES = inserting(sales, *_NAMES)
_UNFOLDED = inserting(unfolded)
