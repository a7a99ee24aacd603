"""What every test would compile anew is compiled once in a run: statements, and addresses."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import LRUCache
from starlette import routing

SIZE = 3_000
"""More than all services have; SQLAlchemy's own is 500 of each engine."""


def share_compiled_statements() -> None:
    """Lets all engines of this process remember together what they have compiled.

    A service has one engine for as long as it lives; a test makes new ones, which begin with
    nothing: a third of its time went into that. What is shared is the text of statements and how
    values go in and out: it is the same for engines of one driver with the same ways of JSON.
    """
    shared: Any = LRUCache(SIZE)
    make = Engine.__init__

    # SQLAlchemy looks at the names of arguments to see what an engine may be told.
    def made(
        engine: Engine, pool: Any, dialect: Any, url: Any, hide_parameters: bool = False
    ) -> None:
        make(engine, pool, dialect, url, hide_parameters=hide_parameters)
        engine._compiled_cache = shared

    Engine.__init__ = made  # type: ignore[method-assign, assignment]
    PGDialect_asyncpg.__eq__ = _is_alike  # type: ignore[method-assign, assignment]
    PGDialect_asyncpg.__hash__ = _hash  # type: ignore[method-assign, assignment]


def share_compiled_addresses() -> None:
    """A gateway has hundreds, and compiles them when it starts: a tenth of that time."""
    routing.compile_path = cache(routing.compile_path)


def _is_alike(one: PGDialect_asyncpg, other: object) -> bool:
    return isinstance(other, PGDialect_asyncpg) and _ways(one) == _ways(other)


def _hash(one: PGDialect_asyncpg) -> int:
    return hash(_ways(one))


def _ways(dialect: Any) -> tuple[Any, ...]:
    return type(dialect), dialect._json_serializer, dialect._json_deserializer
