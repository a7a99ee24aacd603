"""Looking at the service while it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import event as sql_event


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """What is sent to any database meanwhile, but for what a service's background asks."""
    statements: list[str] = []

    def note(*args: Any) -> None:
        if not args[2].startswith("SELECT imports."):
            statements.append(args[2])

    sql_event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sql_event.remove(Engine, "before_cursor_execute", note)
