"""Finding clients: by the indexes alone, whatever was typed and however many clients there are.

A fragment may fit nobody or half of all clients, and the database cannot tell beforehand. Asked
for "the newest 50 that fit", it guesses, and a wrong guess reads a million rows. So each reading
of the query is done in two steps that cost little either way: the index gives the first
``FEW`` that fit; only if there are more of them, the newest clients are looked through one by one,
which then soon finds a page of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, count
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    func,
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
    Key,
    Reading,
    Search,
    closest,
    may_be_misspelt,
    readings_of,
    similar_readings,
)
from services.clients.store.rows import client_of
from services.clients.store.tables import clients, name_words, vehicles
from services.clients.store.tables_segments import client_tags, vehicle_tags
from shared.contracts.base import Page
from shared.pagination import keys_of, page_of

FEW = 2_000
"""Rows that are cheap to fetch and sort. What more than so many of a million fit is found again
among the newest few ten thousand."""
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
        tuple((fits.key, len(fits.patterns)) for fits in reading) for reading in readings
    )
    patterns = chain.from_iterable(fits.patterns for reading in readings for fits in reading)
    values: dict[str, Any] = {
        f"pattern_{number}": pattern for number, pattern in enumerate(patterns)
    }
    statement = _statement(shapes, after is not None, tag_id is not None)
    values |= {"limit": limit + 1, "after": after, "tag": tag_id}
    return list(await connection.execute(statement, values))


type _Shape = tuple[tuple[Key, int], ...]
"""A reading without its patterns: keys, and how many patterns each may be like."""


@lru_cache(maxsize=512)
def _statement(shapes: tuple[_Shape, ...], goes_on: bool, tagged: bool) -> Select[Any]:
    """Made once for each shape of query: making it takes longer than running it."""
    numbers = count()
    steps: list[Select[Any]] = []
    for shape in shapes:
        is_about_cars = shape[0][0] in ("vin", "plate_key")
        client_id = vehicles.c.client_id if is_about_cars else clients.c.id
        condition = and_(
            *(
                or_(*(_KEYS[key].like(_pattern(next(numbers))) for _ in range(patterns)))
                for key, patterns in shape
            )
        )
        if goes_on:
            condition = and_(condition, client_id < _AFTER)
        if tagged:
            condition = and_(condition, client_id.in_(_TAGGED))
        steps += _two_steps(len(steps), client_id, condition)
    fitting = union(*steps).subquery()
    page = select(fitting.c.id).order_by(fitting.c.id.desc()).limit(_LIMIT)
    return select(clients).where(clients.c.id.in_(page)).order_by(clients.c.id.desc())


_KEYS: dict[Key, Column[str]] = {
    "name_key": clients.c.name_key,
    "phone_key": clients.c.phone_key,
    "vin": vehicles.c.vin,
    "plate_key": vehicles.c.plate_key,
}


def _pattern(number: int) -> BindParameter[str]:
    return bindparam(f"pattern_{number}", type_=Text)


def _two_steps(
    number: int, client_id: Column[UUID], condition: ColumnElement[bool]
) -> tuple[Select[Any], Select[Any]]:
    fitting = select(client_id.label("id")).where(condition)
    # Materialized, it is planned as if all were wanted, that is by the index; and yet it is read
    # only as far as the limit behind it goes.
    by_index = fitting.cte(f"fitting_{number}").prefix_with("MATERIALIZED")
    few = select(by_index.c.id).limit(FEW + 1).cte(f"few_{number}")
    are_few = select(func.count() <= FEW).select_from(few).scalar_subquery()
    newest = fitting.where(~are_few).distinct().order_by(client_id.desc()).limit(_LIMIT)
    return select(few.c.id).where(are_few), select(newest.subquery().c.id)


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
