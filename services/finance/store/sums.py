"""Ledger and sales by day: from their own rows, and from the sums that were made of them.

What the sums hold and what a report adds to them is the same selection of rows, so that it does
not matter to any answer what has been folded and what has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    Subquery,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    delete,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.ledger import EXPENSES, Account
from services.finance.store.rows import any_of
from services.finance.store.schema import entries, postings
from services.finance.store.schema_reports import (
    EVERYWHERE,
    NOBODY,
    ledger_sums,
    sales,
    sales_sums,
    unfolded,
)
from shared.contracts.base import Period
from shared.rollups import (
    DAY,
    GRAINS,
    NAMED,
    Grain,
    Spans,
    adding,
    at_the_edges,
    constant,
    day_of,
    differences_of,
    first_day,
    in_whole_days,
    replace,
    summed,
)

AMOUNTS = ("quantity", "works", "goods", "materials", "vat", "cost", "pay")
COUNTED = ("orders", "jobs", *AMOUNTS)
REVENUE = ("works", "goods", "materials", "vat")
_SOLD = ("day", "section_id", "key", "name", *COUNTED, "revenue")
_IN_CATEGORIES = (*EXPENSES, Account.VAT_OUTPUT, Account.OTHER_INCOME)
_FRESH = func.array(select(unfolded.c.entry_id).scalar_subquery(), type_=ARRAY(Uuid))
"""The same as one value: few or none, each of them looked up in an index."""

NO_WORDS = literal_column("''::text", Text)
"""Of the type of the sums' own names, so that both are read in the order of the index."""

type Filters = Sequence[ColumnElement[bool]]


# --- from the rows themselves --------------------------------------------------------------------


def ledger_rows(zone: ZoneInfo, of_entries: ColumnElement[bool]) -> Subquery:
    """``day, station_id, section_id, kind, debit, credit, category, amount, records`` of every
    posting of the entries, and of every entry itself. A record is an entry; of expenses, of VAT and
    of other income, an entry in a category: its first posting there counts it."""
    touches = or_(postings.c.debit.in_(_IN_CATEGORIES), postings.c.credit.in_(_IN_CATEGORIES))
    nth = func.row_number().over(
        partition_by=(postings.c.entry_id, touches, postings.c.category), order_by=postings.c.line
    )
    head = (
        day_of(entries.c.at, zone).label("day"),
        entries.c.station_id,
        func.coalesce(entries.c.section_id, NOBODY).label("section_id"),
        entries.c.kind,
    )
    of_postings = (
        select(
            *head,
            postings.c.debit,
            postings.c.credit,
            func.coalesce(postings.c.category, "").label("category"),
            postings.c.amount,
            case((and_(touches, nth == 1), 1), else_=0).label("records"),
        )
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(of_entries)
    )
    nothing = (literal("").label(name) for name in ("debit", "credit", "category"))
    itself = select(
        *head,
        *nothing,
        cast(0, Numeric(20, 2)).label("amount"),
        cast(1, Integer).label("records"),
    ).where(of_entries)
    return union_all(of_postings, itself).subquery("ledger")


KEYS: dict[str, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    "service": (func.coalesce(sales.c.service_id, NOBODY), sales.c.name),
    "technician": (func.coalesce(sales.c.employee_id, NOBODY), NO_WORDS),
    "client": (func.coalesce(sales.c.client_id, NOBODY), NO_WORDS),
    "product": (func.coalesce(sales.c.product_id, NOBODY), NO_WORDS),
    "order_type": (literal(NOBODY, Uuid), func.coalesce(sales.c.order_type, NO_WORDS)),
}
"""What sales are summed by, and the name of what has no other key."""
OF_MANY = ("client", "product")
"""So many that hardly one is met twice in a day: their days are kept of each section, not of all of
them together, which would be the same rows again."""


def sales_rows(zone: ZoneInfo, by: str, of_sales: ColumnElement[bool]) -> Select[Any]:
    """``day, section_id, key, name``, ``COUNTED`` and ``revenue`` of every line."""
    key, name = KEYS[by]
    return select(
        day_of(sales.c.at, zone).label("day"),
        func.coalesce(sales.c.section_id, NOBODY).label("section_id"),
        key.label("key"),
        name.label("name"),
        *(cast(sales.c[each], Integer).label(each) for each in ("orders", "jobs")),
        *(sales.c[each] for each in AMOUNTS),
        reduce(add, (sales.c[each] for each in REVENUE)).label("revenue"),
    ).where(of_sales)


# --- of a period, from the sums as far as they reach ---------------------------------------------


def ledger_of(
    period: Period,
    parts: Spans,
    zone: ZoneInfo,
    *,
    station_id: UUID | None = None,
    section_id: UUID | None = None,
) -> Subquery:
    """``day, kind, debit, credit, category, amount, records``, already summed or not."""
    names = ("day", "kind", "debit", "credit", "category", "amount", "records")
    kept = select(*(ledger_sums.c[name] for name in names)).where(
        summed(ledger_sums.c, parts),
        ledger_sums.c.section_id == (section_id or EVERYWHERE),
        *_equal(ledger_sums.c, station_id=station_id),
    )
    where = _equal(entries.c, station_id=station_id, section_id=section_id)
    added = [
        select(*(rows.c[name] for name in names))
        for of_entries in _not_in_the_sums(entries.c.id, entries.c.at, period, parts)
        for rows in [ledger_rows(zone, and_(of_entries, *where))]
    ]
    return union_all(kept, *added).subquery("ledger")


def sales_of(
    by: str,
    period: Period,
    parts: Spans,
    zone: ZoneInfo,
    keys: Select[Any] | None = None,
    *,
    by_section: bool = False,
    **equal: UUID | None,
) -> Subquery:
    """``day, section_id, key, name``, ``COUNTED`` and ``revenue``, already summed or not; of a
    selection of ``keys``, or of all. ``by_section``: a row of each section's own."""
    # All days of a key lie together.
    named = NAMED if keys is None else 0
    kept = [
        select(*(sales_sums.c[name] for name in _SOLD)).where(
            sales_sums.c.by == constant(by),
            summed(sales_sums.c, Spans((piece,)), named),
            *_places(by, piece[0], by_section, **equal),
            *_among(sales_sums.c.key, keys),
        )
        for piece in parts.whole
    ]
    return union_all(*kept, *_added(by, period, parts, zone, keys, **equal)).subquery("sold")


def sales_not_summed(
    by: str, period: Period, parts: Spans, zone: ZoneInfo, **equal: UUID | None
) -> Subquery:
    """What ``sales_of`` adds to the sums, in its columns."""
    return union_all(*_added(by, period, parts, zone, None, **equal)).subquery("added")


def _added(
    by: str,
    period: Period,
    parts: Spans,
    zone: ZoneInfo,
    keys: Select[Any] | None,
    **equal: UUID | None,
) -> list[Select[Any]]:
    key, _ = KEYS[by]
    where = [*_equal(sales.c, **equal), *_among(key, keys)]
    return [
        sales_rows(zone, by, and_(of_sales, *where))
        for of_sales in _not_in_the_sums(sales.c.entry_id, sales.c.at, period, parts)
    ]


def _places(
    by: str,
    grain: Grain,
    by_section: bool,
    station_id: UUID | None = None,
    section_id: UUID | None = None,
) -> Filters:
    """Every sale once: of the sections, or of all of them together."""
    section = sales_sums.c.section_id
    if section_id:
        return [section == section_id, *_equal(sales_sums.c, station_id=station_id)]
    if by_section or station_id or (grain == DAY and by in OF_MANY):
        return [section != EVERYWHERE, *_equal(sales_sums.c, station_id=station_id)]
    return [section == EVERYWHERE]


def _not_in_the_sums(
    entry_id: ColumnElement[UUID], at: ColumnElement[Any], period: Period, parts: Spans
) -> list[ColumnElement[bool]]:
    fresh = [and_(entry_id == any_(_FRESH), in_whole_days(at, parts, period))]
    return [*fresh, *([at_the_edges(at, parts)] if parts.edges else [])]


def _among(key: ColumnElement[UUID], keys: Select[Any] | None) -> Filters:
    """One of a selection, as one value: each of them is looked up in an index."""
    if keys is None:
        return []
    return [key == any_(func.array(keys.scalar_subquery(), type_=ARRAY(Uuid)))]


def _equal(columns: Any, **equal: UUID | None) -> Filters:
    return [columns[name] == value for name, value in equal.items() if value is not None]


# --- folding, and reckoning anew -----------------------------------------------------------------


async def fold(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> int:
    """Adds to the sums what they do not know yet."""
    # In the order in which they came, and past whatever was folded before.
    some = select(unfolded.c.entry_id).order_by(unfolded.c.entry_id).limit(limit)
    taken = await connection.execute(
        delete(unfolded).where(unfolded.c.entry_id.in_(some)).returning(unfolded.c.entry_id)
    )
    ids = {"ids": list(taken.scalars())}
    if ids["ids"]:
        await connection.execute(adding(ledger_sums, _ledger_sums(zone, _IDS_OF_ENTRIES)), ids)
        await connection.execute(adding(sales_sums, _sales_sums(zone, _IDS_OF_SALES)), ids)
    return len(ids["ids"])


async def reckon(connection: AsyncConnection, zone: ZoneInfo) -> int:
    """All sums anew, of every entry that is folded."""
    kept = [await replace(connection, *each) for each in _sums_of_folded(zone)]
    return sum(kept)


_IDS = bindparam("ids", type_=ARRAY(Uuid))
_IDS_OF_ENTRIES = any_of(entries.c.id, "ids")
_IDS_OF_SALES = any_of(sales.c.entry_id, "ids")


def _ledger_sums(zone: ZoneInfo, of_entries: ColumnElement[bool]) -> Select[Any]:
    """In the order of the table's columns; of each section, and of all of them. Days are added up
    first, since few postings have a row of their own."""
    rows = ledger_rows(zone, of_entries)
    where_and_what = ("station_id", "section_id", "kind", "debit", "credit", "category")
    same = [rows.c[name] for name in ("day", *where_and_what)]
    amount, records = func.sum(rows.c.amount), func.sum(rows.c.records)
    daily = select(*same, amount.label("amount"), records.label("records")).group_by(*same)
    days = daily.subquery("days")
    places = (
        values(column("section_id", Uuid), name="places")
        .data([(days.c.section_id,), (literal(EVERYWHERE, Uuid),)])
        .lateral()
    )
    keys = (
        GRAINS.c.grain,
        first_day(GRAINS.c.grain, days.c.day).label("day"),
        days.c.station_id,
        places.c.section_id,
        *(days.c[name] for name in where_and_what[2:]),
    )
    return (
        select(
            *keys,
            func.sum(days.c.amount).label("amount"),
            cast(func.sum(days.c.records), Integer).label("records"),
        )
        .select_from(days.join(places, true()).join(GRAINS, true()))
        .group_by(*keys)
        .order_by(*keys)
    )


def _sales_sums(zone: ZoneInfo, of_sales: ColumnElement[bool]) -> Select[Any]:
    """The same sales by each of ``KEYS``, of each section and of all; in the order of the table's
    keys and measures. Days are added up first."""
    by = (
        values(column("by", Text), column("key", Uuid), column("name", Text), name="keys")
        .data([(name, *key) for name, key in KEYS.items()])
        .lateral()
    )
    same = (
        by.c.by,
        by.c.key,
        day_of(sales.c.at, zone).label("day"),
        by.c.name,
        sales.c.station_id,
        func.coalesce(sales.c.section_id, NOBODY).label("section_id"),
    )
    days = (
        select(*same, *(func.sum(sales.c[name]).label(name) for name in COUNTED))
        .select_from(sales.join(by, true()))
        .where(of_sales)
        .group_by(*same)
        .subquery("days")
    )
    everywhere = literal(EVERYWHERE, Uuid)
    places = (
        values(column("station_id", Uuid), column("section_id", Uuid), name="places")
        .data([(days.c.station_id, days.c.section_id), (everywhere, everywhere)])
        .lateral()
    )
    keys = (
        GRAINS.c.grain,
        days.c.by,
        days.c.key,
        first_day(GRAINS.c.grain, days.c.day).label("day"),
        days.c.name,
        places.c.station_id,
        places.c.section_id,
    )
    is_kept = or_(
        GRAINS.c.grain != DAY, days.c.by.not_in(OF_MANY), places.c.section_id != EVERYWHERE
    )
    counts = [cast(func.sum(days.c[name]), Integer).label(name) for name in ("orders", "jobs")]
    return (
        select(*keys, *counts, *(func.sum(days.c[name]).label(name) for name in AMOUNTS))
        .select_from(days.join(places, true()).join(GRAINS, true()))
        .where(is_kept)
        .group_by(*keys)
        .order_by(*keys)
    )


def _sums_of_folded(zone: ZoneInfo) -> tuple[tuple[Table, Select[Any]], ...]:
    return (
        (ledger_sums, _ledger_sums(zone, _is_folded(entries.c.id))),
        (sales_sums, _sales_sums(zone, _is_folded(sales.c.entry_id))),
    )


def _is_folded(entry_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    return not_(exists().where(unfolded.c.entry_id == entry_id))


async def differences(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> Sequence[Any]:
    """The sums that are not what their rows come to: ``what, key, expected, actual``."""
    found: list[Any] = []
    for table, sums in _sums_of_folded(zone):
        anew = sums.subquery("anew")
        found += await differences_of(connection, table, table, anew, limit - len(found))
    return found
