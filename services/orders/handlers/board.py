"""The board in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.orders.domain.board import Standing, is_overdue, lane_of
from services.orders.domain.planning.bookings import Booking
from services.orders.handlers.questions import employee_asking
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.board import Sums, board_rows, board_sums
from services.orders.store.queries import OrderFilter
from services.orders.store.tables import employees, posts, sections
from services.orders.views import summary
from shared.contracts.base import Instant, Page
from shared.contracts.board import BoardCard, BoardPerson, GetBoard
from shared.handlers import Work
from shared.pagination import keys_of, page_of


@handlers.question(GetBoard)
async def get_board(question: GetBoard, store: OrdersStore, work: Work) -> Page[BoardCard]:
    own_of = question.employee_id
    if question.own:
        asking = await employee_asking(store, work)
        if asking is None or own_of not in (None, asking):
            return Page(items=())
        own_of = asking
    filters = OrderFilter(section_id=question.section_id, own_of=own_of, q=question.q)
    after = keys_of(question.cursor, tuple[Instant, UUID]) if question.cursor else None
    rows = await board_rows(store.connection, filters, question.limit + 1, after)
    around = await _around(rows, store)
    return page_of(
        rows,
        question.limit,
        lambda row: _card(row, around, work),
        lambda row: (row.created_at, row.id),
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What cards show beside their order's row: names, sums of lines, bookings."""

    sums: Mapping[UUID, Sums]
    bookings: Mapping[UUID, list[Booking]]
    employees: Mapping[UUID, Any]
    sections: Mapping[UUID, Any]
    posts: Mapping[UUID, Any]


async def _around(rows: list[Any], store: OrdersStore) -> _Around:
    ids = {row.id for row in rows}
    sums = await board_sums(store.connection, ids)
    named = {each for one in sums.values() for each in one.mechanics}
    named |= {row.mechanic_id or row.employee_id for row in rows}
    bookings = await store.bookings.of_orders(ids)
    held = {booking.post_id for each in bookings.values() for booking in each}
    return _Around(
        sums=sums,
        bookings=bookings,
        employees=await store.places.many(employees, named),
        sections=await store.places.many(sections, {row.section_id for row in rows}),
        posts=await store.places.many(posts, held | {row.post_id for row in rows}),
    )


def _card(row: Any, around: _Around, work: Work) -> BoardCard:
    sums = around.sums[row.id]
    last = max(around.bookings[row.id], key=lambda booking: booking.end, default=None)
    due_at = row.vehicle_out_at or (last.end if last else None)
    post_id = row.post_id or (last.post_id if last else None)
    mechanics = set(sums.mechanics)
    if sums.unnamed or not mechanics:
        mechanics.add(row.mechanic_id or row.employee_id)
    return BoardCard(
        **summary(row).model_dump(),
        lane=lane_of(
            Standing(
                status=row.status,
                waits_for_parts=row.waits_for_parts,
                waits_for_approval=row.waits_for_approval,
                works=sums.works,
                works_finished=sums.works_finished,
            )
        ),
        plate=row.plate,
        car=" ".join(filter(None, (row.vendor, row.model))) or None,
        reason=row.customer_reason,
        section=around.sections[row.section_id].name,
        post=around.posts[post_id].name if post_id else None,
        due_at=due_at,
        overdue=is_overdue(row.status, due_at, work.now),
        works=sums.works,
        works_finished=sums.works_finished,
        parts=sums.parts,
        parts_there=sums.parts_there,
        mechanics=tuple(
            BoardPerson(id=person.id, name=f"{person.last_name} {person.first_name}".strip())
            for person in sorted(
                (around.employees[each] for each in mechanics),
                key=lambda person: (person.last_name, person.first_name, person.id),
            )
        ),
    )
