"""Where a list goes on: only what the database can be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.ids import new_id
from shared.pagination import cursor_after, keys_of
from shared.refusals import Refused


@pytest.mark.parametrize(
    ("shape", "keys"),
    [
        (tuple[int, str], (2**31 - 1, "Болт М8")),
        (tuple[Decimal, bool], (Decimal("12345.678"), True)),
        (tuple[datetime, date], (datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2))),
        (tuple[list[str | None], set[str]], (["a", None], {"b"})),
    ],
)
def test_cursor_gives_back_what_it_was_made_of(shape: Any, keys: tuple[Any, ...]) -> None:
    assert keys_of(cursor_after(*keys), shape) == keys


@pytest.mark.parametrize(
    ("shape", "key"),
    [
        (int, 2**31),
        (int, -(2**31) - 1),
        (str, "a\x00b"),
        (Decimal, "1e40"),
        (Decimal, "1e-40"),
        (Decimal, "NaN"),
        (Decimal, "Infinity"),
        (datetime, "2026-01-01T00:00:00"),
        (datetime, "0001-01-01T00:00:00+14:00"),
        (datetime, "9999-12-31T23:59:59-12:00"),
        (date, "9999-12-31"),
        (list[str], ["\x00"]),
        (set[int], [2**40]),
    ],
)
def test_key_that_no_column_can_hold_is_refused(shape: Any, key: Any) -> None:
    with pytest.raises(Refused, match="cursor_invalid"):
        keys_of(cursor_after(key, new_id()), tuple[shape, Any])
