"""Who works here: asked of orders, whose they are, whenever a sheet or a salary needs it."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.orders import EmployeeView, ListEmployees, ListSections
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import ADMINISTRATOR, OWNER

_OFFICE = (ADMINISTRATOR, OWNER)
_AT_ONCE = 200


async def everybody(work: Work) -> dict[UUID, EmployeeView]:
    """By id, also those who have left."""
    found: dict[UUID, EmployeeView] = {}
    cursor: str | None = None
    while True:
        page = await work.ask(ListEmployees(limit=_AT_ONCE, cursor=cursor))
        found |= {employee.id: employee for employee in page.items}
        cursor = page.next
        if cursor is None:
            return found


async def sections(work: Work) -> dict[UUID, str]:
    """Their names, by id."""
    found: dict[UUID, str] = {}
    cursor: str | None = None
    while True:
        page = await work.ask(ListSections(limit=_AT_ONCE, cursor=cursor))
        found |= {section.id: section.name for section in page.items}
        cursor = page.next
        if cursor is None:
            return found


async def ensure_employee(employee_id: UUID, work: Work) -> None:
    """Refused: ``employee_not_found``."""
    if employee_id not in await everybody(work):
        raise Refused("employee_not_found", id=employee_id)


async def ensure_section(section_id: UUID | None, work: Work) -> None:
    """Refused: ``section_not_found``."""
    if section_id is not None and section_id not in await sections(work):
        raise Refused("section_not_found", id=section_id)


def shown_to(people: dict[UUID, EmployeeView], work: Work) -> dict[UUID, EmployeeView]:
    """Whose pay the asker may see: the office everybody's, others their own."""
    if work.actor.role in _OFFICE:
        return people
    return {
        employee_id: employee
        for employee_id, employee in people.items()
        if employee.login is not None and employee.login == work.actor.login
    }
