"""Who may be named: on orders, their works and their bookings."""

from __future__ import annotations

from uuid import UUID

from services.orders.domain.order import Order
from services.orders.store import OrdersStore
from services.orders.store.places import EMPLOYEES_OF_ORDER
from services.orders.store.tables import employees
from shared.refusals import Refused


async def ensure_works_here(
    employee_id: UUID | None, store: OrdersStore, order: Order | None = None
) -> None:
    """Whom the ``order`` names stays nameable on it: an edit repeats what it found. Raises
    ``employee_inactive``, ``employee_not_found``."""
    if employee_id is None:
        return
    employee = await store.places.get(employees, employee_id)
    if not employee.active and not (order and employee_id in _named_by(order)):
        raise Refused("employee_inactive", name=f"{employee.last_name} {employee.first_name}")


def _named_by(order: Order) -> set[UUID | None]:
    on_works = {one.employee_id for line in order.services for one in order.performers_of(line)}
    return on_works | {getattr(order.header, name) for name in EMPLOYEES_OF_ORDER}
