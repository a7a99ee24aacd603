"""Keyset cursors: where a list goes on, opaque to whoever holds one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pydantic_core
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Select

from shared.contracts.base import Page
from shared.refusals import Refused

_DIGITS = 30
"""Of a number, before and after the point."""
_YEARS = (1900, 2200)
"""What every driver and time zone can reckon with: see ``contracts.base.Instant``."""


def cursor_after(*keys: Any) -> str:
    """A cursor that names the sort keys of the last item shown."""
    return base64.urlsafe_b64encode(pydantic_core.to_json(keys)).decode().rstrip("=")


def keys_of[KeysT](cursor: str, shape: type[KeysT]) -> KeysT:
    """The sort keys in a cursor, e.g. ``keys_of(cursor, tuple[datetime, UUID])``.

    Raises ``Refused("cursor_invalid")`` for a cursor that is not one of ours.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = TypeAdapter(shape).validate_json(base64.urlsafe_b64decode(padded))
    except (ValidationError, ValueError, binascii.Error) as error:
        raise Refused("cursor_invalid") from error
    if not _comparable(keys):
        raise Refused("cursor_invalid")
    return keys


def _comparable(key: Any) -> bool:
    """Whether the database can be asked for what comes after it: into a cursor of one's own making
    anything can be put, and what no column can hold is an error there, not an answer."""
    match key:
        case None | bool() | UUID():
            return True
        case int():
            return -(2**31) <= key < 2**31
        case Decimal():
            return key.is_finite() and abs(key.adjusted()) < _DIGITS
        case str():
            return "\x00" not in key
        case datetime():
            return key.tzinfo is not None and _YEARS[0] <= key.year < _YEARS[1]
        case date():
            return _YEARS[0] <= key.year < _YEARS[1]
        case _:
            return all(map(_comparable, key))


def by_id[StatementT: Select[Any]](
    statement: StatementT,
    key: ColumnElement[UUID],
    cursor: str | None,
    limit: int,
    *,
    only: Collection[UUID] = (),
) -> StatementT:
    """What is found in the order of that id, behind the cursor, and one row more than a page has:
    see ``page_of``. ``only``: these alone; none are named: all.

    Raises ``Refused("cursor_invalid")``.
    """
    if only:
        statement = statement.where(key.in_(only))
    if cursor:
        (after,) = keys_of(cursor, tuple[UUID])
        statement = statement.where(key > after)
    return statement.order_by(key).limit(limit + 1)


def newest_first[StatementT: Select[Any]](
    statement: StatementT, key: ColumnElement[UUID], cursor: str | None, limit: int
) -> StatementT:
    """As ``by_id``, the other way round: ids grow with time."""
    if cursor:
        (before,) = keys_of(cursor, tuple[UUID])
        statement = statement.where(key < before)
    return statement.order_by(key.desc()).limit(limit + 1)


def page_of[RowT, ItemT](
    rows: Sequence[RowT],
    limit: int,
    view: Callable[[RowT], ItemT],
    keys: Callable[[RowT], tuple[Any, ...]],
) -> Page[ItemT]:
    """A page from ``limit + 1`` rows: the one too many only tells that there is a next page."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(
        items=tuple(view(row) for row in shown),
        next=cursor_after(*keys(shown[-1])) if more else None,
    )
