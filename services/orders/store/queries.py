"""Lists of orders, comments and declined works, page by page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import starmap
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import (
    SEARCHED,
    bookings,
    comments,
    orders,
    part_lines,
    price_steps,
    service_lines,
)
from shared.contracts.orders import CommentView, ListComments, PriceStepView
from shared.contracts.work_order import FindWorkOrders
from shared.nobody import as_kept
from shared.pagination import by_id
from shared.statements import unforeseen


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What a list of orders is narrowed to; ``own_of``: an employee's own."""

    status: str | None = None
    statuses: tuple[str, ...] = ()
    section_id: UUID | None = None
    employee_id: UUID | None = None
    client_id: UUID | None = None
    vehicle_id: UUID | None = None
    own_of: UUID | None = None
    unbooked: bool = False
    start: datetime | None = None
    end: datetime | None = None
    accounted: bool = False
    q: str = ""

    @property
    def words(self) -> list[str]:
        """All of them are in the number, the client's name or the car."""
        return as_kept(self.q).lower().split()


async def order_names(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Any]:
    """``id, number, client_name, vehicle_name`` of those that exist."""
    columns = (orders.c.id, orders.c.number, orders.c.client_name, orders.c.vehicle_name)
    return list((await connection.execute(select(*columns).where(orders.c.id.in_(ids)))).all())


type Place = tuple[datetime, UUID]
"""Where an order stands in a list: when it was made, and its id."""


INDEXED = 3
"""Letters: an index of pieces of three has nothing to find a shorter word by, so that orders are
looked at one by one."""
_EQUAL = ("status", "section_id", "employee_id", "client_id", "vehicle_id")
_WORD, _SHORT = "word", "short"


def parameters_of(filters: OrderFilter, limit: int, after: Place | None) -> dict[str, Any]:
    """Of the statement of a list, by name; only what is said, so that the names tell which
    statement it is. ``after``: the place of the last one shown."""
    at = "accounted" if filters.accounted else "created"
    said = {
        **{name: getattr(filters, name) for name in _EQUAL},
        "statuses": list(filters.statuses),
        "own_of": filters.own_of,
        "own_share": filters.own_of and [{"employee_id": str(filters.own_of)}],
        "unbooked": filters.unbooked,
        f"{at}_from": filters.start,
        f"{at}_until": filters.end,
        **dict(starmap(_pattern, enumerate(filters.words))),
        "after_at": after and after[0],
        "after_id": after and after[1],
        "limit": limit,
    }
    return {name: value for name, value in said.items() if value}


def _pattern(number: int, word: str) -> tuple[str, str]:
    """A word as a parameter, for LIKE."""
    name = _WORD if len(word) >= INDEXED else _SHORT
    return f"{name}_{number}", f"%{re.sub(r'([%_\\])', r'\\\1', word)}%"


def is_short(name: str) -> bool:
    """Whether the parameter is a word that no index is of use for."""
    return name.startswith(_SHORT)


def has_words(names: Iterable[str]) -> bool:
    """Whether an index can tell orders by one of the words."""
    return any(name.startswith(_WORD) for name in names)


def newest_first(statement: Select[Any], of: FromClause, names: Collection[str]) -> Select[Any]:
    """A part of a list of orders, the rows ``of`` the statement; ``names``: of its parameters."""
    narrowed = statement.where(*narrowing(of, names)).order_by(*newest_of(of))
    return narrowed.limit(bindparam("limit", type_=Integer))


def newest_of(of: FromClause) -> tuple[ColumnElement[Any], ...]:
    return of.c.created_at.desc(), of.c.id.desc()


LOOKED_AT = (
    orders.c.id,
    orders.c.number,
    orders.c.client_id,
    orders.c.client_name,
    orders.c.vehicle_id,
    orders.c.vehicle_name,
    orders.c.status,
    orders.c.section_id,
    orders.c.employee_id,
    orders.c.mechanic_id,
    orders.c.assignment_at,
    orders.c.created_at,
)
"""What a list is narrowed by."""


def narrowing(of: FromClause, names: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """What holds of the orders of a list that has parameters of these names; ``of``: what of each
    of them is looked at."""
    place = tuple_(
        bindparam("after_at", type_=of.c.created_at.type), bindparam("after_id", type_=Uuid)
    )
    conditions = {
        **{name: of.c[name] == bindparam(name) for name in _EQUAL},
        "statuses": of.c.status == any_(bindparam("statuses", type_=ARRAY(Text))),
        "own_of": _is_own(of),
        "unbooked": _is_unbooked(of),
        "created_from": of.c.created_at >= bindparam("created_from"),
        "created_until": of.c.created_at < bindparam("created_until"),
        "accounted_from": of.c.assignment_at >= bindparam("accounted_from"),
        "accounted_until": of.c.assignment_at < bindparam("accounted_until"),
        "after_at": tuple_(of.c.created_at, of.c.id) < place,
    }
    searched = literal_column(SEARCHED, Text)
    for name in names:
        if name in conditions:
            yield conditions[name]
        elif name.startswith((_WORD, _SHORT)):
            # No index is to look for what it cannot find.
            looked_at = searched + literal_column("''") if is_short(name) else searched
            yield looked_at.like(unforeseen(bindparam(name, type_=Text)))


def _is_own(of: FromClause) -> ColumnElement[bool]:
    employee = bindparam("own_of", type_=Uuid)
    works_on_it = exists().where(
        service_lines.c.order_id == of.c.id,
        or_(
            service_lines.c.mechanic_id == employee,
            service_lines.c.performers.contains(bindparam("own_share", type_=JSONB)),
        ),
    )
    return or_(of.c.employee_id == employee, of.c.mechanic_id == employee, works_on_it)


def _is_unbooked(of: FromClause) -> ColumnElement[bool]:
    holds_a_post = exists().where(bookings.c.order_id == of.c.id, bookings.c.state == "planned")
    is_open = or_(*(of.c.status == state for state in ("draft", "new", "in_progress")))
    return and_(is_open, ~holds_a_post)


async def orders_naming(connection: AsyncConnection, client_id: UUID) -> list[UUID]:
    """Every order that has this client, payer or driver."""
    rows = await connection.execute(
        select(orders.c.id)
        .where(
            or_(
                orders.c.client_id == client_id,
                and_(orders.c.payer_id == client_id, orders.c.payer_id != orders.c.client_id),
                orders.c.driver_id == client_id,
            )
        )
        .order_by(orders.c.id)
    )
    return list(rows.scalars())


async def list_comments(connection: AsyncConnection, asked: ListComments) -> list[CommentView]:
    """One more than a page, oldest first."""
    of_order = select(comments).where(comments.c.order_id == asked.order_id)
    rows = await connection.execute(by_id(of_order, comments.c.id, asked.cursor, asked.limit))
    return [CommentView(id=row.id, text=row.text, author=row.author, at=row.at) for row in rows]


async def completed_orders(
    connection: AsyncConnection,
    question: FindWorkOrders,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> list[Any]:
    """Ids and times of orders that are done, by when they were done, oldest first."""
    statement = (
        select(orders.c.id, orders.c.completed_at)
        .where(orders.c.completed_at.is_not(None))
        .order_by(orders.c.completed_at, orders.c.id)
        .limit(limit)
    )
    if question.client_id:
        statement = statement.where(orders.c.client_id == question.client_id)
    if question.period.start:
        statement = statement.where(orders.c.completed_at >= question.period.start)
    if question.period.end:
        statement = statement.where(orders.c.completed_at < question.period.end)
    if after:
        statement = statement.where(tuple_(orders.c.completed_at, orders.c.id) > tuple_(*after))
    return list(await connection.execute(statement))


async def list_price_steps(
    connection: AsyncConnection, order_id: UUID, line_id: UUID, limit: int, after: int | None
) -> list[Any]:
    """Rows of ``price_steps``, oldest first."""
    statement = (
        select(price_steps)
        .where(price_steps.c.order_id == order_id, price_steps.c.line_id == line_id)
        .order_by(price_steps.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(price_steps.c.id > after)
    return list(await connection.execute(statement))


def price_step_view(row: Any) -> PriceStepView:
    shown = {name: row._mapping[name] for name in PriceStepView.model_fields}
    for name in ("old", "new"):
        if shown[name] is not None:
            shown[name] = _plain(shown[name])
    return PriceStepView(**shown)


def _plain(number: Decimal) -> Decimal:
    """As it was said: to kopecks, and further only where there is more."""
    shorter = number.quantize(Decimal("0.01"))
    return shorter if shorter == number else number.normalize()


# --- declined works of a car -------------------------------------------------------------------

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_IS_OFFERED = and_(
    service_lines.c.approval_state == "declined", service_lines.c.approval_closed.is_(None)
)
_PARTS_TOTAL = (
    select(func.coalesce(func.sum(part_lines.c.total), 0))
    .where(part_lines.c.service_line_id == service_lines.c.id)
    .where(part_lines.c.order_id == service_lines.c.order_id)
    .scalar_subquery()
)
_DECLINED_WORKS = (
    select(
        service_lines.c.id,
        service_lines.c.order_id,
        orders.c.number,
        service_lines.c.service_id,
        service_lines.c.name,
        service_lines.c.quantity,
        (service_lines.c.total + _PARTS_TOTAL).label("price"),
        service_lines.c.approval_at.label("declined_at"),
        service_lines.c.approval_by.label("by"),
        service_lines.c.approval_how.label("how"),
    )
    .join(orders, orders.c.id == service_lines.c.order_id)
    .where(_IS_OFFERED)
    .order_by(service_lines.c.approval_at.desc(), service_lines.c.id.desc())
)


async def declined_works(
    connection: AsyncConnection,
    vehicle_id: UUID,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> list[Any]:
    """Those that are still offered, newest first, with the fields of ``DeclinedWorkView``."""
    statement = _DECLINED_WORKS.where(orders.c.vehicle_id == vehicle_id).limit(limit)
    if after:
        statement = statement.where(
            tuple_(service_lines.c.approval_at, service_lines.c.id) < tuple_(*after)
        )
    return list(await connection.execute(statement))


async def declined_orders(
    connection: AsyncConnection, line_ids: Iterable[UUID], vehicle_id: UUID
) -> list[UUID]:
    """The orders of the car that these lines are on."""
    rows = await connection.execute(
        select(orders.c.id)
        .join(service_lines, service_lines.c.order_id == orders.c.id)
        .where(service_lines.c.id == any_(_IDS), orders.c.vehicle_id == vehicle_id)
        .distinct()
        .order_by(orders.c.id),
        {"ids": list(line_ids)},
    )
    return list(rows.scalars())
