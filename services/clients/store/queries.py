"""Finding clients: by the indexes alone, whatever was typed and however many clients there are.

A fragment may fit nobody or half of all clients, and the database cannot tell beforehand. Asked
for "the newest 50 that fit", it guesses, and a wrong guess reads a million rows. So each reading
of the query is done in steps that cost little whatever fits, the next only if the one before has
not told it all. Phones, plates and VINs are rare as a rule:

1. By the index, if no more than ``FEW`` fit in all.
2. Otherwise cars are looked through from those of the newest clients on, and a page is found soon;
   and clients are found as those whose names many share.

Of names there are a few that many share, and it takes the index long to tell all who do:

1. Among the ``NEWEST`` clients.
2. By the index in the newest eras, one after the other: it gives those of a few weeks without
   touching the others.
3. By the index, if no more than ``FEW_OF_A_NAME`` fit in all.
4. In all eras, until there is a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
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
    LENGTH_SLACK,
    Fits,
    Key,
    Reading,
    Search,
    closest,
    may_be_misspelt,
    readings_of,
    similar_readings,
)
from services.clients.store.rows import client_of
from services.clients.store.tables import clients, era_of, name_words, vehicles
from services.clients.store.tables_segments import client_tags, vehicle_tags
from shared.contracts.base import Page
from shared.pagination import keys_of, page_of

NEWEST = 1_000
"""Rows that every search looks through, so that they lie in memory."""
RECENT_ERAS = 4
"""Before those of the newest."""
RECENT_SHARE = 4
"""What part of a page is found in recent eras, if the others are worth going through."""
FEW_OF_A_NAME = 300
FEW = 2_000
"""Rows that are cheap to fetch and sort."""
SIMILARITY = 0.19
"""Of the three-letter pieces of a misspelt word and the right one together, what share is common:
two letters swapped in the middle of five leave a fifth."""
CANDIDATES = 300

type Mode = Literal["fits", "similar"]


async def find_clients(
    connection: AsyncConnection,
    search: Search,
    tag_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> Page[Client]:
    """Newest first. Misspellings are thought of only when nothing fits as it was typed."""
    mode: Mode
    after: UUID | None
    mode, after = keys_of(cursor, tuple[Mode, UUID]) if cursor else ("fits", None)
    if search.everything:
        rows = await _newest(connection, tag_id, limit, after)
        return page_of(rows, limit, client_of, lambda row: (mode, row.id))
    rows = []
    if mode == "fits":
        rows = await _fitting(connection, readings_of(search), tag_id, limit, after)
    if mode == "similar" or (not rows and after is None):
        mode = "similar"
        alternatives = await _alternatives(connection, may_be_misspelt(search))
        readings = similar_readings(search, alternatives)
        rows = await _fitting(connection, readings, tag_id, limit, after)
    return page_of(rows, limit, client_of, lambda row: (mode, row.id))


# --- pages -------------------------------------------------------------------------------------
# One client more than asked for tells whether there is a next page.

_AFTER = bindparam("after", type_=Uuid)
_LIMIT = bindparam("limit", type_=Integer)
_TAG = bindparam("tag", type_=Uuid)
_TAGGED = union(
    select(client_tags.c.client_id).where(client_tags.c.tag_id == _TAG),
    select(vehicles.c.client_id)
    .join(vehicle_tags, vehicle_tags.c.vehicle_id == vehicles.c.id)
    .where(vehicle_tags.c.tag_id == _TAG),
)


async def _newest(
    connection: AsyncConnection, tag_id: UUID | None, limit: int, after: UUID | None
) -> list[Any]:
    newest = (
        select(clients)
        .where(clients.c.merged_into.is_(None))
        .order_by(clients.c.id.desc())
        .limit(_LIMIT)
    )
    if after:
        newest = newest.where(clients.c.id < _AFTER)
    if tag_id:
        newest = newest.where(clients.c.id.in_(_TAGGED))
    values = {"limit": limit + 1, "after": after, "tag": tag_id}
    return list(await connection.execute(newest, values))


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
    return list(await connection.execute(statement, values))


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
def _statement(shapes: tuple[_Shape, ...], goes_on: bool, tagged: bool) -> Select[Any]:
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
        steps += steps_of(len(steps), all_of_them, _Fits(likes, tagged))
    fitting = union(*steps).subquery()
    page = select(fitting.c.id).order_by(fitting.c.id.desc()).limit(_LIMIT)
    # As an array they are looked up one by one; a list of unknown length is joined with all cards.
    ids = func.array(page.scalar_subquery(), type_=ARRAY(Uuid))
    return select(clients).where(clients.c.id == any_(ids)).order_by(clients.c.id.desc())


def _pattern(number: int) -> BindParameter[str]:
    return bindparam(f"pattern_{number}", type_=Text)


@dataclass(frozen=True, slots=True)
class _Likes:
    key: Key
    patterns: Sequence[BindParameter[str]]
    beginnings: Sequence[tuple[BindParameter[str], BindParameter[str]]]

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


def _steps_of_rare(number: int, all_of_them: Select[Any], fits: _Fits) -> tuple[Select[Any], ...]:
    """Ids by each step, of ``all_of_them``: ``id`` and the keys."""
    client_id = all_of_them.selected_columns.id.element
    fitting = all_of_them.where(fits(client_id, all_of_them.selected_columns))
    # Materialized, it is planned as if all were wanted, that is by the index; and yet it is read
    # only as far as the limit behind it goes.
    by_index = fitting.cte(f"fitting_{number}").prefix_with("MATERIALIZED")
    few = select(by_index.c.id).limit(_exactly(FEW + 1)).cte(f"few_{number}")
    are_few = _are_in(few) <= FEW
    if client_id.table is vehicles:
        owners = fitting.with_only_columns(client_id.label("id")).distinct()
        page = owners.where(~are_few).order_by(client_id.desc()).limit(_LIMIT).subquery()
        return select(few.c.id).where(are_few), select(page.c.id)
    newest = all_of_them.order_by(client_id.desc()).limit(_exactly(NEWEST)).subquery()
    first = _page(newest, fits(newest.c.id, newest.c)).where(~are_few).cte(f"first_{number}")
    in_eras = _by_era(f"eras_{number}", all_of_them, fitting, None)
    ever = in_eras.where(~are_few, ~_is_page(first)).subquery()
    return select(few.c.id).where(are_few), select(first.c.id), select(ever.c.id)


def _steps_of_name(number: int, all_of_them: Select[Any], fits: _Fits) -> tuple[Select[Any], ...]:
    client_id = all_of_them.selected_columns.id.element
    fitting = all_of_them.where(fits(client_id, all_of_them.selected_columns))

    newest = all_of_them.order_by(client_id.desc()).limit(_exactly(NEWEST)).cte(f"newest_{number}")
    first = _page(newest, fits(newest.c.id, newest.c)).cte(f"first_{number}")
    lately = _by_era(f"eras_{number}", all_of_them, fitting, newest)
    recent = lately.where(~_is_page(first)).cte(f"recent_{number}")

    is_missing = ~_is_page(first)
    is_rare = _are_in(recent) * RECENT_SHARE < _LIMIT
    by_index = fitting.cte(f"fitting_{number}").prefix_with("MATERIALIZED")
    few = (
        select(by_index.c.id)
        .where(is_missing, is_rare)
        .limit(_exactly(FEW_OF_A_NAME + 1))
        .cte(f"few_{number}")
    )
    are_few = and_(is_rare, _are_in(few) <= FEW_OF_A_NAME)
    ever = (
        _by_era(f"all_eras_{number}", all_of_them, fitting, None)
        .where(is_missing, ~_is_page(recent), ~are_few)
        .subquery()
    )
    return (
        select(first.c.id),
        select(recent.c.id),
        select(few.c.id).where(are_few),
        select(ever.c.id),
    )


def _is_page(found: CTE) -> ColumnElement[bool]:
    return _are_in(found) >= _LIMIT


def _are_in(found: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(found).scalar_subquery()


def _by_era(
    name: str, all_of_them: Select[Any], fitting: Select[Any], newest: CTE | None
) -> Select[Any]:
    """The newest of those ``fitting``; with ``newest`` in their eras and ``RECENT_ERAS`` before.
    ``name``: for the eras."""
    client_id = all_of_them.selected_columns.id.element
    eras = _eras(all_of_them, client_id, newest).subquery(name)
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
    all_of_them: Select[Any], client_id: ColumnElement[UUID], newest: CTE | None
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
    oldest = select(era).select_from(newest).order_by(newest.c.id).limit(_exactly(1))
    return eras.where(series >= oldest.scalar_subquery() - _exactly(RECENT_ERAS))


def _exactly(number: int) -> ColumnElement[int]:
    """Told to the planner, too."""
    return literal_column(str(number), Integer)


# --- misspellings ------------------------------------------------------------------------------

_THRESHOLD = text(f"SET pg_trgm.word_similarity_threshold = {SIMILARITY}")
_typed = (
    func.unnest(bindparam("typed", type_=ARRAY(Text)))
    .table_valued(column("typed", Text))
    .render_derived()
)
_known = (
    select(name_words.c.word)
    .where(
        _typed.c.typed.op("<%")(name_words.c.word),
        func.length(name_words.c.word).between(
            func.length(_typed.c.typed) - LENGTH_SLACK, func.length(_typed.c.typed) + LENGTH_SLACK
        ),
    )
    # Hardly anybody slips at the first letter.
    .order_by(
        (func.left(name_words.c.word, 1) == func.left(_typed.c.typed, 1)).desc(),
        func.similarity(name_words.c.word, _typed.c.typed).desc(),
        name_words.c.word,
    )
    .limit(CANDIDATES)
    .lateral("known")
)
_CANDIDATES = select(_typed.c.typed, _known.c.word).select_from(_typed.join(_known, true()))


async def _alternatives(
    connection: AsyncConnection, words: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Known words that these may be misspellings of."""
    if not words:
        return {}
    # It stays for the connection's life, and no other statement looks at it.
    await connection.execute(_THRESHOLD)
    candidates: dict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(_CANDIDATES, {"typed": list(words)}):
        candidates[row.typed].append(row.word)
    found = {word: closest(word, known) for word, known in candidates.items()}
    return {word: similar for word, similar in found.items() if similar}
