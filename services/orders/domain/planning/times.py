"""When posts and people work: the station's calendar with everybody's own weeks and absences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.orders.domain.planning.bookings import Row
from services.orders.domain.planning.hours import Calendar
from services.orders.domain.planning.spans import Span, merged, within
from shared.contracts.load import AbsenceView, WeekdayHours


@dataclass(frozen=True, slots=True)
class Times:
    """What is known for one window. ``own_weeks``: of employees who have one."""

    window: Span
    calendar: Calendar
    own_weeks: Mapping[UUID, Sequence[WeekdayHours]]
    absences: Sequence[AbsenceView]

    def posts(self, posts: Sequence[Any], window: Span) -> dict[UUID, Row]:
        """By id. They work as the station does."""
        usual, away = self.calendar.open(window), self._away(window)
        return {
            post.id: Row(
                name=post.name,
                usual=usual,
                away=away.get(post.id, ()),
                away_code="post_out_of_order",
                zone=self.calendar.zone,
            )
            for post in posts
        }

    def employees(self, employees: Sequence[Any], window: Span) -> dict[UUID, Row]:
        """By id. They work as the station does, or as their own week says."""
        usual, away = self.calendar.open(window), self._away(window)
        return {
            employee.id: Row(
                name=f"{employee.last_name} {employee.first_name}",
                usual=(
                    self.calendar.open(window, self.own_weeks[employee.id])
                    if employee.id in self.own_weeks
                    else usual
                ),
                away=away.get(employee.id, ()),
                away_code="technician_absent",
                zone=self.calendar.zone,
            )
            for employee in employees
        }

    def _away(self, window: Span) -> dict[UUID | None, Sequence[Span]]:
        spans: dict[UUID | None, list[Span]] = {}
        for absence in self.absences:
            of = absence.employee_id or absence.post_id
            spans.setdefault(of, []).append(Span(absence.start, absence.end))
        return {of: within(merged(each), window) for of, each in spans.items()}
