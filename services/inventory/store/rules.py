"""What a rule of the stock books answers, whichever it is: a row for each breach."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, cast, literal, null, select

KEYS = ("product_id", "warehouse_id", "order_id", "line_id", "document_id")


def difference(
    what: str, expected: ColumnElement[Any], actual: ColumnElement[Any], **about: Any
) -> Select[Any]:
    """``about``: a document's number, and ids. Figures are text: states stand beside quantities."""
    return select(
        literal(what, Text).label("what"),
        cast(about.get("number", null()), Text).label("number"),
        *(cast(about.get(name, null()), Uuid).label(name) for name in KEYS),
        cast(expected, Text).label("expected"),
        cast(actual, Text).label("actual"),
    )
