"""Working hours, holidays, schedules and absences in and out of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.planning.hours import DEFAULT_WEEK, Calendar, days_of
from services.orders.domain.planning.spans import Span
from services.orders.domain.planning.times import Times
from services.orders.store.tables import absences, holidays, load_settings, weeks
from services.orders.store.tables.load import span_of, span_range
from shared.contracts.load import (
    AbsenceView,
    HolidayView,
    ListAbsences,
    OpeningHours,
    WeekdayHours,
)
from shared.pagination import by_id
from shared.refusals import Refused
from shared.settings import StationSettings

type Week = tuple[WeekdayHours, ...]

_WEEK = TypeAdapter(Week)
_HOURS = TypeAdapter(tuple[OpeningHours, ...])
_UNIQUE = "23505"
_COLUMNS = tuple(column.name for column in absences.c)
UNSAID = 1
"""The revision of what nobody has saved yet."""


class Calendars:
    """Few rows and rarely changed: read when needed, written at once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # --- what holds in a time ------------------------------------------------------------------

    async def times(
        self, window: Span, settings: StationSettings, employee_ids: Iterable[UUID] = ()
    ) -> Times:
        """Three statements, however many people and days they are."""
        own = await self._weeks({settings.station_id, *employee_ids})
        station = own.pop(settings.station_id, None)
        return Times(
            window=window,
            calendar=Calendar(
                zone=settings.zone,
                week=DEFAULT_WEEK if station is None else station,
                special=await self._special(window, settings),
            ),
            own_weeks={owner: week for owner, week in own.items() if week is not None},
            absences=await self._absences(window),
        )

    async def _weeks(self, owner_ids: set[UUID]) -> dict[UUID, Week | None]:
        found = await self._connection.execute(
            select(weeks.c.owner_id, weeks.c.week).where(weeks.c.owner_id.in_(owner_ids))
        )
        return {row.owner_id: _week(row.week) for row in found}

    async def _special(
        self, window: Span, settings: StationSettings
    ) -> Mapping[date, Sequence[OpeningHours]]:
        days = days_of(window, settings.zone)
        found = await self._connection.execute(
            select(holidays.c.day, holidays.c.hours).where(
                holidays.c.day.between(days[0], days[-1])
            )
        )
        return {row.day: _HOURS.validate_python(row.hours) for row in found}

    async def _absences(self, window: Span) -> list[AbsenceView]:
        found = await self._connection.execute(
            select(absences)
            .where(absences.c.during.op("&&")(span_range(window)))
            .order_by(func.lower(absences.c.during), absences.c.id)
        )
        return [_absence(row) for row in found]

    # --- weeks ---------------------------------------------------------------------------------

    async def week(self, owner_id: UUID) -> tuple[Week | None, int]:
        """With its revision; null is the station's."""
        found = await self._connection.execute(select(weeks).where(weeks.c.owner_id == owner_id))
        row = found.one_or_none()
        return (_week(row.week), row.revision) if row else (None, UNSAID)

    async def set_week(self, owner_id: UUID, week: Week | None, revision: int) -> int:
        """Answers the new revision. Raises ``revision_conflict`` if it is not ``revision`` any
        more that is there."""
        said = None if week is None else [hours.model_dump() for hours in week]
        row = {"owner_id": owner_id, "week": said}
        return await self._set(weeks, weeks.c.owner_id, row, revision)

    # --- the panel's formulas ------------------------------------------------------------------

    async def load_formulas(self, station_id: UUID) -> Any | None:
        """``caption``, ``colour`` and ``revision``, if somebody has saved them."""
        found = await self._connection.execute(
            select(load_settings).where(load_settings.c.station_id == station_id)
        )
        return found.one_or_none()

    async def set_load_formulas(
        self, station_id: UUID, caption: str, colour: str, revision: int
    ) -> int:
        """As ``set_week``."""
        row = {"station_id": station_id, "caption": caption, "colour": colour}
        return await self._set(load_settings, load_settings.c.station_id, row, revision)

    # --- holidays and absences -----------------------------------------------------------------

    async def add_holiday(self, holiday: HolidayView) -> None:
        """Raises ``Refused("holiday_exists")``."""
        row = holiday.model_dump(include={"id", "day", "name"})
        row["hours"] = [hours.model_dump() for hours in holiday.hours]
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(insert(holidays).values(**row))
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", "") == _UNIQUE:
                raise Refused("holiday_exists", day=holiday.day) from error
            raise

    async def remove_holiday(self, holiday_id: UUID) -> HolidayView:
        """Answers what it was. Raises ``Refused("holiday_not_found")``."""
        found = await self._connection.execute(
            delete(holidays).where(holidays.c.id == holiday_id).returning(holidays)
        )
        row = found.one_or_none()
        if row is None:
            raise Refused("holiday_not_found", id=holiday_id)
        return HolidayView(**row._mapping)

    async def list_holidays(
        self, year: int | None, limit: int, after: date | None
    ) -> list[HolidayView]:
        statement = select(holidays).order_by(holidays.c.day).limit(limit)
        if year:
            statement = statement.where(
                holidays.c.day.between(date(year, 1, 1), date(year, 12, 31))
            )
        if after:
            statement = statement.where(holidays.c.day > after)
        found = await self._connection.execute(statement)
        return [HolidayView(**row._mapping) for row in found]

    async def add_absence(self, absence: AbsenceView) -> None:
        row = absence.model_dump(exclude={"start", "end"})
        row["during"] = span_range(Span(absence.start, absence.end))
        await self._connection.execute(insert(absences).values(**row))

    async def remove_absence(self, absence_id: UUID) -> AbsenceView:
        """Answers what it was. Raises ``Refused("absence_not_found")``."""
        found = await self._connection.execute(
            delete(absences).where(absences.c.id == absence_id).returning(absences)
        )
        row = found.one_or_none()
        if row is None:
            raise Refused("absence_not_found", id=absence_id)
        return _absence(row)

    async def list_absences(self, question: ListAbsences) -> list[AbsenceView]:
        """One more than a page."""
        period = Range(question.start, question.end, bounds="[)")
        statement = select(absences).where(absences.c.during.op("&&")(period))
        for name in ("employee_id", "post_id"):
            if (value := getattr(question, name)) is not None:
                statement = statement.where(absences.c[name] == value)
        page = by_id(statement, absences.c.id, question.cursor, question.limit)
        found = await self._connection.execute(page)
        return [_absence(row) for row in found]

    async def _set(self, table: Any, key: Any, row: dict[str, Any], revision: int) -> int:
        new = upsert(table).values(**row, revision=revision + 1)
        statement = new.on_conflict_do_update(
            index_elements=[key],
            set_={name: new.excluded[name] for name in (*row, "revision")},
            # Who was faster is not written over.
            where=table.c.revision == revision,
        ).returning(table.c.revision)
        if (await self._connection.execute(statement)).one_or_none() is None:
            actual = await self._connection.scalar(
                select(table.c.revision).where(key == row[key.name])
            )
            raise Refused("revision_conflict", expected=revision, actual=actual)
        return revision + 1


def _week(said: Any) -> Week | None:
    return None if said is None else _WEEK.validate_python(said)


def _absence(row: Any) -> AbsenceView:
    fields = {name: row._mapping[name] for name in _COLUMNS if name != "during"}
    span = span_of(row.during)
    return AbsenceView(start=span.start, end=span.end, **fields)
