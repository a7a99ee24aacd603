"""Whose fault it is that something failed: the message's own, or that of what it needs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.driver import is_ending
from shared.refusals import Kind, Refused

# PostgreSQL's own words for "not your fault, try again": serialization failure, deadlock,
# a key that another process has just inserted (its stored reply is found the next time).
CONFLICT = "23505"
_PASSING_STATES = {"40001", "40P01", CONFLICT}


def sqlstate(error: Exception) -> str | None:
    """What PostgreSQL calls it; None: PostgreSQL said nothing."""
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state


def is_passing(error: Exception) -> bool:
    """The same may succeed at once."""
    return sqlstate(error) in _PASSING_STATES or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def is_outage(error: Exception) -> bool:
    """The database is not there; nothing is wrong with the message."""
    if isinstance(error, Refused):
        return error.reason.kind is Kind.UNAVAILABLE
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate(error)
    return (
        isinstance(error, OSError | PoolTimeoutError | InterfaceError | OperationalError)
        or is_ending(error)
        or (state is not None and state[:2] in {"08", "53", "57"})
    )


async def away(engine: AsyncEngine) -> Exception | None:
    """Why the database does not answer; None: it does."""
    try:
        async with engine.connect() as connection:
            await connection.execute(select(1))
    except Exception as error:
        return error
    return None
