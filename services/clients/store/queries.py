"""Finding clients: by the indexes alone, whatever was typed and however many clients there are.

A fragment may fit nobody or half of all clients, and the database cannot tell beforehand. Asked
for "the newest 50 that fit", it guesses, and a wrong guess reads a million rows. So each reading
of the query is done in steps that cost little whatever fits, the next only if the one before has
not told it all. Phones, plates and VINs are rare as a rule:

1. Of cars a ``GLANCE`` is had at those of the newest clients: the first letters of a VIN may be
   those of every third.
2. By the index, if no more than ``FEW`` fit in all.
3. Otherwise cars are looked through from those of the newest clients on, and a page is found soon;
   and clients are found as those whose names many share.

Of names there are a few that many share, and it takes the index long to tell all who do:

1. Among the ``NEWEST`` clients.
2. By the index in the newest eras, one after the other: it gives those of a few weeks without
   touching the others.
3. By the index, if no more than ``FEW_OF_A_NAME`` fit in all.
4. In the older eras, until there is a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, count, starmap
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.cards import Client
from services.clients.domain.search import (
    Fits,
    Key,
    Reading,
    Search,
    may_be_misspelt,
    readings_of,
    similar_readings,
)
from services.clients.domain.vehicles import Vehicle
from services.clients.store.misspelt import alternatives_of
from services.clients.store.rows import CLIENT_COLUMNS, cars_of, client_of
from services.clients.store.tables import clients, era_of, vehicles
from services.clients.store.tables_segments import client_tags, vehicle_tags
from shared.contracts.base import Page
from shared.pagination import keys_of, page_of
from shared.statements import Prepared, unforeseen

NEWEST = 1_000
"""Rows that every search looks through, so that they lie in memory."""
RECENT_ERAS = 4
"""Before those of the newest."""
RECENT_SHARE = 4
"""What part of a page is found in recent eras, if the others are worth going through."""
GLANCE = 200
FEW_OF_A_NAME = 300
FEW = 2_000
"""Rows that are cheap to fetch and sort."""

type Mode = Literal["fits", "similar"]
type Eras = Literal["all_eras", "recent_eras", "older_eras"]
"""Recent ones are those of the newest clients, and ``RECENT_ERAS`` before."""
type Found = tuple[Client, list[Vehicle]]
"""A client, and the cars."""


async def find_clients(
    connection: AsyncConnection,
    search: Search,
    tag_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> Page[Found]:
    """Newest first. Misspellings are thought of only when nothing fits as it was typed."""
    mode: Mode
    after: UUID | None
    mode, after = keys_of(cursor, tuple[Mode, UUID]) if cursor else ("fits", None)
    if search.everything:
        rows = await _newest(connection, tag_id, limit, after)
        return page_of(rows, limit, _found, lambda row: (mode, row.id))
    rows = []
    if mode == "fits":
        rows = await _fitting(connection, readings_of(search), tag_id, limit, after)
    if mode == "similar" or (not rows and after is None):
        mode = "similar"
        alternatives = await alternatives_of(connection, may_be_misspelt(search))
        readings = similar_readings(search, alternatives)
        rows = await _fitting(connection, readings, tag_id, limit, after)
    return page_of(rows, limit, _found, lambda row: (mode, row.id))


# --- pages -------------------------------------------------------------------------------------
# One client more than asked for tells whether there is a next page.

_AFTER = unforeseen(bindparam("after", type_=Uuid))
_LIMIT = unforeseen(bindparam("limit", type_=Integer))
_TAG = unforeseen(bindparam("tag", type_=Uuid))
_TAGGED = union(
    select(client_tags.c.client_id).where(client_tags.c.tag_id == _TAG),
    select(vehicles.c.client_id)
    .join(vehicle_tags, vehicle_tags.c.vehicle_id == vehicles.c.id)
    .where(vehicle_tags.c.tag_id == _TAG),
)
_SHOWN = select(*CLIENT_COLUMNS, cars_of(clients.c.id).label("cars"))


def _found(row: Any) -> Found:
    return client_of(row), list(starmap(Vehicle, row.cars))


async def _newest(
    connection: AsyncConnection, tag_id: UUID | None, limit: int, after: UUID | None
) -> list[Any]:
    values = {"limit": limit + 1, "after": after, "tag": tag_id}
    return await _page_of_all(after is not None, tag_id is not None).rows(connection, **values)


@cache
def _page_of_all(goes_on: bool, tagged: bool) -> Prepared:
    newest = _SHOWN.where(clients.c.merged_into.is_(None))
    if goes_on:
        newest = newest.where(clients.c.id < _AFTER)
    if tagged:
        newest = newest.where(clients.c.id.in_(_TAGGED))
    return Prepared(newest.order_by(clients.c.id.desc()).limit(_LIMIT))


async def _fitting(
    connection: AsyncConnection,
    readings: Sequence[Reading],
    tag_id: UUID | None,
    limit: int,
    after: UUID | None,
) -> list[Any]:
    if not readings:
        return []
    shapes = tuple(
        _Shape(
            tuple((fits.key, len(fits.patterns), len(fits.beginnings)) for fits in reading),
            all(fits.key == "name_key" and not _has_digits(fits) for fits in reading),
        )
        for reading in readings
    )
    patterns = chain.from_iterable(map(_patterns, chain.from_iterable(readings)))
    values: dict[str, Any] = {
        f"pattern_{number}": pattern for number, pattern in enumerate(patterns)
    }
    statement = _statement(shapes, after is not None, tag_id is not None)
    values |= {"limit": limit + 1, "after": after, "tag": tag_id}
    return await statement.rows(connection, **values)


def _patterns(fits: Fits) -> tuple[str, ...]:
    return (
        *fits.patterns,
        *chain.from_iterable((f"%{each}%", f"% {each}%") for each in fits.beginnings),
    )


def _has_digits(fits: Fits) -> bool:
    return any(map(str.isdigit, "".join(fits.patterns)))


class _Shape(NamedTuple):
    """A reading without its patterns: keys, how many patterns each may be like, and how many
    beginnings of words it may have."""

    keys: tuple[tuple[Key, int, int], ...]
    is_name: bool
    """And can be nothing else."""


@lru_cache(maxsize=512)
def _statement(shapes: tuple[_Shape, ...], goes_on: bool, tagged: bool) -> Prepared:
    """Made once for each shape of query: making it takes longer than running it."""
    numbers = count()
    steps: list[Select[Any]] = []
    for shape in shapes:
        likes = [
            _Likes(
                key,
                [_pattern(next(numbers)) for _ in range(patterns)],
                [(_pattern(next(numbers)), _pattern(next(numbers))) for _ in range(beginnings)],
            )
            for key, patterns, beginnings in shape.keys
        ]
        is_about_cars = likes[0].key in ("vin", "plate_key")
        things, client_id = (
            (vehicles, vehicles.c.client_id) if is_about_cars else (clients, clients.c.id)
        )
        keys = (things.c[key] for key in dict.fromkeys(like.key for like in likes))
        all_of_them = select(client_id.label("id"), *keys)
        if goes_on:
            all_of_them = all_of_them.where(client_id < _AFTER)
        steps_of = _steps_of_name if shape.is_name else _steps_of_rare
        if is_about_cars:
            steps_of = _steps_of_cars
        steps += steps_of(len(steps), all_of_them, _Fits(likes, tagged))
    fitting = union(*steps).subquery()
    page = select(fitting.c.id).order_by(fitting.c.id.desc()).limit(_LIMIT)
    # As an array they are looked up one by one; a list of unknown length is joined with all cards.
    ids = func.array(page.scalar_subquery(), type_=ARRAY(Uuid))
    return Prepared(_SHOWN.where(clients.c.id == any_(ids)).order_by(clients.c.id.desc()))


def _pattern(number: int) -> ColumnElement[str]:
    return unforeseen(bindparam(f"pattern_{number}", type_=Text))


@dataclass(frozen=True, slots=True)
class _Likes:
    key: Key
    patterns: Sequence[ColumnElement[str]]
    beginnings: Sequence[tuple[ColumnElement[str], ColumnElement[str]]]

    def __call__(self, columns: Any) -> ColumnElement[bool]:
        key = columns[self.key]
        # The index is asked for the digits alone: that a word begins so is known of half of all
        # phones, and to read their list takes longer than to look at the few that have the digits.
        begin = (and_(key.like(it), (key + "").like(begins)) for it, begins in self.beginnings)
        return or_(*map(key.like, self.patterns), *begin)


@dataclass(frozen=True, slots=True)
class _Fits:
    """What each key must be like one of, and whether the client must have the tag."""

    likes: Sequence[_Likes]
    tagged: bool

    def __call__(self, client_id: ColumnElement[UUID], columns: Any) -> ColumnElement[bool]:
        fits = and_(*(like(columns) for like in self.likes))
        return and_(fits, client_id.in_(_TAGGED)) if self.tagged else fits


def _steps_of_cars(number: int, all_of_them: Select[Any], fits: _Fits) -> tuple[Select[Any], ...]:
    """Ids by each step, of ``all_of_them``: ``id`` and the keys."""
    owner, fitting = _owner_and_fitting(all_of_them, fits)
    newest = all_of_them.order_by(owner.desc()).limit(_exactly(GLANCE)).subquery()
    # Many cars may be of one owner: a page is one of owners.
    first = _page(newest, fits(newest.c.id, newest.c)).distinct().cte(f"first_{number}")
    few = _few(number, fitting, FEW, ~_is_page(first))
    are_few = _are_in(few) <= FEW
    owners = fitting.with_only_columns(owner.label("id")).distinct()
    others = owners.where(~_is_page(first), ~are_few).order_by(owner.desc()).limit(_LIMIT)
    return select(first.c.id), select(few.c.id).where(are_few), select(others.subquery().c.id)


def _steps_of_rare(number: int, all_of_them: Select[Any], fits: _Fits) -> tuple[Select[Any], ...]:
    client_id, fitting = _owner_and_fitting(all_of_them, fits)
    few = _few(number, fitting, FEW)
    are_few = _are_in(few) <= FEW
    newest = all_of_them.order_by(client_id.desc()).limit(_exactly(NEWEST)).subquery()
    first = _page(newest, fits(newest.c.id, newest.c)).where(~are_few).cte(f"first_{number}")
    in_eras = _by_era(number, "all_eras", all_of_them, fitting)
    ever = in_eras.where(~are_few, ~_is_page(first)).subquery()
    return select(few.c.id).where(are_few), select(first.c.id), select(ever.c.id)


def _steps_of_name(number: int, all_of_them: Select[Any], fits: _Fits) -> tuple[Select[Any], ...]:
    client_id, fitting = _owner_and_fitting(all_of_them, fits)

    newest = all_of_them.order_by(client_id.desc()).limit(_exactly(NEWEST)).cte(f"newest_{number}")
    first = _page(newest, fits(newest.c.id, newest.c)).cte(f"first_{number}")
    lately = _by_era(number, "recent_eras", all_of_them, fitting, newest)
    recent = lately.where(~_is_page(first)).cte(f"recent_{number}")

    is_missing = and_(~_is_page(first), ~_is_page(recent))
    is_rare = _are_in(recent) * RECENT_SHARE < _LIMIT
    few = _few(number, fitting, FEW_OF_A_NAME, is_missing, is_rare)
    are_few = and_(is_rare, _are_in(few) <= FEW_OF_A_NAME)
    older = _by_era(number, "older_eras", all_of_them, fitting, newest)
    ever = older.where(is_missing, ~are_few).subquery()
    return (
        select(first.c.id),
        select(recent.c.id),
        select(few.c.id).where(are_few),
        select(ever.c.id),
    )


def _owner_and_fitting(
    all_of_them: Select[Any], fits: _Fits
) -> tuple[ColumnElement[UUID], Select[Any]]:
    client_id = all_of_them.selected_columns.id.element
    return client_id, all_of_them.where(fits(client_id, all_of_them.selected_columns))


def _few(number: int, fitting: Select[Any], few: int, *conditions: ColumnElement[bool]) -> CTE:
    """More than that if there are more."""
    # Materialized, it is planned as if all were wanted, that is by the index; and yet it is read
    # only as far as the limit behind it goes.
    by_index = fitting.cte(f"fitting_{number}").prefix_with("MATERIALIZED")
    return select(by_index.c.id).where(*conditions).limit(_exactly(few + 1)).cte(f"few_{number}")


def _is_page(found: CTE) -> ColumnElement[bool]:
    return _are_in(found) >= _LIMIT


def _are_in(found: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(found).scalar_subquery()


def _by_era(
    number: int,
    which: Eras,
    all_of_them: Select[Any],
    fitting: Select[Any],
    newest: CTE | None = None,
) -> Select[Any]:
    """The newest of those ``fitting``; ``newest``: in whose eras the recent ones end."""
    client_id = all_of_them.selected_columns.id.element
    name = f"{which}_{number}"
    eras = _eras(which, all_of_them, client_id, newest).subquery(name)
    # A subquery with an offset is planned by itself, too.
    is_of_era = text(f"{era_of(str(client_id))} = {name}.era")
    of_era = _page(fitting.where(is_of_era).offset(_exactly(0)).subquery(), true()).lateral()
    return (
        select(of_era.c.id)
        .select_from(eras.join(of_era, true()))
        .order_by(eras.c.era.desc(), of_era.c.id.desc())
        .limit(_LIMIT)
    )


def _page(of: Subquery | CTE, condition: ColumnElement[bool]) -> Select[Any]:
    """The newest."""
    return select(of.c.id).where(condition).order_by(of.c.id.desc()).limit(_LIMIT)


def _eras(
    which: Eras, all_of_them: Select[Any], client_id: ColumnElement[UUID], newest: CTE | None
) -> Select[Any]:
    """From that of the newest to that of the oldest; in their order, so that nothing needs to be
    sorted behind them."""
    era = literal_column(era_of(str(client_id)), Integer)
    of_all = all_of_them.with_only_columns(era, maintain_column_froms=True).limit(_exactly(1))
    ends = (of_all.order_by(end) for end in (client_id.desc(), client_id.asc()))
    series = func.generate_series(*(end.scalar_subquery() for end in ends), -1).column_valued("era")
    eras = select(series).order_by(series.desc()).offset(_exactly(0))
    if newest is None:
        return eras
    era = literal_column(era_of(f"{newest.name}.id"), Integer)
    of_newest = select(era).select_from(newest).order_by(newest.c.id).limit(_exactly(1))
    recent = of_newest.scalar_subquery() - _exactly(RECENT_ERAS)
    return eras.where(series >= recent if which == "recent_eras" else series < recent)


def _exactly(number: int) -> ColumnElement[int]:
    """Told to the planner, too."""
    return literal_column(str(number), Integer)
