"""What orders say of cars' mileage, in and out of the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, case, func, or_, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.mileage import Reading, with_word
from services.clients.store.tables import readings
from shared.reading import read_together
from shared.writing import Pending, Rows, inserting

_KNOWN = select(readings).where(
    or_(
        readings.c.order_id == any_(bindparam("orders", type_=ARRAY(Uuid))),
        readings.c.vehicle_id == any_(bindparam("cars", type_=ARRAY(Uuid))),
    )
)


def _with_words() -> Rows:
    """As ``with_word``, of what is there now."""
    rows = inserting(readings)
    statement: Insert = rows.statement  # type: ignore[assignment]
    said = statement.excluded
    is_later = readings.c.revision <= said.revision
    merged = statement.on_conflict_do_update(
        index_elements=[readings.c.order_id],
        set_={
            "at": func.least(readings.c.at, said.at),
            **{
                name: case((is_later, said[name]), else_=readings.c[name])
                for name in ("revision", "vehicle_id", "mileage_km")
            },
        },
    )
    return Rows(rows.name, merged, rows.columns)


_SAVE = _with_words()


class Readings:
    """Remembers what it loaded and heard. Whoever loads and hears holds the cars, so that nobody
    hears of them meanwhile. Of one order two may hear at once, where their news name no car in
    common: each row is therefore merged where it is written, and the news between them, which name
    cars of both, make both right."""

    def __init__(self, connection: AsyncConnection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending
        self._known: dict[UUID, Reading | None] = {}
        self._cars: set[UUID] = set()
        self._heard: dict[UUID, Reading] = {}
        self.saves = 0

    async def load(self, orders: Collection[UUID], cars: Collection[UUID]) -> None:
        """What these orders say, and all that is said of these cars."""
        wanted = set(orders) - self._known.keys()
        unknown = set(cars) - self._cars
        if not wanted and not unknown:
            return
        (rows,) = await read_together(
            self._connection, (_KNOWN, {"orders": list(wanted), "cars": list(unknown)})
        )
        self._known |= dict.fromkeys(wanted)
        self._cars |= unknown
        for row in rows:
            reading = Reading(
                order_id=row.order_id,
                revision=row.revision,
                vehicle_id=row.vehicle_id,
                mileage_km=row.mileage_km,
                at=row.at,
            )
            # What was heard in this transaction is not in the database yet.
            self._known[row.order_id] = self._known.get(row.order_id) or reading

    def hear(self, reading: Reading) -> set[UUID]:
        """Of a loaded order. Returns the cars that it spoke or speaks of."""
        before = self._known[reading.order_id]
        after = with_word(before, reading) if before else reading
        if after != before:
            self.saves += 1
            self._known[after.order_id] = self._heard[after.order_id] = after
        spoken_of = {each.vehicle_id for each in (before, after) if each}
        return {car for car in spoken_of if car}

    def of_car(self, vehicle_id: UUID) -> list[Reading]:
        """Of a loaded car."""
        return [one for one in self._known.values() if one and one.vehicle_id == vehicle_id]

    def flush(self) -> None:
        self._pending.add(_SAVE, (asdict(self._heard[key]) for key in sorted(self._heard)))
        self._heard = {}
