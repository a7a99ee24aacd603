"""Conditions that lists and reports share; what is not asked for does not filter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from shared.contracts.base import Period

type Filters = Sequence[ColumnElement[bool]]


def equal(column: ColumnElement[Any], value: Any) -> Filters:
    return [column == value] if value is not None else []


def in_period(column: ColumnElement[datetime], period: Period) -> Filters:
    return within(column, period.start, period.end)


def within(
    column: ColumnElement[datetime], start: datetime | None, end: datetime | None
) -> Filters:
    """Half open."""
    return [*([column >= start] if start else []), *([column < end] if end else [])]


def one_of(column: ColumnElement[Any], values: Sequence[UUID] | None) -> Filters:
    return [column.in_(values)] if values is not None else []
